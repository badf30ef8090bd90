// npm run bench:vectors [-- --rows N] [--rounds N] [--docs]
//
// Opening and asking pretrained vectors of GoogleNews' size: a made file of 3,000,000 × 300 (3.6 GB, kept in build/ for the next
// run; page cache warm), gensim beside it where it is installed. Every measurement of ours in a process of its own; medians of
// the rounds. --docs writes docs/benchmarks/vectors.json and the section of docs/benchmarks.md.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  fsyncSync,
} from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  cores,
  findGensim,
  machine,
  markdownTable,
  median,
  nativeBench,
  replaceSection,
  root,
  runJson,
  sharedData,
  today,
} from './common.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000000' },
    rounds: { type: 'string', default: '5' },
    docs: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const dims = 300;
const rounds = Number(values.rounds);
const folder = path.join(root, 'build', 'bench-vectors');
mkdirSync(folder, { recursive: true });
const file = path.join(folder, `${rows}-clustered.bin`);
const converted = path.join(folder, `${rows}.w2v`);
const small = path.join(folder, `${rows}-int8.w2v`);
const both = path.join(folder, `${rows}-float32-int8.w2v`);
const questions = path.join(sharedData, 'eval', 'questions-words.txt');
const analogies = existsSync(questions) ? questions : null;
if (!analogies) console.error(`no ${path.relative('.', questions)} here: analogies left out`);

/** The words of the analogies come first, so that the questions can be asked; rows are noise around one of 3,000 centers. */
function makeVectors() {
  const words = new Set(
    analogies
      ? readFileSync(analogies, 'utf8')
          .split(/\s+/)
          .filter((word) => word !== ':' && word !== '')
      : [],
  );
  const firstWords = [...words].slice(0, rows);
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const noise = Float32Array.from({ length: 1 << 20 }, () => (random() - 0.5) / 3);
  const centers = Array.from({ length: 3000 }, () =>
    Float32Array.from({ length: dims }, () => (random() - 0.5) / 4),
  );
  const row = new Float32Array(dims);
  const descriptor = openSync(`${file}.tmp`, 'w');
  let chunk = Buffer.alloc(64 << 20);
  let used = chunk.write(`${rows} ${dims}\n`);
  for (let i = 0; i < rows; ++i) {
    const word =
      firstWords[i] ?? `${i.toString(36)}_${'abcdefghijklmnop'.slice(0, 1 + Math.floor(random() * 14))}`;
    if (used + 4 * dims + 1000 > chunk.length) {
      writeSync(descriptor, chunk, 0, used);
      used = 0;
    }
    used += chunk.write(`${word} `, used);
    const from = Math.floor(random() * (noise.length - dims));
    const center = centers[Math.floor(random() * centers.length)];
    for (let d = 0; d < dims; ++d) row[d] = center[d] + noise[from + d];
    used += Buffer.from(row.buffer).copy(chunk, used);
  }
  writeSync(descriptor, chunk, 0, used);
  closeSync(descriptor);
  copyFileSync(`${file}.tmp`, file);
  rmSync(`${file}.tmp`);
}
if (!existsSync(file)) makeVectors();

/** What a process of ours measures: the program sees `load`, `vectors` after it, and the helpers. */
const prelude = `
  const { KeyedVectors } = require(${JSON.stringify(path.join(root, 'dist', 'index.js'))});
  const { readFileSync } = require('node:fs');
  const anonymous = () => Number(/RssAnon:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN) * 1024;
  const seconds = async (work) => { const start = performance.now(); await work(); return (performance.now() - start) / 1000; };
  const median = (x) => x.toSorted((a, b) => a - b)[x.length >> 1];
  let last = performance.now(), longestPause = 0, mostAnonymous = 0;
  const idle = anonymous();
  const watch = setInterval(() => {
    const now = performance.now();
    longestPause = Math.max(longestPause, now - last - 1);
    last = now;
  }, 1);
  const memory = setInterval(() => { mostAnonymous = Math.max(mostAnonymous, anonymous()); }, 20);
  const end = (result) => {
    clearInterval(watch);
    clearInterval(memory);
    console.log(JSON.stringify({ ...result, anonymous: Math.max(mostAnonymous, anonymous()) - idle, longestPause }));
  };`;
function measure(program) {
  return runJson(process.execPath, ['-e', `${prelude} (async () => { ${program} })();`]);
}
const load = (name) => `const vectors = await KeyedVectors.load(${JSON.stringify(name)});`;

const programs = {
  open: `let vectors; const open = await seconds(async () => { vectors = await KeyedVectors.load(${JSON.stringify(file)}); }); end({ open });`,
  openW2v: `let vectors; const open = await seconds(async () => { vectors = await KeyedVectors.load(${JSON.stringify(converted)}); }); end({ open });`,
  query: `${load(file)} await vectors.mostSimilar(vectors.wordAt(1)); const times = [];
    for (let i = 0; i < 20; ++i) { const word = vectors.wordAt(1000 * i + 5); times.push(await seconds(() => vectors.mostSimilar(word))); }
    end({ query: median(times) });`,
  openSidecar: `await KeyedVectors.load(${JSON.stringify(file)}, { sidecar: true }); let vectors; const before = anonymous();
    const open = await seconds(async () => { vectors = await KeyedVectors.load(${JSON.stringify(file)}, { sidecar: true }); });
    end({ open, beyond: anonymous() - before, sidecar: vectors.loadedFrom.sidecar });`,
  int8: `${load(both)} const times = { exact: [], int8: [] }; let found = 0; const n = 30;
    for (const precision of ['exact', 'int8']) await vectors.mostSimilar(vectors.wordAt(1), { precision });
    for (let i = 0; i < n; ++i) {
      const word = vectors.wordAt(99000 * i + 5); let exact;
      times.exact.push(await seconds(async () => { exact = new Set((await vectors.mostSimilar(word)).map(({ word }) => word)); }));
      times.int8.push(await seconds(async () => { for (const { word: w } of await vectors.mostSimilar(word, { precision: 'int8' })) found += exact.has(w); }));
    }
    end({ exact: median(times.exact), int8: median(times.int8), recall: found / (10 * n) });`,
  batch: `${load(file)} const words = Array.from({ length: 1000 }, (_, i) => vectors.wordAt(1000 * i + 5));
    await vectors.mostSimilar(words[0]); const single = [];
    for (let i = 0; i < 10; ++i) single.push(await seconds(() => vectors.mostSimilar(words[i])));
    const batch = await seconds(() => vectors.search(words, { topN: 10 })); end({ single: median(single), batch });`,
  analogies: `${load(file)} end({ analogies: await seconds(() => vectors.evaluateWordAnalogies(${JSON.stringify(questions)}, { restrictVocab: 30000 })) });`,
  convert: `${load(file)} end({ convert: await seconds(() => vectors.save(${JSON.stringify(converted)})) });`,
  convertSmall: `${load(file)} end({ convert: await seconds(() => vectors.save(${JSON.stringify(small)}, { precision: 'int8' })) });`,
};

/** An index of what `vectors` are: building it, and its answers compared with the exact ones. */
const indexProgram = `
  const start = performance.now(); await vectors.buildIndex(); const build = (performance.now() - start) / 1000;
  const words = Array.from({ length: 200 }, (_, i) => vectors.wordAt(Math.floor(i * vectors.size / 200)));
  const ask = async (options) => { const times = [], answers = []; await vectors.mostSimilar(words[0], options);
    for (const word of words) times.push(await seconds(async () => answers.push((await vectors.mostSimilar(word, options)).map(({ word }) => word))));
    return { query: median(times), answers }; };
  const exact = await ask({}), int8 = await ask({ precision: 'int8' }), index = await ask({ index: true });
  const recall = ({ answers }) => answers.flatMap((list, i) => list.filter((word) => exact.answers[i].includes(word))).length / exact.answers.flat().length;
  const many = Array.from({ length: 10000 }, (_, i) => vectors.wordAt(i * 7 % vectors.size));
  const batch = await seconds(() => vectors.search(many, { index: true }));
  end({ words: vectors.size, build, exact: exact.query, int8: int8.query, index: index.query, int8Recall: recall(int8), indexRecall: recall(index), perSecond: many.length / batch });`;
programs.index = `const vectors = await KeyedVectors.load(${JSON.stringify(file)}, { limit: 200000 }); ${indexProgram}`;
const text = path.join(sharedData, 'wiki8.txt.gz');
if (existsSync(text)) {
  programs.indexOfReal = `const { Word2Vec } = require(${JSON.stringify(path.join(root, 'dist', 'index.js'))});
    const { vectors } = await Word2Vec.train(${JSON.stringify(text)}, { sg: true, vectorSize: 300, epochs: 3, sample: 1e-4, minCount: 5 }); ${indexProgram}`;
} else {
  console.error(`no ${path.relative('.', text)} here: vectors trained on it left out`);
}

/** Copying on the same disk, to the point where it is on the disk. */
function copySeconds() {
  const copy = path.join(folder, 'copy');
  const start = performance.now();
  copyFileSync(file, copy);
  const descriptor = openSync(copy, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  const elapsed = (performance.now() - start) / 1000;
  rmSync(copy);
  return elapsed;
}

const bench = nativeBench();
const { isa } = bench('', 'peak', 1);
const python = findGensim();
if (!existsSync(both)) {
  const { KeyedVectors } = await import('../../dist/index.mjs');
  await (await KeyedVectors.load(file)).save(both, { precision: ['float32', 'int8'] });
}
bench(isa, 'read', file, cores); // the page cache is warm from here on
bench(isa, 'read', both, cores);
const samples = { copy: [], read: [] };
const runs = {};
for (let round = 0; round < rounds; ++round) {
  samples.read.push(bench(isa, 'read', file, cores).gigabytesPerSecond);
  for (const name of [
    'open',
    'query',
    'batch',
    ...(analogies ? ['analogies'] : []),
    ...(round < 2 ? ['convert', 'convertSmall'] : []),
    'openW2v',
    'openSidecar',
    'int8',
  ]) {
    if (name === 'convert') samples.copy.push(copySeconds());
    (runs[name] ??= []).push(measure(programs[name]));
  }
}
for (const name of ['index', 'indexOfReal']) if (programs[name]) runs[name] = [measure(programs[name])];
const of = (name, key) => median(runs[name].map((run) => run[key]));
const gensim = python
  ? runJson(python, [
      path.join(import.meta.dirname, 'gensim_vectors.py'),
      JSON.stringify({ file, queries: 10, analogies }),
    ])
  : undefined;

const bytes = rows * dims * 4;
const bandwidth = median(samples.read);
const megabytes = (n) => `${Math.max(0, Math.round(n / 1e6))} MB`;
const times = (a, b) => (b === undefined ? '–' : `${(b / a).toFixed(1)} ×`);
const table = [
  [
    'open Google binary',
    `${of('open', 'open').toFixed(2)} s, ${megabytes(of('open', 'anonymous'))}`,
    gensim ? `${gensim.open.toFixed(1)} s, ${megabytes(gensim.anonymous)}` : '–',
    times(of('open', 'open'), gensim?.open),
  ],
  [
    'open .w2v',
    `${(1000 * of('openW2v', 'open')).toFixed(0)} ms, ${megabytes(of('openW2v', 'anonymous'))}`,
    '–',
    '–',
  ],
  [
    'open Google binary with its sidecar',
    `${(1000 * of('openSidecar', 'open')).toFixed(0)} ms, ${megabytes(of('openSidecar', 'beyond'))}`,
    '–',
    times(of('openSidecar', 'open'), gensim?.open),
  ],
  [
    'top 10, one query',
    `${(1000 * of('query', 'query')).toFixed(0)} ms, ${((100 * bytes) / 1e9 / of('query', 'query') / bandwidth).toFixed(0)}% of the read bandwidth`,
    gensim ? `${(1000 * gensim.query).toFixed(0)} ms` : '–',
    times(of('query', 'query'), gensim?.query),
  ],
  [
    'top 10, one query, int8 rows first',
    `${(1000 * of('int8', 'int8')).toFixed(0)} ms, ${(of('int8', 'exact') / of('int8', 'int8')).toFixed(2)} × the exact query's speed, recall@10 ${of('int8', 'recall').toFixed(4)}`,
    '–',
    times(of('int8', 'int8'), gensim?.query),
  ],
  ...['index', 'indexOfReal']
    .filter((name) => runs[name])
    .flatMap((name) => {
      const what = `${of(name, 'words').toLocaleString('en')} × 300${name === 'index' ? '' : ' trained on wiki8'}`;
      const ratio = (key) => `${(of(name, 'exact') / of(name, key)).toFixed(1)} × the exact query's speed`;
      return [
        [
          `${what}: int8 rows first`,
          `${(1000 * of(name, 'int8')).toFixed(2)} ms, ${ratio('int8')}, recall@10 ${of(name, 'int8Recall').toFixed(4)}`,
          '–',
          '–',
        ],
        [
          `${what}: index`,
          `${(1000 * of(name, 'index')).toFixed(2)} ms, ${ratio('index')}, recall@10 ${of(name, 'indexRecall').toFixed(4)}; at once ${Math.round(of(name, 'perSecond')).toLocaleString('en')}/s; built in ${of(name, 'build').toFixed(0)} s`,
          '–',
          '–',
        ],
      ];
    }),
  [
    'top 10, 1,000 queries at once',
    `${of('batch', 'batch').toFixed(1)} s, ${((1000 * of('batch', 'single')) / of('batch', 'batch')).toFixed(1)} × the single queries' rate`,
    '–',
    '–',
  ],
  ...(analogies
    ? [
        [
          'analogies at restrict 30,000',
          `${of('analogies', 'analogies').toFixed(2)} s`,
          gensim ? `${gensim.analogies.toFixed(1)} s` : '–',
          times(of('analogies', 'analogies'), gensim?.analogies),
        ],
      ]
    : []),
  [
    'convert to .w2v',
    `${of('convert', 'convert').toFixed(1)} s, ${megabytes(of('convert', 'anonymous'))}; ${((100 * median(samples.copy)) / of('convert', 'convert')).toFixed(0)}% of the speed of a copy`,
    '–',
    '–',
  ],
  [
    'convert to .w2v of int8 rows',
    `${of('convertSmall', 'convert').toFixed(1)} s, ${megabytes(of('convertSmall', 'anonymous'))}; ${((100 * median(samples.copy)) / of('convertSmall', 'convert')).toFixed(0)}% of the speed of a copy of the source`,
    '–',
    '–',
  ],
  [
    'longest pause of the JavaScript thread',
    `${Math.max(...Object.keys(runs).map((name) => of(name, 'longestPause'))).toFixed(1)} ms`,
    '–',
    '–',
  ],
];
const command = [
  'npm run bench:vectors',
  ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
].join(' ');
const section = `\`${command}\`, ${machine}, ${today}: ${rows.toLocaleString('en')} × ${dims} clustered vectors, ${(statSync(file).size / 1e9).toFixed(2)} GB, page cache warm; medians of ${rounds} rounds
(converting: 2). Memory is anonymous, beyond idle Node. Read bandwidth, ${cores} threads: ${bandwidth.toFixed(1)} GB/s. [All numbers as JSON](benchmarks/vectors.json).

${markdownTable(['what', 'here', 'gensim', 'gensim ÷ here'], table)}`;
console.log(section);
if (values.docs) {
  const docs = path.join(root, 'docs');
  const result = { machine, date: today, command, rows, dims, rounds, samples, runs, gensim };
  mkdirSync(path.join(docs, 'benchmarks'), { recursive: true });
  writeFileSync(path.join(docs, 'benchmarks', 'vectors.json'), `${JSON.stringify(result, null, 2)}\n`);
  replaceSection(path.join(docs, 'benchmarks.md'), 'bench:vectors', section);
}
