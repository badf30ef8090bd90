// npm run bench:train [-- FILE] [--words N] [--rounds N] [--docs]
//
// The speed of training: every mode × vectorSize × negatives × instruction set × number of threads, in turn with gensim
// (corpus_file mode, one worker, OpenBLAS) and fastText (one thread) where they are installed; beside them the processor's
// peak of multiply-adds, the update kernel alone, counting and encoding beside `wc -w`, and the whole command. Medians of
// the rounds; what matters are the ratios, measured in one run. Tables in Markdown on standard output; --docs writes
// docs/benchmarks/train.{json,svg} and the section of docs/benchmarks.md. Three quarters of an hour on 2 cores.
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import * as echarts from 'echarts';
import { availableIsas } from '../../dist/index.mjs';
import {
  cores,
  findGensim,
  machine,
  markdownTable,
  median,
  nativeBench,
  replaceSection,
  root,
  run,
  runJson,
  runWatched,
  sharedData,
  temporaryFolder,
  today,
  withCommas,
} from './common.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    words: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    docs: { type: 'boolean', default: false },
  },
});
const source = positionals[0] ?? path.join(sharedData, 'wiki8.txt.gz');
if (!existsSync(source)) {
  console.error(
    `bench:train: no text at ${path.relative('.', source)}; give one: npm run bench:train -- FILE`,
  );
  process.exit(2);
}
const rounds = Number(values.rounds);
const folder = temporaryFolder();
const bench = nativeBench();
const python = findGensim();
const hasFasttext = spawnSync('fasttext', [], { stdio: 'ignore' }).error === undefined;
if (!hasFasttext) console.error('fastText is not installed here (Debian: fasttext): left out');

const modes = [
  { name: 'skip-gram, negative sampling', sg: true, hs: false, negative: 5 },
  { name: 'skip-gram, hierarchical softmax', sg: true, hs: true, negative: 0 },
  { name: 'CBOW, negative sampling', sg: false, hs: false, negative: 5 },
  { name: 'CBOW, hierarchical softmax', sg: false, hs: true, negative: 0 },
];
const vectorSizes = [100, 300, 512];
const isas = availableIsas().filter((isa) => isa !== 'avx512vnni'); // which trains as avx512 does
const allThreads = [1, 2, 4, 8, 16];
const threadCounts = allThreads.filter((threads) => threads <= cores);
const common = { window: 5, sample: 1e-4, minCount: 5 };

/** All words in lines of 1,000 (gensim and fastText want lines), and the first words alone. */
async function prepareText() {
  const input = createReadStream(source);
  const text = source.endsWith('.gz') ? input.pipe(createGunzip()) : input;
  const files = { whole: path.join(folder, 'whole.txt'), head: path.join(folder, 'head.txt') };
  const limit = Number(values.words);
  let words = 0;
  const lines = async function* (most) {
    let rest = '';
    let line = [];
    words = 0;
    for await (const chunk of text) {
      const tokens = (rest + chunk.toString('latin1')).split(/[ \t\r\n]+/);
      rest = tokens.pop();
      for (const token of tokens) {
        if (token === '') continue;
        line.push(token);
        if (++words % 1000 === 0) {
          yield `${line.join(' ')}\n`;
          line = [];
        }
        if (words === most) return;
      }
    }
    if (rest !== '') words++;
    yield `${[...line, rest].join(' ')}\n`;
  };
  await pipeline(lines(Infinity), createWriteStream(files.whole, 'latin1'));
  const head = run('head', ['-n', Math.ceil(limit / 1000), files.whole], { encoding: 'latin1' });
  writeFileSync(files.head, head, 'latin1');
  return { ...files, wholeWords: words, words: Math.min(limit, words) };
}

// ---- one training of each contender ----

const trainer =
  'const [index, corpus, options] = process.argv.slice(1); require(index).Word2Vec.train(corpus, JSON.parse(options))' +
  '.then(({ report }) => console.log(JSON.stringify({ ...report, maxRss: process.resourceUsage().maxRSS * 1024 })));';

function trainOurs(corpus, isa, options) {
  const args = ['-e', trainer, path.join(root, 'dist', 'index.js'), corpus, JSON.stringify(options)];
  return runJson(process.execPath, args, { env: { ...process.env, W2V_FORCE_ISA: isa } });
}

function gensimArguments(mode, vectorSize, corpus, workers, epochs, output) {
  const given = { corpus, vectorSize, workers, epochs, output, ...common, ...mode };
  return [path.join(import.meta.dirname, 'gensim_train.py'), JSON.stringify(given)];
}
const gensimEnvironment = { ...process.env, OPENBLAS_NUM_THREADS: '1' };

function fasttextArguments(mode, vectorSize, corpus, threads, epochs) {
  return [
    ...[mode.sg ? 'skipgram' : 'cbow', '-input', corpus, '-output', path.join(folder, 'fasttext')],
    ...['-dim', vectorSize, '-ws', common.window, '-loss', mode.hs ? 'hs' : 'ns', '-neg', mode.negative],
    ...['-t', common.sample, '-epoch', epochs, '-minCount', common.minCount],
    ...['-minn', 0, '-maxn', 0, '-bucket', 0, '-thread', threads, '-verbose', 0],
  ];
}

/** fastText tells no times: the whole command less the same command without epochs. */
function fasttextCpuSeconds(mode, vectorSize, corpus) {
  const seconds = (epochs) => {
    const timed = 'TIMEFORMAT="%U %S"; { time fasttext "$@" >/dev/null 2>&1; } 2>&1';
    const times = run('bash', [
      '-c',
      timed,
      'bash',
      ...fasttextArguments(mode, vectorSize, corpus, 1, epochs),
    ]);
    const [user, system] = times.trim().split(' ').map(Number);
    return user + system;
  };
  return seconds(1) - seconds(0);
}

// ---- the measurements ----

function measurePeaks() {
  return isas.flatMap((isa) =>
    threadCounts.map((threads) => ({ isa, threads, gflops: bench(isa, 'peak', threads).gflops })),
  );
}

function measureKernels(peaks) {
  return isas.flatMap((isa) =>
    vectorSizes.map((vectorSize) => {
      const { gflops } = bench(isa, 'kernel', vectorSize);
      return { isa, vectorSize, gflops, ofPeak: gflops / peaks.find((p) => p.isa === isa).gflops };
    }),
  );
}

/** Each variant of ours, gensim and fastText, in turn, for one mode and size. */
function measureMode(mode, vectorSize, text, peaks) {
  const work = {};
  for (const negatives of ['shared', 'per-pair']) {
    const flags = [mode.sg, mode.hs].map(Number).concat(mode.negative, Number(negatives === 'shared'));
    const args = ['work', text.head, ...flags, common.window, common.sample];
    work[negatives] = bench(isas[0], ...args).multiplyAdds;
  }
  const ours = isas.flatMap((isa) =>
    ['shared', 'per-pair'].flatMap((negatives) =>
      threadCounts.map((threads) => ({ isa, negatives, threads, cpu: [], wall: [], rss: [] })),
    ),
  );
  const others = { gensim: [], fasttext: [] };
  for (let round = 0; round < rounds; ++round) {
    for (const { isa, negatives, threads, ...samples } of ours) {
      const epochs = isa === 'scalar' ? 1 : 3; // the fast ones for longer
      const options = { ...common, ...mode, name: undefined, vectorSize, negatives, threads, epochs };
      const report = trainOurs(text.head, isa, options);
      samples.cpu.push((text.words * epochs) / report.trainCpuSeconds);
      samples.wall.push((text.words * epochs) / report.trainSeconds);
      samples.rss.push(report.maxRss);
    }
    if (python) {
      const args = gensimArguments(mode, vectorSize, text.head, 1, 1);
      others.gensim.push(text.words / runJson(python, args, { env: gensimEnvironment }).cpuSeconds);
    }
    if (hasFasttext) others.fasttext.push(text.words / fasttextCpuSeconds(mode, vectorSize, text.head));
  }
  const rates = Object.fromEntries(
    Object.entries(others).map(([name, samples]) => [name, samples.length > 0 ? median(samples) : null]),
  );
  return {
    mode: mode.name,
    vectorSize,
    ...rates,
    ours: ours.map(({ isa, negatives, threads, cpu, wall, rss }) => {
      const flops = 2 * work[negatives] * vectorSize * median(cpu);
      return {
        isa,
        negatives,
        threads,
        wordsPerCpuSecond: median(cpu),
        wordsPerSecond: median(wall),
        ofPeak: flops / 1e9 / peaks.find((peak) => peak.isa === isa).gflops,
        maxRss: median(rss),
      };
    }),
  };
}

/** Counting and encoding on two threads beside `LC_ALL=C wc -w`, page cache warm. */
function measureVocabulary(corpus) {
  const ours = [];
  const wc = [];
  for (let round = 0; round < Math.max(rounds, 5); ++round) {
    const options = { vectorSize: 1, window: 1, negative: 1, sample: 1e-6, epochs: 1, threads: 2 };
    ours.push(trainOurs(corpus, isas[0], options).vocabularySeconds);
    wc.push(
      Number(run('bash', ['-c', 'TIMEFORMAT=%R; { time LC_ALL=C wc -w "$0" >/dev/null; } 2>&1', corpus])),
    );
  }
  return { seconds: median(ours), wcSeconds: median(wc) };
}

/** The training phase on the whole text, skip-gram at 100: words per second of all cores in multiples of one thread's. */
function measureScaling(text) {
  const options = { ...common, sg: true, epochs: 2 };
  const rates = { one: [], all: [] };
  for (let round = 0; round < rounds; ++round) {
    rates.one.push(trainOurs(text.whole, isas[0], { ...options, threads: 1 }).wordsPerSecond);
    rates.all.push(trainOurs(text.whole, isas[0], { ...options, threads: cores }).wordsPerSecond);
  }
  return median(rates.all) / median(rates.one);
}

/** Read, count, encode, 5 epochs of skip-gram at 100, save; ours in every round, the others, minutes long, once. */
async function measureWhole(text) {
  const mode = modes[0];
  const epochs = 5;
  const main = path.join(root, 'dist', 'cli', 'main.js');
  const output = path.join(folder, 'vectors.bin');
  const idle = await runWatched(process.execPath, ['-e', 'setTimeout(() => {}, 500)']);
  const samples = [];
  for (let round = 0; round < rounds; ++round) {
    const flags = ['--sg', '--vector-size', 100, '--sample', common.sample, '--epochs', epochs];
    samples.push(
      await runWatched(process.execPath, [
        ...[main, 'train', text.whole, '--output', output],
        ...[...flags, '--threads', cores],
      ]),
    );
  }
  const { words: vocabulary } = runJson(process.execPath, [main, 'info', output, '--json']);
  const modelBytes = 2 * vocabulary * 4 * 16 * Math.ceil(100 / 16);
  const idBytes = 4 * (text.wholeWords + Math.ceil(text.wholeWords / 1000));
  const whole = { ours: median(samples.map(({ seconds }) => seconds)) };
  if (samples[0].anonymousBytes !== null) {
    const anonymous = median(samples.map(({ anonymousBytes }) => anonymousBytes));
    whole.anonymousBytes = anonymous;
    whole.anonymousBytesBeyond = anonymous - idle.anonymousBytes - modelBytes - idBytes;
  }
  if (python) {
    const args = gensimArguments(mode, 100, text.whole, cores, epochs, path.join(folder, 'gensim.bin'));
    whole.gensim = (await runWatched(python, args, { env: gensimEnvironment })).seconds;
  }
  if (hasFasttext)
    whole.fasttext = (
      await runWatched('fasttext', fasttextArguments(mode, 100, text.whole, cores, epochs))
    ).seconds;
  return whole;
}

// ---- what is shown ----

const percent = (share) => `${(100 * share).toFixed(0)}%`;
const ratio = (a, b) => (b ? (a / b).toFixed(1) : '–');
const rate = (x) => (x === null ? '–' : withCommas(x));
const pick = (row, isa, negatives, threads) =>
  row.ours.find((o) => o.isa === isa && o.negatives === negatives && o.threads === threads);

function peakTables({ peaks, kernels }) {
  const most = threadCounts.at(-1);
  const gflops = (isa, threads) => peaks.find((p) => p.isa === isa && p.threads === threads).gflops;
  return `Multiply-adds in registers, GFLOP/s; and the update kernel alone, one thread, rows in the cache (skip-gram, shared negatives, 6
context words × 6 targets), in percent of it.

${markdownTable(
  [
    'instruction set',
    '1 thread',
    `${most} threads`,
    ...vectorSizes.map((size) => `kernel at ${size}, GFLOP/s`),
    ...vectorSizes.map((size) => `of peak at ${size}`),
  ],
  isas.map((isa) => {
    const own = kernels.filter((k) => k.isa === isa);
    return [
      isa,
      gflops(isa, 1).toFixed(0),
      gflops(isa, most).toFixed(0),
      ...own.map((k) => k.gflops.toFixed(0)),
      ...own.map((k) => percent(k.ofPeak)),
    ];
  }),
)}`;
}

function contenderTable({ rows }) {
  return `Words per CPU second of the training phase, one thread, ${isas[0]}.

${markdownTable(
  [
    'mode',
    'size',
    'per-pair',
    'shared',
    'of peak',
    'gensim',
    'fastText',
    'shared ÷ gensim',
    'shared ÷ fastText',
  ],
  rows.map((row) => {
    const shared = pick(row, isas[0], 'shared', 1);
    return [
      row.mode,
      row.vectorSize,
      rate(pick(row, isas[0], 'per-pair', 1).wordsPerCpuSecond),
      rate(shared.wordsPerCpuSecond),
      percent(shared.ofPeak),
      rate(row.gensim),
      rate(row.fasttext),
      ratio(shared.wordsPerCpuSecond, row.gensim),
      ratio(shared.wordsPerCpuSecond, row.fasttext),
    ];
  }),
)}`;
}

function isaTable({ rows, peaks }) {
  const others = isas.slice(1);
  const most = threadCounts.at(-1);
  const peak = (threads) => peaks.find((p) => p.isa === isas[0] && p.threads === threads).gflops;
  const missing = allThreads.filter((threads) => threads > cores);
  return `Shared negatives: other instruction sets, words per CPU second in percent of ${isas[0]}; and ${most} threads, words per second
in multiples of one thread's, where multiply-adds in registers reach ${(peak(most) / peak(1)).toFixed(2)}.${
    missing.length > 0
      ? ` This machine has ${cores} cores: ${missing.join(', ')} threads are not measured.`
      : ''
  }

${markdownTable(
  ['mode', 'size', ...others, `${most} threads`],
  rows.map((row) => {
    const best = pick(row, isas[0], 'shared', 1);
    return [
      row.mode,
      row.vectorSize,
      ...others.map((isa) => percent(pick(row, isa, 'shared', 1).wordsPerCpuSecond / best.wordsPerCpuSecond)),
      (pick(row, isas[0], 'shared', most).wordsPerSecond / best.wordsPerSecond).toFixed(2),
    ];
  }),
)}`;
}

function matrixTable({ rows }) {
  return `<details><summary>Every combination</summary>

${markdownTable(
  [
    'mode',
    'size',
    'negatives',
    'instruction set',
    'threads',
    'words per CPU second',
    'words per second',
    'of peak',
    'peak memory (MB)',
    '÷ gensim',
    '÷ fastText',
  ],
  rows.flatMap((row) =>
    row.ours.map((o) => [
      row.mode,
      row.vectorSize,
      o.negatives,
      o.isa,
      o.threads,
      rate(o.wordsPerCpuSecond),
      rate(o.wordsPerSecond),
      percent(o.ofPeak),
      (o.maxRss / 1e6).toFixed(0),
      ratio(o.wordsPerCpuSecond, row.gensim),
      ratio(o.wordsPerCpuSecond, row.fasttext),
    ]),
  ),
)}

</details>`;
}

function wholeTable({ whole, vocabulary, wholeWords, scaling, peaks }) {
  const peak = (threads) => peaks.find((p) => p.isa === isas[0] && p.threads === threads)?.gflops;
  const others = [
    ['gensim', whole.gensim],
    ['fastText', whole.fasttext],
  ].filter(([, seconds]) => seconds !== undefined);
  const memory =
    whole.anonymousBytesBeyond === undefined
      ? ''
      : ` Anonymous memory, at most: ${(whole.anonymousBytes / 1e6).toFixed(0)} MB, ${(whole.anonymousBytesBeyond / 1e6).toFixed(0)} MB beyond an idle Node, the model and the encoded ids.`;
  return `The whole command (read, count, encode, 5 epochs of skip-gram at 100, save) on ${withCommas(wholeWords)} words, ${cores} threads, wall
time: ${whole.ours.toFixed(1)} s${others.map(([name, seconds]) => `, ${name} ${seconds.toFixed(1)} s (${ratio(seconds, whole.ours)} ×)`).join('')}.${memory}

On that text ${cores} threads train ${scaling.toFixed(2)} × as fast as one${peak(cores) ? `; multiply-adds in registers: ${(peak(cores) / peak(1)).toFixed(2)} ×` : ''}.

Counting and encoding that text on 2 threads, page cache warm: ${vocabulary.seconds.toFixed(2)} s, ${(vocabulary.seconds / vocabulary.wcSeconds).toFixed(2)} × the time of \`LC_ALL=C wc -w\`.`;
}

/** Words per CPU second of the contenders, a group for each mode and size. */
function plot({ rows }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 420 });
  const series = (name, of) => ({ name, type: 'bar', data: rows.map((row) => Math.round(of(row) ?? 0)) });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    legend: { top: 8 },
    grid: { left: 80, right: 20, top: 48, bottom: 70 },
    xAxis: {
      type: 'category',
      data: rows.map(
        ({ mode, vectorSize }) => `${mode.replace(', ', '\n').replace(' ', '\n')}\n${vectorSize}`,
      ),
      axisLabel: { interval: 0, fontSize: 9 },
    },
    yAxis: { type: 'value', name: 'words per CPU second' },
    series: [
      series('shared', (row) => pick(row, isas[0], 'shared', 1).wordsPerCpuSecond),
      series('per-pair', (row) => pick(row, isas[0], 'per-pair', 1).wordsPerCpuSecond),
      series('gensim', (row) => row.gensim),
      series('fastText', (row) => row.fasttext),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose(); // or its clock keeps the process alive
  return svg;
}

const text = await prepareText();
const command = `npm run bench:train${process.argv
  .slice(2)
  .map((argument) => ` ${argument}`)
  .join('')}`;
const result = {
  machine,
  date: today,
  command,
  corpus: path.basename(source),
  words: text.words,
  wholeWords: text.wholeWords,
  rounds,
};
result.peaks = measurePeaks();
result.kernels = measureKernels(result.peaks);
console.error(peakTables(result));
result.rows = [];
for (const vectorSize of vectorSizes) {
  for (const mode of modes) {
    const row = measureMode(mode, vectorSize, text, result.peaks);
    result.rows.push(row);
    console.error(
      contenderTable({ rows: [row] })
        .split('\n')
        .at(-1),
    );
  }
}
result.vocabulary = measureVocabulary(text.whole);
result.scaling = measureScaling(text);
result.whole = await measureWhole(text);

const section = [
  `\`${command}\`, ${machine}, ${today}. ${result.corpus}, its first ${withCommas(text.words)} words; window ${common.window}, 5 negative samples, sample ${common.sample}, minCount ${common.minCount}; medians of ${rounds} rounds, in
each of which every contender is measured in turn.${python ? ` gensim ${run(python, ['-c', 'import gensim; print(gensim.__version__)']).trim()} in corpus_file mode with OpenBLAS, one worker.` : ''} [All numbers as JSON](benchmarks/train.json).`,
  '![Words per CPU second of the training phase, one thread](benchmarks/train.svg)',
  contenderTable(result),
  wholeTable(result),
  isaTable(result),
  peakTables(result),
  matrixTable(result),
].join('\n\n');
console.log(section);
if (values.docs) {
  const docs = path.join(root, 'docs');
  mkdirSync(path.join(docs, 'benchmarks'), { recursive: true });
  writeFileSync(path.join(docs, 'benchmarks', 'train.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(path.join(docs, 'benchmarks', 'train.svg'), plot(result));
  replaceSection(path.join(docs, 'benchmarks.md'), 'bench:train', section);
}
