// Chinese: vectors of zh-wiki, segmented by jieba, beside gensim's of the same words. A part of npm run bench:tasks.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors, Word2Vec, tokenize } from '../../../dist/index.mjs';
import { findGensim, runJson, sharedData, temporaryFolder } from '../common.mjs';

export const name = 'chinese';

const seeds = (process.env.W2V_BENCH_SEEDS ?? '1,2,3,4,5,6,7,8,9,10').split(',').map(Number);
const evaluation = path.join(sharedData, 'eval', 'zh');

/** The sentences of zh-wiki in simplified characters, as words with blanks between them. */
function segmented(tokenizer) {
  const pairs = readFileSync(path.join(evaluation, 't2s-chars.tsv'), 'utf8').trim().split(/\r?\n/);
  const simplified = new Map(pairs.map((line) => line.split('\t')));
  const text = gunzipSync(readFileSync(path.join(sharedData, 'zh-wiki.txt.gz'))).toString();
  return text
    .split('\n')
    .map((line) => Array.from(line, (character) => simplified.get(character) ?? character).join(''))
    .map((line) => tokenize(line, { tokenizer, locale: 'zh' }).join(' '))
    .join('\n');
}

const analogies = ['ca8-semantic.txt', 'ca8-morphological.txt'];
const pairs = ['wordsim-240.txt', 'wordsim-297.txt'];

async function evaluate(vectors) {
  const scores = {};
  for (const file of analogies)
    scores[file] = 100 * (await vectors.evaluateWordAnalogies(path.join(evaluation, file))).accuracy;
  for (const file of pairs)
    scores[file] = (await vectors.evaluateWordPairs(path.join(evaluation, file))).spearman;
  return scores;
}

// Of ours: the original loop, which is gensim's too, and the default.
const variants = ['per-pair', 'shared'];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const squaredError = (values) =>
  values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length;

/** @returns { title, columns, rows, notes } */
export async function run() {
  const columns = [
    'set',
    "gensim's",
    ...variants.flatMap((negatives) => [`_${negatives}_`, 'difference', 'two standard errors of it']),
  ];
  const python = findGensim();
  if (!existsSync(evaluation) || !python)
    return { title: 'Chinese', columns, rows: [], notes: ['no data or no gensim here: nothing to measure'] };
  const folder = temporaryFolder();
  const corpus = path.join(folder, 'zh.txt');
  writeFileSync(corpus, segmented('jieba'));
  const options = { vectorSize: 100, window: 5, sg: false, hs: false, negative: 5, sample: 1e-3, epochs: 3 };
  const alpha = 0.05;
  const ours = { 'per-pair': [], shared: [] };
  const theirs = [];
  for (const seed of seeds) {
    const training = { ...options, alpha, minAlpha: 1e-4, minCount: 5, threads: 1, seed };
    for (const negatives of variants) {
      const model = await Word2Vec.train(corpus, { ...training, negatives });
      ours[negatives].push(await evaluate(model.vectors));
    }
    const output = path.join(folder, 'gensim.bin');
    const request = JSON.stringify({ ...options, alpha, seed, workers: 1, corpus, output });
    runJson(python, [path.join(import.meta.dirname, '..', 'gensim_train.py'), request]);
    theirs.push(await evaluate(await KeyedVectors.load(output)));
    const last = {
      ...Object.fromEntries(variants.map((one) => [one, ours[one].at(-1)])),
      gensim: theirs.at(-1),
    };
    console.error(`seed ${seed}: ${JSON.stringify(last)}`);
  }
  const rows = [...analogies, ...pairs].map((file) => {
    const digits = analogies.includes(file) ? 2 : 4;
    const scoresOf = (runs) => runs.map((scores) => scores[file]);
    const cells = variants.flatMap((negatives) => {
      const [a, b] = [ours[negatives], theirs].map(scoresOf);
      return [mean(a), mean(a) - mean(b), 2 * Math.sqrt(squaredError(a) + squaredError(b))];
    });
    return [file, ...[mean(scoresOf(theirs)), ...cells].map((cell) => cell.toFixed(digits))];
  });
  const notes = [
    `zh-wiki in simplified characters, words by jieba; CBOW, 100 dimensions, window 5, 5 negative samples, 3 epochs, alpha ${alpha}, minCount 5, one thread each; means of seeds ${seeds.join(', ')}. CA8: percent right over all words; wordsim: Spearman's correlation.`,
  ];
  return { title: 'Chinese', columns, rows, notes };
}
