// SequenceTagger, its readers, scores and command line.
import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  KeyedVectors,
  SequenceTagger,
  readColumns,
  readConllu,
  readPropositions,
  readSinica,
  readTagged,
  readTaggedWords,
  spansOf,
  tagsOf,
  type TaggedSentence,
} from '../lib/index.js';
import { TaggingScorer } from '../lib/span-evaluation.js';
import { normalForm, shapeOf } from '../lib/token-features.js';
import { refusalOf, rejectionOf, runCli, temporaryFolder, wrong } from './helpers.js';
import { writeZip } from './make-zip.js';

const file = temporaryFolder();

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(file(name), content);
  return file(name);
}

async function all(sentences: AsyncIterable<TaggedSentence>): Promise<TaggedSentence[]> {
  const list: TaggedSentence[] = [];
  for await (const sentence of sentences) list.push(sentence);
  return list;
}

/** Names after "in" are places, after "Mr." persons; the words of names are many. */
function makeSentences(count: number, seed: number): TaggedSentence[] {
  let state = seed;
  const random = (n: number) => (state = (state * 48271) % 2147483647) % n;
  const name = () => `N${'abcdefghij'[random(10)]}${'klmnopqrst'[random(10)]}`;
  return Array.from({ length: count }, () => {
    const tokens: string[] = [];
    const tags: string[] = [];
    for (let i = 0; i < 2 + random(3); ++i) {
      const kind = random(3);
      if (kind === 2) {
        tokens.push('the', 'house');
        tags.push('O', 'O');
        continue;
      }
      const type = kind === 0 ? 'LOC' : 'PER';
      tokens.push(kind === 0 ? 'in' : 'Mr.', name());
      tags.push('O', `B-${type}`);
      if (random(2) === 0) {
        tokens.push(name());
        tags.push(`I-${type}`);
      }
    }
    return { tokens, tags };
  });
}

function zipped(name: string, files: Record<string, string>): string {
  writeZip(file(name), files);
  return file(name);
}

const small = { epochs: 12, hiddenSize: 32, vectorSize: 10, featureSize: 4, alpha: 0.05, threads: 1 };
const toColumns = (sentences: TaggedSentence[]) =>
  sentences
    .map(({ tokens, tags }) => `${tokens.map((token, i) => `${token} ${tags![i]}\n`).join('')}\n`)
    .join('');

describe('reading', () => {
  test('columns: blanks or tabs, CRLF, empty sentences, -DOCSTART-, no final line feed', async () => {
    const text = '-DOCSTART- -X- O\n\n\n\nThe DT B-NP\r\nUS  NNP I-NP\r\n\r\na\u00a0b NN\tO\n'.replace(
      'NN\tO',
      'NN O',
    );
    const sentences = await all(readColumns(write('columns.txt', `${text}\t\t\nlast\tNN\tB-NP`)));
    expect(sentences.map(({ tokens }) => tokens)).toEqual([['The', 'US'], ['a\u00a0b'], ['last']]);
    expect(sentences[0]).toEqual({
      tokens: ['The', 'US'],
      columns: { column2: ['DT', 'NNP'] },
      tags: ['B-NP', 'I-NP'],
      where: `${file('columns.txt')}:5`,
    });
  });

  test('rows with missing columns, and other encodings, are errors with file and line', async () => {
    const short = write('short.txt', 'a X O\nb X O\n\nc O\n');
    const error = await rejectionOf(all(readColumns(short)));
    expect(error.code).toBe('ERR_W2V_CORPUS_FORMAT');
    expect(error.message).toContain(`3 columns, as in ${short}:1`);
    expect(error.message).toContain(`${short}:4`);
    const empty = await rejectionOf(all(readColumns(write('empty-tag.txt', 'a\tO\nb\t\n'))));
    expect(empty.message).toMatch(/^Expected no empty column.*empty-tag.txt:2/s);
    const alone = await rejectionOf(all(readColumns(write('alone.txt', 'a\nb\n'))));
    expect(alone.message).toContain('a token and its tag');

    const mixed = write('mixed.txt', Buffer.concat([Buffer.from('ñu O\n'), Buffer.from('ñu O\n', 'latin1')]));
    const encoding = await rejectionOf(all(readColumns(mixed)));
    expect(encoding.code).toBe('ERR_W2V_TEXT_ENCODING');
    expect(encoding.message).toMatch(/mixed\.txt'.*at byte 6, line 2/);
    const latin = write('latin.txt', Buffer.from('ñu O\n', 'latin1'));
    expect((await all(readColumns(latin, { encoding: 'latin1' })))[0]!.tokens).toEqual(['ñu']);
    expect((await rejectionOf(all(readColumns(file('none.txt'))))).code).toBe('ERR_W2V_FILE_NOT_FOUND');
  });

  test('what tells about a corpus is no part of it, and options are known', async () => {
    mkdirSync(file('nltk'));
    write('nltk/README', Buffer.from('caf\xe9', 'latin1'));
    write('nltk/train.txt', 'a O\n');
    expect((await all(readColumns(file('nltk')))).map(({ tokens }) => tokens)).toEqual([['a']]);
    const train = file('nltk/train.txt');
    const unknown = [
      readColumns(train, { encod: 'latin1' } as object),
      readConllu(train, { colums: [] } as object),
      readTaggedWords(train, { ignoreColumns: [] } as object),
    ];
    for (const sentences of unknown)
      expect((await rejectionOf(all(sentences))).message).toMatch(/^Unknown option/);
    const junk = await all(
      readSinica(write('junk.txt', 'a : O : O\n#1:1.[0] NP(Head:Nab:\u4eba)#\n'), { files: undefined }),
    );
    expect(junk.map(({ tokens }) => tokens)).toEqual([['\u4eba']]);
  });

  test('folders, zips, what is in a zip, .gz', async () => {
    const zip = zipped('data.zip', { 'data/a.txt': 'a O\n', 'data/b.txt': 'b O\n\nc O\n' });
    const tokens = async (sentences: AsyncIterable<TaggedSentence>) =>
      (await all(sentences)).flatMap((sentence) => sentence.tokens);
    expect(await tokens(readColumns(zip))).toEqual(['a', 'b', 'c']);
    expect(await tokens(readColumns(zip, { files: ['b.txt'] }))).toEqual(['b', 'c']);
    expect(await tokens(readColumns(`${zip}/b.txt`))).toEqual(['b', 'c']);
    mkdirSync(file('folder'));
    write('folder/x.txt', 'x O');
    expect(await tokens(readColumns(file('folder')))).toEqual(['x']);
    expect(await tokens(readColumns(write('g.txt.gz', gzipSync('g O\n'))))).toEqual(['g']);
    expect((await rejectionOf(all(readColumns(`${zip}/c.txt`)))).code).toBe('ERR_W2V_FILE_NOT_FOUND');
  });

  const row = (...fields: (string | number)[]) => `${fields.join('\t')}\n`;
  const conllu =
    "# text = don't go\n" +
    row('1-2', "don't", '_', '_', '_', '_', '_', '_', '_', '_') +
    row(1, 'do', 'do', 'AUX', 'VB', '_', 3, 'aux', '_', '_') +
    row(2, "n't", 'not', 'PART', 'RB', '_', 3, 'advmod', '_', '_') +
    row('2.1', 'x', '_', '_', '_', '_', '_', '_', '_', '_') +
    row(3, 'go', 'go', 'VERB', 'VB', '_', 0, 'root', '_', '_') +
    '\n';

  test('CoNLL-U: words only; a tag and columns by name', async () => {
    const path = write('a.conllu', conllu);
    const [sentence, ...rest] = await all(readConllu(path, { tag: 'xpos', columns: ['upos', 'deprel'] }));
    expect(rest).toEqual([]);
    expect(sentence).toMatchObject({
      tokens: ['do', "n't", 'go'],
      columns: { upos: ['AUX', 'PART', 'VERB'], deprel: ['aux', 'advmod', 'root'] },
      tags: ['VB', 'RB', 'VB'],
    });
    expect((await all(readTagged(path)))[0]!.tags).toEqual(['AUX', 'PART', 'VERB']);
    const short = await rejectionOf(all(readConllu(write('b.conllu', `${conllu}1\tx\n`))));
    expect(short.message).toContain('b.conllu:8');
    expect(() => readConllu(path, { tag: 'xyz' as 'upos' })).toThrow('xpos');
  });

  test('propositions: a sentence for each predicate, in both layouts', async () => {
    const common = (i: number, word: string, pos: string) => [i, word, word, pos, pos, '_', 0, 'x'];
    const newer =
      row(...common(1, 'Dogs', 'NOUN'), '_', '_', '_', 'ARG0', 'ARG0') +
      row(...common(2, 'bark', 'VERB'), '_', '_', 'bark.01', 'V', '_') +
      row(...common(3, 'run', 'VERB'), '_', '_', 'run.02', '_', 'V') +
      '\n' +
      row(...common(1, 'Yes', 'INTJ'), '_', '_', '');
    const [first, second, ...rest] = await all(readTagged(write('roles.conllu', newer)));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      tokens: ['Dogs', 'bark', 'run'],
      columns: {
        upos: ['NOUN', 'VERB', 'VERB'],
        predicate: ['bark', 'bark', 'bark'],
        sense: ['bark.01', 'bark.01', 'bark.01'],
        distance: ['-1', '0', '1'],
      },
      tags: ['ARG0', 'O', 'O'],
    });
    expect(second!.columns!.distance).toEqual(['-2', '-1', '0']);
    const older =
      row(...common(1, 'Dogs', 'NOUN'), '_', '_', 'A0') +
      row(...common(2, 'bark', 'VERB'), 'Y', 'bark.01', '_');
    expect((await all(readPropositions(write('older.conllu', older))))[0]).toMatchObject({
      columns: { sense: ['bark.01', 'bark.01'] },
      tags: ['A0', 'O'],
    });
    const wrong = newer.replaceAll('bark.01', '_');
    const error = await rejectionOf(all(readPropositions(write('wrong.conllu', wrong))));
    expect(error.code).toBe('ERR_W2V_CORPUS_FORMAT');
    expect(error.message).toContain('wrong.conllu:1');
  });

  test('treebanks: word/TAG, and leaves', async () => {
    const words = write('wsj.pos', '[ Pierre/NNP Vinken/NNP ]\n,/, 1\\/2/CD\n=====\n\nyes/UH\n');
    expect(await all(readTaggedWords(words))).toMatchObject([
      { tokens: ['Pierre', 'Vinken', ',', '1/2'], tags: ['NNP', 'NNP', ',', 'CD'] },
      { tokens: ['yes'], tags: ['UH'] },
    ]);
    expect((await all(readTaggedWords(words, { lines: true }))).length).toBe(3);
    const error = await rejectionOf(all(readTaggedWords(write('bad.pos', 'a/X\nb\n'))));
    expect(error.message).toContain('bad.pos:2');
    const zip = zipped('sinica.zip', {
      'sinica/parsed': '#1:1.[4] S(theme:NP(Head:Nba:嘉珍|Head:Caa:和)|Head:VC1:住在)#，(COMMACATEGORY)\r\n',
      'sinica/raw': 'x',
    });
    expect(await all(readSinica(zip))).toMatchObject([
      { tokens: ['嘉珍', '和', '住在'], tags: ['Nba', 'Caa', 'VC1'] },
    ]);
  });
});

describe('scores', () => {
  test('spans as conlleval has them, broken sequences too', () => {
    const spans = (text: string) =>
      spansOf(text.split(' ')).map(({ begin, end, type }) => `${type}${begin}-${end}`);
    expect(spans('B-A I-A O B-B B-B')).toEqual(['A0-2', 'B3-4', 'B4-5']);
    expect(spans('I-A I-A I-B O I-A')).toEqual(['A0-2', 'B2-3', 'A4-5']);
    expect(spans('B-A I-B I-B')).toEqual(['A0-1', 'B1-3']);
    expect(spans('B-A E-A S-A I-A E-A I-A')).toEqual(['A0-2', 'A2-3', 'A3-5', 'A5-6']);
    expect(spans('O O')).toEqual([]);
  });

  test('spans → tags → spans', () => {
    const arbitrary = fc.array(
      fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.constantFrom('A', 'B-x')),
    );
    fc.assert(
      fc.property(arbitrary, fc.constantFrom('BIO' as const, 'BIOES' as const), (parts, scheme) => {
        let at = 0;
        const spans = parts.map(([gap, length, type]) => {
          const begin = at + gap;
          at = begin + length;
          return { begin, end: at, type };
        });
        expect(spansOf(tagsOf(spans, at + 1, scheme))).toEqual(spans);
      }),
    );
  });

  const span = { begin: 0, end: 1, type: 'X' };
  test.each<[call: () => unknown, message: string]>([
    [() => spansOf(wrong([null])), 'an array of tags but received null as item 0'],
    [() => spansOf(wrong('O')), "an array of tags but received 'O'"],
    [() => tagsOf(wrong(null), 3, 'BIO'), 'an array of spans but received null'],
    [() => tagsOf(wrong({}), -1, 'BIO'), 'a number of tokens, whole, from 0, but received -1'],
    [() => tagsOf(wrong({}), 1, 'BIO'), 'an array of spans but received an object'],
    [() => tagsOf([span], 3, wrong('FOO')), "'BIO' or 'BIOES' but received 'FOO'"],
    [() => tagsOf([{ ...span, begin: -2 }], 3, 'BIO'), '0 ≤ begin < end ≤ 3 but received -2'],
    [() => tagsOf([{ ...span, end: 9 }], 3, 'BIO'), '0 ≤ begin < end ≤ 3 but received 9'],
    [() => tagsOf([{ ...span, begin: 1 }], 3, 'BIO'), '0 ≤ begin < end ≤ 3 but received 1'],
    [() => tagsOf([{ ...span, type: wrong(1) }], 3, 'BIO'), 'but received 1'],
    [() => tagsOf(wrong([null]), 3, 'BIO'), 'but received null'],
  ])('%s', async (call, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual(['ERR_W2V_ARGUMENT', expect.stringContaining(message)]);
  });

  test('counts, by type and in all', () => {
    const scorer = new TaggingScorer('spans');
    scorer.add(['B-A', 'I-A', 'O', 'B-B'], ['B-A', 'I-A', 'B-B', 'B-B']);
    scorer.add(['B-A', 'I-A'], ['B-A', 'O']);
    const result = scorer.result();
    expect(result).toMatchObject({ correct: 2, predicted: 4, expected: 3, sentences: 2, tokens: 6 });
    expect(result.precision).toBe(0.5);
    expect(result.recall).toBeCloseTo(2 / 3);
    expect(result.f1).toBeCloseTo(4 / 7);
    expect(result.accuracy).toBeCloseTo(4 / 6);
    expect(result.perType.A).toMatchObject({ correct: 1, predicted: 2, expected: 2, f1: 0.5 });
    const labels = new TaggingScorer('labels');
    labels.add(['O', 'X', 'Y'], ['X', 'X', 'O']);
    expect(labels.result()).toMatchObject({ correct: 1, predicted: 2, expected: 2, f1: 0.5 });
  });
});

test('what a tagger sees of a token', () => {
  expect(normalForm('ÁRBOL-1996')).toBe('árbol-0000');
  expect(shapeOf('McDonald’s')).toBe('XxXxx’x');
  expect(shapeOf('1,234,567')).toBe('0,00,00');
  expect(shapeOf('上海')).toBe('xx');
});

describe('tagging', () => {
  const train = makeSentences(400, 7);
  const test1 = makeSentences(100, 99);

  test('learns names by context, the same bytes with one thread and seed; saves and loads', async () => {
    const tagger = await SequenceTagger.train(train, small);
    const again = await SequenceTagger.train(train, small);
    await tagger.save(file('a.tagger'));
    expect((await tagger.test(test1)).f1).toBeGreaterThan(0.95);
    const loaded = await SequenceTagger.load(file('a.tagger'));
    expect(await loaded.test(test1)).toEqual(await again.test(test1));
    expect(loaded.report).toEqual(tagger.report);
    expect(loaded.tags.sort()).toEqual(['B-LOC', 'B-PER', 'I-LOC', 'I-PER', 'O']);
    expect(await loaded.tag([['in', 'Nak', 'Nbl'], [], ['the']])).toEqual([
      ['O', 'B-LOC', 'I-LOC'],
      [],
      ['O'],
    ]);
    const other = await SequenceTagger.train(train, { ...small, seed: 2 });
    expect(other.report.losses).not.toEqual(tagger.report.losses);
    expect(again.report.losses).toEqual(tagger.report.losses);
  });

  test('a development set keeps the best epoch and ends a training', async () => {
    const seen: number[] = [];
    const tagger = await SequenceTagger.train(train, {
      ...small,
      epochs: 40,
      patience: 2,
      development: makeSentences(50, 5),
      onProgress: ({ fraction }) => seen.push(fraction),
    });
    const { epochs, bestEpoch, developmentF1 } = tagger.report;
    expect(epochs).toBeLessThan(40);
    expect(epochs - bestEpoch).toBe(2);
    expect(Math.max(...developmentF1)).toBe(developmentF1[bestEpoch - 1]);
    expect((await tagger.test(makeSentences(50, 5))).f1).toBe(developmentF1[bestEpoch - 1]);
    expect(seen.length).toBeGreaterThan(0);
  });

  test('given vectors: known words, frozen or tuned', async () => {
    const words = ['in', 'mr.', 'the', 'house', 'nzz'];
    const vectors = await KeyedVectors.fromVectors(
      words,
      words.map((_, i) => [0, 1, 2, 3].map((d) => ((i * 7 + d * 13) % 11) - 5)),
    );
    const frozen = await SequenceTagger.train(train, { ...small, vectors, frozen: true });
    expect(frozen.options.vectorSize).toBe(4);
    expect(frozen.report.words).toBeGreaterThan(100);
    expect((await frozen.test(test1)).f1).toBeGreaterThan(0.8);
    const error = await rejectionOf(SequenceTagger.train(train, { ...small, frozen: true }));
    expect(error.code).toBe('ERR_W2V_OPTION');
  });

  test('further columns: asked for by name', async () => {
    const sentences = train.map(({ tokens, tags }) => ({
      tokens: tokens.map(() => 'x'),
      columns: { kind: tags!.map((tag) => tag.slice(2) || 'none') },
      tags: tags!.map((tag) => (tag === 'O' ? 'O' : `is ${tag.slice(2)}`)),
    }));
    const tagger = await SequenceTagger.train(sentences, { ...small, epochs: 4 });
    expect(tagger.columns).toEqual(['kind']);
    expect((await tagger.test(sentences)).metric).toBe('labels');
    expect((await tagger.test(sentences)).f1).toBe(1);
    const error = await rejectionOf(tagger.tag([['x']]));
    expect(error.message).toContain("a column 'kind' with 1 values");
    const ignoring = await SequenceTagger.train(sentences, { ...small, epochs: 1, ignoreColumns: ['kind'] });
    expect(ignoring.columns).toEqual([]);
  });

  test('a sentence of thousands of tokens is one sentence', async () => {
    const sentences = makeSentences(2000, 8);
    const tokens = sentences.flatMap((sentence) => sentence.tokens);
    const tags = sentences.flatMap((sentence) => sentence.tags!);
    tags.forEach((tag, i) => {
      if (i % 500 < 30)
        tags[i] = i % 500 === 29 ? 'O' : 'I-LOC'; // over the ends of parts
      else if (i % 97 === 0) tags[i] = tag.replace('B-', 'I-');
    });
    const broken = spansOf(tags).filter(({ begin }) => tags[begin]!.startsWith('I')).length;
    const column = tokens.map((_, i) => `c${i % 3}`);
    const long = { tokens, tags, columns: { column } };
    const tagger = await SequenceTagger.train([long], { ...small, epochs: 1 });
    expect(tagger.report).toMatchObject({ sentences: 1, tokens: tokens.length, brokenSpans: broken });
    const [given] = await tagger.tag([long]);
    expect(given).toEqual(tagsOf(spansOf(given!), tokens.length, 'BIO'));
    const scorer = new TaggingScorer('spans');
    scorer.add(tags, given!);
    expect(await tagger.test([long])).toEqual({ ...scorer.result(), unseenTags: 0 });
  });

  test('broken spans begin one; tags that were not there are told', async () => {
    const broken = train.map(({ tokens, tags }) => ({
      tokens,
      tags: tags!.map((tag) => tag.replace(/^B/, 'I')),
    }));
    const tagger = await SequenceTagger.train(broken, small);
    expect(tagger.report.brokenSpans).toBeGreaterThan(300);
    expect(await tagger.tag([['Mr.', 'Nak', 'Nbl']])).toEqual([['O', 'B-PER', 'I-PER']]);
    const result = await tagger.test([{ tokens: ['in', 'Nak'], tags: ['O', 'B-RIVER'] }]);
    expect(result).toMatchObject({ unseenTags: 1, correct: 0, expected: 1, f1: 0 });
  });

  test('tags that are not of spans, among many that are, make labels, with a warning', async () => {
    const typo = [...train, { tokens: ['in', 'Nak'], tags: ['O', 'I_LOC'] }];
    const tagger = await SequenceTagger.train(typo, { ...small, epochs: 1 });
    expect((await tagger.test(typo)).metric).toBe('labels');
    expect(tagger.report.warnings).toEqual([
      expect.stringMatching(/^4 of the tags are of spans.*'I_LOC' not/),
    ]);
    expect((await SequenceTagger.train(train, { ...small, epochs: 1 })).report.warnings).toEqual([]);
  });

  test('what does not fit is refused', async () => {
    const trained = await SequenceTagger.train(train, { ...small, epochs: 1 });
    for (const sentences of ['in Rome', [null], ['in Rome'], undefined, {}])
      expect((await rejectionOf(trained.tag(sentences as unknown as string[][]))).message).toMatch(
        /^Expected sentences that are arrays of tokens/,
      );
    expect((await rejectionOf(SequenceTagger.train([null] as unknown as TaggedSentence[]))).code).toBe(
      'ERR_W2V_ARGUMENT',
    );
    const empty = await rejectionOf(SequenceTagger.train([{ tokens: ['a'], tags: [''] }]));
    expect(empty.message).toMatch(/^Expected tags that are not empty/);

    const code = async (promise: Promise<unknown>) => (await rejectionOf(promise)).code;
    expect(await code(SequenceTagger.train([], small))).toBe('ERR_W2V_CORPUS_EMPTY');
    expect(await code(SequenceTagger.train([{ tokens: ['a'], tags: [] }]))).toBe('ERR_W2V_ARGUMENT');
    expect(await code(SequenceTagger.train([{ tokens: ['a\nb'], tags: ['X'] }]))).toBe('ERR_W2V_ARGUMENT');
    expect(await code(SequenceTagger.train(5 as unknown as string))).toBe('ERR_W2V_ARGUMENT');
    expect(await code(SequenceTagger.train(train, { alpha: -1 }))).toBe('ERR_W2V_OPTION');
    expect(await code(SequenceTagger.train(train, { suffixes: [0] }))).toBe('ERR_W2V_OPTION');
    const typo = await rejectionOf(SequenceTagger.train(train, { hiddensize: 3 } as object));
    expect(typo.message).toContain("'hiddenSize'");
    expect(await code(SequenceTagger.train(train, { ...small, alpha: 100, epochs: 50 }))).toBe(
      'ERR_W2V_ARGUMENT',
    );
    expect(await code(SequenceTagger.load(write('no.tagger', 'text')))).toBe('ERR_W2V_VECTOR_FORMAT');
    const aborted = SequenceTagger.train(train, { ...small, epochs: 1000, signal: AbortSignal.timeout(50) });
    expect(await code(aborted)).toBe('ERR_W2V_CANCELLED');
    const signal = AbortSignal.abort();
    const lines = 'a\tX\n\n';
    for (const source of [write('cancelled.txt', lines), zipped('cancelled.zip', { 'x.txt': lines })])
      expect(await code(all(readColumns(source, { signal })))).toBe('ERR_W2V_CANCELLED');
    const tagger = await SequenceTagger.train(train, { ...small, epochs: 1 });
    for (const threads of [0, -1, 1.5, 1e9]) {
      expect(await code(tagger.tag([['a']], { threads }))).toBe('ERR_W2V_OPTION');
      expect(await code(tagger.test(train, { threads }))).toBe('ERR_W2V_OPTION');
    }
  });
});

test('w2v tag: train, test, predict', async () => {
  const trainFile = write('train.txt', toColumns(makeSentences(400, 7)));
  const testFile = write('test.txt', toColumns(makeSentences(60, 99)));
  const model = file('cli.tagger');
  const options =
    '--epochs 12 --hidden-size 32 --vector-size 10 --feature-size 4 --alpha 0.05 --threads 1'.split(' ');
  const trained = await runCli(['tag', 'train', trainFile, '--output', model, '--json', ...options]);
  expect(trained.code).toBe(0);
  expect(JSON.parse(trained.stdout)).toMatchObject({ sentences: 400, epochs: 12, output: model });
  const tested = await runCli(['tag', 'test', model, testFile, '--json']);
  const result = JSON.parse(tested.stdout) as Record<string, number | object>;
  expect(Object.keys(result)).toEqual(
    expect.arrayContaining(['f1', 'precision', 'recall', 'accuracy', 'perType']),
  );
  expect(result.f1).toBeGreaterThan(0.9);
  expect((await runCli(['tag', 'test', model, testFile])).stdout).toContain('accuracy');
  const predicted = await runCli(['tag', 'predict', model], { input: 'in Nak\n\nthe house\n' });
  expect(predicted.stdout).toBe('in\tO\nNak\tB-LOC\n\nthe\tO\nhouse\tO\n\n');
  const withKinds = toColumns(makeSentences(60, 5)).replaceAll(' ', ' kind ');
  const kinds = file('kinds.tagger');
  await runCli(['tag', 'train', write('kinds.txt', withKinds), '--output', kinds, '--epochs', '1']);
  const untagged = write('untagged.txt', 'in\tkind\nNak\tkind\n');
  const lines = (await runCli(['tag', 'predict', kinds, untagged])).stdout.trim().split('\n');
  expect(lines.map((line) => line.split('\t')[0])).toEqual(['in', 'Nak']);
  const piped = await runCli(['tag', 'predict', kinds], { input: 'in\tkind\nNak\tkind\n' });
  expect(piped.stdout.trim().split('\n')).toEqual(lines);
  expect((await runCli(['tag', 'predict', kinds], { input: 'one\n' })).stderr).toContain('or more columns');
  const missing = await runCli(['tag', 'predict', model, file('none.txt')]);
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/none.txt.*ERR_W2V_FILE_NOT_FOUND/),
  });
  const json = await runCli(['tag', 'predict', model, testFile, '--columns', '--json']);
  expect(json.stdout.trim().split('\n').length).toBe(60);
  const wrong = await runCli(['tag', 'train', write('wrong.txt', 'a O\nb\n'), '--output', model]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain('wrong.txt:2');
  expect((await runCli(['tag', 'train', trainFile, '--output', model, '--dropout', '2'])).code).toBe(2);
}, 60_000);
