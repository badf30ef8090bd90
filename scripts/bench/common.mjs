// What the benchmarks share.
import { spawn, spawnSync } from 'node:child_process';
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

export const root = path.join(import.meta.dirname, '..', '..');
export const sharedData = path.join(root, '..', 'shared', 'data');
export const cores = availableParallelism();
export const machine = `${cpus()[0].model}, ${cores} cores, ${process.platform}-${process.arch}, Node ${process.version}`;
export const today = new Date().toISOString().slice(0, 10);

/** A folder that is removed at the end. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'w2v-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(1));
  return folder;
}

/** Standard output of a program that must succeed. */
export function run(program, args, options = {}) {
  const child = spawnSync(program, args.map(String), { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (child.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${child.error?.message ?? child.stderr}`);
  return child.stdout;
}

/** The JSON object in the last line that a program prints. */
export function runJson(program, args, options = {}) {
  return JSON.parse(run(program, args, options).trim().split('\n').at(-1));
}

/** Wall seconds of a program, the most anonymous memory it had at a time, in bytes (null where /proc is not there), and what it wrote to stderr. */
export async function runWatched(program, args, options = {}) {
  const start = performance.now();
  const child = spawn(program, args.map(String), { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let messages = '';
  child.stderr.on('data', (chunk) => (messages += chunk));
  let anonymousBytes = null;
  const watch = setInterval(() => {
    try {
      const [, kilobytes] = /RssAnon:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      anonymousBytes = Math.max(anonymousBytes ?? 0, Number(kilobytes) * 1024);
    } catch {
      // it has ended, or there is no /proc
    }
  }, 5);
  const status = await new Promise((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  }).finally(() => clearInterval(watch));
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${messages}`);
  return { seconds: (performance.now() - start) / 1000, anonymousBytes, messages };
}

/** What vectors are worth: analogies at restrict 30,000 in %, and Spearman correlations with human judgements. */
export async function judge(vectors) {
  const file = (name) => path.join(sharedData, 'eval', name);
  const { accuracy, sections } = await vectors.evaluateWordAnalogies(file('questions-words.txt'), {
    restrictVocab: 30_000,
  });
  const of = (some) => {
    const sum = (count) => some.reduce((n, section) => n + section[count], 0);
    return (100 * sum('correct')) / sum('total');
  };
  const spearman = async (name) => (await vectors.evaluateWordPairs(file(name))).spearman;
  return {
    semantic: of(sections.filter(({ name }) => !name.startsWith('gram'))),
    syntactic: of(sections.filter(({ name }) => name.startsWith('gram'))),
    total: 100 * accuracy,
    wordsim353: await spearman('wordsim353.tsv'),
    simlex999: await spearman('simlex999.txt'),
    men: await spearman('men3000.txt'),
  };
}

/** Results by key, each a line of a file, so that a broken run goes on where it stopped. */
export class KeptResults {
  #file;
  #results;
  constructor(file) {
    this.#file = file;
    mkdirSync(path.dirname(file), { recursive: true });
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    this.#results = new Map(lines.map((line) => JSON.parse(line)).map(({ key, ...result }) => [key, result]));
  }
  has(key) {
    return this.#results.has(key);
  }
  get(key) {
    return this.#results.get(key);
  }
  set(key, result) {
    this.#results.set(key, result);
    appendFileSync(this.#file, `${JSON.stringify({ key, ...result })}\n`);
  }
}

/** Mean, and its standard error. */
export function statistics(samples) {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, samples.length - 1);
  return { mean, error: Math.sqrt(variance / samples.length) };
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** A Python that has gensim; undefined, and a line that says so, where there is none. */
export function findGensim() {
  const python = ['/usr/bin/python3', 'python3'].find(
    (name) => spawnSync(name, ['-c', 'import gensim'], { stdio: 'ignore' }).status === 0,
  );
  if (!python) console.error('gensim is not installed here (Debian: python3-gensim libopenblas0): left out');
  return python;
}

/** The program of native/bench, built if need be; it measures what has no JavaScript in it. */
export function nativeBench() {
  const folder = path.join(root, 'build', 'bench');
  run('cmake', ['-S', root, '-B', folder, '-DW2V_BUILD_ADDON=OFF', '-DW2V_BUILD_BENCH=ON']);
  run('cmake', ['--build', folder, '--target', 'w2v_bench', '--parallel', cores]);
  const program = path.join(folder, 'native', 'w2v_bench');
  return (isa, ...args) => runJson(program, args, { env: { ...process.env, W2V_FORCE_ISA: isa } });
}

/** A table in Markdown; cells after the first column are aligned to the right. */
export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function withCommas(number) {
  return Math.round(number).toLocaleString('en');
}

/** Replaces what stands between <!-- name --> and <!-- /name --> in a file. */
export function replaceSection(file, name, text) {
  const before = readFileSync(file, 'utf8');
  const section = new RegExp(`(<!-- ${name} -->)[^]*(<!-- /${name} -->)`);
  if (!section.test(before)) throw new Error(`${file} has no section <!-- ${name} -->`);
  writeFileSync(
    file,
    before.replace(section, (_, open, close) => `${open}\n\n${text}\n\n${close}`),
  );
}
