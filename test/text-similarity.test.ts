import { writeFileSync } from 'node:fs';
import { KeyedVectors, TextIndex, TextVectorizer, textSimilarity, tokenStream } from '../lib/index.js';
import { refusalOf, rejectionOf, temporaryFolder, wrong } from './helpers.js';

const temporary = temporaryFolder();
const words = ['coffee', 'tea', 'cup', 'car', 'road', 'hot', 'the'];
const rows = [
  [1, 0.2, 0.1, 0.5],
  [0.9, 0.3, 0, 0.5],
  [0.7, 0.5, 0.2, 0.4],
  [-0.2, 1, 0.3, 0.5],
  [-0.4, 0.8, 0.5, 0.6],
  [0.5, 0.1, 1, 0.4],
  [0.1, 0.1, 0.1, 2],
];
const counts = [10, 8, 6, 12, 9, 5, 950];
const texts = [
  'the hot coffee',
  'the hot tea',
  'the car the road',
  '',
  'nothing known here',
  'cup cup tea',
  'road car hot the',
];

let vectors: KeyedVectors;
beforeAll(async () => {
  vectors = await KeyedVectors.fromVectors(words, rows, { counts });
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, d) => sum + x * b[d]!, 0);
const length = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
const known = (text: string) => text.split(' ').filter((word) => words.includes(word));
const row = (word: string) => rows[words.indexOf(word)]!;

/** Σ weight · vector / divisor. */
function combined(text: string, weight: (word: string) => number, byWeight: boolean): number[] {
  const list = known(text);
  const divisor = byWeight ? list.reduce((sum, word) => sum + weight(word), 0) : list.length;
  return rows[0]!.map((_, d) =>
    list.length === 0 ? 0 : list.reduce((sum, word) => sum + weight(word) * row(word)[d]!, 0) / divisor,
  );
}

describe('vectors of texts', () => {
  const check = (received: Float32Array, expected: number[][]) =>
    expected.flat().forEach((x, i) => expect(received[i]).toBeCloseTo(x, 5));

  it('by mean', async () => {
    const vectorizer = await TextVectorizer.fit(vectors, texts);
    check(
      await vectorizer.vectors(texts),
      texts.map((text) => combined(text, () => 1, false)),
    );
    check(await vectorizer.vectors([['tea']]), [row('tea')]);
  });

  it('by idf', async () => {
    const idf = (word: string) =>
      Math.log((1 + texts.length) / (1 + texts.filter((text) => known(text).includes(word)).length)) + 1;
    const vectorizer = await TextVectorizer.fit(vectors, texts, { weighting: 'idf' });
    check(
      await vectorizer.vectors(texts),
      texts.map((text) => combined(text, idf, true)),
    );
  });

  it('by smooth inverse frequency, without what all have in common', async () => {
    const a = 0.01;
    const sif = (word: string) => a / (a + counts[words.indexOf(word)]! / 1000);
    const plain = await TextVectorizer.fit(vectors, texts, { weighting: 'sif', a, components: 0 });
    const expected = texts.map((text) => combined(text, sif, false));
    check(await plain.vectors(texts), expected);

    const vectorizer = await TextVectorizer.fit(vectors, texts, { weighting: 'sif', a });
    const u = vectorizer.commonComponents;
    expect(u.length).toBe(4);
    expect(length(u)).toBeCloseTo(1, 6);
    // No other direction has as much of the texts in it: the first singular vector.
    const along = (direction: ArrayLike<number>) =>
      expected.reduce((sum, vector) => sum + dot(vector, direction) ** 2, 0) / dot(direction, direction);
    for (let d = 0; d < 4; ++d)
      for (const step of [0.01, -0.01])
        expect(along(u.map((x, i) => x + (i === d ? step : 0)))).toBeLessThan(along(u));
    check(
      await vectorizer.vectors(texts),
      expected.map((vector) => vector.map((x, d) => x - dot(vector, u) * u[d]!)),
    );
  });

  it('by smooth inverse frequency, of one text: it has nothing in common with others', async () => {
    const one = await TextVectorizer.fit(vectors, ['hot coffee'], { weighting: 'sif' });
    expect(one.commonComponents.length).toBe(0);
    const index = await TextIndex.build(vectors, ['hot coffee'], { weighting: 'sif' });
    expect((await index.search('hot coffee'))[0]!.score).toBeCloseTo(1, 5);
  });

  it('by the frequencies of the texts where the vectors have none', async () => {
    const uncounted = await KeyedVectors.fromVectors(words, rows);
    const all = texts.flatMap(known);
    const sif = (word: string) => 0.1 / (0.1 + all.filter((other) => other === word).length / all.length);
    const vectorizer = await TextVectorizer.fit(uncounted, texts, {
      weighting: 'sif',
      a: 0.1,
      components: 0,
    });
    check(
      await vectorizer.vectors(texts),
      texts.map((text) => combined(text, sif, false)),
    );
  });

  it('refuse wrong options and no texts', async () => {
    const fit = (options: object, source: string[] = texts) =>
      rejectionOf(TextVectorizer.fit(vectors, source, options));
    expect(await fit({ weighting: 'tfidf' })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await fit({ a: 0 })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await fit({ components: 1.5 })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect((await fit({ weigthing: 'sif' })).message).toMatch(/did you mean 'weighting'/);
    expect(await fit({}, [])).toMatchObject({ code: 'ERR_W2V_CORPUS_EMPTY' });
    expect(await rejectionOf(TextVectorizer.fit('x' as unknown as KeyedVectors, texts))).toMatchObject({
      code: 'ERR_W2V_ARGUMENT',
    });
  });
});

describe('an index of texts', () => {
  it('finds by cosine, dot product and distance what comparing each finds', async () => {
    const index = await TextIndex.build(vectors, texts);
    expect(index.size).toBe(7);
    const query = 'hot tea cup';
    const q = combined(query, () => 1, false);
    const measures = {
      cosine: (v: number[]) => dot(v, q) / length(v) / length(q),
      dot: (v: number[]) => dot(v, q),
      euclidean: (v: number[]) => length(v.map((x, d) => x - q[d]!)),
    };
    for (const [metric, measure] of Object.entries(measures)) {
      const expected = [0, 1, 2, 5, 6]
        .map((i) => ({ index: i, name: String(i), score: measure(combined(texts[i]!, () => 1, false)) }))
        .sort((a, b) => (metric === 'euclidean' ? a.score - b.score : b.score - a.score));
      const found = await index.search(query, { metric: metric as 'dot' });
      expect(found.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
      found.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i]!.score, 5));
      expect((await index.search(query.split(' '), { metric: metric as 'dot', topN: 2 })).length).toBe(2);
    }
    expect(index.vector(5)[0]).toBeCloseTo((2 * 0.7 + 0.9) / 3, 6);
  });

  it('finds by Word Mover’s Distance and soft cosine what comparing each finds', async () => {
    const index = await TextIndex.build(vectors, texts, { weighting: 'idf' });
    const query = 'hot tea cup';
    const found = await index.search(query, { metric: 'word-movers', topN: 3 });
    const distances = await Promise.all(
      [0, 1, 2, 5, 6].map(async (i) => ({
        i,
        d: await vectors.wmDistance(query.split(' '), texts[i]!.split(' ')),
      })),
    );
    distances.sort((a, b) => a.d - b.d);
    expect(found.map(({ index }) => index)).toEqual(distances.slice(0, 3).map(({ i }) => i));
    found.forEach(({ score }, i) => expect(score).toBeCloseTo(distances[i]!.d, 6));

    const [best] = await index.search('the hot coffee', { metric: 'soft-cosine' });
    expect(best).toEqual({ index: 0, name: '0', score: expect.closeTo(1, 5) as number });
  });

  it('has names, filters, and texts of any source', async () => {
    writeFileSync(temporary('texts.txt'), 'The hot coffee!\n\nThe car; the road.\n');
    const index = await TextIndex.build(vectors, tokenStream(temporary('texts.txt'), { lowercase: true }), {
      names: ['drink', 'none', 'way'],
    });
    expect((await index.search('tea')).map(({ name }) => name)).toEqual(['drink', 'way']);
    for (const metric of ['cosine', 'euclidean', 'word-movers', 'soft-cosine'] as const) {
      const filtered = await index.search('tea', { metric, filter: (i) => i !== 0 });
      expect(filtered.map(({ name }) => name)).toEqual(['way']);
      expect(
        (await index.search('tea', { metric, filter: Uint8Array.of(1, 1, 0) })).map(({ index }) => index),
      ).toEqual([0]);
      const all = await index.searchAll(['tea', '', 'car road', 'unknown'], { metric, topN: 1 });
      expect(all.map((answers) => answers.map(({ name }) => name))).toEqual([['drink'], [], ['way'], []]);
    }
    await index.vectors.buildIndex();
    expect((await index.search('tea', { index: true, topN: 1 }))[0]!.name).toBe('drink');
    expect((await index.search('tea', { precision: 'int8', topN: 1 }))[0]!.name).toBe('drink');
  });

  it('refuses what does not fit', async () => {
    const index = await TextIndex.build(vectors, texts);
    const search = (options: object) => rejectionOf(index.search('tea', options));
    expect(await search({ metric: 'jaccard' })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await search({ topN: -1 })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await search({ metric: 'word-movers', index: true })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await search({ filter: new Uint8Array(2) })).toMatchObject({ code: 'ERR_W2V_OPTION' });
    expect(await search({ index: true })).toMatchObject({ code: 'ERR_W2V_INDEX' });
    expect(await search({ signal: AbortSignal.abort() })).toMatchObject({ code: 'ERR_W2V_CANCELLED' });
    expect(await rejectionOf(index.search(5 as unknown as string))).toMatchObject({
      code: 'ERR_W2V_ARGUMENT',
    });
    expect(await rejectionOf(TextIndex.build(vectors, texts, { names: ['a'] }))).toMatchObject({
      code: 'ERR_W2V_ARGUMENT',
    });
    const twice = await rejectionOf(TextIndex.build(vectors, ['a', 'b'], { names: ['x', 'x'] }));
    expect(twice).toMatchObject({ code: 'ERR_W2V_ARGUMENT' });
    expect(twice.message).toContain("'x' as name 1, which is name 0 too");
    await expect(vectors.search(['tea'], { metric: 'dot', precision: 'int8' })).rejects.toThrow(
      /precision 'exact'/,
    );
    await expect(vectors.search(['tea'], { metric: 'manhattan' as 'dot' })).rejects.toThrow(/'euclidean'/);
  });
});

describe('two texts', () => {
  it('are compared by every metric', async () => {
    const [a, b] = ['hot coffee', ['hot', 'tea']] as const;
    const [x, y] = [combined(a, () => 1, false), combined(b.join(' '), () => 1, false)];
    expect(await textSimilarity(vectors, a, b)).toBeCloseTo(dot(x, y) / length(x) / length(y), 6);
    expect(await textSimilarity(vectors, a, b, { metric: 'dot' })).toBeCloseTo(dot(x, y), 6);
    expect(await textSimilarity(vectors, a, b, { metric: 'euclidean' })).toBeCloseTo(
      length(x.map((v, d) => v - y[d]!)),
      6,
    );
    expect(await textSimilarity(vectors, a, b, { metric: 'word-movers' })).toBeCloseTo(
      await vectors.wmDistance(a.split(' '), b),
      6,
    );
    const soft = (u: string, v: string) => (u === v ? 1 : Math.max(0, vectors.similarity(u, v)) ** 2);
    const product = (s: readonly string[], t: readonly string[]) =>
      s.reduce((sum, u) => sum + t.reduce((inner, v) => inner + soft(u, v), 0), 0);
    const s = a.split(' ');
    expect(await textSimilarity(vectors, a, b, { metric: 'soft-cosine' })).toBeCloseTo(
      product(s, b) / Math.sqrt(product(s, s) * product(b, b)),
      6,
    );
    expect(await textSimilarity(vectors, a, 'nothing')).toBeNaN();
    expect(await textSimilarity(vectors, '', b)).toBeNaN();
  });
});

it.each<[call: (index: TextIndex) => unknown, code: string, message: string]>([
  [(index) => index.search(wrong([1])), 'ARGUMENT', 'a text or an array of words but received 1 as item 0'],
  [
    (index) => index.search('tea', { filter: wrong(() => Promise.resolve(true)) }),
    'OPTION',
    'filter to return',
  ],
  [(index) => index.search('tea', { norm: wrong('no') }), 'OPTION', 'norm to be true or false'],
  [() => TextIndex.build(vectors, ['tea'], { names: wrong('a') }), 'ARGUMENT', 'an array of names'],
  [() => TextVectorizer.fit(wrong(null), ['tea']), 'ARGUMENT', 'KeyedVectors but received null'],
])('%s is refused', async (call, code, message) => {
  const index = await TextIndex.build(vectors, ['hot tea', 'coffee']);
  const error = await refusalOf(() => call(index));
  expect([error.code, error.message]).toEqual([`ERR_W2V_${code}`, expect.stringContaining(message)]);
});
