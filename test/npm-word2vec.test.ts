// The API of the npm package word2vec, without its defects.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KeyedVectors } from '../lib/index.js';
import { loadModel, word2phrase, word2vec, WordVector, type Model } from '../lib/npm-word2vec.js';
import { madeSentences, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const words = ['</s>', 'man', 'woman', 'king', 'queen'];
const rows = [
  [1, 1, 1],
  [2, 0, 0],
  [0, 1, 0],
  [1, 0, 1],
  [0, 3, 3],
];

beforeAll(async () => {
  const sentences = madeSentences(300).map((each) => `${each.join(' ')}\n`);
  writeFileSync(file('corpus.txt'), sentences.join(''));
  writeFileSync(file('phrases.txt'), Array.from({ length: 50 }, (_, i) => `w${i} new york\n`).join(''));
  const vectors = await KeyedVectors.fromVectors(words, rows);
  await vectors.save(file('v.txt'), { format: 'text' });
  await vectors.save(file('v.bin'), { format: 'bin' });
  await vectors.save(file('v.bin.gz'), { format: 'bin' });
});

const load = (name: string) =>
  new Promise<Model>((resolve, reject) =>
    loadModel(file(name), (error, model) => (error ? reject(error) : resolve(model))),
  );
const call = (run: (done: (code: number, error?: Error) => void) => void) =>
  new Promise<{ code: number; error: Error | undefined }>((resolve) =>
    run((code, error) => resolve({ code, error })),
  );

describe('training', () => {
  test('word2vec: parameters in camelCase, exit code 0, nothing is changed', async () => {
    const params = Object.freeze({
      size: 7,
      minCount: 1,
      threads: 1,
      iter: 1,
      binary: 1,
      cbow: 0,
      silent: true,
    });
    const { code, error } = await call((done) => word2vec(file('corpus.txt'), file('out.bin'), params, done));
    expect([code, error]).toEqual([0, undefined]);
    const vectors = await KeyedVectors.load(file('out.bin'));
    expect([vectors.vectorSize, vectors.loadedFrom!.format]).toEqual([7, 'bin']);
  });

  test('word2phrase, and no parameters', async () => {
    const params = { threshold: 1, silent: true };
    expect((await call((done) => word2phrase(file('phrases.txt'), file('joined'), params, done))).code).toBe(
      0,
    );
    expect(readFileSync(file('joined'), 'utf8')).toContain(' w0 new_york\n w1 new_york\n');
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      const { code } = await call((done) => word2phrase(file('phrases.txt'), file('plain'), done));
      expect(code).toBe(0);
      expect(written.mock.calls.join('')).toContain('Starting training using file');
    } finally {
      written.mockRestore();
    }
    word2phrase(file('phrases.txt'), file('unheard'), params); // without a callback
  });

  test('what goes wrong reaches the callback, once', async () => {
    const seen: unknown[] = [];
    const missing = await call((done) =>
      word2vec(file('none'), file('x'), { silent: true }, (code, error) => {
        seen.push(code);
        done(code, error);
      }),
    );
    expect(missing.code).toBe(1);
    expect(missing.error).toMatchObject({ code: 'ERR_W2V_FILE_NOT_FOUND' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([1]);
    expect(existsSync(file('x'))).toBe(false);
    const range = await call((done) =>
      word2vec(file('corpus.txt'), file('x'), { size: 0, silent: true }, done),
    );
    expect(range.error).toMatchObject({ code: 'ERR_W2V_OPTION' });
  });

  test.each<[string, () => void]>([
    ['no path', () => word2vec(undefined as never, 'out')],
    ['a path that is a number', () => word2phrase('in', 5 as never)],
    ['params that are a list', () => word2vec('in', 'out', [] as never)],
    ['an unknown parameter', () => word2vec('in', 'out', { sise: 5 } as never)],
    ['a parameter of the wrong type', () => word2vec('in', 'out', { size: '5' } as never)],
    ['a callback that is none', () => word2vec('in', 'out', {}, 5 as never)],
    ['no callback to load', () => loadModel('in', undefined as never)],
    ['no path to load', () => loadModel(5 as never, () => undefined)],
  ])('%s: a TypeError at once', (_, run) => expect(run).toThrow(TypeError));
});

describe('a loaded model', () => {
  test.each(['v.txt', 'v.bin', 'v.bin.gz'])('%s is told by its content', async (name) => {
    const model = await load(name);
    expect([model.words, model.size]).toEqual([5, 3]);
    expect(model.similarity('king', 'man')).toBeCloseTo(Math.SQRT1_2, 6);
  });

  test('a file that is not there, or is something else', async () => {
    await expect(load('none')).rejects.toMatchObject({ code: 'ERR_W2V_FILE_NOT_FOUND' });
    await expect(load('corpus.txt')).rejects.toMatchObject({ code: 'ERR_W2V_VECTOR_FORMAT' });
  });

  test('questions about words', async () => {
    const model = await load('v.bin');
    expect(model.similarity('king', 'nobody')).toBeNull();
    const near = model.mostSimilar('king', 2)!;
    expect(near.map(({ word }) => word)).toEqual(['</s>', 'man']);
    expect(near[1]!.dist).toBeCloseTo(Math.SQRT1_2, 6);
    expect(model.mostSimilar('king')).toHaveLength(4);
    expect(model.mostSimilar('king nobody man')!.map(({ word }) => word)).not.toContain('man');
    expect(model.mostSimilar('nobody')).toBeNull();
    expect(model.analogy('king', ['man', 'woman'], 1)).toEqual([
      { word: 'queen', dist: expect.closeTo(0.9586, 3) },
    ]);
    expect(model.analogy('king', ['man', 'nobody'])).toBeNull();
    expect(() => model.analogy('king', 'man' as never)).toThrow(TypeError);
    expect(() => model.mostSimilar(5 as never)).toThrow(TypeError);
    expect(() => model.mostSimilar('king', 0)).toThrow(TypeError);
  });

  test('vectors: at unit length, in the order of the file, never changed', async () => {
    const model = await load('v.bin');
    const queen = model.getVector('queen')!;
    expect(queen).toBeInstanceOf(WordVector);
    expect([queen.word, ...queen.values]).toEqual([
      'queen',
      0,
      Math.fround(Math.SQRT1_2),
      Math.fround(Math.SQRT1_2),
    ]);
    expect(model.getVector('nobody')).toBeNull();
    expect(model.getVectors().map(({ word }) => word)).toEqual(words);
    expect(model.getVectors(['queen', 'nobody', 'man']).map(({ word }) => word)).toEqual(['man', 'queen']);
    const man = model.getVector('man')!;
    const sum = queen.add(man);
    expect([...sum.subtract(man).values]).toEqual(
      [...queen.values].map((x): unknown => expect.closeTo(x, 6)),
    );
    expect([...queen.values]).toEqual([...model.getVector('queen')!.values]);
    expect(model.getNearestWord(queen)).toEqual({ word: 'queen', dist: expect.closeTo(1, 6) });
    expect(model.getNearestWords(sum, 2)).toHaveLength(2);
    expect(model.getNearestWords([0, 1, 1])).toHaveLength(5);
    expect(() => model.getNearestWord([1, 2])).toThrow(TypeError);
    expect(() => model.getNearestWord([1, NaN, 2])).toThrow(TypeError);
    expect(() => queen.add('man' as never)).toThrow(TypeError);
    expect(() => model.getVectors('man' as never)).toThrow(TypeError);
  });
});
