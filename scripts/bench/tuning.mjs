// npm run bench:tuning [-- --results FILE] [--words N] [--seeds N] [--only NAME,…] [--docs]
//
// What each training option does: one is changed at a time, all others are as in `base`. Analogies at restrict 30,000, the Spearman
// correlations of MEN and WordSim-353, and the CPU time of the training, on the beginning of en-mix; means of the seeds. Each training's result
// is a line appended to the results file, so that a broken run goes on where it stopped. --docs draws docs/tuning/*.svg and writes
// the sections of docs/tuning.md. Half an hour on 2 cores.
import * as echarts from 'echarts';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Word2Vec } from '../../dist/index.mjs';
import {
  KeptResults,
  judge,
  machine,
  markdownTable,
  replaceSection,
  root,
  sharedData,
  temporaryFolder,
  today,
} from './common.mjs';

const { values } = parseArgs({
  options: {
    results: { type: 'string', default: path.join(root, 'build', 'bench-tuning.jsonl') },
    words: { type: 'string', default: '4000000' },
    seeds: { type: 'string', default: '1' },
    only: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const corpus = path.join(sharedData, 'en-mix.txt.gz');
if (!existsSync(corpus)) {
  console.error(`bench:tuning: needs ${path.relative('.', corpus)} and the evaluation sets beside it`);
  process.exit(2);
}

const base = { sg: true, vectorSize: 100, window: 5, negative: 5, sample: 1e-3, minCount: 5, epochs: 5 };
const allWords = Number(values.words);
const shares = [0.125, 0.25, 0.5, 1];

/** What is changed; `label` is what tables and charts call it, `words` the size of the corpus. */
const sweeps = {
  mode: [
    ['skip-gram, ns', {}],
    ['skip-gram, hs', { hs: true, negative: 0 }],
    ['CBOW, ns', { sg: false }],
    ['CBOW, hs', { sg: false, hs: true, negative: 0 }],
  ].map(([label, options]) => ({ label, options })),
  corpus: shares.map((share) => ({
    label: `${(share * allWords) / 1e6} M`,
    options: {},
    words: share * allWords,
  })),
  ...Object.fromEntries(
    Object.entries({
      vectorSize: [25, 50, 100, 200, 300],
      window: [2, 5, 10, 15],
      epochs: [1, 2, 5, 10, 20],
      negative: [2, 5, 10, 20],
      sample: [0, 1e-3, 1e-4, 1e-5],
      minCount: [1, 5, 20, 100],
      alpha: [0.0125, 0.025, 0.05, 0.1],
      nsExponent: [0, 0.75, 1],
    }).map(([name, list]) => [
      name,
      list.map((value) => ({ label: String(value), options: { [name]: value } })),
    ]),
  ),
};

const folder = temporaryFolder();
const text = gunzipSync(readFileSync(corpus)).toString('latin1');

/** The first so many words, in whole lines. */
function beginning(words) {
  const file = path.join(folder, `${words}.txt`);
  if (existsSync(file)) return file;
  let count = 0;
  let end = 0;
  while (count < words && end < text.length) {
    const next = text.indexOf('\n', end) + 1;
    count += text.slice(end, next).split(' ').length;
    end = next;
  }
  writeFileSync(file, text.slice(0, end), 'latin1');
  return file;
}

async function measure(options, words, seed) {
  const { vectors, report } = await Word2Vec.train(beginning(words), { ...base, ...options, seed });
  const { total, men, wordsim353 } = await judge(vectors);
  return {
    analogies: total,
    men,
    wordsim353,
    cpuSeconds: report.trainCpuSeconds,
    vocabulary: report.vocabulary,
  };
}

const results = new KeptResults(values.results);

/** The means of all seeds; what was measured before is not measured again. */
async function resultOf({ options, words = allWords }) {
  const found = [];
  for (let seed = 1; seed <= Number(values.seeds); ++seed) {
    const key = JSON.stringify({ ...base, ...options, words, seed });
    if (!results.has(key)) results.set(key, { ...(await measure(options, words, seed)), date: today });
    found.push(results.get(key));
  }
  const mean = (name) => found.reduce((sum, result) => sum + result[name], 0) / found.length;
  const names = ['analogies', 'men', 'wordsim353', 'cpuSeconds', 'vocabulary'];
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

// ---- what is shown ----

function table(name, rows) {
  const cells = rows.map(({ label, analogies, men, wordsim353, cpuSeconds, vocabulary }) => [
    label,
    `${analogies.toFixed(1)}%`,
    men.toFixed(3),
    wordsim353.toFixed(3),
    Math.round(vocabulary).toLocaleString('en'),
    `${cpuSeconds.toFixed(1)} s`,
  ]);
  return markdownTable(
    [name, 'analogies', 'MEN', 'WordSim-353', 'vocabulary', 'CPU time of training'],
    cells,
  );
}

/** Analogies and MEN (in hundredths) as lines, CPU time as bars. */
function chart(name, rows) {
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 560, height: 260 });
  const line = (title, of) => ({
    name: title,
    type: 'line',
    data: rows.map((row) => Number(of(row).toFixed(1))),
  });
  drawing.setOption({
    animation: false,
    backgroundColor: '#fff',
    legend: { top: 6, itemGap: 28 },
    grid: { left: 46, right: 52, top: 44, bottom: 44 },
    xAxis: {
      type: 'category',
      name,
      nameLocation: 'middle',
      nameGap: 26,
      data: rows.map(({ label }) => label),
    },
    yAxis: [
      { type: 'value', scale: true },
      { type: 'value', name: 's', splitLine: { show: false } },
    ],
    series: [
      {
        ...line('CPU time (right)', (row) => row.cpuSeconds),
        type: 'bar',
        yAxisIndex: 1,
        color: '#d8dee9',
        barMaxWidth: 36,
      },
      { ...line('analogies, %', (row) => row.analogies), color: '#2b6cb0' },
      { ...line('MEN × 100', (row) => 100 * row.men), color: '#c05621' },
    ],
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose(); // or its clock keeps the process alive
  return svg;
}

const command = [
  'npm run bench:tuning',
  ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
].join(' ');
const docs = path.join(root, 'docs');
for (const [name, sweep] of Object.entries(sweeps)) {
  if (values.only && !values.only.split(',').includes(name)) continue;
  const rows = [];
  for (const point of sweep) rows.push({ label: point.label, ...(await resultOf(point)) });
  console.log(`\n${table(name, rows)}`);
  if (!values.docs) continue;
  mkdirSync(path.join(docs, 'tuning'), { recursive: true });
  writeFileSync(path.join(docs, 'tuning', `${name}.svg`), `${chart(name, rows)}\n`);
  replaceSection(
    path.join(docs, 'tuning.md'),
    `bench:tuning:${name}`,
    `![${name}: analogies, MEN and CPU time](tuning/${name}.svg)\n\n${table(name, rows)}`,
  );
}
if (values.docs) {
  const words = `${allWords.toLocaleString('en')} words of en-mix, a mixture of English texts`;
  const others = 'skip-gram, vectorSize 100, window 5, negative 5, sample 0.001, minCount 5, epochs 5';
  replaceSection(
    path.join(docs, 'tuning.md'),
    'bench:tuning',
    `\`${command}\`, ${machine}, ${today}; the first ${words}; ${Number(values.seeds) > 1 ? `means of ${values.seeds} seeds` : 'one training each'}. What is not changed: ${others}.`,
  );
}
