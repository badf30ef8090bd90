// The exact loop is the original one: what Google's C tools computed is reproduced, mode by mode.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors, Word2Vec, availableIsas, type TrainingOptions } from '../lib/index.js';
import { runCli } from './helpers.js';

const googleGolden = path.join(__dirname, '..', '..', 'shared', 'data', 'golden');
const ownGolden = path.join(__dirname, 'fixtures', 'golden');

const modes: Record<string, TrainingOptions> = {
  'sg-ns': { sg: true },
  'cbow-ns': { sg: false },
  'sg-hs': { sg: true, hs: true, negative: 0 },
  'cbow-hs': { sg: false, hs: true, negative: 0 },
  'sg-ns-hs': { sg: true, hs: true },
};

/** Google's binary format, read without the code under test. */
function readBinary(file: string): { words: string[]; rows: Float32Array[] } {
  const bytes = readFileSync(file);
  const [size, dims] = bytes.subarray(0, bytes.indexOf(10)).toString().split(' ').map(Number) as [
    number,
    number,
  ];
  const words: string[] = [];
  const rows: Float32Array[] = [];
  for (let i = 0, at = bytes.indexOf(10) + 1; i < size; ++i) {
    const space = bytes.indexOf(32, at);
    words.push(bytes.toString('utf8', at, space));
    rows.push(
      new Float32Array(
        bytes.buffer.slice(bytes.byteOffset + space + 1, bytes.byteOffset + space + 1 + 4 * dims),
      ),
    );
    at = space + 1 + 4 * dims + 1;
  }
  return { words, rows };
}

/** ‖a − b‖ / ‖b‖ of the whole matrix, and the smallest cosine of two rows. */
function compare(a: Float32Array[], b: Float32Array[]): { distance: number; cosine: number } {
  let difference = 0;
  let norm = 0;
  let cosine = 1;
  b.forEach((row, i) => {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    row.forEach((y, d) => {
      const x = a[i]![d]!;
      ab += x * y;
      aa += x * x;
      bb += y * y;
      difference += (x - y) ** 2;
    });
    norm += bb;
    cosine = Math.min(cosine, ab / Math.sqrt(aa * bb));
  });
  return { distance: Math.sqrt(difference / norm), cosine };
}

function expectReproduced(vectors: KeyedVectors, golden: { words: string[]; rows: Float32Array[] }): void {
  expect([...vectors]).toEqual(golden.words);
  const { distance, cosine } = compare(
    golden.words.map((word) => vectors.get(word)),
    golden.rows,
  );
  // The tolerance of the golden outputs: C with and without fused multiply-add is 2.9e-4 apart.
  expect(distance).toBeLessThanOrEqual(1e-3);
  expect(cosine).toBeGreaterThanOrEqual(0.9999);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'w2v-golden-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the repository's own golden outputs (scripts/make-golden.mjs)", () => {
  const corpus = path.join(ownGolden, 'corpus.txt');
  const options: TrainingOptions = { negatives: 'per-pair', vectorSize: 16, epochs: 2, threads: 1 };

  test.each(Object.keys(modes))('%s', async (mode) => {
    const model = await Word2Vec.train(corpus, { ...options, ...modes[mode] });
    expectReproduced(model.vectors, readBinary(path.join(ownGolden, `${mode}.bin`)));
  });

  test.each(availableIsas())('the command line on %s', async (isa) => {
    const output = path.join(folder, `${isa}.bin`);
    const args = [
      'train',
      corpus,
      '--output',
      output,
      '--sg',
      '--negatives',
      'per-pair',
      '--vector-size',
      '16',
      '--epochs',
      '2',
      '--threads',
      '1',
    ];
    const child = await runCli(args, { env: { W2V_FORCE_ISA: isa } });
    expect(child.code).toBe(0);
    const { words, rows } = readBinary(output);
    const golden = readBinary(path.join(ownGolden, 'sg-ns.bin'));
    expect(words).toEqual(golden.words);
    const { distance, cosine } = compare(rows, golden.rows);
    expect(distance).toBeLessThanOrEqual(1e-3);
    expect(cosine).toBeGreaterThanOrEqual(0.9999);
  });
});

const shared = existsSync(googleGolden);
if (!shared) console.log(`Skipped: the outputs of Google's tools are not here (${googleGolden})`);

(shared ? describe : describe.skip)("the outputs of Google's tools", () => {
  const options: TrainingOptions = {
    negatives: 'per-pair',
    vectorSize: 32,
    window: 5,
    sample: 1e-3,
    epochs: 2,
    minCount: 5,
    threads: 1,
  };
  let corpus: string;
  beforeAll(() => {
    corpus = path.join(folder, 'corpus.txt');
    writeFileSync(corpus, gunzipSync(readFileSync(path.join(googleGolden, 'corpus.txt.gz'))));
  });

  test.each(Object.keys(modes))('%s', async (mode) => {
    const model = await Word2Vec.train(corpus, { ...options, ...modes[mode] });
    expectReproduced(model.vectors, readBinary(path.join(googleGolden, `${mode}.bin`)));
  });

  test('from the compressed corpus, the saved vocabulary and the text output', async () => {
    const model = await Word2Vec.train(path.join(googleGolden, 'corpus.txt.gz'), { ...options, sg: true });
    const vocabulary = path.join(folder, 'vocab.txt');
    await model.vectors.saveVocabulary(vocabulary);
    expect(readFileSync(vocabulary).equals(readFileSync(path.join(googleGolden, 'vocab.txt')))).toBe(true);

    const text = path.join(folder, 'vectors.txt');
    await model.vectors.save(text, { format: 'text' });
    const golden = gunzipSync(readFileSync(path.join(googleGolden, 'sg-ns.txt.gz')))
      .toString('latin1')
      .split('\n');
    const ours = readFileSync(text, 'latin1').split('\n');
    expect(ours.length).toBe(golden.length);
    expect(ours[0]).toBe(golden[0]);
    golden.slice(1).forEach((line, i) => {
      const fields = line.split(' ');
      const mine = ours[i + 1]!.split(' ');
      expect(mine.length).toBe(fields.length);
      expect(mine[0]).toBe(fields[0]);
      for (let d = 1; d + 1 < fields.length; ++d) {
        expect(mine[d]).toMatch(/^-?\d+\.\d{6}$/);
        if (Math.abs(Number(mine[d]) - Number(fields[d])) > 5e-3) throw new Error(`${line}\n${ours[i + 1]}`);
      }
    });
  });

  test('a vocabulary that was read instead of counted gives the same model', async () => {
    const model = await Word2Vec.train(corpus, {
      ...options,
      sg: true,
      readVocab: path.join(googleGolden, 'vocab.txt'),
    });
    expectReproduced(model.vectors, readBinary(path.join(googleGolden, 'sg-ns.bin')));
  });

  test("Google's text output is read back as its binary output", async () => {
    const text = path.join(folder, 'google.txt');
    writeFileSync(text, gunzipSync(readFileSync(path.join(googleGolden, 'sg-ns.txt.gz'))));
    expectReproduced(await KeyedVectors.load(text), readBinary(path.join(googleGolden, 'sg-ns.bin')));
  });
});
