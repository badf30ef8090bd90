// Vectors: look-ups, searches, files.
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  KeyedVectors,
  UnknownWordError,
  W2VError,
  Word2Vec,
  noAnswer,
  type LoadOptions,
} from '../lib/index.js';
import {
  describeWithShared,
  refusalOf,
  rejectionOf,
  runNode,
  root,
  sharedData,
  temporaryFolder,
  wrong,
} from './helpers.js';

const file = temporaryFolder();

type Rows = [string, number[]][];

function binary(rows: Rows, rowEnd = '\n'): Buffer {
  const dims = rows[0]?.[1].length ?? 3;
  return Buffer.concat([
    Buffer.from(`${rows.length} ${dims}\n`),
    ...rows.map(([word, row]) =>
      Buffer.concat([
        Buffer.from(`${word} `),
        Buffer.from(Float32Array.from(row).buffer),
        Buffer.from(rowEnd),
      ]),
    ),
  ]);
}

let filesMade = 0;

async function loaded(rows: Rows): Promise<KeyedVectors> {
  const path = file(`rows-${++filesMade}.bin`); // each its own: a mapped file must not be written to
  writeFileSync(path, binary(rows));
  return KeyedVectors.load(path);
}

const compass: Rows = [
  ['east', [1, 0]],
  ['north', [0, 2]],
  ['northeast', [3, 3]],
  ['west', [-1, 0]],
  ['nowhere', [0, 0]],
];

describe('look-ups', () => {
  let vectors: KeyedVectors;
  beforeAll(async () => {
    vectors = await loaded(compass);
  });

  test('words, positions and vectors', () => {
    expect(vectors.size).toBe(5);
    expect(vectors.vectorSize).toBe(2);
    expect([...vectors]).toEqual(['east', 'north', 'northeast', 'west', 'nowhere']);
    expect(vectors.has('west')).toBe(true);
    expect(vectors.has('up')).toBe(false);
    expect(vectors.indexOf('west')).toBe(3);
    expect(vectors.indexOf('up')).toBe(-1);
    expect(vectors.wordAt(2)).toBe('northeast');
    expect(vectors.get('northeast')).toEqual(Float32Array.of(3, 3));
    expect(vectors.getVectors(['west', 'east', 'west'])).toEqual(Float32Array.of(-1, 0, 1, 0, -1, 0));
    expect(vectors.getVectors([])).toEqual(new Float32Array(0));
    expect(vectors.count('east')).toBeUndefined();
  });

  test('a vector that was got is a copy', () => {
    vectors.get('east').fill(7);
    expect(vectors.get('east')).toEqual(Float32Array.of(1, 0));
  });

  test('similarity is the cosine', () => {
    expect(vectors.similarity('east', 'north')).toBe(0);
    expect(vectors.similarity('east', 'northeast')).toBeCloseTo(Math.SQRT1_2, 12);
    expect(vectors.similarity('east', 'west')).toBe(-1);
    expect(vectors.similarity('east', 'nowhere')).toBe(0);
  });

  test('an unknown word is an error that names it', async () => {
    for (const call of [
      () => vectors.get('up'),
      () => vectors.getVectors(['east', 'up']),
      () => vectors.similarity('east', 'up'),
      () => vectors.count('up'),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_W2V_UNKNOWN_WORD', word: 'up' }));
    }
    for (const promise of [
      vectors.mostSimilar('up'),
      vectors.mostSimilar({ positive: ['east'], negative: 'up' }),
      vectors.analogy('east', 'west', 'up'),
      vectors.doesntMatch(['up']),
    ]) {
      const error = await rejectionOf(promise);
      expect(error).toBeInstanceOf(UnknownWordError);
      expect(error.message).toContain("'up'");
    }
  });

  test.each([-1, 5, 1.5, NaN, '0'])('wordAt(%p) is refused', (index) => {
    expect(() => vectors.wordAt(index as number)).toThrow(
      expect.objectContaining({ code: 'ERR_W2V_ARGUMENT' }),
    );
  });
});

describe('searches', () => {
  let vectors: KeyedVectors;
  beforeAll(async () => {
    vectors = await loaded(compass);
  });

  test('neighbours of a word, without itself, best first', async () => {
    const neighbours = await vectors.mostSimilar('east');
    expect(neighbours.map(({ word }) => word)).toEqual(['northeast', 'north', 'nowhere', 'west']);
    expect(neighbours[0]!.score).toBeCloseTo(Math.SQRT1_2, 6);
    expect(neighbours[3]!.score).toBeCloseTo(-1, 6);
  });

  test('neighbours of a vector, of combinations and with weights', async () => {
    const words = async (query: Parameters<KeyedVectors['mostSimilar']>[0], topN = 1) =>
      (await vectors.mostSimilar(query, { topN })).map(({ word }) => word);
    expect(await words([1, 0])).toEqual(['east']);
    expect(await words(Float32Array.of(0, 1))).toEqual(['north']);
    expect(await words({ positive: ['east', 'north'] })).toEqual(['northeast']);
    expect(await words({ positive: 'northeast', negative: 'north' })).toEqual(['east']);
    // Explicit weights replace the signs, as in gensim: −1 · west points east.
    expect(await words({ positive: [['west', -1]] }, 2)).toEqual(['east', 'northeast']);
    expect(await words({ negative: [['east', 1]] }, 1)).toEqual(['northeast']);
    expect(await words({ positive: [[[0, 1], 5], 'east'] })).toEqual(['north']);
    expect(await words({ positive: ['east', ['north', 0.01]] }, 2)).toEqual(['northeast', 'nowhere']);
  });

  test('topN and restrictVocab', async () => {
    expect(await vectors.mostSimilar('east', { topN: 0 })).toEqual([]);
    expect(await vectors.mostSimilar('east', { topN: 1000 })).toHaveLength(4);
    const [best] = await vectors.mostSimilar('east', { restrictVocab: 2 });
    expect(best!.word).toBe('north');
    expect(await vectors.mostSimilar('east', { restrictVocab: 2 })).toHaveLength(1);
  });

  test('analogy and the word that does not fit', async () => {
    expect((await vectors.analogy('north', 'northeast', 'nowhere', { topN: 1 }))[0]!.word).toBe('east');
    expect(await vectors.doesntMatch(['east', 'northeast', 'west'])).toBe('west');
    expect(await vectors.doesntMatch(['east', 'northeast', 'up', 'west'])).toBe('west');
  });

  test.each<[unknown, object, string]>([
    [null, {}, 'ERR_W2V_ARGUMENT'],
    [5, {}, 'ERR_W2V_ARGUMENT'],
    [[1, 2, 3], {}, 'ERR_W2V_ARGUMENT'],
    [[1, NaN], {}, 'ERR_W2V_ARGUMENT'],
    [[], {}, 'ERR_W2V_ARGUMENT'],
    [{}, {}, 'ERR_W2V_ARGUMENT'],
    [{ positive: [['east', NaN]] }, {}, 'ERR_W2V_ARGUMENT'],
    [{ positive: [5] }, {}, 'ERR_W2V_ARGUMENT'],
    ['east', { topN: -1 }, 'ERR_W2V_OPTION'],
    ['east', { topN: 1.5 }, 'ERR_W2V_OPTION'],
    ['east', { topN: '3' }, 'ERR_W2V_OPTION'],
    ['east', { restrictVocab: NaN }, 'ERR_W2V_OPTION'],
  ])('mostSimilar(%j, %j) is refused with %s', async (query, options, code) => {
    const error = await rejectionOf(vectors.mostSimilar(query as string, options));
    expect(error).toBeInstanceOf(W2VError);
    expect(error.code).toBe(code);
  });

  test('answers are those of a search in double precision', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }).chain((dims) =>
          fc.array(
            fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: dims, maxLength: dims }),
            {
              minLength: 1,
              maxLength: 60,
            },
          ),
        ),
        async (rows) => {
          const made = await loaded(rows.map((row, i) => [`w${i}`, row]));
          const query = rows[0]!;
          const length = (row: number[]) => Math.hypot(...row);
          const cosine = (row: number[]) =>
            length(row) * length(query) === 0
              ? 0
              : row.reduce((sum, x, d) => sum + x * query[d]!, 0) / length(row) / length(query);
          const expected = rows.map((row, i) => ({ i, score: cosine(row) })).slice(1);
          expected.sort((a, b) => b.score - a.score || a.i - b.i);
          const answers = await made.mostSimilar('w0', { topN: 5 });
          expect(answers).toHaveLength(Math.min(5, rows.length - 1));
          answers.forEach(({ word, score }, rank) => {
            expect(Math.abs(score - expected[rank]!.score)).toBeLessThan(1e-5);
            expect(Math.abs(score - cosine(rows[Number(word.slice(1))]!))).toBeLessThan(1e-5);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("gensim's other questions", () => {
  let vectors: KeyedVectors;
  const rows: Rows = Array.from({ length: 300 }, (_, i) => [
    `w${i}`,
    Array.from({ length: 7 }, (_, d) => Math.sin(i * 7.3 + d * d * 1.7 + (i % 5) * d)),
  ]);
  const row = (i: number) => rows[i]![1];
  const product = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const cosine = (a: number[], b: number[]) => product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  beforeAll(async () => {
    vectors = await loaded(rows);
  });

  test('search: many queries at once, each with its best answers', async () => {
    const words = ['w3', 'w77', 'w3'];
    const { ids, scores, topN } = await vectors.search(words, { topN: 4, exclude: ['w5', 9] });
    expect([ids.length, scores.length, topN]).toEqual([12, 12, 4]);
    words.forEach((word, q) => {
      const expected = rows
        .map(([, other], i) => ({ i, score: cosine(row(Number(word.slice(1))), other) }))
        .filter(({ i }) => i !== 5 && i !== 9)
        .sort((a, b) => b.score - a.score)
        .slice(0, 4);
      expect([...ids.subarray(4 * q, 4 * q + 4)]).toEqual(expected.map(({ i }) => i));
      expected.forEach(({ score }, i) => expect(scores[4 * q + i]).toBeCloseTo(score, 5));
    });
    const flat = await vectors.search(vectors.getVectors(words), { topN: 4, exclude: ['w5', 9] });
    expect(flat.ids).toEqual(ids);
    const few = await vectors.search(['w1'], { topN: 9, clipStart: 10, clipEnd: 13 });
    expect([...few.ids].sort()).toEqual([10, 11, 12]);
    expect((await vectors.search(['w1'], { topN: 2, exclude: ['w0', 'w1'], restrictVocab: 2 })).ids).toEqual(
      Uint32Array.of(noAnswer, noAnswer),
    );
    expect((await rejectionOf(vectors.search(new Float32Array(8)))).code).toBe('ERR_W2V_ARGUMENT');
    expect((await rejectionOf(vectors.search(['up']))).code).toBe('ERR_W2V_UNKNOWN_WORD');
  });

  test('thousands of words are answered as a few are', async () => {
    const few = rows.slice(0, 50).map(([word]) => word);
    const many = Array.from({ length: 20_000 }, (_, i) => few[i % few.length]!);
    const some = await vectors.distances('w60', few);
    expect(await vectors.distances('w60', many)).toEqual(
      Float32Array.from(many, (_, i) => some[i % some.length]!),
    );
    expect([...(await vectors.vectorsForAll(new Set([...many, 'up', 'w60'])))]).toEqual([...few, 'w60']);
    expect([...(await vectors.vectorsForAll([...many, 'w60']))]).toEqual([...few, 'w60']);
    expect(await vectors.doesntMatch([...many, 'up'])).toBe(await vectors.doesntMatch(few));
    const excluded = await vectors.search(['w60'], { topN: 300, exclude: [...many, ...few.keys()] });
    expect(excluded).toEqual(await vectors.search(['w60'], { topN: 300, exclude: few }));
    expect(await vectors.wmDistance(many, ['up', 'w60'])).toBeCloseTo(
      await vectors.wmDistance(few, ['w60']),
      6,
    );
    const mean = { positive: few, negative: ['w60'] };
    const [best] = await vectors.mostSimilar({
      positive: many,
      negative: [['w60', -many.length / few.length]],
    });
    const [expected] = await vectors.mostSimilar(mean);
    expect(best!.word).toBe(expected!.word);
    expect(best!.score).toBeCloseTo(expected!.score, 5);
    const cosmul = await vectors.mostSimilarCosmul(mean, { topN: 3 });
    expect(cosmul.map(({ word }) => word)).not.toContain('w60');
    expect((await rejectionOf(vectors.distances('w60', [...many, 'up']))).code).toBe('ERR_W2V_UNKNOWN_WORD');
  });

  test('a filter decides what can be an answer, as a function or as a mask', async () => {
    const filter = (word: string, index: number) => index % 10 === 0 && word !== 'w30';
    const mask = Uint8Array.from({ length: 300 }, (_, i) => (filter(`w${i}`, i) ? 1 : 0));
    const expected = await vectors.mostSimilar('w3', { topN: 100, filter });
    expect(expected.length).toBe(29);
    expect(expected.every(({ word }) => word.endsWith('0') && word !== 'w30')).toBe(true);
    expect(await vectors.mostSimilar('w3', { topN: 100, filter: mask })).toEqual(expected);
    const cosmul = await vectors.mostSimilarCosmul({ positive: 'w3' }, { topN: 100, filter });
    expect(cosmul.map(({ word }) => word)).toEqual(expected.map(({ word }) => word));
    const own = new Error('own');
    const throwing = () => {
      throw own;
    };
    expect(await rejectionOf(vectors.mostSimilar('w3', { filter: throwing }))).toBe(own);
    for (const bad of [new Uint8Array(5), 'x']) {
      const error = await rejectionOf(vectors.mostSimilar('w3', { filter: bad as Uint8Array }));
      expect(error.code).toBe('ERR_W2V_OPTION');
    }
  });

  test('mostSimilarCosmul is 3CosMul', async () => {
    const [a, b, c] = [row(4), row(9), row(200)];
    const shifted = (x: number[], y: number[]) => (1 + cosine(x, y)) / 2;
    const expected = rows
      .map(([word, x]) => ({ word, score: (shifted(b, x) * shifted(c, x)) / (shifted(a, x) + 1e-6) }))
      .filter(({ word }) => !['w4', 'w9', 'w200'].includes(word))
      .sort((x, y) => y.score - x.score)
      .slice(0, 10);
    const found = await vectors.mostSimilarCosmul({ positive: ['w9', 'w200'], negative: ['w4'] });
    expect(found.map(({ word }) => word)).toEqual(expected.map(({ word }) => word));
    found.forEach(({ score }, i) => expect(score / expected[i]!.score).toBeCloseTo(1, 3));
    // A vector excludes no word.
    const withVectors = await vectors.mostSimilarCosmul(
      { positive: [b, 'w200'], negative: [a] },
      { topN: 300 },
    );
    expect(withVectors.length).toBe(299);
    const others = withVectors.filter(({ word }) => !['w4', 'w9'].includes(word)).slice(0, 10);
    expect(others.map(({ word }) => word)).toEqual(found.map(({ word }) => word));
    expect((await rejectionOf(vectors.mostSimilarCosmul({ positive: [['w9', 0.5]] }))).code).toBe(
      'ERR_W2V_ARGUMENT',
    );
  });

  test('distances, ranks and what is closer', async () => {
    const distances = await vectors.distances('w8');
    expect(distances.length).toBe(300);
    rows.forEach(([, x], i) => expect(distances[i]).toBeCloseTo(1 - cosine(row(8), x), 5));
    expect(vectors.distance('w8', 'w9')).toBeCloseTo(1 - cosine(row(8), row(9)), 6);
    const some = await vectors.distances(row(8), ['w9', 'w8']);
    expect(some[0]).toBeCloseTo(distances[9]!, 5);
    expect(some[1]).toBeCloseTo(0, 5);

    const order = (await vectors.mostSimilar('w8', { topN: 299 })).map(({ word }) => word);
    for (const place of [0, 1, 17, 298]) {
      expect(await vectors.rank('w8', order[place]!)).toBe(place + 1);
      const closer = await vectors.closerThan('w8', order[place]!);
      expect(new Set(closer)).toEqual(new Set(order.slice(0, place)));
    }
    expect(vectors.mostSimilarToGiven('w8', [order[20]!, order[3]!, order[5]!])).toBe(order[3]);
    const neighbours = await vectors.mostSimilar('w8', { topN: 10 });
    const sum = neighbours.reduce((total, { score }) => total + score, 0);
    expect(await vectors.relativeCosineSimilarity('w8', order[2]!)).toBeCloseTo(
      neighbours[2]!.score / sum,
      5,
    );
  });

  test('means of words and vectors', () => {
    const mean = vectors.getMeanVector(['w1', 'nowhere', row(2)], {
      weights: [1, 5, -3],
      preNormalize: false,
    });
    mean.forEach((x, d) => expect(x).toBeCloseTo((row(1)[d]! - 3 * row(2)[d]!) / 4, 5));
    const normal = vectors.getMeanVector(['w1', 'w2'], { postNormalize: true });
    expect(product([...normal], [...normal])).toBeCloseTo(1, 5);
    expect(() => vectors.getMeanVector(['up'], { ignoreMissing: false })).toThrow(UnknownWordError);
    expect(() => vectors.getMeanVector(['w1'], { weights: [] })).toThrow(W2VError);
    expect([...vectors.getMeanVector([])]).toEqual(Array(7).fill(0));
    expect(vectors.getVector('w1')).toEqual(vectors.get('w1'));
    expect(product([...vectors.getVector('w1', { norm: true })], row(1))).toBeCloseTo(
      Math.sqrt(product(row(1), row(1))),
      5,
    );
    const both = row(1).map((x, d) => x + row(2)[d]!);
    expect(vectors.nSimilarity(['w1', 'w2', 'up'], ['w3'])).toBeCloseTo(cosine(both, row(3)), 5);
    expect(() => vectors.nSimilarity([], ['w3'])).toThrow(W2VError);
    const similarities = KeyedVectors.cosineSimilarities(row(1), [row(2), row(1), Array<number>(7).fill(0)]);
    expect(similarities[0]).toBeCloseTo(cosine(row(1), row(2)), 6);
    expect([similarities[1]!.toFixed(5), similarities[2]]).toEqual(['1.00000', 0]);
    const central = vectors.rankByCentrality(['w1', 'w2', 'up', 'w3']);
    expect(central.map(({ score }) => score)).toEqual(
      central.map(({ score }) => score).sort((a, b) => b - a),
    );
    expect(new Set(central.map(({ word }) => word))).toEqual(new Set(['w1', 'w2', 'w3']));
  });

  test('wmDistance: what words must travel', async () => {
    const vectors = await loaded(compass);
    // east (1, 0) to north (0, 1): √2; half of the other text stays where it is.
    expect(await vectors.wmDistance(['east'], ['north'])).toBeCloseTo(Math.SQRT2, 6);
    expect(await vectors.wmDistance(['east', 'north'], ['north', 'unknown'])).toBeCloseTo(Math.SQRT2 / 2, 6);
    expect(await vectors.wmDistance(['east'], ['north'], { norm: false })).toBeCloseTo(Math.sqrt(5), 6);
    expect(await vectors.wmDistance(['east', 'west'], ['west', 'east'])).toBe(0);
    expect(await vectors.wmDistance(['unknown'], ['west'])).toBe(Infinity);
    expect((await rejectionOf(vectors.wmDistance('east' as unknown as string[], ['west']))).code).toBe(
      'ERR_W2V_ARGUMENT',
    );
    expect(
      (await rejectionOf(vectors.wmDistance(['east'], ['west'], { signal: AbortSignal.abort() }))).code,
    ).toBe('ERR_W2V_CANCELLED');
  });

  test('searches with rows of fewer bits, made in memory or from a file', async () => {
    const rows: Rows = Array.from({ length: 500 }, (_, i) => [
      `w${i}`,
      Array.from({ length: 20 }, (_, d) => Math.sin(i * (d + 1.3)) + (d === i % 20 ? 2 : 0)),
    ]);
    const vectors = await loaded(rows);
    expect(vectors.precisions).toEqual(['float32']);
    const exact = await vectors.mostSimilar('w7', { precision: 'exact' });
    expect(exact).toEqual(await vectors.mostSimilar('w7'));
    for (const precision of ['int8', 'bf16'] as const) {
      expect(await vectors.mostSimilar('w7', { precision })).toEqual(exact);
      expect(await vectors.search(['w7', 'w8'], { precision })).toEqual(await vectors.search(['w7', 'w8']));

      await vectors.save(file(`${precision}.w2v`), { precision });
      const small = await KeyedVectors.load(file(`${precision}.w2v`));
      expect(small.precisions).toEqual([precision]);
      expect(small.get('w7')[3]).toBeCloseTo(vectors.get('w7')[3]!, 1);
      const found = await small.mostSimilar('w7');
      expect(found[0]!.word).toBe(exact[0]!.word);
      expect(found[0]!.score).toBeCloseTo(exact[0]!.score, 2);
      expect(await small.mostSimilar('w7', { precision: 'exact' })).toEqual(found);
      await small.save(file('again.bin'));
      expect((await KeyedVectors.load(file('again.bin'))).get('w7')).toEqual(small.get('w7'));
    }
    await vectors.save(file('both.w2v'), { precision: ['float32', 'int8'] });
    const both = await KeyedVectors.load(file('both.w2v'), { mmap: false });
    expect(both.precisions).toEqual(['float32', 'int8']);
    expect(both.get('w9')).toEqual(vectors.get('w9'));
    expect(await both.mostSimilar('w7', { precision: 'int8' })).toEqual(exact);
  });

  test('a precision that does not fit is refused', async () => {
    const vectors = await loaded(compass);
    const codeOf = async (promise: Promise<unknown>) => (await rejectionOf(promise)).code;
    for (const promise of [
      vectors.mostSimilar('east', { precision: 'int4' as 'int8' }),
      vectors.mostSimilarCosmul({ positive: 'east' }, { precision: 'int8' }),
      vectors.save(file('x.bin'), { precision: 'int8' }),
      vectors.save(file('x.w2v'), { precision: [] }),
      vectors.save(file('x.w2v'), { precision: 'exact' as 'int8' }),
    ]) {
      expect(await codeOf(promise)).toBe('ERR_W2V_OPTION');
    }
  });

  test('resolve finds other spellings of a word', async () => {
    const words = ['New_York', 'paris', 'NASA', 'Los Angeles', 'San_Francisco'];
    const cities = await loaded(words.map((word, i) => [word.replace(' ', '\u00a0'), [i, 1]]));
    expect(cities.resolve('new york')).toBe('New_York');
    expect(cities.resolve('New York')).toBe('New_York');
    expect(cities.resolve('NEW YORK')).toBe('New_York');
    expect(cities.resolve('Paris')).toBe('paris');
    expect(cities.resolve('nasa')).toBe('NASA');
    expect(cities.resolve('san francisco')).toBe('San_Francisco');
    expect(cities.resolve('london')).toBeUndefined();
  });
});

describe('files', () => {
  const words = fc.stringMatching(/^[^ \t\n\r\0]{1,12}$/u).filter((word) => word.isWellFormed());
  const models = fc
    .integer({ min: 1, max: 9 })
    .chain((dims) =>
      fc.uniqueArray(
        fc.tuple(
          words,
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: dims, maxLength: dims }),
        ),
        { selector: ([word]) => word, minLength: 1, maxLength: 12 },
      ),
    );

  test('any words and values survive the binary format bit by bit', async () => {
    await fc.assert(
      fc.asyncProperty(models, fc.constantFrom('\n', ''), async (rows, rowEnd) => {
        const path = file(`rows-${++filesMade}.bin`);
        writeFileSync(path, binary(rows, rowEnd));
        const vectors = await KeyedVectors.load(path);
        expect([...vectors]).toEqual(rows.map(([word]) => word));
        await vectors.save(file('b.bin'));
        expect(readFileSync(file('b.bin')).equals(binary(rows))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('the text format keeps words, and values to six decimals', async () => {
    await fc.assert(
      fc.asyncProperty(models, async (rows) => {
        const vectors = await loaded(rows);
        await vectors.save(file('a.txt'), { format: 'text' });
        const again = await KeyedVectors.load(file('a.txt'));
        expect(again.loadedFrom).toEqual({
          path: file('a.txt'),
          format: 'text',
          mapped: false,
          duplicateWords: 0,
          invalidWords: 0,
          nonFiniteRows: 0,
          missingRows: 0,
        });
        expect([...again]).toEqual(rows.map(([word]) => word));
        for (const [word, row] of rows) {
          again.get(word).forEach((x, d) => {
            const y = row[d]!;
            expect(Math.abs(x - y)).toBeLessThanOrEqual(5e-7 + 1e-7 * Math.abs(y));
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['', 'ERR_W2V_VECTOR_FORMAT', 'empty'],
    ['not vectors\n', 'ERR_W2V_VECTOR_FORMAT', 'not vectors'],
    [`${2n ** 60n} 300\n`, 'ERR_W2V_VECTOR', '1152921504606846976'],
    [`3 ${2n ** 60n}\nabc`, 'ERR_W2V_VECTOR', '1152921504606846976'],
    ['2 2\na 1 2\n', 'ERR_W2V_VECTOR_TRUNCATED', '2 rows'],
    ['2 2\na 1 2\nb 3 4\nc 5 6\n', 'ERR_W2V_VECTOR_FORMAT', 'line 4'],
    ['2 2\na 1 2\nb 3\nc 4', 'ERR_W2V_VECTOR_FORMAT', ''],
    ['2 2\na 1 2\nb 3 x\n', 'ERR_W2V_VECTOR_FORMAT', "'x'"],
    [binary(compass).subarray(0, 40), 'ERR_W2V_VECTOR_TRUNCATED', 'byte 40'],
    [Buffer.concat([binary(compass), Buffer.from('more')]), 'ERR_W2V_VECTOR_FORMAT', '5 bytes more'],
    [Buffer.from('1f8b0800', 'hex'), 'ERR_W2V_FILE_READ', 'unexpected end of file'],
    [gzipSync('not vectors\n'), 'ERR_W2V_VECTOR_FORMAT', 'not vectors'],
  ])('%j is refused with %s', async (content, code, text) => {
    writeFileSync(file('bad'), content);
    const error = await rejectionOf(KeyedVectors.load(file('bad')));
    expect(error).toBeInstanceOf(W2VError);
    expect(error.code).toContain(code);
    expect(error.message).toContain(file('bad'));
    expect(error.message).toContain(text);
  });

  test('missing files, folders and wrong arguments', async () => {
    expect((await rejectionOf(KeyedVectors.load(file('none.bin')))).code).toBe('ERR_W2V_FILE_NOT_FOUND');
    expect((await rejectionOf(KeyedVectors.load(root))).code).toBe('ERR_W2V_FILE_READ');
    expect((await rejectionOf(KeyedVectors.load(5 as unknown as string))).code).toBe('ERR_W2V_ARGUMENT');
    const vectors = await loaded(compass);
    expect((await rejectionOf(vectors.save(file('no/folder.bin')))).code).toBe('ERR_W2V_FILE_WRITE');
    expect((await rejectionOf(vectors.save(file('x'), { format: 'arrow' as 'bin' }))).code).toBe(
      'ERR_W2V_OPTION',
    );
    expect((await rejectionOf(vectors.saveVocabulary(file('v.txt')))).code).toBe('ERR_W2V_ARGUMENT');
  });

  test('a word that the formats cannot hold', async () => {
    writeFileSync(file('spaces.txt'), '2 2\nnew york 1 2\nparis 3 4\n');
    const vectors = await KeyedVectors.load(file('spaces.txt'));
    expect(vectors.get('new york')).toEqual(Float32Array.of(1, 2));
    const error = await rejectionOf(vectors.save(file('spaces.bin')));
    expect(error.code).toBe('ERR_W2V_WORD_UNWRITABLE');
    expect(error.message).toContain("'new york'");
    expect(existsSync(file('spaces.bin'))).toBe(false);
  });

  test('a save that is cancelled, or that a full disk ends, leaves what was there', async () => {
    const vectors = await loaded(
      Array.from({ length: 20000 }, (_, i) => [`w${i}`, Array<number>(50).fill(i)]),
    );
    writeFileSync(file('kept.bin'), 'before');
    const error = await rejectionOf(vectors.save(file('kept.bin'), { signal: AbortSignal.abort('enough') }));
    expect(error).toMatchObject({ code: 'ERR_W2V_CANCELLED', name: 'AbortError', cause: 'enough' });
    expect(readFileSync(file('kept.bin'), 'utf8')).toBe('before');
    const script = `
      const { KeyedVectors } = require('./dist/index.js');
      KeyedVectors.load(${JSON.stringify(vectors.loadedFrom!.path)})
        .then((vectors) => vectors.save(${JSON.stringify(file('kept.bin'))}))
        .catch(({ code, message }) => console.log(code, message));`;
    // Files of at most 1000 KB: a write beyond fails as on a full disk.
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 1000; exec "$0" -e "$1"', process.execPath, script],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^ERR_W2V_FILE_WRITE .*kept\.bin/);
    expect(readFileSync(file('kept.bin'), 'utf8')).toBe('before');
    expect(readdirSync(file('.')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('what onProgress throws cancels the load and is its rejection', async () => {
    const { loadedFrom } = await loaded(compass);
    const own = new Error('own');
    const promise = KeyedVectors.load(loadedFrom!.path!, {
      onProgress: () => {
        throw own;
      },
    });
    expect(await rejectionOf(promise)).toBe(own);
  });
});

describe('loading', () => {
  const rows: Rows = Array.from({ length: 3000 }, (_, i) => [`w${i}`, [i, 1 - i, 0.5, i % 7]]);
  const wordsAndRows = (vectors: KeyedVectors) => ({
    words: [...vectors],
    values: [...vectors.getVectors([...vectors])],
  });
  const text = `3000 4\n${rows.map(([word, row]) => `${word} ${row.join(' ')}\n`).join('')}`;
  const contents = {
    bin: binary(rows),
    text: Buffer.from(text),
    glove: Buffer.from(text.slice(text.indexOf('\n') + 1)),
  };

  test.each(Object.entries(contents))(
    '%s: from a file, mapped and not, from gzip, and from streams of either',
    async (format, bytes) => {
      const expected = { words: rows.map(([word]) => word), values: rows.flatMap(([, row]) => row) };
      writeFileSync(file(`all.${format}`), bytes);
      writeFileSync(file(`all.${format}.gz`), gzipSync(bytes));
      const pieces = (whole: Buffer) =>
        Readable.from(
          Array.from({ length: 100 }, (_, i) =>
            whole.subarray((whole.length * i) / 100, (whole.length * (i + 1)) / 100),
          ),
        );
      const sources: [string | Readable, LoadOptions, boolean][] = [
        [file(`all.${format}`), {}, format === 'bin'],
        [file(`all.${format}`), { mmap: false }, false],
        [file(`all.${format}.gz`), {}, false],
        [createReadStream(file(`all.${format}`)), {}, false],
        [pieces(bytes), {}, false],
        [pieces(gzipSync(bytes)), {}, false],
      ];
      for (const [source, options, mapped] of sources) {
        const vectors = await KeyedVectors.load(source, options);
        expect(wordsAndRows(vectors)).toEqual(expected);
        expect(vectors.loadedFrom).toMatchObject({
          path: typeof source === 'string' ? source : undefined,
          format,
          mapped,
        });
        expect((await vectors.mostSimilar('w5', { topN: 3 })).length).toBe(3);
        const few = await KeyedVectors.load(typeof source === 'string' ? source : pieces(bytes), {
          ...options,
          limit: 10,
        });
        expect([...few]).toEqual(expected.words.slice(0, 10));
      }
    },
  );

  test('with a limit a stream is read no further than need be', async () => {
    let read = 0;
    const endless = async function* () {
      yield Buffer.from('1000000000 100\n');
      for (;;) {
        const row = Buffer.from(`w${++read} ${'abcd'.repeat(100)}`);
        yield row;
        if (read % 1000 === 0) await setImmediate();
      }
    };
    const vectors = await KeyedVectors.load(endless(), { limit: 5000 });
    expect(vectors.size).toBe(5000);
    expect(vectors.wordAt(4999)).toBe('w5000');
    expect(read).toBeLessThan(20000);
  });

  test('the binary format can be written without newlines, byte by byte as gensim does', async () => {
    const vectors = await loaded(compass);
    await vectors.save(file('without.bin'), { format: 'bin-no-newline' });
    expect(readFileSync(file('without.bin'))).toEqual(binary(compass, ''));
    expect((await KeyedVectors.load(file('without.bin'))).loadedFrom?.format).toBe('bin');
  });

  test('a sidecar is written, reused, and made anew where the file has changed', async () => {
    const path = file('with-sidecar.bin');
    writeFileSync(path, binary(compass));
    const first = await KeyedVectors.load(path, { sidecar: true });
    expect(first.loadedFrom).toMatchObject({ sidecar: 'written' });
    const second = await KeyedVectors.load(path, { sidecar: true });
    expect(second.loadedFrom).toMatchObject({ sidecar: 'reused', mapped: true, format: 'bin' });
    expect(wordsAndRows(second)).toEqual(wordsAndRows(first));
    await second.verify();
    expect((await KeyedVectors.load(path)).loadedFrom?.sidecar).toBeUndefined();
    expect((await KeyedVectors.load(path, { sidecar: true, limit: 2 })).loadedFrom?.sidecar).toBeUndefined();
    expect(
      (await KeyedVectors.load(path, { sidecar: true, mmap: false })).loadedFrom?.sidecar,
    ).toBeUndefined();

    await (await loaded([['south', [0, -1]]])).save(path);
    const third = await KeyedVectors.load(path, { sidecar: true });
    expect(third.loadedFrom?.sidecar).toBe('written');
    expect(third.loadedFrom?.sidecarProblem).toMatch(/stale/);
    expect([...third]).toEqual(['south']);
  });

  test.each(['bin', 'text', 'glove'] as const)('%s is saved as .gz too', async (format) => {
    writeFileSync(file('all.bin'), contents.bin);
    const vectors = await KeyedVectors.load(file('all.bin'));
    await vectors.save(file(`saved.${format}`), { format });
    await vectors.save(file(`saved.${format}.gz`), { format });
    expect(gunzipSync(readFileSync(file(`saved.${format}.gz`)))).toEqual(
      readFileSync(file(`saved.${format}`)),
    );
    expect(wordsAndRows(await KeyedVectors.load(file(`saved.${format}.gz`)))).toEqual(wordsAndRows(vectors));
    for (const path of [file('no/folder.gz'), file('.')]) {
      const error = await rejectionOf(vectors.save(path, { format }));
      expect(error.code).toBe('ERR_W2V_FILE_WRITE');
    }
    expect(readdirSync(file('.')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('rows that are not finite, words that are not UTF-8, rows that are missing: counted, or errors', async () => {
    const odd = Buffer.concat([
      Buffer.from('4 2\n'),
      ...[Buffer.from('caf\xe9', 'latin1'), Buffer.from('b'), Buffer.from('b')].map((word, i) =>
        Buffer.concat([word, Buffer.from(' '), Buffer.from(Float32Array.of(i, i === 1 ? NaN : 1).buffer)]),
      ),
      Buffer.from('d 12'),
    ]);
    writeFileSync(file('odd.bin'), odd);
    const vectors = await KeyedVectors.load(file('odd.bin'), { allowTruncated: true });
    expect([...vectors]).toEqual(['caf\ufffd', 'b']);
    expect(vectors.loadedFrom).toMatchObject({
      duplicateWords: 1,
      invalidWords: 1,
      nonFiniteRows: 1,
      missingRows: 1,
    });
    expect(await vectors.mostSimilar('caf\ufffd')).toEqual([]);
    const codeOf = async (options: LoadOptions) =>
      (await rejectionOf(KeyedVectors.load(file('odd.bin'), { allowTruncated: true, ...options }))).code;
    expect(await codeOf({ allowTruncated: false })).toBe('ERR_W2V_VECTOR_TRUNCATED');
    expect(await codeOf({ strict: true })).toBe('ERR_W2V_VECTOR_FORMAT');
    expect(await codeOf({ encodingErrors: 'strict' })).toBe('ERR_W2V_VECTOR_ENCODING');
    for (const bad of [
      { limit: -1 },
      { limit: '5' },
      { mmap: 1 },
      { encodingErrors: 'latin1' },
      { lmit: 5 },
    ] as unknown as LoadOptions[]) {
      expect(await codeOf(bad)).toBe('ERR_W2V_OPTION');
    }
    expect((await rejectionOf(KeyedVectors.load(Readable.from(['text'])))).code).toBe('ERR_W2V_ARGUMENT');
  });

  test('.w2v keeps words, vectors and counts, mapped or not, and any word', async () => {
    const { vectors: trained } = await Word2Vec.train(
      rows.map(() => ['new york', 'new york', 'paris', 'tab\tbed']),
      { vectorSize: 20, minCount: 1, epochs: 1, threads: 1 },
    );
    await trained.save(file('trained.w2v'));
    await trained.verify(); // nothing to verify is no error
    for (const mmap of [true, false]) {
      const vectors = await KeyedVectors.load(file('trained.w2v'), { mmap });
      expect(vectors.loadedFrom).toMatchObject({ format: 'w2v', mapped: mmap, duplicateWords: 0 });
      expect(wordsAndRows(vectors)).toEqual(wordsAndRows(trained));
      expect(vectors.count('new york')).toBe(6000);
      expect(await vectors.mostSimilar('paris')).toEqual(await trained.mostSimilar('paris'));
      await vectors.verify();
    }
    await trained.save(file('trained.w2v.gz'));
    expect(wordsAndRows(await KeyedVectors.load(file('trained.w2v.gz')))).toEqual(wordsAndRows(trained));

    const damaged = readFileSync(file('trained.w2v'));
    damaged[damaged.length - 4096] = damaged.at(-4096)! ^ 1;
    writeFileSync(file('damaged.w2v'), damaged);
    const error = await rejectionOf((await KeyedVectors.load(file('damaged.w2v'))).verify());
    expect(error.code).toBe('ERR_W2V_VECTOR_CHECKSUM');
    expect(error.message).toContain("'rows'");
  });

  test('a mapped file that is written to is noticed; without mapping it does not matter', async () => {
    writeFileSync(file('changing.bin'), contents.bin);
    const mapped = await KeyedVectors.load(file('changing.bin'));
    const copied = await KeyedVectors.load(file('changing.bin'), { mmap: false });
    writeFileSync(file('changing.bin'), 'x');
    for (const call of [
      () => mapped.get('w1'),
      () => mapped.has('w1'),
      () => mapped.wordAt(1),
      () => [...mapped],
    ]) {
      expect(call).toThrow(W2VError);
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_W2V_FILE_CHANGED' }));
    }
    expect((await rejectionOf(mapped.mostSimilar(Float32Array.of(1, 2, 3, 4)))).code).toBe(
      'ERR_W2V_FILE_CHANGED',
    );
    expect(copied.get('w1')).toEqual(Float32Array.of(1, 0, 0.5, 1));
    await copied.save(file('changing.bin')); // replaced by a rename
    expect(wordsAndRows(await KeyedVectors.load(file('changing.bin'))).words).toEqual([...copied]);
  });
});

interface Answers {
  shape: [number, number];
  words?: string[];
  first_words?: string[];
  floats?: Record<string, { row: number; values: number[]; last: number }>;
  float32_bits?: number[][];
  rows?: number[][];
  most_similar?: Record<string, [string, number][]>;
  analogies?: {
    positive: string[];
    negative: string[];
    most_similar: [string, number][];
    most_similar_cosmul: [string, number][];
  }[];
  n_similarity?: [string[], string[], number][];
  similarity?: [string, string, number][];
  doesnt_match?: [string[], string][];
  gensim_4_2?: string;
}

describeWithShared('formats')("gensim's answers", () => {
  const readable = [
    ...['gensim.txt', 'gensim.bin', 'c-word2vec.bin', 'c-word2vec.txt', 'fasttext.vec', 'glove.txt'],
    ...['traps.txt', 'traps.bin', 'traps-newline.bin', 'traps-bytes.bin', 'crlf.txt', 'no-final-newline.txt'],
  ];

  function answersOf(name: string): Answers {
    const answers = JSON.parse(readFileSync(sharedData('formats', 'answers.json'), 'utf8')) as {
      files: Record<string, Answers>;
    };
    return answers.files[name]!;
  }

  test.each(['gensim.kv', 'gensim-sep.kv'])('%s is gensim.txt bit by bit', async (name) => {
    const text = await KeyedVectors.load(sharedData('formats', 'gensim.txt'));
    for (const mmap of [true, false]) {
      const vectors = await KeyedVectors.load(sharedData('formats', name), { mmap });
      expect(vectors.loadedFrom).toMatchObject({ format: 'gensim', mapped: mmap });
      expect([...vectors]).toEqual([...text]);
      expect(vectors.getVectors([...vectors])).toEqual(text.getVectors([...text]));
      expect(vectors.count('the')).toBe(92070);
    }
    const stream = createReadStream(sharedData('formats', name));
    if (name === 'gensim.kv') {
      expect([...(await KeyedVectors.load(stream))]).toEqual([...text]);
    } else {
      expect((await rejectionOf(KeyedVectors.load(stream))).message).toMatch(/a file of their own/);
    }
  });

  test.each(readable.flatMap((name) => ['mapped', 'not mapped', '.gz'].map((how) => [name, how])))(
    '%s, %s',
    async (name, how) => {
      const answers = answersOf(name);
      const path = how === '.gz' ? file(`${name}.gz`) : sharedData('formats', name);
      if (how === '.gz') writeFileSync(path, gzipSync(readFileSync(sharedData('formats', name))));
      const vectors = await KeyedVectors.load(path, { mmap: how === 'mapped' });
      expect([vectors.size, vectors.vectorSize]).toEqual(answers.shape);
      const firstWords = answers.words ?? answers.first_words ?? [];
      expect([...vectors].slice(0, firstWords.length)).toEqual(firstWords);
      for (const [word, { row, values, last }] of Object.entries(answers.floats ?? {})) {
        expect(vectors.indexOf(word)).toBe(row);
        expect([...vectors.get(word)].slice(0, values.length)).toEqual(values);
        expect(vectors.get(word).at(-1)).toBe(last);
      }
      answers.float32_bits?.forEach((bits, i) => {
        expect(new Uint32Array(vectors.get(vectors.wordAt(i)).buffer)).toEqual(Uint32Array.from(bits));
      });
      answers.rows?.forEach((row, i) => expect([...vectors.get(vectors.wordAt(i))]).toEqual(row));

      const expectNeighbours = (ours: { word: string; score: number }[], theirs: [string, number][]) => {
        expect(ours.map(({ word }) => word)).toEqual(theirs.map(([word]) => word));
        ours.forEach(({ score }, i) => expect(Math.abs(score - theirs[i]![1])).toBeLessThan(1e-5));
      };
      for (const [word, neighbours] of Object.entries(answers.most_similar ?? {})) {
        expectNeighbours(await vectors.mostSimilar(word), neighbours);
      }
      for (const { positive, negative, most_similar, most_similar_cosmul } of answers.analogies ?? []) {
        expectNeighbours(
          await vectors.mostSimilarCosmul({ positive, negative }, { topN: most_similar_cosmul.length }),
          most_similar_cosmul,
        );
        expectNeighbours(
          await vectors.mostSimilar({ positive, negative }, { topN: most_similar.length }),
          most_similar,
        );
      }
      for (const [a, b, similarity] of answers.similarity ?? []) {
        expect(Math.abs(vectors.similarity(a, b) - similarity)).toBeLessThan(1e-5);
      }
      for (const [a, b, similarity] of answers.n_similarity ?? []) {
        expect(Math.abs(vectors.nSimilarity(a, b) - similarity)).toBeLessThan(1e-5);
      }
      for (const [words, odd] of answers.doesnt_match ?? [])
        expect(await vectors.doesntMatch(words)).toBe(odd);
    },
  );

  test.each([
    ['truncated.bin', 'ERR_W2V_VECTOR_TRUNCATED'],
    ['truncated.txt', 'ERR_W2V_VECTOR_TRUNCATED'],
    ['short-row.txt', 'ERR_W2V_VECTOR_FORMAT'],
    ['too-many-rows.txt', 'ERR_W2V_VECTOR_FORMAT'],
    ['gensim.vocab.txt', 'ERR_W2V_VECTOR_FORMAT'],
  ])('%s is refused with %s', async (name, code) => {
    expect((await rejectionOf(KeyedVectors.load(sharedData('formats', name)))).code).toBe(code);
  });

  test('a byte order mark, and a word that came twice: the first one counts', async () => {
    expect([...(await KeyedVectors.load(sharedData('formats', 'bom.txt')))]).toEqual([
      'κόσμος',
      'кот',
      'naïve',
    ]);
    const vectors = await KeyedVectors.load(sharedData('formats', 'duplicate.txt'));
    expect([...vectors]).toEqual(['a', 'b']);
    expect(vectors.get('a')).toEqual(Float32Array.of(1, 2));
    expect(vectors.loadedFrom?.duplicateWords).toBe(1);
  });
});

test('a process may end in the middle of a search', async () => {
  const { loadedFrom } = await loaded(compass);
  const script = `
    const { KeyedVectors } = require('./dist/index.js');
    KeyedVectors.load(${JSON.stringify(loadedFrom!.path)}).then((vectors) => {
      for (let i = 0; i < 50; ++i) vectors.mostSimilar('east');
      process.exit(7);
    });`;
  const child = await runNode(['-e', script], { cwd: root });
  expect(child).toEqual({ code: 7, stdout: '', stderr: '' });
});

describe('arguments', () => {
  let k: KeyedVectors;
  beforeAll(async () => {
    k = await loaded(compass);
  });
  const stream = (...items: unknown[]) => wrong<Readable>(Readable.from(items));

  test.each<[call: () => unknown, code: string, message: string]>([
    [() => k.search(wrong(5)), 'ARGUMENT', 'an array of words and vectors but received 5'],
    [() => k.search(wrong({})), 'ARGUMENT', 'an array of words and vectors'],
    [() => k.search(wrong(undefined)), 'ARGUMENT', 'an array of words and vectors but received undefined'],
    [() => k.search(wrong('east')), 'ARGUMENT', "an array of words and vectors but received 'east'"],
    [() => k.search(['east'], { exclude: wrong(5) }), 'OPTION', 'exclude to be an array'],
    [() => k.search(['east'], { exclude: [2 ** 32] }), 'OPTION', 'exclude to be a whole number'],
    [() => k.mostSimilar('east', { topN: wrong(null) }), 'OPTION', 'topN to be a whole number'],
    [() => k.mostSimilar('east', { clipEnd: wrong(null) }), 'OPTION', 'clipEnd to be a whole number'],
    [() => k.mostSimilar('east', { index: wrong(1) }), 'OPTION', 'index to be true or false'],
    [() => k.doesntMatch(new Array<string>(2)), 'ARGUMENT', 'received undefined as item 0'],
    [() => k.distances('east', wrong([null])), 'ARGUMENT', 'a word (a string) but received null'],
    [() => k.getVectors(wrong(5)), 'ARGUMENT', 'an array of words but received 5'],
    [() => k.distances('east', wrong(1.5)), 'ARGUMENT', 'an array of words but received 1.5'],
    [() => k.distances('east', wrong(null)), 'ARGUMENT', 'an array of words but received null'],
    [() => k.vectorsForAll(wrong(null)), 'ARGUMENT', 'words but received null'],
    [() => k.vectorsForAll(wrong({})), 'ARGUMENT', 'words but received an object'],
    [() => k.vectorsForAll(wrong('east')), 'ARGUMENT', "words but received 'east'"],
    [() => k.vectorsForAll(wrong([1])), 'ARGUMENT', 'a word (a string) but received 1'],
    [
      () => KeyedVectors.cosineSimilarities(wrong('the'), wrong('of')),
      'ARGUMENT',
      "numbers but received 'the'",
    ],
    [
      () => KeyedVectors.cosineSimilarities([1, 0], wrong(['of'])),
      'ARGUMENT',
      "vectors of numbers but received 'of'",
    ],
    [
      () => KeyedVectors.cosineSimilarities([1, 0], wrong([['1', 2]])),
      'ARGUMENT',
      "numbers but received '1'",
    ],
    [() => KeyedVectors.cosineSimilarities([1, 0], [[1]]), 'ARGUMENT', 'vectors of 2 numbers'],
    [() => KeyedVectors.cosineSimilarities([1, 0], wrong(undefined)), 'ARGUMENT', 'an array of vectors'],
    [() => k.wmDistance(['east'], wrong([null])), 'ARGUMENT', 'received null as item 0'],
    [() => k.wmDistance(['east'], ['west'], { norm: wrong(1) }), 'OPTION', 'norm to be true or false'],
    [() => k.relativeCosineSimilarity('east', 'west', 0), 'ARGUMENT', 'topN to be a whole number from 1'],
    [() => k.mostSimilar('east', wrong(5)), 'OPTION', 'options (an object) but received 5'],
    [
      () => k.mostSimilar('east', { filter: wrong(() => Promise.resolve(false)) }),
      'OPTION',
      'filter to return',
    ],
    [() => k.mostSimilar(wrong({ positve: 'east', negative: 'west' })), 'ARGUMENT', "received 'positve'"],
    [() => k.similarByWord('east', wrong([])), 'OPTION', 'options (an object) but received an array of 0'],
    [() => k.similarByVector(wrong(null)), 'ARGUMENT', 'a vector of 2 numbers but received null'],
    [() => k.doesntMatch(wrong([null])), 'ARGUMENT', 'received null as item 0'],
    [() => k.rankByCentrality(wrong([[]])), 'ARGUMENT', 'received an array of 0 as item 0'],
    [() => k.nSimilarity(['east'], wrong([null])), 'ARGUMENT', 'received null as item 0'],
    [() => k.mostSimilarToGiven('east', wrong([1])), 'ARGUMENT', 'received 1 as item 0'],
    [() => k.getMeanVector(wrong(['east', 1])), 'ARGUMENT', 'a vector of 2 numbers but received 1'],
    [() => k.getMeanVector(wrong('east')), 'ARGUMENT', 'an array of words and vectors'],
    [() => k.getMeanVector(['east'], { weights: [NaN] }), 'ARGUMENT', 'a finite weight for each'],
    [() => k.getMeanVector(['east'], { weights: wrong(null) }), 'ARGUMENT', 'a finite weight for each'],
    [() => k.resolve(wrong(5)), 'ARGUMENT', 'a word (a string) but received 5'],
    [() => k.save('a\0b'), 'ARGUMENT', 'the path of a file'],
    [
      () => KeyedVectors.load(wrong(null)),
      'ARGUMENT',
      'the path of a file or a stream of bytes but received null',
    ],
    [() => KeyedVectors.load(stream(5)), 'ARGUMENT', 'a stream of bytes (Uint8Array) but received 5'],
    [
      () => KeyedVectors.load(wrong({ [Symbol.asyncIterator]: () => null })),
      'ARGUMENT',
      'whose iterator has next()',
    ],
    [
      () => KeyedVectors.load(wrong({ [Symbol.asyncIterator]: () => [null, binary(compass)].values() })),
      'ARGUMENT',
      'a stream of bytes (Uint8Array) but received null',
    ],
  ])('%s', async (call, code, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual([`ERR_W2V_${code}`, expect.stringContaining(message)]);
  });
});
