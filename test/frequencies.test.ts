import { writeFileSync } from 'node:fs';
import { FrequencyDistribution, associationScore, collocations } from '../lib/index.js';
import { lastJson, refusalOf, rejectionOf, root, runNode, temporaryFolder, wrong } from './helpers.js';

const temporary = temporaryFolder();
const sentences = [
  ['new', 'york', 'is', 'big'],
  ['new', 'york', 'is', 'new'],
  ['is', 'york', 'new'],
];

describe('a frequency distribution', () => {
  it('counts any source', async () => {
    writeFileSync(temporary('a.txt'), sentences.map((words) => words.join(' ')).join('\n'));
    for (const source of [temporary('a.txt'), sentences, sentences.map((words) => words.join(' '))]) {
      const distribution = await FrequencyDistribution.of(source);
      expect([...distribution]).toEqual([
        ['new', 4],
        ['is', 3],
        ['york', 3],
        ['big', 1],
      ]);
      expect(distribution.total).toBe(11);
      expect(distribution.size).toBe(4);
      expect(distribution.count('york')).toBe(3);
      expect(distribution.count('boston')).toBe(0);
      expect(distribution.frequency('new')).toBeCloseTo(4 / 11, 12);
      expect(distribution.mostCommon(2)).toEqual([
        ['new', 4],
        ['is', 3],
      ]);
      expect(distribution.hapaxes()).toEqual(['big']);
    }
  });

  it('sorts many words', async () => {
    const words = Array.from({ length: 30_000 }, (_, i) => `w${(i * 7919) % 20_011}`);
    const distribution = await FrequencyDistribution.of([words]);
    expect(distribution.size).toBe(20_011);
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    expect([...distribution]).toEqual([...FrequencyDistribution.fromCounts(counts)]);
  });

  it('draws Zipf’s law', async () => {
    // In a process of its own: the axes' package is an ES module, which Jest does not load.
    const script = `const { FrequencyDistribution } = require(${JSON.stringify(root)});
      const counts = Array.from({ length: 1000 }, (_, i) => ['w' + i, Math.round(10_000 / (i + 1))]);
      FrequencyDistribution.fromCounts(counts).zipfPlot({ title: 'Words <of> a text' }).then(async (svg) => {
        const empty = await FrequencyDistribution.fromCounts([]).zipfPlot();
        console.log(JSON.stringify({ svg, empty }));
      });`;
    const { svg, empty } = lastJson<{ svg: string; empty: string }>(await runNode(['-e', script]));
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/);
    expect(svg).toContain('Words &#60;of&#62; a text');
    // The first word at rank 1 = log10 0 is at the left, count 10,000 at the top; a straight line to count 10 at rank 1000.
    const path = /data-series="words"[^>]* d="M([^"]+)"/
      .exec(svg)![1]!
      .split('L')
      .map((place) => place.split(',').map(Number));
    const [[x0, y0], [x1, y1]] = [path[0]!, path.at(-1)!] as [[number, number], [number, number]];
    for (const [x, y] of path as [number, number][])
      expect(Math.abs(y - (y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)))).toBeLessThan(2.5);
    expect(empty).toContain('nothing measured');
  });

  it('adds up the counts of the same word', () => {
    const words: [string, number][] = [
      ['a', 2],
      ['', 1],
      ['b', 3],
      ['a', 4],
    ];
    const distribution = FrequencyDistribution.fromCounts(words);
    expect([...distribution]).toEqual([
      ['a', 6],
      ['b', 3],
      ['', 1],
    ]);
    expect(distribution).toMatchObject({ size: 3, total: 10 });
    expect(['a', 'b', '', 'c'].map((word) => distribution.count(word))).toEqual([6, 3, 1, 0]);
  });

  it('refuses what is no count, and no text', async () => {
    expect(() => FrequencyDistribution.fromCounts([['a', -1]])).toThrow(/a whole number from 0/);
    expect(await rejectionOf(FrequencyDistribution.of([]))).toMatchObject({ code: 'ERR_W2V_CORPUS_EMPTY' });
    expect(await rejectionOf(FrequencyDistribution.of(['a'], { threads: 0 }))).toMatchObject({
      code: 'ERR_W2V_OPTION',
    });
  });
});

describe('association', () => {
  // The pair 'new companies' of Manning, Schütze 1999, chapter 5: 8 of 14,307,668 words, new 15,828, companies 4,675.
  const counts = { first: 15_828, second: 4_675, both: 8, corpusWords: 14_307_668 };

  it('has the values of the textbook', () => {
    expect(associationScore('student-t', counts)).toBeCloseTo(0.999932, 3);
    expect(associationScore('chi-squared', counts)).toBeCloseTo(1.55, 2);
    expect(associationScore('pmi', counts)).toBeCloseTo(Math.log2((8 * 14_307_668) / (15_828 * 4_675)), 12);
  });

  it('has the values of the formulas, by hand', () => {
    // 2 × 2 table: both 2, second alone 1, first alone 2, neither 6 of 11.
    const small = { first: 4, second: 3, both: 2, corpusWords: 11 };
    expect(associationScore('pmi', small)).toBeCloseTo(Math.log2(22 / 12), 12);
    expect(associationScore('npmi', small)).toBeCloseTo(Math.log2(22 / 12) / Math.log2(11 / 2), 12);
    expect(associationScore('student-t', small)).toBeCloseTo((2 - 12 / 11) / Math.SQRT2, 12);
    expect(associationScore('chi-squared', small)).toBeCloseTo(
      (11 * (2 * 6 - 1 * 2) ** 2) / (4 * 7 * 3 * 8),
      12,
    );
    const ln = Math.log;
    expect(associationScore('likelihood-ratio', small)).toBeCloseTo(
      2 * (2 * ln(2 / (12 / 11)) + 1 * ln(1 / (21 / 11)) + 2 * ln(2 / (32 / 11)) + 6 * ln(6 / (56 / 11))),
      12,
    );
  });

  it('is finite where cells are empty', () => {
    const together = { first: 2, second: 2, both: 2, corpusWords: 4 };
    expect(associationScore('npmi', together)).toBe(1);
    expect(associationScore('likelihood-ratio', together)).toBeCloseTo(2 * 4 * Math.log(2), 12);
    expect(associationScore('chi-squared', { first: 2, second: 2, both: 2, corpusWords: 2 })).toBe(0);
    expect(() => associationScore('pm' as 'pmi', together)).toThrow(/'pmi', 'npmi', .* received 'pm'/);
  });
});

describe('collocations', () => {
  it('are the best pairs', async () => {
    const found = await collocations(sentences, { measure: 'pmi', minCount: 1 });
    const expected = (first: number, second: number, both: number) =>
      Math.log2((both * 11) / (first * second));
    expect(found[0]).toEqual({
      words: ['is', 'big'],
      score: expect.closeTo(expected(3, 1, 1), 9) as number,
      count: 1,
    });
    expect(found.find(({ words }) => words.join(' ') === 'new york')).toEqual({
      words: ['new', 'york'],
      score: expect.closeTo(expected(4, 3, 2), 9) as number,
      count: 2,
    });
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    expect(found.length).toBe(6);
  });

  it('leave out rare pairs and stop-words', async () => {
    const pairs = async (options: object) =>
      (await collocations(sentences, options)).map(({ words }) => words.join(' ')).sort();
    expect(await pairs({ minCount: 2 })).toEqual(['new york', 'york is']);
    expect(await pairs({ minCount: 2, stopWords: ['is'] })).toEqual(['new york']);
    const many = Array.from({ length: 20_000 }, (_, i) => `w${i}`);
    expect(await pairs({ minCount: 2, stopWords: new Set([...many, 'is']) })).toEqual(['new york']);
    expect(await pairs({ minCount: 1, topN: 3 })).toHaveLength(3);
    for (const measure of ['npmi', 'chi-squared', 'student-t'])
      expect(await pairs({ minCount: 2, measure })).toHaveLength(2);
    expect(await rejectionOf(collocations(sentences, { measure: 'x' as 'pmi' }))).toMatchObject({
      code: 'ERR_W2V_OPTION',
    });
    expect(await rejectionOf(collocations(sentences, { window: 3 } as object))).toMatchObject({
      code: 'ERR_W2V_OPTION',
    });
  });
});

describe('arguments', () => {
  const words = FrequencyDistribution.fromCounts([['a', 1]]);
  const counts = { first: 1, second: 1, both: 1, corpusWords: 2 };

  it.each<[call: () => unknown, code: string, message: string]>([
    [() => words.mostCommon(NaN), 'ARGUMENT', 'a whole number of words from 0 but received NaN'],
    [() => words.count(wrong(undefined)), 'ARGUMENT', 'a word (a string) but received undefined'],
    [() => words.zipfPlot({ title: wrong(5) }), 'OPTION', 'title to be a text but received 5'],
    [() => FrequencyDistribution.fromCounts(wrong({ a: 1 })), 'ARGUMENT', 'pairs of a word and its count'],
    [
      () => FrequencyDistribution.fromCounts(wrong([5])),
      'ARGUMENT',
      'pairs of a word and its count but received 5',
    ],
    [() => associationScore('pmi', wrong({})), 'ARGUMENT', 'first of the counts to be a number from 0'],
    [() => associationScore('pmi', wrong(null)), 'ARGUMENT', 'first of the counts'],
    [() => associationScore('pmi', { ...counts, both: NaN }), 'ARGUMENT', 'both of the counts'],
    [
      () => associationScore(wrong('constructor'), counts),
      'OPTION',
      "'student-t' but received 'constructor'",
    ],
    [() => collocations(['a b'], { topN: NaN }), 'OPTION', 'topN to be a whole number from 0'],
    [() => collocations(['a b'], { stopWords: wrong([1]) }), 'OPTION', 'stopWords to be a list of words'],
  ])('%s', async (call, code, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual([`ERR_W2V_${code}`, expect.stringContaining(message)]);
  });
});
