// Approximate search.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { KeyedVectors, type IndexOptions } from '../lib/index.js';
import { rejectionOf, runCli, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
let vectors: KeyedVectors;

beforeAll(async () => {
  const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
  const rows = words.map((_, i) =>
    Array.from({ length: 16 }, (_, d) => Math.sin(i * (d + 1.37)) + 3 * Math.cos((i % 25) * (d + 0.7))),
  );
  await (await KeyedVectors.fromVectors(words, rows)).save(file('v.w2v'));
  vectors = await KeyedVectors.load(file('v.w2v'));
});

const code = async (promise: Promise<unknown>) => (await rejectionOf(promise)).code;

async function recall(of: KeyedVectors): Promise<number> {
  let found = 0;
  for (let i = 0; i < 40; ++i) {
    const exact = (await of.mostSimilar(`w${i * 37}`)).map(({ word }) => word);
    const answers = await of.mostSimilar(`w${i * 37}`, { index: true });
    found += answers.filter(({ word }) => exact.includes(word)).length;
  }
  return found / 400;
}

test('without an index there is none to ask', async () => {
  expect(vectors.hasIndex).toBe(false);
  expect(await code(vectors.mostSimilar('w1', { index: true }))).toBe('ERR_W2V_INDEX');
  expect(await code(vectors.saveIndex())).toBe('ERR_W2V_INDEX');
  expect(await code(vectors.loadIndex())).toBe('ERR_W2V_FILE_NOT_FOUND');
});

test('built, saved beside the vectors, loaded: the same search call is answered', async () => {
  const fractions: number[] = [];
  await vectors.buildIndex({ onProgress: ({ fraction }) => fractions.push(fraction) });
  expect(fractions.at(-1) ?? 1).toBeLessThanOrEqual(1);
  expect(vectors.hasIndex).toBe(true);
  expect(await recall(vectors)).toBeGreaterThan(0.97);
  await vectors.saveIndex();
  const again = await KeyedVectors.load(file('v.w2v'));
  await again.loadIndex();
  expect(await again.mostSimilar('w3', { index: true })).toEqual(
    await vectors.mostSimilar('w3', { index: true }),
  );

  const batch = await again.search(['w1', 'w2'], { index: true, topN: 3, exclude: ['w1'], expansion: 200 });
  expect(batch.ids).toHaveLength(6);
  expect(batch.ids).not.toContain(1);
  expect(batch.ids[3]).toBe(2);
  expect(batch.scores[3]).toBeCloseTo(1, 6);
  const filtered = await again.mostSimilar('w1', { index: true, filter: (word) => word.endsWith('0') });
  expect(filtered.length).toBeGreaterThan(0);
  expect(filtered.every(({ word }) => word.endsWith('0'))).toBe(true);
});

test('the index of other vectors, a damaged one, and wrong options are refused', async () => {
  const other = await KeyedVectors.fromVectors(['a', 'b'], [[1, 2], [3, 4]]); // prettier-ignore
  expect(await code(other.loadIndex(file('v.w2v.hnsw')))).toBe('ERR_W2V_INDEX');
  expect(await code(other.saveIndex())).toBe('ERR_W2V_ARGUMENT');
  const bytes = readFileSync(file('v.w2v.hnsw'));
  writeFileSync(file('cut.hnsw'), bytes.subarray(0, bytes.length - 5000));
  expect(await code(vectors.loadIndex(file('cut.hnsw')))).toBe('ERR_W2V_VECTOR_TRUNCATED');
  copyFileSync(file('v.w2v'), file('other.hnsw'));
  expect(await code(vectors.loadIndex(file('other.hnsw')))).toBe('ERR_W2V_VECTOR_FORMAT');
  for (const options of [
    { metric: 'dot' },
    { precision: 'float32' },
    { connectivity: 1 },
    { expansion: 0 },
  ] as unknown as IndexOptions[]) {
    expect(await code(vectors.buildIndex(options))).toBe('ERR_W2V_OPTION');
  }
  expect(await code(vectors.mostSimilar('w1', { index: true, precision: 'int8' }))).toBe('ERR_W2V_OPTION');
  expect(await code(vectors.mostSimilar('w1', { index: true, expansion: 0 }))).toBe('ERR_W2V_OPTION');
  expect(await code(vectors.buildIndex({ signal: AbortSignal.abort() }))).toBe('ERR_W2V_CANCELLED');
});

test('a change of the vectors drops the index', async () => {
  const own = await KeyedVectors.load(file('v.w2v'));
  await own.loadIndex();
  await own.addVector('new', new Float32Array(16).fill(1));
  expect(own.hasIndex).toBe(false);
});

test('on the command line: index, --measure-recall, similar --index', async () => {
  const made = await runCli([
    'index',
    file('v.w2v'),
    '--output',
    file('cli.hnsw'),
    '--measure-recall',
    '--json',
  ]);
  expect(made.code).toBe(0);
  const { recall } = JSON.parse(made.stdout) as { recall: { expansion: number; recallAt10: number }[] };
  expect(recall.map(({ expansion }) => expansion)).toEqual([32, 64, 128, 256]);
  expect(recall.at(-1)!.recallAt10).toBeGreaterThan(0.97);
  const [first] = await vectors.mostSimilar('w5');
  const similar = await runCli(['similar', file('v.w2v'), 'w5', '--index', file('cli.hnsw'), '--json']);
  const { neighbours } = JSON.parse(similar.stdout) as { neighbours: { word: string }[] };
  expect(neighbours[0]!.word).toBe(first!.word);
  expect((await runCli(['similar', file('v.w2v'), 'w5', '--index', file('none.hnsw')])).code).toBe(1);
});
