// Vectors that are made and changed: gensim's add_vectors, vectors_for_all, sort_by_descending_frequency, …
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { KeyedVectors, UnknownWordError, type VectorRows } from '../lib/index.js';
import { refusalOf, rejectionOf, temporaryFolder, wrong } from './helpers.js';

const file = temporaryFolder();

const compass = () =>
  KeyedVectors.fromVectors(
    ['east', 'north', 'west'],
    [
      [1, 0],
      [0, 2],
      [-1, 0],
    ],
  );

const contents = (vectors: KeyedVectors) =>
  Object.fromEntries([...vectors].map((word) => [word, [...vectors.get(word)]]));

describe('fromVectors and addVectors', () => {
  test('vectors of arrays, of one array, and of none', async () => {
    const vectors = await compass();
    expect([...vectors]).toEqual(['east', 'north', 'west']);
    expect([...vectors.get('north')]).toEqual([0, 2]);
    expect(vectors.count('north')).toBeUndefined();
    expect(await vectors.mostSimilar('east', { topN: 1 })).toEqual([{ word: 'north', score: 0 }]);
    const flat = await KeyedVectors.fromVectors(['a', 'b'], Float32Array.of(1, 2, 3, 4), { counts: [7, 9] });
    expect(contents(flat)).toEqual({ a: [1, 2], b: [3, 4] });
    expect([flat.count('a'), flat.count('b')]).toEqual([7, 9]);
    const empty = await KeyedVectors.fromVectors([], [], { vectorSize: 2 });
    expect([empty.size, empty.vectorSize]).toEqual([0, 2]);
    await empty.addVector('南', [1, 1]);
    expect(contents(empty)).toEqual({ 南: [1, 1] });
  });

  test.each<[call: () => unknown, message: string]>([
    [() => KeyedVectors.fromVectors(['a'], wrong([['1', 'x']])), "numbers in vector 0 but received '1'"],
    [
      () => KeyedVectors.fromVectors([], wrong(undefined)),
      'a Float32Array or an array of vectors but received undefined',
    ],
    [
      () => KeyedVectors.fromVectors(['a'], wrong('1')),
      "a Float32Array or an array of vectors but received '1'",
    ],
    [() => KeyedVectors.fromVectors(wrong([1]), [[1]]), 'a word (a string) but word 0 is 1'],
    [
      () => KeyedVectors.fromVectors(['a'], [[1]], { counts: wrong(null) }),
      'a count for each of the 1 words but received null',
    ],
  ])('%s is refused', async (call, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual(['ERR_W2V_ARGUMENT', expect.stringContaining(message)]);
  });

  test('words that are there keep their vector, or take the new one with replace', async () => {
    const vectors = await compass();
    await vectors.addVectors(
      ['west', 'south'],
      [
        [5, 5],
        [0, -1],
      ],
    );
    expect(contents(vectors)).toEqual({ east: [1, 0], north: [0, 2], west: [-1, 0], south: [0, -1] });
    await vectors.addVectors(['up', 'west'], Float32Array.of(3, 3, 5, 5), { replace: true, counts: [1, 2] });
    expect(contents(vectors)).toEqual({
      east: [1, 0],
      north: [0, 2],
      west: [5, 5],
      south: [0, -1],
      up: [3, 3],
    });
    expect([...vectors].map((word) => vectors.count(word))).toEqual([0, 0, 2, 0, 1]);
    const [first] = await vectors.mostSimilar('up');
    expect(first).toMatchObject({ word: 'west', score: expect.closeTo(1, 6) as number });
  });

  test("rows are the caller's again soon: what becomes of them changes nothing", async () => {
    const words = Array.from({ length: 200_000 }, (_, i) => `n${i}`);
    const rows = new Float32Array(words.length).fill(1);
    const adding = KeyedVectors.fromVectors(words, rows); // the words alone take many turns
    await new Promise((resolve) => setImmediate(resolve));
    structuredClone(rows, { transfer: [rows.buffer] }).fill(7);
    const vectors = await adding;
    expect(vectors.get('n199999')).toEqual(Float32Array.of(1));
  });

  test('changes at the same time follow one another: none is lost', async () => {
    const vectors = await compass();
    const words = Array.from({ length: 20 }, (_, i) => `w${i}`);
    await Promise.all(words.map((word, i) => vectors.addVector(word, [i, 1])));
    expect([...vectors].slice(3)).toEqual(words);
    const failing = rejectionOf(vectors.addVectors(['x', 'x'], [[0, 0], [1, 1]])); // prettier-ignore
    const following = vectors.addVector('y', [1, 2]);
    expect((await failing).code).toBe('ERR_W2V_ARGUMENT');
    await following;
    expect(vectors.has('x')).toBe(false);
    expect(vectors.has('y')).toBe(true);
  });

  test.each<[string, unknown, unknown, object]>([
    ['a word twice', ['a', 'a'], [[1, 2], [3, 4]], {}], // prettier-ignore
    ['too few rows', ['a', 'b'], [[1, 2]], {}],
    ['too few numbers', ['a', 'b'], Float32Array.of(1, 2, 3), { vectorSize: 2 }],
    ['rows of different sizes', ['a', 'b'], [[1, 2], [3]], {}], // prettier-ignore
    ['no array of words', 'ab', [[1, 2]], {}],
    ['a word that is none', ['a', 5], [[1, 2], [3, 4]], {}], // prettier-ignore
    ['a row that is none', ['a', 'b'], [[1, 2], 'cd'], {}],
    ['too few counts', ['a', 'b'], [[1, 2], [3, 4]], { counts: [1] }], // prettier-ignore
    ['no words and no size', [], [], {}],
  ])('%s is refused', async (_, words, rows, options) => {
    const error = await rejectionOf(KeyedVectors.fromVectors(words as string[], rows as VectorRows, options));
    expect(error.code).toBe('ERR_W2V_ARGUMENT');
  });

  test('a count that is none is refused, and a cancelled change changes nothing', async () => {
    const vectors = await compass();
    const code = async (promise: Promise<unknown>) => (await rejectionOf(promise)).code;
    expect(await code(vectors.addVectors(['x'], [[0, 0]], { counts: [-1] }))).toBe('ERR_W2V_OPTION');
    expect(await code(vectors.addVectors(['x'], [[0, 0]], { signal: AbortSignal.abort() }))).toBe(
      'ERR_W2V_CANCELLED',
    );
    expect(await code(vectors.sortByDescendingFrequency())).toBe('ERR_W2V_ARGUMENT');
    expect(vectors.size).toBe(3);
  });

  test('adding is as good as having been there from the beginning', async () => {
    const rows = fc.uniqueArray(
      fc.tuple(fc.string(), fc.tuple(fc.float({ noNaN: true, min: -9, max: 9 }), fc.float({ noNaN: true, min: -9, max: 9 }))),
      { selector: ([word]) => word, minLength: 1, maxLength: 30 },
    ); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(30), async (all, cut) => {
        const make = (part: typeof all) =>
          KeyedVectors.fromVectors(
            part.map(([word]) => word),
            part.map(([, row]) => [...row]),
            { vectorSize: 2 },
          );
        const whole = await make(all);
        const grown = await make(all.slice(0, cut));
        const rest = all.slice(cut);
        await grown.addVectors(
          rest.map(([word]) => word),
          rest.map(([, row]) => [...row]),
        );
        expect([...grown]).toEqual([...whole]);
        expect(grown.getVectors([...grown])).toEqual(whole.getVectors([...whole]));
        expect(await grown.mostSimilar([1, 2])).toEqual(await whole.mostSimilar([1, 2]));
      }),
      { numRuns: 50 },
    );
  });
});

test('vectorsForAll has the known words in the order they are given, with their vectors', async () => {
  const vectors = await compass();
  const some = await vectors.vectorsForAll(['west', 'unknown', 'east', 'west']);
  expect(contents(some)).toEqual({ west: [-1, 0], east: [1, 0] });
  expect([...some]).toEqual(['west', 'east']);
  expect(vectors.size).toBe(3);
  expect((await vectors.vectorsForAll(new Set<string>())).size).toBe(0);
});

test('sortByDescendingFrequency keeps what belongs together together', async () => {
  const counts = [3, 9, 1, 9, 0];
  const words = ['a', 'b', 'c', 'd', 'e'];
  const vectors = await KeyedVectors.fromVectors(
    words,
    words.map((_, i) => [i, 1]),
    { counts },
  );
  await vectors.sortByDescendingFrequency();
  expect([...vectors]).toEqual(['b', 'd', 'a', 'c', 'e']);
  for (const [i, word] of words.entries()) {
    expect([...vectors.get(word)]).toEqual([i, 1]);
    expect(vectors.count(word)).toBe(counts[i]);
  }
});

test('unitNormalizeAll brings rows to length 1, but zeros', async () => {
  const vectors = await KeyedVectors.fromVectors(
    ['a', 'zero', 'nan'],
    [
      [3, 4],
      [0, 0],
      [NaN, 1],
    ],
  );
  await vectors.unitNormalizeAll();
  expect([...vectors.get('a')]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect([...vectors.get('zero')]).toEqual([0, 0]);
  expect([...vectors.get('nan')]).toEqual([NaN, 1]);
});

test('intersectWord2VecFormat takes vectors of common words, of a file of any format', async () => {
  writeFileSync(file('other.txt'), '3 2\nwest 7 7\neast 8 8\nelsewhere 9 9\n');
  const vectors = await compass();
  expect(await vectors.intersectWord2VecFormat(file('other.txt'))).toBe(2);
  expect(contents(vectors)).toEqual({ east: [8, 8], north: [0, 2], west: [7, 7] });
  writeFileSync(file('wide.txt'), '1 3\nwest 7 7 7\n');
  expect((await rejectionOf(vectors.intersectWord2VecFormat(file('wide.txt')))).code).toBe(
    'ERR_W2V_ARGUMENT',
  );
  expect((await rejectionOf(vectors.intersectWord2VecFormat(file('none.txt')))).code).toBe(
    'ERR_W2V_FILE_NOT_FOUND',
  );
});

test('mapped vectors are changed in memory: the file stays, and can be written to', async () => {
  writeFileSync(file('mapped.txt'), '2 2\na 1 2\nb 3 4\n');
  await (await KeyedVectors.load(file('mapped.txt'))).save(file('mapped.bin'));
  const vectors = await KeyedVectors.load(file('mapped.bin'));
  await vectors.addVector('c', [5, 6]);
  await vectors.save(file('mapped.bin'));
  expect(contents(await KeyedVectors.load(file('mapped.bin')))).toEqual({ a: [1, 2], b: [3, 4], c: [5, 6] });
});

type UnknownWordFields = Pick<UnknownWordError, 'word' | 'nearSpellings'>;

describe('near spellings of an unknown word', () => {
  const of = async (words: string[], asked: string) => {
    const vectors = await KeyedVectors.fromVectors(
      words,
      words.map(() => [1]),
    );
    const error = await rejectionOf(vectors.mostSimilar(asked));
    expect(error).toBeInstanceOf(UnknownWordError);
    const { word, nearSpellings: spellings } = error as unknown as UnknownWordFields;
    expect(word).toBe(asked);
    return { spellings, message: error.message };
  };

  test.each([
    ['king', ['King', 'kin', 'thing'], ['King', 'kin']],
    ['new york', ['york', 'New_York'], ['New_York']],
    ['freind', ['x', 'friend', 'friends'], ['friend']],
    ['beleive', ['believe'], ['believe']],
    ['приет', ['привет', 'пирет'], ['пирет']],
    ['zzzzz', ['a', ''], []],
  ])('%s', async (asked, words, expected) => {
    const { spellings, message } = await of(words, asked);
    expect(spellings).toEqual(expected);
    if (expected.length > 0) expect(message).toContain(`did you mean '${expected[0]}'`);
  });

  test('at most three, the first in the vectors first; a very long word is only tried in other capitals', async () => {
    expect((await of(['cab', 'car', 'cap', 'cat', 'can'], 'ca')).spellings).toEqual(['cab', 'car', 'cap']);
    const long = 'x'.repeat(100_000);
    expect((await of([long.toUpperCase()], long)).spellings).toEqual([long.toUpperCase()]);
  });
});
