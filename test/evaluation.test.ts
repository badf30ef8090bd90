// Evaluation: gensim's rules one by one, and gensim's figures on real sets.
import { writeFileSync } from 'node:fs';
import { KeyedVectors } from '../lib/index.js';
import { describeWithShared, rejectionOf, sharedData, temporaryFolder } from './helpers.js';

const file = temporaryFolder();

async function vectorsOf(rows: Record<string, number[]>): Promise<KeyedVectors> {
  const entries = Object.entries(rows);
  const lines = entries.map(([word, row]) => `${word} ${row.join(' ')}\n`);
  writeFileSync(file('v.txt'), `${entries.length} ${entries[0]![1].length}\n${lines.join('')}`);
  return KeyedVectors.load(file('v.txt'));
}

function write(name: string, ...lines: string[]): string {
  writeFileSync(file(name), lines.join('\n'));
  return file(name);
}

/** Capitals lie one step up from their countries. */
const world = {
  France: [1, 0, 0, 0],
  Paris: [1, 1, 0, 0],
  Italy: [0, 0, 1, 0],
  Rome: [0, 1, 1, 0],
  rome: [0, 1, 0.9, 0],
  Spain: [0, 0, 0, 1],
  Madrid: [0, -1, 0, 1],
};

describe('analogies', () => {
  const question = 'France Paris Italy Rome';

  test('sections and their total, accuracy and unknown words', async () => {
    const vectors = await vectorsOf(world);
    const questions = write(
      'q.txt',
      '\ufeff: right',
      question,
      'Italy Rome France Paris',
      ': mixed',
      'France Paris Spain Madrid', // it lies the other way
      'France Paris Atlantis Rome',
      '',
      ': unknown',
      'a b c d',
    );
    expect(await vectors.evaluateWordAnalogies(questions)).toEqual({
      correct: 2,
      total: 3,
      accuracy: 2 / 3,
      oov: 2,
      sections: [
        { name: 'right', correct: 2, total: 2, accuracy: 1, oov: 0 },
        { name: 'mixed', correct: 0, total: 1, accuracy: 0, oov: 1 },
        { name: 'unknown', correct: 0, total: 0, accuracy: null, oov: 1 },
      ],
    });
    const dummy = await vectors.evaluateWordAnalogies(questions, { dummy4unknown: true });
    expect(dummy).toMatchObject({ correct: 2, total: 5, accuracy: 0.4, oov: 2 });
  });

  test('case: the first spelling stands for all, and counts as the answer', async () => {
    const vectors = await vectorsOf(world);
    const lower = write('q.txt', ': c', 'FRANCE paris italy ROME');
    expect((await vectors.evaluateWordAnalogies(lower)).correct).toBe(1);
    expect((await vectors.evaluateWordAnalogies(lower, { caseInsensitive: false })).oov).toBe(1);
    // The nearest word is another spelling of the expected one.
    const near = await vectorsOf({ ...world, Rome: [0, 0.3, 1, 0] });
    expect((await near.evaluateWordAnalogies(write('q.txt', ': c', question))).correct).toBe(1);
    const exact = { caseInsensitive: false };
    expect((await near.evaluateWordAnalogies(write('q.txt', ': c', question), exact)).correct).toBe(0);
  });

  test('restrictVocab: words beyond are neither known nor answers', async () => {
    const vectors = await vectorsOf({ ...world, better: [-0.3, 0.7, 1, 0] });
    const questions = write('q.txt', ': c', question);
    expect((await vectors.evaluateWordAnalogies(questions)).correct).toBe(0);
    expect((await vectors.evaluateWordAnalogies(questions, { restrictVocab: 7 })).correct).toBe(1);
    expect(await vectors.evaluateWordAnalogies(questions, { restrictVocab: 3 })).toMatchObject({
      total: 0,
      oov: 1,
    });
  });
});

describe('word pairs', () => {
  const line = { a: [1, 0], b: [1, 0.1], c: [1, 1], d: [0, 1], e: [-1, 0.2] };

  test('correlations, comments, unknown words, delimiters', async () => {
    const vectors = await vectorsOf(line);
    const pairs = ['# comment', 'a\tb\t9', 'a\tc\t5.5', 'a\td\t5', 'a\te\t1', 'a\tzebra\t3', ''];
    const evaluation = await vectors.evaluateWordPairs(write('p.tsv', ...pairs));
    expect(evaluation).toMatchObject({ pairs: 4, oov: 1, oovRatio: 20 });
    expect(evaluation.spearman).toBeCloseTo(1, 12);
    // numpy.corrcoef([9, 5.5, 5, 1], the four cosines)
    expect(evaluation.pearson).toBeCloseTo(0.9446583, 6);
    const spaced = write('p.txt', ...pairs.slice(1).map((text) => text.replaceAll('\t', '  ')));
    expect(await vectors.evaluateWordPairs(spaced)).toEqual(evaluation);
    const commas = write('p.csv', ...pairs.map((text) => text.replaceAll('\t', ', ')));
    expect(await vectors.evaluateWordPairs(commas, { delimiter: ',' })).toEqual(evaluation);
    const many = await vectors.evaluateWordPairs(
      write('many.tsv', ...Array.from({ length: 5000 }, () => pairs).flat()),
    );
    expect([many.pairs, many.oov]).toEqual([5000 * evaluation.pairs, 5000 * evaluation.oov]);
    expect(many.spearman).toBeCloseTo(evaluation.spearman!, 9);
    expect(many.pearson).toBeCloseTo(evaluation.pearson!, 9);
    const dummy = await vectors.evaluateWordPairs(file('p.tsv'), { dummy4unknown: true });
    expect(dummy).toMatchObject({ pairs: 5, oov: 1, oovRatio: 20 });
    expect(dummy.spearman).not.toBe(evaluation.spearman);
  });

  test('ties share their average rank', async () => {
    const vectors = await vectorsOf(line);
    const { spearman } = await vectors.evaluateWordPairs(
      write('p.tsv', 'a\tb\t7', 'a\tc\t7', 'a\td\t3', 'a\te\t1'),
    );
    expect(spearman).toBeCloseTo(0.9486832980505138, 12); // scipy.stats.spearmanr([7, 7, 3, 1], [4, 3, 2, 1])
  });

  test('no correlation where it is not defined', async () => {
    const vectors = await vectorsOf(line);
    expect(await vectors.evaluateWordPairs(write('p.tsv', 'a\tb\t7'))).toMatchObject({
      spearman: null,
      pearson: null,
    });
    const constant = await vectors.evaluateWordPairs(write('p.tsv', 'a\tb\t7', 'a\tc\t7'));
    expect(constant).toMatchObject({ spearman: null, pearson: null });
  });
});

describe('what is refused', () => {
  test.each([
    ['evaluateWordAnalogies', ['a b c d'], 'line 1'],
    ['evaluateWordAnalogies', [': s', 'a b c'], 'line 2'],
    ['evaluateWordAnalogies', [': s', 'a b c d e'], 'line 2'],
    ['evaluateWordAnalogies', [': s', ''], 'none'],
    ['evaluateWordPairs', ['a\tb'], 'line 1'],
    ['evaluateWordPairs', ['a\tb\t1', 'a\tb\thigh'], 'line 2'],
    ['evaluateWordPairs', ['a\tb\t'], 'line 1'],
    ['evaluateWordPairs', ['# nothing'], 'none'],
  ] as const)('%s of %j', async (method, lines, says) => {
    const vectors = await vectorsOf(world);
    const error = await rejectionOf(vectors[method](write('bad.txt', ...lines)));
    expect(error.code).toBe('ERR_W2V_EVALUATION_FORMAT');
    expect(error.message).toContain(file('bad.txt'));
    expect(error.message).toContain(says);
  });

  test('missing files, options out of range, cancelled work, errors in onProgress', async () => {
    const vectors = await vectorsOf(world);
    const questions = write('q.txt', ': c', 'France Paris Italy Rome');
    const own = new Error('own');
    const onProgress = () => {
      throw own;
    };
    for (const method of ['evaluateWordAnalogies', 'evaluateWordPairs'] as const) {
      expect((await rejectionOf(vectors[method](file('none')))).code).toBe('ERR_W2V_FILE_NOT_FOUND');
      expect((await rejectionOf(vectors[method](questions, { restrictVocab: 0 }))).code).toBe(
        'ERR_W2V_OPTION',
      );
      expect((await rejectionOf(vectors[method](questions, { signal: AbortSignal.abort() }))).code).toBe(
        'ERR_W2V_CANCELLED',
      );
      expect(await rejectionOf(vectors[method](questions, { onProgress }))).toBe(own);
    }
    expect((await rejectionOf(vectors.evaluateWordPairs(questions, { delimiter: '' }))).code).toBe(
      'ERR_W2V_OPTION',
    );
  });
});

// By gensim 4.2.0: KeyedVectors.load_word2vec_format('golden/sg-ns.bin', binary=True), then evaluate_word_analogies and
// evaluate_word_pairs with restrict_vocab and dummy4unknown as given.
describeWithShared('golden')("gensim's figures", () => {
  let vectors: KeyedVectors;
  beforeAll(async () => {
    vectors = await KeyedVectors.load(sharedData('golden', 'sg-ns.bin'));
  });

  test.each([
    [300_000, false, 0.007417397167902899, 11, 1483],
    [300_000, true, 0.0005628325828898894, 11, 19544],
    [2000, false, 0.02425876010781671, 9, 371],
    [2000, true, 0.00046049938600081867, 9, 19544],
  ])(
    'questions-words, restrictVocab %i, dummy4unknown %s',
    async (restrictVocab, dummy4unknown, accuracy, correct, total) => {
      const file = sharedData('eval', 'questions-words.txt');
      const evaluation = await vectors.evaluateWordAnalogies(file, { restrictVocab, dummy4unknown });
      expect(evaluation).toMatchObject({
        correct,
        total,
        oov: dummy4unknown ? expect.any(Number) : 19544 - total,
      });
      expect(evaluation.accuracy).toBeCloseTo(accuracy, 12);
      expect(evaluation.sections.map(({ name }) => name)).toContain('family');
      expect(evaluation.sections).toHaveLength(14);
    },
  );

  test.each([
    ['wordsim353.tsv', 300_000, false, 0.065069504762205, 0.09782443555971507, 60.62322946175638],
    ['men3000.txt', 300_000, false, 0.04228423193014159, 0.08757930030954117, 81.46666666666667],
    ['simverb3500.txt', 300_000, false, -0.06531279768058006, -0.20670484411899032, 85.22857142857143],
    ['wordsim353.tsv', 300_000, true, -0.004225957578477622, -0.0063850378861046286, 60.62322946175638],
    ['men3000.txt', 300_000, true, 0.08653754186882705, 0.09010471334700332, 81.46666666666667],
    ['simverb3500.txt', 2000, false, -0.10357302457022333, -0.16501391173360053, 94.62857142857143],
    ['wordsim353.tsv', 2000, true, 0.015827490110319455, -0.004616886886595958, 78.18696883852692],
  ])(
    '%s, restrictVocab %i, dummy4unknown %s',
    async (set, restrictVocab, dummy4unknown, pearson, spearman, oovRatio) => {
      const evaluation = await vectors.evaluateWordPairs(sharedData('eval', set), {
        restrictVocab,
        dummy4unknown,
      });
      expect(evaluation.pearson).toBeCloseTo(pearson, 5);
      expect(evaluation.spearman).toBeCloseTo(spearman, 5);
      expect(evaluation.oovRatio).toBeCloseTo(oovRatio, 9);
    },
  );

  test.each([
    'rarewords.txt',
    'mturk771.txt',
    'rg65.txt',
    'simlex999.txt',
    'wordsim353-rel.txt',
    'zh/wordsim-240.txt',
    'zh/wordsim-297.txt',
  ])('%s is read', async (set) => {
    const { pairs, oov } = await vectors.evaluateWordPairs(sharedData('eval', set));
    expect(pairs + oov).toBeGreaterThan(60);
  });
});
