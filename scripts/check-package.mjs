// Packs the package, installs the tarball in empty folders as users would, and uses it from ES modules, CommonJS,
// TypeScript, a worker, a bundle and the command lines; then puts it in the ways of harm that installations come to;
// then lets publint and attw judge it. One line a step. --quick: without compiling from the tarball's sources.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'check-package-'));
const tool = (name) => path.join(root, 'node_modules', '.bin', name);
const largestPackage = 3e6; // bytes, with the prebuilt addon of one platform
const glibc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
const prebuilt = path.join(
  ...['prebuilds', `${process.platform}-${process.arch}`],
  process.platform === 'linux' ? `word2vec-native.${glibc}.node` : 'word2vec-native.node',
);

function attempt(program, args, options) {
  return spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    ...options,
  });
}

/** Runs a program to its end and gives its standard output; a failure ends the check with all that it printed. */
function run(step, program, args, options) {
  const start = performance.now();
  const child = attempt(program, args, options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (child.status !== 0) {
    const output = child.error?.message ?? child.stdout + child.stderr;
    throw new Error(
      `${step}: ${[program, ...args].join(' ')} failed (${child.status ?? child.signal})\n${output}`,
    );
  }
  console.log(`package: ${step} (${seconds} s)`);
  return child.stdout;
}

/** Runs a program that must end by itself with exit code 1 and a message. */
function fails(step, expected, program, args, options) {
  const { status, signal, stdout, stderr } = attempt(program, args, options);
  if (status !== 1 || !stderr.includes(expected)) {
    throw new Error(
      `${step}: expected exit code 1 and '${expected}', received ${status ?? signal}\n${stdout}${stderr}`,
    );
  }
  console.log(`package: ${step}: '${expected}'`);
}

function write(name, text) {
  writeFileSync(path.join(folder, name), text);
  return name;
}

const sentences = 'the cat sat on the mat\nthe dog sat on the log\n'.repeat(50);

const esm = `
import assert from 'node:assert';
import { createRequire } from 'node:module';
import * as imported from 'word2vec-native';
const required = createRequire(import.meta.url)('word2vec-native');
for (const name of Object.keys(required)) assert.strictEqual(imported[name], required[name], name);
const model = await imported.Word2Vec.train([['a', 'b', 'c'], ['a', 'b', 'd']], { minCount: 1, vectorSize: 4, epochs: 1 });
assert(model.vectors instanceof required.KeyedVectors);
assert.strictEqual(model.vectors.get('a').length, 4);
`;

const cjs = `
const assert = require('node:assert');
const { KeyedVectors } = require('word2vec-native');
const { loadModel } = require('word2vec-native/word2vec');
KeyedVectors.load('vectors.bin').then(async (vectors) => {
  assert(vectors instanceof KeyedVectors);
  assert.strictEqual(vectors.vectorSize, 8);
  assert.strictEqual((await vectors.mostSimilar('cat', { topN: 2 })).length, 2);
  loadModel('vectors.bin', (error, model) => {
    assert.ifError(error);
    assert.strictEqual(model.mostSimilar('cat', 2).length, 2);
  });
});
`;

const worker = `
const assert = require('node:assert');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { KeyedVectors, Word2Vec } = require('word2vec-native');
const train = async () => (await Word2Vec.train('corpus.txt', { minCount: 1, vectorSize: 8, epochs: 1 })).vectors.size;
if (isMainThread) {
  const workers = [1, 2, 3].map(() => new Worker(__filename));
  const answers = workers.map((one) => new Promise((resolve, reject) => one.once('message', resolve).once('error', reject)));
  Promise.all([train(), ...answers]).then((sizes) => assert.strictEqual(new Set(sizes).size, 1));
  // One that ends in mid-training takes nothing with it.
  const ended = new Worker("require('word2vec-native').Word2Vec.train('corpus.txt', { minCount: 1, epochs: 1e6 })", { eval: true });
  ended.once('online', () => setTimeout(() => ended.terminate(), 100));
} else {
  train().then((size) => parentPort.postMessage(size));
}
`;

const typescript = `
import { KeyedVectors, Word2Vec } from 'word2vec-native';
import { loadModel } from 'word2vec-native/word2vec';
export async function nearest(path: string, word: string): Promise<string[]> {
  const model = await Word2Vec.train(path, { vectorSize: 8, onProgress: ({ fraction }) => { fraction?.toFixed(2); } });
  const vectors: KeyedVectors = model.vectors;
  const row: Float32Array = vectors.get(word);
  // @ts-expect-error: an option that does not exist
  await Word2Vec.train(path, { vectorsize: 8 });
  loadModel(path, (error, loaded) => { if (!error) loaded?.getVector(word)?.values.length.toFixed(); });
  return (await vectors.mostSimilar(row, { topN: 3 })).map(({ word, score }) => word + score.toFixed(3));
}
`;

function packTarball() {
  if (!existsSync(path.join(root, prebuilt)))
    throw new Error(`${prebuilt} is not there: npm run prebuilds makes it`);
  const [{ filename, files, size }] = JSON.parse(
    run('npm pack', 'npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: root }),
  );
  console.log(`package: ${filename}: ${files.length} files, ${(size / 1e6).toFixed(2)} MB packed`);
  if (size > largestPackage) throw new Error(`expected at most ${largestPackage} bytes, received ${size}`);
  return path.join(folder, filename);
}

function usePackage(tarball) {
  write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true }));
  write('corpus.txt', sentences);
  run('npm install --ignore-scripts in an empty folder', 'npm', [
    ...['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball],
  ]);
  run('w2v --help', 'npx', ['--no-install', 'w2v', '--help']);
  run('w2v train', 'npx', [
    ...['--no-install', 'w2v', 'train', 'corpus.txt', '--output', 'vectors.bin'],
    ...['--min-count', '1', '--vector-size', '8', '--epochs', '1'],
  ]);
  run('w2v info', 'npx', ['--no-install', 'w2v', 'info', 'vectors.bin']);
  run('word2vec', 'npx', [
    '--no-install',
    'word2vec',
    '-train',
    'corpus.txt',
    '-output',
    'google.bin',
    '-binary',
    '1',
  ]);
  for (const name of ['distance', 'word-analogy']) {
    run(name, 'npx', ['--no-install', name, 'google.bin'], { input: 'EXIT\n' });
  }
  run('ES modules: one class identity with CommonJS, trains', 'node', [write('esm.mjs', esm)]);
  run('CommonJS: loads and searches', 'node', [write('cjs.cjs', cjs)]);
  run('workers', 'node', [write('worker.cjs', worker)]);
  for (const name of ['typed.mts', 'typed.cts']) {
    run(`TypeScript: tsc --strict ${name}`, tool('tsc'), [
      ...['--strict', '--noEmit', '--module', 'node20', '--target', 'es2022', '--types', 'node'],
      ...['--typeRoots', path.join(root, 'node_modules', '@types'), write(name, typescript)],
    ]);
  }
  run('esbuild bundles what uses it, itself external', 'node', [
    path.join(root, 'node_modules', 'esbuild-wasm', 'bin', 'esbuild'),
    ...['esm.mjs', '--bundle', '--platform=node', '--format=esm', '--external:word2vec-native'],
    '--outfile=bundle.mjs',
  ]);
  run('the bundle runs', 'node', ['bundle.mjs']);
}

/** The CUDA library in its own package is found and loads, whether or not there is a device. */
function findCudaPackage() {
  const library = path.join(root, 'build', 'Release', 'libword2vec_cuda.so');
  if (!existsSync(library)) {
    console.log('package: no CUDA library here (it is compiled where nvcc is): its package is not tried');
    return;
  }
  const installed = path.join(folder, 'node_modules', 'word2vec-native-cuda');
  mkdirSync(installed);
  cpSync(library, path.join(installed, path.basename(library)));
  write(
    path.join('node_modules', 'word2vec-native-cuda', 'package.json'),
    '{ "name": "word2vec-native-cuda" }',
  );
  const found = run('w2v info --devices, with word2vec-native-cuda', 'npx', [
    ...['--no-install', 'w2v', 'info', '--devices', '--json'],
  ]);
  const { cudaProblem } = JSON.parse(found);
  if (/does not load/.test(cudaProblem)) throw new Error(cudaProblem);
  console.log(`package: its library: ${cudaProblem ?? 'a device is usable'}`);
  rmSync(installed, { recursive: true });
}

/** A copy of the installed package where one thing is wrong. */
function damaged(name, damage) {
  const project = path.join(folder, name);
  const installed = path.join(project, 'node_modules', 'word2vec-native');
  mkdirSync(project);
  cpSync(path.join(folder, 'node_modules'), path.join(project, 'node_modules'), { recursive: true });
  cpSync(path.join(folder, 'corpus.txt'), path.join(project, 'corpus.txt'));
  damage(installed);
  return { project, installed };
}

/** Environment variables with a PATH that has Node.js and a shell, but neither CMake nor a compiler. */
function withoutCompiler() {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, path.join(bin, 'node'));
  symlinkSync('/bin/sh', path.join(bin, 'sh'));
  return { ...process.env, PATH: bin };
}

function sufferFaults({ quick }) {
  const use = ['-e', "require('word2vec-native')"];
  const install = ['scripts/install.cjs'];
  const env = withoutCompiler();
  const size = statSync(path.join(root, prebuilt)).size;

  const whole = damaged('whole', () => undefined);
  run('no compiler, a prebuilt addon: nothing to compile', process.execPath, install, {
    cwd: whole.installed,
    env,
  });

  const cut = damaged('cut', (installed) => truncateSync(path.join(installed, prebuilt), size / 2));
  fails('prebuilt addon cut off, no compiler', 'CMake', process.execPath, install, {
    cwd: cut.installed,
    env,
  });
  for (const left of [0, 1000, size / 2, size - 5000]) {
    cpSync(path.join(root, prebuilt), path.join(cut.installed, prebuilt));
    truncateSync(path.join(cut.installed, prebuilt), left);
    fails(`prebuilt addon cut at ${Math.floor(left)}, used`, 'ERR_W2V_ADDON', 'node', use, {
      cwd: cut.project,
    });
  }

  const none = damaged('none', (installed) => rmSync(path.join(installed, 'prebuilds'), { recursive: true }));
  fails('no prebuilt addon, no compiler', 'C++20 compiler', process.execPath, install, {
    cwd: none.installed,
    env,
  });
  fails('no addon, used', 'ERR_W2V_ADDON', 'node', use, { cwd: none.project });
  // Root writes anywhere: as nobody.
  const reader = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  chmodSync(folder, 0o755);
  if (!reader.uid) chmodSync(none.installed, 0o555);
  fails('a read-only folder, no prebuilt addon', 'read-only', process.execPath, install, {
    cwd: none.installed,
    ...reader,
  });
  if (!reader.uid) chmodSync(none.installed, 0o755);
  const output = mkdtempSync(path.join(tmpdir(), 'check-package-output-'));
  chmodSync(output, 0o777);
  try {
    run(
      'a read-only folder: trains',
      process.execPath,
      [
        path.join(whole.installed, 'dist', 'cli', 'main.js'),
        ...[
          'train',
          path.join(folder, 'corpus.txt'),
          '--output',
          path.join(output, 'v.bin'),
          '--min-count',
          '1',
        ],
      ],
      { cwd: output, ...reader },
    );
  } finally {
    rmSync(output, { recursive: true });
  }

  if (quick) return;
  run('no prebuilt addon: compiles', process.execPath, install, {
    cwd: none.installed,
    env: { ...process.env, W2V_CUDA: 'OFF' },
  });
  run('what was compiled', 'node', use, { cwd: none.project });
}

try {
  const tarball = packTarball();
  usePackage(tarball);
  findCudaPackage();
  if (process.platform !== 'win32') sufferFaults({ quick: process.argv.includes('--quick') });
  run('publint', tool('publint'), ['run', '--strict', tarball]);
  run('attw', tool('attw'), [tarball]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
