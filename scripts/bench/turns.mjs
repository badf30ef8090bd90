// npm run bench:turns [-- --docs]
//
// How long the JavaScript thread is kept from others while the library works on it: nothing should for more than 10 ms.
// An immediate that starts itself again tells when it gets its turn; the longest time between two of them is taken, whole
// and without garbage collection, which is the engine's. Threads of the library take processors too: with few of them some
// of the time is waiting for one. Medians of several runs, after one that is not counted, on the English text of
// ../shared/data where that is there, else on made words. --docs: the section bench:turns of docs/performance.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as immediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import {
  FrequencyDistribution,
  KeyedVectors,
  SequenceTagger,
  TextClassifier,
  TextIndex,
  Word2Vec,
  categorized,
  collocations,
  sentenceStream,
  tokenStream,
} from '../../dist/index.mjs';
import {
  machine,
  markdownTable,
  median,
  replaceSection,
  root,
  sharedData,
  temporaryFolder,
  today,
} from './common.mjs';

const { values } = parseArgs({ options: { docs: { type: 'boolean', default: false } } });
const runs = 5;
const megabytes = 20;
const folder = temporaryFolder();
const text = path.join(folder, 'text.txt');

function writeText() {
  const english = path.join(sharedData, 'en-mix.txt.gz');
  if (existsSync(english)) {
    const bytes = gunzipSync(readFileSync(english));
    writeFileSync(text, bytes.subarray(0, bytes.lastIndexOf('\n', megabytes * 2 ** 20) + 1));
    return 'of en-mix';
  }
  console.error('bench:turns: the corpora are not here: made words');
  const line = (i) =>
    Array.from({ length: 20 }, (_, k) => `w${((i + 1) * (k + 7) * 7919) % 100_003}`).join(' ');
  writeFileSync(text, Array.from({ length: megabytes * 7000 }, (_, i) => `${line(i)}.\n`).join(''));
  return 'made of random words';
}

const drain = async (items) => {
  for await (const item of items) void item;
};

const collected = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) collected.push([startTime, startTime + duration]);
});
observer.observe({ entryTypes: ['gc'] });

/** The longest time between two immediates, and that less garbage collection, in milliseconds. */
async function longestTurns(work) {
  const turns = [];
  let over = false;
  const watching = (async () => {
    for (let last = performance.now(); !over; last = performance.now()) {
      await immediate();
      const now = performance.now();
      if (now - last > 1) turns.push([last, now]);
    }
  })();
  await work();
  over = true;
  await watching;
  await new Promise((resolve) => setTimeout(resolve, 50)); // the observer is told later
  const less = ([begin, end]) =>
    collected.reduce(
      (sum, [from, to]) => sum - Math.max(0, Math.min(to, end) - Math.max(from, begin)),
      end - begin,
    );
  const longest = [Math.max(0, ...turns.map(([begin, end]) => end - begin)), Math.max(0, ...turns.map(less))];
  collected.length = 0;
  return longest;
}

const source = writeText();
const lines = readFileSync(text, 'utf8').split('\n').filter(Boolean);
const oneLine = path.join(folder, 'one-line.txt');
writeFileSync(oneLine, lines.join(' '));
const corpus = path.join(folder, 'corpus');
for (const category of ['even', 'odd']) mkdirSync(path.join(corpus, category), { recursive: true });
for (let i = 0; i < 10_000; ++i)
  writeFileSync(
    path.join(corpus, i % 2 ? 'odd' : 'even', `${i}.txt`),
    lines.slice(5 * i, 5 * i + 5).join('\n'),
  );
const quick = { vectorSize: 50, epochs: 1, threads: 1 };
const { vectors } = await Word2Vec.train(text, { ...quick, vectorSize: 100 });
const many = lines.slice(0, 50_000);
const documents = many.map((line, i) => ({ text: line, labels: [i % 2 ? 'odd' : 'even'] }));
const classifier = await TextClassifier.train(documents, { epochs: 1, vectorSize: 20 });
const tagged = many.slice(0, 10_000).map((line) => {
  const tokens = line.split(/\s+/).filter(Boolean);
  return { tokens, tags: tokens.map((token) => (/^[A-Z]/.test(token) ? 'B-X' : 'O')) };
});
const tagger = await SequenceTagger.train(tagged.slice(0, 1000), { epochs: 1, hiddenSize: 50 });
const index = await TextIndex.build(vectors, many);
const words = [...vectors];
const rows = vectors.getVectors(words);
const often = Array.from({ length: 100_000 }, (_, i) => words[i % words.length]);
const frequencies = new Map(Array.from({ length: 300_000 }, (_, i) => [`w${i}`, 1 + (i % 100)]));
const distribution = FrequencyDistribution.fromCounts(frequencies);
const longText = lines.join(' ').slice(0, 4 * 2 ** 20);
const longSentence = longText.split(/\s+/).filter(Boolean).slice(0, 100_000);
const pairs = path.join(folder, 'pairs.tsv');
writeFileSync(
  pairs,
  often
    .slice(0, 50_000)
    .map((word, i) => `${word}\t${words[(i * 31) % words.length]}\t${i % 10}\n`)
    .join(''),
);

const measured = {
  'sentences of a file': () => drain(sentenceStream(text)),
  'tokens of a file, by Intl.Segmenter': () => drain(tokenStream(text, { locale: 'en', lowercase: true })),
  'tokens of a file, word-punctuation': () => drain(tokenStream(text, { tokenizer: 'word-punctuation' })),
  'tokens of one line': () => drain(tokenStream(oneLine)),
  'training on tokens': () => Word2Vec.train(tokenStream(text, { lowercase: true }), quick),
  'opening a folder of 10,000 texts': () => categorized(corpus),
  'training on that corpus': async () => Word2Vec.train(await categorized(corpus), quick),
  'a frequency distribution': () => FrequencyDistribution.of(text),
  collocations: () => collocations(text),
  'an index of 50,000 texts': () => TextIndex.build(vectors, many),
  'its answers to 1,000 texts': () => index.searchAll(many.slice(0, 1000)),
  'training a classifier on 50,000 documents': () =>
    TextClassifier.train(documents, { epochs: 1, vectorSize: 20 }),
  'its predictions for them': () => classifier.predictMany(documents),
  'training a tagger on 10,000 sentences': () => SequenceTagger.train(tagged, { epochs: 1, hiddenSize: 50 }),
  'its tags for them': () => tagger.tag(tagged.map(({ tokens }) => ({ tokens }))),
  "vectors of one's own": () => KeyedVectors.fromVectors(words, rows),
  'neighbours of 1,000 words': () => vectors.search(words.slice(0, 1000)),
  'distances to 100,000 words': () => vectors.distances(words[1], often),
  'neighbours of the mean of 100,000 words': () => vectors.mostSimilar({ positive: often }),
  'a judgement of 50,000 pairs': () => vectors.evaluateWordPairs(pairs),
  'a model of 300,000 counted words': () => Word2Vec.fromFrequencies(frequencies, quick),
  'the plot of their frequencies': () => distribution.zipfPlot(),
  'all collocations': () => collocations(text, { topN: 1_000_000 }),
  'tags of a sentence of 100,000 tokens': () => tagger.tag([longSentence]),
  'predictions for a document of 4 MB': () => classifier.predict(longText),
};

const table = [];
for (const [name, work] of Object.entries(measured)) {
  await work();
  const samples = [];
  for (let i = 0; i < runs; ++i) samples.push(await longestTurns(work));
  const [whole, own] = [0, 1].map((k) => median(samples.map((sample) => sample[k])));
  table.push([name, `${whole.toFixed(1)} ms`, `${own.toFixed(1)} ms`]);
  console.error(table.at(-1).join('  '));
}
const columns = ['while', 'the longest turn', 'without garbage collection'];
const note = `\`npm run bench:turns -- --docs\`, ${machine}, ${today}: ${megabytes} MB of text, ${source}; medians of ${runs} runs.`;
const section = `${note}\n\n${markdownTable(columns, table)}`;
console.log(`\n${section}\n`);
if (values.docs) replaceSection(path.join(root, 'docs', 'performance.md'), 'bench:turns', section);
