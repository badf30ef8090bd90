// npm run bench:train [-- FILE] [--words N] [--rounds N] [--json FILE]
//
// Words per CPU second of the training phase, one thread, each mode at vectorSize 100 and 300, in turn with gensim
// (corpus_file mode, one worker, OpenBLAS) and fastText where they are installed; and the time of counting and
// encoding beside `wc -w`. Medians of the rounds; what matters are the ratios, measured in one run.
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';

const root = path.join(import.meta.dirname, '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    words: { type: 'string', default: '2000000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const source = positionals[0] ?? path.join(root, '..', 'shared', 'data', 'wiki8.txt.gz');
if (!existsSync(source)) {
  console.error(
    `bench:train: no text at ${path.relative('.', source)}; give one: npm run bench:train -- FILE`,
  );
  process.exit(2);
}
const rounds = Number(values.rounds);
const folder = mkdtempSync(path.join(tmpdir(), 'w2v-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const modes = [
  { name: 'skip-gram NS', sg: true, hs: false, negative: 5 },
  { name: 'skip-gram HS', sg: true, hs: true, negative: 0 },
  { name: 'CBOW NS', sg: false, hs: false, negative: 5 },
  { name: 'CBOW HS', sg: false, hs: true, negative: 0 },
];
const common = { window: 5, sample: 1e-4, epochs: 1 };

function run(program, args, options = {}) {
  const child = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (child.status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: ${child.error?.message ?? child.stderr}`);
  }
  return child.stdout;
}

/** The whole text, and its first words in lines of 1,000 (gensim and fastText want lines). */
async function prepareText() {
  const whole = path.join(folder, 'whole.txt');
  const input = createReadStream(source);
  await pipeline(
    source.endsWith('.gz')
      ? [input, createGunzip(), createWriteStream(whole)]
      : [input, createWriteStream(whole)],
  );
  const head = path.join(folder, 'head.txt');
  const out = createWriteStream(head);
  let left = Number(values.words);
  let line = [];
  let rest = '';
  for await (const chunk of createReadStream(whole, { encoding: 'utf8' })) {
    const tokens = (rest + chunk).split(/[ \t\r\n]+/);
    rest = tokens.pop();
    for (const token of tokens) {
      if (token === '' || left === 0) continue;
      left -= 1;
      line.push(token);
      if (line.length === 1000) {
        if (!out.write(`${line.join(' ')}\n`)) await new Promise((resolve) => out.once('drain', resolve));
        line = [];
      }
    }
    if (left === 0) break;
  }
  await new Promise((resolve) => out.end(line.length > 0 ? `${line.join(' ')}\n` : '', resolve));
  return { whole, head, words: Number(values.words) - left };
}

/** What fastText does besides training: the same command with no epochs. */
const fasttextOverhead = new Map();

function fasttextCpuSeconds(mode, vectorSize, corpus, epochs) {
  const args = [
    ...[mode.sg ? 'skipgram' : 'cbow', '-input', corpus, '-output', path.join(folder, 'fasttext')],
    ...['-dim', vectorSize, '-ws', common.window, '-loss', mode.hs ? 'hs' : 'ns', '-neg', mode.negative],
    ...['-t', common.sample, '-epoch', epochs, '-minCount', 5, '-minn', 0, '-maxn', 0, '-bucket', 0],
    ...['-thread', 1, '-verbose', 0],
  ].map(String);
  const timed = 'TIMEFORMAT="%U %S"; { time fasttext "$@" >/dev/null 2>&1; } 2>&1';
  const [user, system] = run('bash', ['-c', timed, 'bash', ...args])
    .trim()
    .split(' ')
    .map(Number);
  return user + system;
}

function oursCpuSeconds(negatives, mode, vectorSize, corpus) {
  const args = [
    ...[
      'train',
      corpus,
      '--output',
      path.join(folder, 'ours.bin'),
      '--json',
      '--threads',
      1,
      '--min-count',
      5,
    ],
    ...['--vector-size', vectorSize, '--window', common.window, '--sample', common.sample],
    ...['--epochs', common.epochs, '--negative', mode.negative, '--negatives', negatives],
    ...(mode.sg ? ['--sg'] : []),
    ...(mode.hs ? ['--hs'] : []),
  ].map(String);
  const output = run(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), ...args]);
  return JSON.parse(output.trim().split('\n').at(-1)).trainCpuSeconds;
}

const contenders = {
  shared: (...measured) => oursCpuSeconds('shared', ...measured),
  'per-pair': (...measured) => oursCpuSeconds('per-pair', ...measured),
};

const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import gensim'], { stdio: 'ignore' }).status === 0,
);
if (python) {
  contenders.gensim = (mode, vectorSize, corpus) => {
    const given = JSON.stringify({ corpus, vectorSize, workers: 1, ...common, ...mode });
    const env = { ...process.env, OPENBLAS_NUM_THREADS: '1' };
    return JSON.parse(run(python, [path.join(import.meta.dirname, 'gensim_train.py'), given], { env }))
      .cpuSeconds;
  };
} else {
  console.log('gensim is not installed here (Debian: python3-gensim libopenblas0): left out');
}
if (spawnSync('fasttext', [], { stdio: 'ignore' }).error === undefined) {
  contenders.fasttext = (mode, vectorSize, corpus) => {
    const key = `${mode.name} ${vectorSize}`;
    if (!fasttextOverhead.has(key))
      fasttextOverhead.set(key, fasttextCpuSeconds(mode, vectorSize, corpus, 0));
    return fasttextCpuSeconds(mode, vectorSize, corpus, common.epochs) - fasttextOverhead.get(key);
  };
} else {
  console.log('fastText is not installed here (Debian: fasttext): left out');
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Counting and encoding on two threads beside `LC_ALL=C wc -w`, page cache warm. */
function measureVocabulary(corpus) {
  const program =
    'const { Word2Vec } = require(process.argv[1]); Word2Vec.train(process.argv[2], { vectorSize: 1, window: 1, negative: 1,' +
    ' sample: 1e-6, epochs: 1, threads: 2 }).then((model) => console.log(model.report.vocabularySeconds));';
  const ours = [];
  const wc = [];
  for (let round = 0; round < Math.max(rounds, 5); ++round) {
    ours.push(Number(run(process.execPath, ['-e', program, path.join(root, 'dist', 'index.js'), corpus])));
    const timed = 'TIMEFORMAT=%R; { time LC_ALL=C wc -w "$0" >/dev/null; } 2>&1';
    wc.push(Number(run('bash', ['-c', timed, corpus])));
  }
  return { seconds: median(ours), wcSeconds: median(wc), ratio: median(ours) / median(wc) };
}

const text = await prepareText();
const machine = `${cpus()[0].model}, ${availableParallelism()} cores, ${process.platform}-${process.arch}, Node ${process.version}`;
console.log(
  `${path.basename(source)}: ${text.words.toLocaleString('en')} words, one epoch, sample ${common.sample}`,
);
console.log(`${machine}; ${new Date().toISOString().slice(0, 10)}; medians of ${rounds} rounds\n`);

const vocabulary = measureVocabulary(text.whole);
console.log(
  `vocabulary and encoding, 2 threads: ${vocabulary.seconds.toFixed(2)} s, wc -w ${vocabulary.wcSeconds.toFixed(2)} s, ` +
    `ratio ${vocabulary.ratio.toFixed(2)}\n`,
);

const names = Object.keys(contenders);
const ratios = ['shared', 'per-pair'].flatMap((ours) =>
  names.filter((name) => !['shared', 'per-pair'].includes(name)).map((other) => [ours, other]),
);
console.log('words per CPU second of the training phase, one thread');
console.log(
  [
    'mode'.padEnd(14),
    'size',
    ...names.map((name) => name.padStart(11)),
    ...ratios.map(([ours, other]) => `${ours}÷${other}`.padStart(18)),
  ].join(' '),
);
const rows = [];
for (const vectorSize of [100, 300]) {
  for (const mode of modes) {
    const samples = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; ++round) {
      for (const name of names)
        samples[name].push(text.words / contenders[name](mode, vectorSize, text.head));
    }
    const rates = Object.fromEntries(names.map((name) => [name, median(samples[name])]));
    rows.push({ mode: mode.name, vectorSize, wordsPerCpuSecond: rates, samples });
    console.log(
      [
        mode.name.padEnd(14),
        String(vectorSize).padStart(4),
        ...names.map((name) => Math.round(rates[name]).toLocaleString('en').padStart(11)),
        ...ratios.map(([ours, other]) => (rates[ours] / rates[other]).toFixed(2).padStart(18)),
      ].join(' '),
    );
  }
}
if (values.json) {
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine, date: new Date().toISOString(), words: text.words, vocabulary, rows }, null, 2)}\n`,
  );
}
