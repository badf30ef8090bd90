// Phrases: gensim's and Google's scores, joined in any source.
import fc from 'fast-check';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  FrozenPhrases,
  Phrases,
  Word2Vec,
  applyPasses,
  type PhraseOptions,
  type PhraseScoring,
  type Sentence,
} from '../lib/index.js';
import type { CorpusSource } from '../lib/text-source.js';
import { describeWithShared, refusalOf, rejectionOf, sharedData, temporaryFolder, wrong } from './helpers.js';

const file = temporaryFolder();

/** gensim's Phrases to the letter, in a few lines: what ours is compared with. */
class Reference {
  readonly counts = new Map<string, number>();
  words = 0;
  constructor(
    readonly connectors: readonly string[],
    sentences: readonly (readonly string[])[],
  ) {
    for (const sentence of sentences) this.#learn(sentence);
  }
  #learn(sentence: readonly string[]) {
    const count = (key: string) => this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    let start: string | undefined;
    let between: string[] = [];
    for (const word of sentence) {
      ++this.words;
      if (!this.connectors.includes(word)) {
        count(word);
        if (start !== undefined) count([start, ...between, word].join(' '));
        start = word;
        between = [];
      } else if (start !== undefined) between.push(word);
    }
  }
  score(scoring: PhraseScoring, minCount: number, a: string, between: readonly string[], b: string): number {
    const [na, nb, ab] = [a, b, [a, ...between, b].join(' ')].map((key) => this.counts.get(key) ?? 0) as [
      number,
      number,
      number,
    ];
    if (na === 0 || nb === 0 || ab === 0) return -Infinity;
    if (scoring === 'npmi') {
      if (ab < minCount) return -Infinity;
      const [pa, pb, p] = [na / this.words, nb / this.words, ab / this.words];
      return Math.log(p / (pa * pb)) / -Math.log(p);
    }
    if (scoring === 'word2phrase' && Math.min(na, nb, ab) < minCount) return -Infinity;
    const factor = scoring === 'word2phrase' ? this.words : this.counts.size;
    return ((ab - minCount) / (na * nb)) * factor;
  }
  join(
    sentence: readonly string[],
    isPhrase: (a: string, between: string[], b: string) => boolean,
  ): string[] {
    const out: string[] = [];
    let start: string | undefined;
    let between: string[] = [];
    const flush = () => {
      if (start !== undefined) out.push(start, ...between);
      between = [];
    };
    for (const word of sentence) {
      if (this.connectors.includes(word)) {
        if (start === undefined) out.push(word);
        else between.push(word);
      } else if (start !== undefined && isPhrase(start, between, word)) {
        out.push([start, ...between, word].join('_'));
        [start, between] = [undefined, []];
      } else {
        flush();
        start = word;
      }
    }
    flush();
    return out;
  }
}

const letters = 'abcdefgh'.split('');
const arbitraryText = fc.array(fc.array(fc.constantFrom(...letters, 'of', 'the'), { maxLength: 12 }), {
  minLength: 1,
  maxLength: 40,
});

const cases: PhraseOptions[] = [
  { scoring: 'default', minCount: 1, threshold: 0.5 },
  { scoring: 'default', minCount: 2, threshold: 1, connectorWords: ['of', 'the'] },
  { scoring: 'npmi', minCount: 1, threshold: 0.2, connectorWords: ['of', 'the'] },
  { scoring: 'word2phrase', minCount: 2, threshold: 2 },
];

test.each(cases)('any text, as words, lines, files and streams: %j', async (options) => {
  const { scoring, minCount, threshold, connectorWords = [] } = options;
  await fc.assert(
    fc.asyncProperty(arbitraryText, async (sentences) => {
      fc.pre(sentences.flat().length > 0);
      const reference = new Reference([...connectorWords], sentences);
      const joined = sentences.map((sentence) =>
        reference.join(
          sentence,
          (a, between, b) => reference.score(scoring!, minCount!, a, between, b) > threshold!,
        ),
      );
      const phrases = await Phrases.learn(sentences, options);
      expect(phrases.corpusWords).toBe(reference.words);
      expect(phrases.vocabularySize).toBe(reference.counts.size);
      expect(await listOf(phrases.apply(sentences))).toEqual(joined);
      const frozen = await phrases.freeze();
      expect(sentences.map((sentence) => frozen.join(sentence))).toEqual(joined);

      const lines = sentences.map((sentence) => sentence.join(' '));
      const text = lines.map((line) => `${line}\n`).join('');
      writeFileSync(file('text'), text);
      const joinedLines = joined.map((sentence) => sentence.join(' '));
      for (const source of [lines, file('text'), [Buffer.from(text)]] as CorpusSource[]) {
        const other = await Phrases.learn(source, options);
        expect([other.corpusWords, other.vocabularySize]).toEqual([
          phrases.corpusWords,
          phrases.vocabularySize,
        ]);
        expect(await listOf(other.apply(source))).toEqual(joinedLines);
      }
      await phrases.applyToFile(file('text'), file('joined'));
      expect(readFileSync(file('joined'), 'utf8')).toBe(joinedLines.map((line) => `${line}\n`).join(''));
    }),
    { numRuns: 30 },
  );
});

async function listOf(sentences: AsyncIterable<Sentence>): Promise<Sentence[]> {
  const list: Sentence[] = [];
  for await (const sentence of sentences) list.push(sentence);
  return list;
}

const text = Array.from(
  { length: 30_000 },
  (_, i) =>
    `${['the', 'a'][i % 2]} new york times in${i % 7} san francisco word${i % 97} and bank of america word${(i * 31) % 101}`,
);

const together: PhraseOptions = { scoring: 'npmi', threshold: 0.9 }; // words that are hardly ever apart

test('large files, by several threads and without line ends, are joined as by one', async () => {
  for (const separator of ['\n', ' ']) {
    writeFileSync(file('large.txt'), text.join(separator)); // shards end anywhere
    const options = { ...together, connectorWords: ['of', 'the', 'and'] };
    const alone = await Phrases.learn(file('large.txt'), { ...options, threads: 1 });
    const several = await Phrases.learn(file('large.txt'), { ...options, threads: 4 });
    expect([...(await several.freeze())]).toEqual([...(await alone.freeze())]);
    await alone.applyToFile(file('large.txt'), file('alone.txt'), { threads: 1 });
    await several.applyToFile(file('large.txt'), file('several.txt'), { threads: 4 });
    const whole = readFileSync(file('alone.txt'), 'utf8');
    expect(readFileSync(file('several.txt'), 'utf8')).toBe(whole);
    await several.applyToFile([Buffer.from(text.join(separator))], file('streamed.txt'));
    expect(readFileSync(file('streamed.txt'), 'utf8')).toBe(whole);
    expect(whole).toContain('bank_of_america');
    expect(whole.replaceAll('_', ' ')).toBe(`${text.join(separator)}\n`);
  }
});

test('gzip in and out, and what cannot be written', async () => {
  writeFileSync(file('in.gz'), gzipSync(text.join('\n')));
  const phrases = await Phrases.learn(file('in.gz'), together);
  await phrases.applyToFile(file('in.gz'), file('out.gz'));
  await phrases.applyToFile(text, file('out.txt'));
  const joined = readFileSync(file('out.txt'), 'utf8');
  expect(gunzipSync(readFileSync(file('out.gz'))).toString()).toBe(joined);
  expect(joined).toContain('new_york');
  expect((await rejectionOf(phrases.applyToFile(text, file('no/such.txt')))).code).toBe('ERR_W2V_FILE_WRITE');
  expect((await rejectionOf(phrases.applyToFile(file('none'), file('x.txt')))).code).toBe(
    'ERR_W2V_FILE_NOT_FOUND',
  );
  const failing = Readable.from(['a b c', 5]);
  for (const threads of [0, 1.5, -1])
    expect((await rejectionOf(Phrases.learn(text, { threads }))).code).toBe('ERR_W2V_OPTION');
  expect((await rejectionOf(phrases.applyToFile(failing, file('x.txt')))).code).toBe('ERR_W2V_CORPUS_ITEM');
  expect(existsSync(file('x.txt'))).toBe(false);
  expect(readdirSync(file('.')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a scoring of your own, more text later, and files', async () => {
  const seen: object[] = [];
  const phrases = await Phrases.learn(['a b c', 'a b', 'c a'], {
    threshold: 1.5,
    minCount: 1,
    scoring: (counts) => (seen.push(counts), counts.both),
  });
  expect([...(await phrases.freeze())]).toEqual([{ phrase: 'a_b', score: 2, count: 2 }]);
  expect(seen).toContainEqual({
    first: 3,
    second: 2,
    both: 2,
    corpusWords: 7,
    vocabularySize: 6,
    minCount: 1,
  });
  const before = await phrases.freeze();
  await phrases.add(['c a', 'c a']);
  expect([...(await phrases.freeze())].map(({ phrase, score }) => [phrase, score])).toEqual([
    ['c_a', 3],
    ['a_b', 2],
  ]);
  expect(before.join(['c', 'a', 'b'])).toEqual(['c', 'a_b']);
  expect((await rejectionOf(phrases.save(file('phrases')))).code).toBe('ERR_W2V_OPTION');

  const named = await Phrases.learn(text, { ...together, connectorWords: ['of', 'and'] });
  await named.save(file('phrases'));
  const loaded = await Phrases.load(file('phrases'));
  expect([loaded.corpusWords, loaded.vocabularySize]).toEqual([named.corpusWords, named.vocabularySize]);
  expect([...(await loaded.freeze())]).toEqual([...(await named.freeze())]);
  await (await named.freeze()).save(file('frozen'));
  const frozen = await FrozenPhrases.load(file('frozen'));
  expect([...frozen]).toEqual([...(await named.freeze())]);
  const sentence = ['bank', 'of', 'america', 'of', 'new', 'york'];
  expect(frozen.join(sentence)).toEqual((await named.freeze()).join(sentence));
  expect([...(await FrozenPhrases.load(file('phrases')))]).toEqual([...frozen]);
  for (const each of [named, loaded]) await each.add(['q r', 'q r', 'q r', 'q r', 'q r', 'q r', 'q r']);
  expect([...(await loaded.freeze())]).toEqual([...(await named.freeze())]);
  expect((await rejectionOf(Phrases.load(file('frozen')))).message).toContain('FrozenPhrases');
  const bytes = readFileSync(file('phrases'));
  bytes[bytes.indexOf('francisco')]! ^= 1;
  writeFileSync(file('damaged'), bytes);
  expect((await rejectionOf(Phrases.load(file('damaged')))).code).toBe('ERR_W2V_VECTOR_CHECKSUM');
  writeFileSync(file('cut'), bytes.subarray(0, 3000));
  expect((await rejectionOf(Phrases.load(file('cut')))).code).toBe('ERR_W2V_VECTOR_TRUNCATED');
});

test('several passes find longer phrases, and what they join is a corpus', async () => {
  const passes = await Phrases.learnPasses(text, 2, together);
  const joined = applyPasses(passes, text);
  const first = (await listOf(joined as AsyncIterable<Sentence>))[0];
  expect(first).toContain('new_york_times');
  const { vectors } = await Word2Vec.train(joined, { vectorSize: 8, minCount: 1, epochs: 1 });
  expect(vectors.has('new_york_times')).toBe(true);
  const once = await rejectionOf(Phrases.learnPasses(text.values(), 2));
  expect(once.code).toBe('ERR_W2V_CORPUS_ONE_SHOT');
  expect(await Phrases.learnPasses(text.values(), 1, together)).toHaveLength(1);
});

test('bounded memory: rare words and pairs go, frequent ones stay, and it says so', async () => {
  const rare = Array.from({ length: 20_000 }, (_, i) => `san francisco rare${i} words${i}`);
  const phrases = await Phrases.learn(rare, { ...together, maxVocabSize: 10_000 });
  expect(phrases.vocabularySize).toBeLessThanOrEqual(10_000);
  expect(phrases.warnings).toEqual([expect.stringContaining('maxVocabSize')]);
  expect([...(await phrases.freeze())][0]).toMatchObject({ phrase: 'san_francisco', count: 20_000 });
  expect((await Phrases.learn(rare)).warnings).toEqual([]);
});

test.each<[PhraseOptions, string]>([
  [{ scoring: 'pmi' as never }, 'scoring'],
  [{ minCount: 0 }, 'minCount'],
  [{ threshold: NaN }, 'threshold'],
  [{ scoring: 'npmi', threshold: 2 }, 'npmi'],
  [{ delimiter: ' ' }, 'delimiter'],
  [{ connectorWords: 'of the' }, 'connectorWords'],
  [{ connectorWords: [1] as never }, 'connectorWords'],
  [{ connectorWords: {} as never }, 'connectorWords'],
  [{ scoring: 'constructor' as never }, 'scoring'],
  [{ maxVocabSize: 1.5 }, 'maxVocabSize'],
  [{ minCounts: 5 } as PhraseOptions, 'minCount'],
])('%j is refused', async (options, name) => {
  const error = await rejectionOf(Phrases.learn(text, options));
  expect([error.code, error.message]).toEqual(['ERR_W2V_OPTION', expect.stringContaining(name)]);
});

describe('arguments', () => {
  let phrases: Phrases;
  let frozen: FrozenPhrases;
  beforeAll(async () => {
    phrases = await Phrases.learn(text, together);
    frozen = await phrases.freeze();
  });

  test.each<[call: () => unknown, message: string]>([
    [() => frozen.join(['a\0b', 'c\nd']), "the words of a sentence but received 'a\0b' as item 0"],
    [() => frozen.join(['new', 'york\n']), "the words of a sentence but received 'york\n' as item 1"],
    [() => frozen.join(wrong([1])), 'the words of a sentence but received 1 as item 0'],
    [() => frozen.join(wrong('new york')), "the words of a sentence but received 'new york'"],
    [() => frozen.save(wrong(undefined)), 'the path of a file but received undefined'],
    [() => phrases.save(wrong(undefined)), 'the path of a file but received undefined'],
    [() => phrases.applyToFile(text, wrong(null)), 'the path of a file but received null'],
    [() => Phrases.load(wrong(5)), 'the path of a file but received 5'],
    [() => phrases.countFrequent(NaN), 'a whole number of occurrences from 0 but received NaN'],
    [() => applyPasses(wrong(null), text), 'an array of FrozenPhrases but received null'],
    [
      () => applyPasses(wrong([phrases]), text),
      'an array of FrozenPhrases but received an object of type Phrases',
    ],
  ])('%s', async (call, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual(['ERR_W2V_ARGUMENT', expect.stringContaining(message)]);
  });
});

test('no words, two sources at once, an iteration that is left', async () => {
  expect((await rejectionOf(Phrases.learn(['', ' ']))).code).toBe('ERR_W2V_CORPUS_EMPTY');
  const phrases = await Phrases.learn(text, together);
  const adding = phrases.add(text);
  expect((await rejectionOf(phrases.add(text))).code).toBe('ERR_W2V_BUSY');
  await adding;
  const endless = {
    returned: false,
    *[Symbol.iterator]() {
      try {
        for (;;) yield 'new york';
      } finally {
        this.returned = true;
      }
    },
  };
  for await (const sentence of phrases.apply(endless)) {
    expect(sentence).toBe('new_york');
    break;
  }
  expect(endless.returned).toBe(true);
  const error = await rejectionOf(Phrases.learn(endless, { signal: AbortSignal.timeout(50) }));
  expect(error.code).toBe('ERR_W2V_CANCELLED');
});

describeWithShared('golden')('the original word2phrase', () => {
  test('joins the same pairs', async () => {
    writeFileSync(file('corpus.txt'), gunzipSync(readFileSync(sharedData('golden', 'corpus.txt.gz'))));
    const phrases = await Phrases.learn(file('corpus.txt'), { scoring: 'word2phrase' });
    await phrases.applyToFile(file('corpus.txt'), file('phrases.txt'));
    const expected = gunzipSync(readFileSync(sharedData('golden', 'phrases.txt.gz'))).toString();
    expect(readFileSync(file('phrases.txt'), 'utf8')).toBe(expected.replace(/^ /gm, ''));
  });
});
