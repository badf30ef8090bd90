// The command lines of Google's tools: flags, prompts, tables and files, as the originals have them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors } from '../lib/index.js';
import {
  describeWithShared,
  madeSentences,
  root,
  runNode,
  sharedData,
  temporaryFolder,
  type CliOptions,
} from './helpers.js';

const file = temporaryFolder();
const tool = (name: string, args: readonly (string | number)[] = [], options: CliOptions = {}) =>
  runNode([path.join(root, 'dist', 'google', `${name}.js`), ...args.map(String)], options);

const sentences = madeSentences(400);
const text = sentences.map((words) => `${words.join(' ')}\n`).join('');

beforeAll(async () => {
  writeFileSync(file('corpus.txt'), text);
  const words = ['</s>', 'man', 'woman', 'king', 'queen', 'Prince'];
  const rows = [
    [1, 1, 1],
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
    [0, 1, 1],
    [1, 0.1, 1],
  ];
  await (await KeyedVectors.fromVectors(words, rows)).save(file('vectors.bin'));
});

describe('word2vec', () => {
  const quick = ['-train', file('corpus.txt'), '-size', 5, '-threads', 1, '-iter', 2, '-min-count', 1];

  test('text, binary, classes and the vocabulary, and what it says', async () => {
    const textRun = await tool('word2vec', [
      ...quick,
      '-output',
      file('v.txt'),
      '-save-vocab',
      file('vocab'),
    ]);
    expect([textRun.code, textRun.stderr]).toEqual([0, '']);
    const words = sentences.flat().length + sentences.length;
    const vectors = await KeyedVectors.load(file('v.txt'));
    expect(textRun.stdout).toContain(
      `Starting training using file ${file('corpus.txt')}\nVocab size: ${vectors.size}\nWords in train file: ${words}\n`,
    );
    expect(textRun.stdout).toMatch(
      /\rAlpha: 0\.0000\d\d {2}Progress: 100\.00% {2}Words\/thread\/sec: \d+\.\d\dk {2}$/,
    );
    const lines = readFileSync(file('v.txt'), 'utf8').split('\n');
    expect(lines[0]).toBe(`${vectors.size} 5`);
    expect(lines[1]).toMatch(/^<\/s> (-?\d\.\d{6} ){5}$/);
    const vocabulary = readFileSync(file('vocab'), 'utf8').trimEnd().split('\n');
    expect(vocabulary[0]).toBe(`</s> ${sentences.length}`);
    expect(vocabulary.map((line) => line.split(' ')[0])).toEqual([...vectors]);

    const binary = await tool('word2vec', [...quick, '-output', file('v.w2v'), '-binary', 1, '-debug', 0]);
    expect(binary.stdout).toBe(`Starting training using file ${file('corpus.txt')}\n`);
    const bytes = readFileSync(file('v.w2v'));
    expect(bytes.subarray(0, 20).toString('latin1')).toMatch(new RegExp(`^${vectors.size} 5\n</s> `));
    const other = await KeyedVectors.load(file('v.w2v'));
    expect(other.loadedFrom!.format).toBe('bin');
    expect(other.get([...vectors][3]!)[0]).toBeCloseTo(vectors.get([...vectors][3]!)[0]!, 5);

    await tool('word2vec', [...quick, '-output', file('classes'), '-classes', 3]);
    const classes = readFileSync(file('classes'), 'utf8').trimEnd().split('\n');
    expect(classes).toHaveLength(vectors.size);
    for (const line of classes) expect(line).toMatch(/^\S+ [012]$/);
  });

  test('without an output it counts; flags that it does not know are ignored, as by the original', async () => {
    const result = await tool('word2vec', [...quick, '-save-vocab', file('only.vocab'), '-unknown', 5]);
    expect(result.code).toBe(0);
    expect(readFileSync(file('only.vocab'), 'utf8')).toContain(`</s> ${sentences.length}\n`);
    const again = await tool('word2vec', [
      ...quick,
      '-read-vocab',
      file('only.vocab'),
      '-output',
      file('again.txt'),
    ]);
    expect(again.code).toBe(0);
    expect(existsSync(file('again.txt'))).toBe(true);
  });

  test.each([
    [['-train'], 'Argument missing for -train'],
    [['-train', file('none'), '-output', file('x')], 'none'],
    [['-train', file('corpus.txt'), '-output', file('no/such')], 'no/such'],
    [['-train', file('corpus.txt'), '-output', file('x'), '-size', 'ten'], '-size'],
    [['-train', file('corpus.txt'), '-output', file('x'), '-negative', '0'], 'negative'],
  ])('%j fails with exit code 1', async (args, says) => {
    const result = await tool('word2vec', args);
    expect([result.code, result.stderr]).toEqual([1, expect.stringContaining(says)]);
    expect(result.stderr).not.toContain('array'); // hints for those who call functions
    expect(existsSync(file('x'))).toBe(false);
  });

  test.each(['word2vec', 'word2phrase', 'distance', 'word-analogy', 'compute-accuracy'])(
    '%s without arguments explains itself',
    async (name) => {
      const result = await tool(name);
      expect(result.code).toBe(0);
      expect(result.stdout).toMatch(/-train <file>|Usage: \.\//);
    },
  );
});

test('word2phrase: a space before each word, lines as they were', async () => {
  const lines = Array.from({ length: 50 }, (_, i) => `w${i} new york x${i}`);
  writeFileSync(file('phrases.txt'), `${lines.join('\n')}\n\nnew york`);
  const args = ['-train', file('phrases.txt'), '-output', file('joined.txt'), '-threshold', 1];
  const result = await tool('word2phrase', args);
  expect(result.code).toBe(0);
  expect(result.stdout).toBe(
    `Starting training using file ${file('phrases.txt')}\nVocab size (unigrams + bigrams): 3\nWords in train file: 202\n`,
  );
  expect(readFileSync(file('joined.txt'), 'utf8')).toBe(
    `${lines.map((line) => ` ${line.replace('new york', 'new_york')}\n`).join('')}\n new_york\n`,
  );
  expect((await tool('word2phrase', ['-train', file('none'), '-output', file('y')])).code).toBe(1);
});

test('distance', async () => {
  const input = 'king\nking  man\nnobody man\n\nEXIT\nqueen\n';
  const { stdout, code } = await tool('distance', [file('vectors.bin')], { input });
  const prompt = 'Enter word or sentence (EXIT to break): ';
  const [start, king, several, unknown, empty, ...rest] = stdout.split(prompt);
  expect([code, start, empty, rest]).toEqual([0, '', '', ['']]);
  expect(king).toBe(`
Word: king  Position in vocabulary: 3

                                              Word       Cosine distance
------------------------------------------------------------------------
                                            Prince\t\t0.997509
                                              </s>\t\t0.816497
                                               man\t\t0.707107
                                             queen\t\t0.500000
                                             woman\t\t0.000000
`);
  expect(several).toContain('\nWord: man  Position in vocabulary: 1\n\n');
  expect(several).not.toMatch(/^ +man/m);
  expect(unknown).toBe('\nWord: nobody  Position in vocabulary: -1\nOut of dictionary word!\n');
});

test('word-analogy', async () => {
  const input = 'man woman king\nman woman\nman nobody king\nEXIT\n';
  const { stdout, code } = await tool('word-analogy', [file('vectors.bin')], { input });
  const [start, answer, few, unknown, ...rest] = stdout.split('Enter three words (EXIT to break): ');
  expect([code, start, rest]).toEqual([0, '', ['']]);
  expect(answer).toMatch(/Word {14}Distance\n-{72}\n +queen\t\t0\.9\d{5}\n/);
  expect(few).toBe(
    'Only 2 words were entered.. three words are needed at the input to perform the calculation\n',
  );
  expect(unknown).toBe(
    '\nWord: man  Position in vocabulary: 1\n\nWord: nobody  Position in vocabulary: 0\nOut of dictionary word!\n',
  );
});

test('compute-accuracy: in capitals, sections, sums; the end of the input ends it', async () => {
  const questions = ': family\nMan Woman King Queen\nman woman king prince\nman woman nobody queen\n: none\n';
  const { stdout, code } = await tool('compute-accuracy', [file('vectors.bin'), 0], { input: questions });
  expect(code).toBe(0);
  expect(stdout).toBe(`family:
ACCURACY TOP1: 50.00 %  (1 / 2)
Total accuracy: 50.00 %   Semantic accuracy: 50.00 %   Syntactic accuracy: -nan % \n\
none:
ACCURACY TOP1: 0.00 %  (0 / 1)
Total accuracy: 50.00 %   Semantic accuracy: 50.00 %   Syntactic accuracy: -nan % \n\
Questions seen / total: 2 3   66.67 % \n`);
  const cut = await tool('compute-accuracy', [file('vectors.bin'), 0], { input: ': family\nman woman' });
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('man woman')]);
  expect((await tool('compute-accuracy', [file('none')])).code).toBe(1);
});

describeWithShared('golden')("the originals' outputs", () => {
  const golden = (name: string) => sharedData('golden', name);
  beforeAll(() => writeFileSync(file('golden.txt'), gunzipSync(readFileSync(golden('corpus.txt.gz')))));
  const common = ['-size', 32, '-window', 5, '-sample', 1e-3, '-iter', 2, '-min-count', 5, '-threads', 1];

  test.each([
    ['sg-ns.bin', ['-cbow', 0, '-negative', 5, '-hs', 0, '-binary', 1]],
    ['cbow-hs.bin', ['-cbow', 1, '-negative', 0, '-hs', 1, '-binary', 1]],
  ])('%s', async (name, flags) => {
    const args = ['-train', file('golden.txt'), '-output', file(name), ...common, ...flags];
    expect((await tool('word2vec', args)).code).toBe(0);
    const [ours, theirs] = [await KeyedVectors.load(file(name)), await KeyedVectors.load(golden(name))];
    expect([...ours]).toEqual([...theirs]);
    const [a, b] = [ours.getVectors([...ours]), theirs.getVectors([...theirs])];
    const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
    expect(length(a.map((value, i) => value - b[i]!)) / length(b)).toBeLessThan(1e-3);
  });

  test('vocabulary, classes', async () => {
    const flags = ['-cbow', 0, '-save-vocab', file('golden.vocab'), '-classes', 20];
    await tool('word2vec', [
      '-train',
      file('golden.txt'),
      '-output',
      file('golden.classes'),
      ...common,
      ...flags,
    ]);
    expect(readFileSync(file('golden.vocab'), 'utf8')).toBe(readFileSync(golden('vocab.txt'), 'utf8'));
    // Rounding moves words that lie between classes, and classes with them: k-means on the same vectors is exact.
    const classes = (name: string) => readFileSync(name, 'utf8').split('\n');
    const [ours, theirs] = [classes(file('golden.classes')), classes(golden('classes.txt'))];
    expect(ours.filter((line, i) => line !== theirs[i]).length).toBeLessThan(0.05 * theirs.length);
  });

  test('word2phrase, byte for byte', async () => {
    await tool('word2phrase', ['-train', file('golden.txt'), '-output', file('golden.phrases')]);
    const expected = gunzipSync(readFileSync(golden('phrases.txt.gz')));
    expect(readFileSync(file('golden.phrases')).equals(expected)).toBe(true);
  });

  test.each([
    ['distance', [golden('sg-ns.bin')], 'king\nnew york\nEXIT\n'],
    ['word-analogy', [golden('sg-ns.bin')], 'man woman king\nEXIT\n'],
  ])('%s', async (name, args, input) => {
    const { stdout } = await tool(name, args, { input });
    const expected = readFileSync(golden(`${name}.txt`), 'utf8');
    const table = (output: string) => output.split('\n').map((line) => line.split(/\t\t/));
    const [ours, theirs] = [table(stdout), table(expected)];
    expect(ours).toHaveLength(theirs.length);
    const wordsOf = (rows: string[][]) => rows.map(([word]) => word).sort();
    expect(wordsOf(ours)).toEqual(wordsOf(theirs));
    for (const [i, [, score]] of ours.entries())
      if (score !== undefined) expect(Math.abs(Number(score) - Number(theirs[i]![1]))).toBeLessThan(3e-6);
  });

  test('compute-accuracy', async () => {
    const input = readFileSync(sharedData('eval', 'questions-words.txt'));
    const { stdout } = await tool('compute-accuracy', [golden('sg-ns.bin'), 30000], { input });
    expect(stdout).toBe(readFileSync(golden('compute-accuracy.txt'), 'utf8'));
  });
});
