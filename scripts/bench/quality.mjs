// npm run bench:quality [-- --results FILE] [--corpora wiki8,en-mix] [--sizes 100,300] [--seeds N] [--epochs N]
//
// What shared negatives do to quality: skip-gram with negative sampling, shared against per-pair with paired seeds,
// gensim beside it with one seed. Analogies at restrict 30,000 (semantic, syntactic, total) and the Spearman correlations of
// WordSim-353, SimLex-999 and MEN. Each training's result is a line appended to the results file, so that a broken run
// goes on where it stopped; the tables are made of that file. Two hours in all on 2 cores.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors, Word2Vec } from '../../dist/index.mjs';
import { judge, statistics } from './common.mjs';

const root = path.join(import.meta.dirname, '..', '..');
const { values } = parseArgs({
  options: {
    results: { type: 'string', default: path.join(root, 'build', 'bench-quality.jsonl') },
    corpora: { type: 'string', default: 'wiki8,en-mix' },
    sizes: { type: 'string', default: '100,300' },
    seeds: { type: 'string' },
    epochs: { type: 'string', default: '5' },
  },
});
const data = path.join(root, '..', 'shared', 'data');
if (!existsSync(data)) {
  console.error(`bench:quality: needs the corpora and evaluation sets in ${path.relative('.', data)}`);
  process.exit(2);
}
const folder = mkdtempSync(path.join(tmpdir(), 'w2v-quality-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(path.dirname(values.results), { recursive: true });

const epochs = Number(values.epochs);
const seedsOf = (size) => Number(values.seeds ?? (size === 100 ? 5 : 3));
const metrics = ['semantic', 'syntactic', 'total', 'wordsim353', 'simlex999', 'men'];

/** Lines of 1,000 words at most: gensim cuts longer ones off. */
function preparedText(corpus) {
  const file = path.join(folder, `${corpus}.txt`);
  if (!existsSync(file)) {
    const text = gunzipSync(readFileSync(path.join(data, `${corpus}.txt.gz`))).toString('latin1');
    writeFileSync(file, text.replace(/((?:\S+ ){999}\S+) /g, '$1\n'));
  }
  return file;
}

async function trained(system, corpus, vectorSize, seed) {
  const options = { sg: true, vectorSize, window: 5, negative: 5, sample: 1e-4, epochs, minCount: 5, seed };
  const text = preparedText(corpus);
  if (system !== 'gensim') return (await Word2Vec.train(text, { ...options, negatives: system })).vectors;
  const output = path.join(folder, 'gensim.bin');
  const given = { ...options, hs: false, corpus: text, workers: availableParallelism(), output };
  const child = spawnSync(
    '/usr/bin/python3',
    [path.join(import.meta.dirname, 'gensim_train.py'), JSON.stringify(given)],
    {
      encoding: 'utf8',
      env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    },
  );
  if (child.status !== 0) throw new Error(`gensim: ${child.error?.message ?? child.stderr}`);
  return KeyedVectors.load(output);
}

const hasGensim = spawnSync('/usr/bin/python3', ['-c', 'import gensim'], { stdio: 'ignore' }).status === 0;
if (!hasGensim) console.log('gensim is not installed here (Debian: python3-gensim libopenblas0): left out');

const key = ({ system, corpus, vectorSize, seed, epochs: n }) =>
  [system, corpus, vectorSize, seed, n].join(' ');
const results = existsSync(values.results)
  ? readFileSync(values.results, 'utf8').trim().split('\n').filter(Boolean).map(JSON.parse)
  : [];
const known = new Set(results.map(key));

function printTable(corpus, vectorSize) {
  const of = (system) =>
    results.filter(
      (r) => r.system === system && r.corpus === corpus && r.vectorSize === vectorSize && r.epochs === epochs,
    );
  const format = (metric, x) => x.toFixed(['semantic', 'syntactic', 'total'].includes(metric) ? 2 : 4);
  const cells = (label, cell) => console.log(`| ${[label, ...metrics.map(cell)].join(' | ')} |`);
  console.log(`\n${corpus}, vectorSize ${vectorSize}, ${epochs} epochs\n`);
  cells('', (metric) => metric);
  cells('---', () => '---:');
  for (const system of ['per-pair', 'shared', 'gensim']) {
    const rows = of(system);
    if (rows.length === 0) continue;
    cells(`${system} (${rows.length} seeds)`, (metric) => {
      const { mean, error } = statistics(rows.map((r) => r[metric]));
      return rows.length > 1 ? `${format(metric, mean)} ± ${format(metric, error)}` : format(metric, mean);
    });
  }
  const pairs = of('shared').flatMap((a) =>
    of('per-pair')
      .filter((b) => b.seed === a.seed)
      .map((b) => [a, b]),
  );
  if (pairs.length > 1) {
    cells('shared − per-pair', (metric) => {
      const { mean, error } = statistics(pairs.map(([a, b]) => a[metric] - b[metric]));
      return `${format(metric, mean)} ± ${format(metric, error)}`;
    });
  }
}

console.log(
  `${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; ± standard error`,
);
for (const corpus of values.corpora.split(',')) {
  for (const vectorSize of values.sizes.split(',').map(Number)) {
    for (let seed = 1; seed <= seedsOf(vectorSize); ++seed) {
      for (const system of ['per-pair', 'shared', ...(hasGensim && seed === 1 ? ['gensim'] : [])]) {
        const run = { system, corpus, vectorSize, seed, epochs };
        if (known.has(key(run))) continue;
        const result = { ...run, ...(await judge(await trained(system, corpus, vectorSize, seed))) };
        results.push(result);
        appendFileSync(values.results, `${JSON.stringify(result)}\n`);
      }
    }
    printTable(corpus, vectorSize);
  }
}
