// npm run bench:lifecycle [-- --rounds N] [--docs]
//
// The life of a model: saving and loading 200,000 × 300 beside the same bytes written and read plainly, what measuring the loss costs,
// phrases beside gensim's, training from an iterable beside the same text as a file. The rounds are interleaved, every measurement in a process of its own;
// medians of ratios within a round. --docs writes docs/benchmarks/lifecycle.json and the section of docs/benchmarks.md.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Phrases, Word2Vec } from '../../dist/index.mjs';
import {
  cores,
  findGensim,
  machine,
  markdownTable,
  median,
  replaceSection,
  root,
  runJson,
  sharedData,
  temporaryFolder,
  today,
} from './common.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    docs: { type: 'boolean', default: false },
    task: { type: 'string' },
    given: { type: 'string' },
  },
});
const words = 200_000;
const dims = 300;
const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Each runs in a process of its own, and gives numbers. */
const tasks = {
  // Files are written twice, and the second time counts: the first one's pages come from memory and disk that may be fresh.
  async save({ model, copy }) {
    const loaded = await Word2Vec.load(model, { mmap: false });
    await loaded.save(copy);
    return { seconds: await seconds(() => loaded.save(copy)) };
  },
  async write({ model, copy }) {
    const bytes = readFileSync(model);
    const write = () => {
      const file = openSync(`${copy}.tmp`, 'w');
      for (let at = 0; at < bytes.length; at += 1 << 24)
        writeSync(file, bytes, at, Math.min(1 << 24, bytes.length - at));
      fsyncSync(file);
      closeSync(file);
      renameSync(`${copy}.tmp`, copy);
    };
    write();
    return { seconds: await seconds(write) };
  },
  async load({ model }) {
    return { seconds: await seconds(() => Word2Vec.load(model, { mmap: false })) };
  },
  async map({ model }) {
    let loaded;
    const open = await seconds(async () => (loaded = await Word2Vec.load(model)));
    return {
      seconds: open,
      ask: await seconds(() => loaded.vectors.mostSimilar(loaded.vectors.wordAt(100))),
    };
  },
  async read({ model }) {
    const size = statSync(model).size;
    return {
      seconds: await seconds(() => {
        const file = openSync(model, 'r');
        const bytes = Buffer.allocUnsafeSlow(size);
        for (let at = 0; at < size;) at += readSync(file, bytes, at, Math.min(1 << 24, size - at), at);
        closeSync(file);
      }),
    };
  },
  async train({ text, options }) {
    const { report } = await Word2Vec.train(text, { threads: cores, ...options });
    return {
      seconds: report.seconds,
      cpu: report.trainCpuSeconds,
      wordsPerSecond: report.words / report.seconds,
    };
  },
  async stream({ text, options }) {
    const list = readFileSync(text, 'utf8').split('\n');
    const source = {
      async *[Symbol.asyncIterator]() {
        for (const line of list) yield line;
      },
    };
    const { report } = await Word2Vec.train(source, { threads: cores, ...options });
    return { seconds: report.seconds, wordsPerSecond: report.words / report.seconds };
  },
  async phrases({ text }) {
    let phrases;
    const learn = await seconds(async () => {
      phrases = await Phrases.learn(text);
    });
    const join = await seconds(() => phrases.applyToFile(text, `${text}.joined`));
    rmSync(`${text}.joined`);
    return { learn, join, words: phrases.corpusWords, found: (await phrases.freeze()).size };
  },
};

if (values.task) {
  console.log(JSON.stringify(await tasks[values.task](JSON.parse(values.given))));
  process.exit(0);
}

const rounds = Number(values.rounds);
const folder = temporaryFolder();
const task = (name, given) =>
  runJson(process.execPath, [import.meta.filename, '--task', name, '--given', JSON.stringify(given)]);
const source = path.join(sharedData, 'wiki8.txt.gz');
if (!existsSync(source)) {
  console.error(`no ${path.relative('.', source)} here: nothing to measure on`);
  process.exit(1);
}

// wiki8 in lines of 20 words, and a fifth of it.
const text = path.join(folder, 'wiki8.txt');
const part = path.join(folder, 'part.txt');
{
  const all = gunzipSync(readFileSync(source)).toString().split(/\s+/).filter(Boolean);
  const lines = [];
  for (let i = 0; i < all.length; i += 20) lines.push(all.slice(i, i + 20).join(' '));
  writeFileSync(text, `${lines.join('\n')}\n`);
  writeFileSync(part, `${lines.slice(0, lines.length / 5).join('\n')}\n`);
}
const model = path.join(folder, 'model.w2v');
const copy = path.join(folder, 'copy.w2v');
{
  const counts = Object.fromEntries(Array.from({ length: words }, (_, i) => [`w${i}`, words - i]));
  const made = await Word2Vec.fromFrequencies(counts, { vectorSize: dims, minCount: 1 });
  await made.save(model);
}
const modelBytes = statSync(model).size;
const python = findGensim();
const gensim = () => runJson(python, [path.join(import.meta.dirname, 'gensim_phrases.py'), text]);

const samples = [];
for (let round = 0; round < rounds; ++round) {
  const one = {};
  for (const name of round % 2 === 0 ? ['write', 'save'] : ['save', 'write'])
    one[name] = task(name, { model, copy });
  one.read = task('read', { model });
  one.load = task('load', { model });
  one.map = task('map', { model });
  for (const sg of [true, false])
    for (const computeLoss of [false, true]) {
      const options = { sg, computeLoss, threads: 1, epochs: 1 };
      one[`${sg ? 'sg' : 'cbow'}${computeLoss ? 'Loss' : ''}`] = task('train', { text: part, options });
    }
  one.file = task('train', { text, options: { vectorSize: 100 } });
  one.stream = task('stream', { text, options: { vectorSize: 100 } });
  one.phrases = task('phrases', { text });
  if (python && round < 3) one.gensim = gensim();
  samples.push(one);
  console.error(`round ${round + 1} of ${rounds}: ${JSON.stringify(one)}`);
}

const of = (f) => median(samples.map(f).filter((value) => value !== undefined));
const percent = (value) => `${(100 * value).toFixed(0)}%`;
const gigabytes = (value) => `${(modelBytes / 1e9 / value).toFixed(2)} GB/s`;
const learned = (name) => of((s) => s.phrases.words / s.phrases[name]);
const theirs = (name) => (python ? of((s) => s.gensim && s.gensim.words / s.gensim[name]) : undefined);
const million = (value) => `${(value / 1e6).toFixed(2)} M words/s`;
const against = (name) =>
  python ? `${(learned(name) / theirs(name)).toFixed(1)} × gensim's ${million(theirs(name))}` : '–';
const table = [
  [
    `save a model of ${words.toLocaleString('en')} × ${dims} (${(modelBytes / 1e6).toFixed(0)} MB)`,
    gigabytes(of((s) => s.save.seconds)),
    `${percent(of((s) => s.write.seconds / s.save.seconds))} of the speed of writing the same bytes (${gigabytes(of((s) => s.write.seconds))})`,
  ],
  [
    'load it to memory, checksums compared',
    gigabytes(of((s) => s.load.seconds)),
    `${percent(of((s) => s.read.seconds / s.load.seconds))} of the speed of reading the same bytes (${gigabytes(of((s) => s.read.seconds))})`,
  ],
  [
    'load it mapped, and ask for neighbours',
    `${(1000 * of((s) => s.map.seconds)).toFixed(0)} ms and ${(1000 * of((s) => s.map.ask)).toFixed(0)} ms`,
    '–',
  ],
  ...['sg', 'cbow'].map((name) => [
    `the loss measured, ${name === 'sg' ? 'skip-gram' : 'CBOW'}`,
    `${(100 * (of((s) => s[`${name}Loss`].cpu / s[name].cpu) - 1)).toFixed(1)}% more CPU time`,
    '–',
  ]),
  ['phrases: learn, wiki8 in lines', million(learned('learn')), against('learn')],
  ['phrases: join', million(learned('join')), against('join')],
  [
    'train on an async iterable of lines, vectorSize 100',
    million(of((s) => s.stream.wordsPerSecond)),
    `${percent(of((s) => s.file.seconds / s.stream.seconds))} of the speed with the same text as a file`,
  ],
];
const command = [
  'npm run bench:lifecycle',
  ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
].join(' ');
const section = `\`${command}\`, ${machine}, ${today}: medians of ${rounds} interleaved rounds (gensim: ${Math.min(3, rounds)}), ${cores} threads. [All numbers as JSON](benchmarks/lifecycle.json).

${markdownTable(['what', 'here', 'beside it'], table)}`;
console.log(section);
if (values.docs) {
  const docs = path.join(root, 'docs');
  const result = { machine, date: today, command, rounds, modelBytes, samples };
  writeFileSync(path.join(docs, 'benchmarks', 'lifecycle.json'), `${JSON.stringify(result, null, 2)}\n`);
  replaceSection(path.join(docs, 'benchmarks.md'), 'bench:lifecycle', section);
}
