// npm run bench:adaptation [-- --docs]
//
// The worked example of docs/adaptation.md: a model of general text (wiki8) is trained further on a domain (Reuters news), in three ways, beside one of the domain alone.
// Prints what it measures; --docs writes it into the page.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Word2Vec } from '../../dist/index.mjs';
import {
  cores,
  machine,
  markdownTable,
  replaceSection,
  root,
  sharedData,
  temporaryFolder,
  today,
} from './common.mjs';

const { values } = parseArgs({ options: { docs: { type: 'boolean', default: false } } });
const archive = path.join(sharedData, 'reuters21578-apte.tar.gz');
const wiki = path.join(sharedData, 'wiki8.txt.gz');
if (![archive, wiki].every(existsSync)) {
  console.error(`no ${path.relative('.', archive)} or wiki8.txt.gz here: nothing to measure on`);
  process.exit(1);
}
const folder = temporaryFolder();
execFileSync('tar', ['xzf', archive, '-C', folder]);

/** Paragraphs in lower case, letters only, as the general text is. */
function paragraphs(part) {
  const documents = path.join(folder, 'reuters21578-apte', part);
  return readdirSync(documents).flatMap((name) =>
    readFileSync(path.join(documents, name), 'utf8')
      .split(/\n {6}/)
      .map((text) =>
        text
          .toLowerCase()
          .replace(/[^a-z]+/g, ' ')
          .trim(),
      )
      .filter((text) => text !== ''),
  );
}
const domain = path.join(folder, 'reuters.txt');
writeFileSync(domain, paragraphs('training').join('\n'));
const heldOut = paragraphs('test');

const general = path.join(folder, 'wiki8.txt');
const words = gunzipSync(readFileSync(wiki)).toString().split(/\s+/).filter(Boolean);
writeFileSync(
  general,
  Array.from({ length: Math.ceil(words.length / 20) }, (_, i) =>
    words.slice(20 * i, 20 * i + 20).join(' '),
  ).join('\n'),
);

const options = { sg: true, vectorSize: 100, sample: 1e-4, threads: cores };
const training = { epochs: 5, startAlpha: 0.025 };
const saved = path.join(folder, 'general.w2v');
await (await Word2Vec.train(general, options)).save(saved);

/** The general model with the words of the domain: all models have this vocabulary, so that their losses compare. */
async function withDomainWords() {
  const model = await Word2Vec.load(saved);
  const before = [...model.vectors];
  const added = await model.buildVocabulary(domain, { update: true });
  return { model, before, added };
}
const { model: untouched, before, added } = await withDomainWords();
const adapted = (await withDomainWords()).model;
await adapted.train(domain, training);
const frozen = (await withDomainWords()).model;
await frozen.setLearningRateFactor(before, 0);
await frozen.train(domain, training);
const half = (await withDomainWords()).model;
await half.setLearningRateFactor(before, 0.1);
await half.train(domain, training);
const counts = Object.fromEntries(
  [...untouched.vectors].map((word) => [word, untouched.vectors.count(word)]),
);
const alone = await Word2Vec.fromFrequencies(counts, { ...options, minCount: 1 });
await alone.train(domain, training);

const pairs = path.join(sharedData, 'eval', 'wordsim353.tsv');
const questions = path.join(sharedData, 'eval', 'questions-words.txt');
const models = [
  ['general text alone', untouched],
  ['trained further', adapted],
  ['trained further, old words at a tenth of the rate', half],
  ['trained further, old words frozen', frozen],
  ['domain alone, from scratch', alone],
];
const rows = [];
for (const [name, model] of models) {
  const { loss } = await model.validate(heldOut);
  const similarity = existsSync(pairs) ? (await model.vectors.evaluateWordPairs(pairs)).spearman : NaN;
  const analogies = existsSync(questions)
    ? (await model.vectors.evaluateWordAnalogies(questions, { restrictVocab: 30_000 })).accuracy
    : NaN;
  rows.push([name, loss.toFixed(4), similarity.toFixed(3), `${(100 * analogies).toFixed(1)}%`]);
}

const [a, b] = [untouched.vectors, adapted.vectors];
const moved = before
  .filter((word) => word !== '</s>' && a.count(word) > 0)
  .map((word) => ({ word, cosine: cosine(a.get(word), b.get(word)) }));
function cosine(x, y) {
  let [xy, xx, yy] = [0, 0, 0];
  for (const [d, value] of x.entries()) {
    xy += value * y[d];
    xx += value * value;
    yy += y[d] * y[d];
  }
  return xy / Math.sqrt(xx * yy);
}
const text = readFileSync(domain, 'utf8').split(/\s+/);
const inDomain = new Map();
for (const word of text) inDomain.set(word, (inDomain.get(word) ?? 0) + 1);
const still = moved.filter(({ word }) => !inDomain.has(word));
const frequent = moved.filter(({ word }) => inDomain.get(word) >= 100).sort((x, y) => x.cosine - y.cosine);
const middle = (list) => list[list.length >> 1].cosine.toFixed(3);
const neighbours = [];
for (const word of ['net', 'crude', 'futures', 'shares', 'cocoa', 'dollar']) {
  const list = async (vectors) =>
    (await vectors.mostSimilar(word, { topN: 6 })).map(({ word }) => word).join(', ');
  neighbours.push([word, await list(a), await list(b)]);
}
const fresh = [...b].slice(before.length).filter((word) => !word.includes('_'));
const news = fresh.sort((x, y) => inDomain.get(y) - inDomain.get(x)).slice(0, 4);
const newWords = [];
for (const word of news)
  newWords.push([
    word,
    String(inDomain.get(word)),
    (await b.mostSimilar(word, { topN: 6 })).map(({ word }) => word).join(', '),
  ]);

const section = `\`npm run bench:adaptation -- --docs\`, ${machine}, ${today}; ${cores} threads: a second run differs a little. General text: wiki8, ${words.length.toLocaleString('en')} words. Domain: the ${(text.length / 1e6).toFixed(2)} M words of
Reuters-21578's training documents (ModApte); held out: its test documents, ${heldOut.length.toLocaleString('en')} paragraphs. Skip-gram, 100 dimensions, 5 epochs each. The vocabulary has ${before.length.toLocaleString('en')} words of general text and ${added.toLocaleString('en')} that the domain adds.

${markdownTable(['model', 'loss on held-out domain text', 'wordsim353', 'analogies'], rows)}

**What moved.** Of the words that both texts have and that occur 100 times in the domain, the median cosine between before and after is ${middle(frequent)}; words that the domain does not have moved not at
all (median ${middle(still.length > 0 ? still : moved)}). Those that moved furthest: ${frequent
  .slice(0, 12)
  .map(({ word, cosine }) => `${word} (${cosine.toFixed(2)})`)
  .join(', ')}. Those that moved least: ${frequent
  .slice(-8)
  .map(({ word, cosine }) => `${word} (${cosine.toFixed(2)})`)
  .join(', ')}.

${markdownTable(['word', 'neighbours in general text', 'neighbours after the domain'], neighbours)}

Words that only the domain has:

${markdownTable(['word', 'occurrences', 'neighbours'], newWords)}`;
console.log(section);
if (values.docs) replaceSection(path.join(root, 'docs', 'adaptation.md'), 'bench:adaptation', section);
