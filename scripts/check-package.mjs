// Packs the package, installs the tarball in an empty folder as a user would, and uses it from ES modules,
// CommonJS, TypeScript and the command line; then lets publint and attw judge the tarball. One line a step.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'check-package-'));
const tool = (name) => path.join(root, 'node_modules', '.bin', name);

/** Runs a program to its end and gives its standard output; a failure ends the check with all that it printed. */
function run(step, program, args, cwd = folder) {
  const start = performance.now();
  const child = spawnSync(program, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
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
KeyedVectors.load('vectors.bin').then(async (vectors) => {
  assert(vectors instanceof KeyedVectors);
  assert.strictEqual(vectors.vectorSize, 8);
  assert.strictEqual((await vectors.mostSimilar('cat', { topN: 2 })).length, 2);
});
`;

const typescript = `
import { KeyedVectors, Word2Vec } from 'word2vec-native';
export async function nearest(path: string, word: string): Promise<string[]> {
  const model = await Word2Vec.train(path, { vectorSize: 8, onProgress: ({ fraction }) => { fraction?.toFixed(2); } });
  const vectors: KeyedVectors = model.vectors;
  const row: Float32Array = vectors.get(word);
  // @ts-expect-error: an option that does not exist
  await Word2Vec.train(path, { vectorsize: 8 });
  return (await vectors.mostSimilar(row, { topN: 3 })).map(({ word, score }) => word + score.toFixed(3));
}
`;

try {
  const [{ filename, files }] = JSON.parse(
    run('npm pack', 'npm', ['pack', '--json', '--silent', '--pack-destination', folder], root),
  );
  const tarball = path.join(folder, filename);
  console.log(`package: ${filename} has ${files.length} files`);

  write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true }));
  run('npm install of the tarball in an empty folder', 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    tarball,
  ]);

  write('corpus.txt', sentences);
  run('w2v --help', 'npx', ['--no-install', 'w2v', '--help']);
  run('w2v train', 'npx', [
    ...['--no-install', 'w2v', 'train', 'corpus.txt', '--output', 'vectors.bin'],
    ...['--min-count', '1', '--vector-size', '8', '--epochs', '1'],
  ]);
  run('w2v info', 'npx', ['--no-install', 'w2v', 'info', 'vectors.bin']);
  run('ES modules: one class identity with CommonJS, trains', 'node', [write('esm.mjs', esm)]);
  run('CommonJS: loads and searches', 'node', [write('cjs.cjs', cjs)]);
  for (const name of ['typed.mts', 'typed.cts']) {
    run(`TypeScript: tsc --strict ${name}`, tool('tsc'), [
      ...['--strict', '--noEmit', '--module', 'node20', '--target', 'es2022', '--types', 'node'],
      ...['--typeRoots', path.join(root, 'node_modules', '@types'), write(name, typescript)],
    ]);
  }
  run('publint', tool('publint'), ['run', '--strict', tarball]);
  run('attw', tool('attw'), [tarball]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
