// Phrases: words that belong together become one.
import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import {
  expectArgument,
  expectList,
  expectOption,
  expectOptions,
  expectPath,
  expectWords,
  isOneLine,
  isWhole,
  toWords,
  wholeNumber,
} from './arguments.js';
import { W2VError } from './errors.js';
import {
  binding,
  callNative,
  runJob,
  type NativeFrozenPhrases,
  type NativePhraseCounts,
  type PhraseStatistics,
} from './native.js';
import { checkNames, resolveThreads } from './options.js';
import { replaceByBytes } from './output-file.js';
import {
  isOneShot,
  readSource,
  textFilesOf,
  type CorpusProgress,
  type CorpusSource,
  type Sentence,
  type TextSink,
} from './text-source.js';
import { nextTurn, turnIsOver } from './turn.js';

/** What a scoring function is given: how often the words of a pair occur, and the corpus. */
export interface PairCounts {
  /** The first word of the pair. */
  first: number;
  /** The second word of the pair. */
  second: number;
  /** Together, in this order. */
  both: number;
  /** All words. */
  corpusWords: number;
  /** Different words and pairs. */
  vocabularySize: number;
  /** The option. */
  minCount: number;
}

/**
 * How likely it is that a pair is a phrase; it is one above the threshold. a, b: occurrences of the words, ab: of the pair, N: of all words.
 *
 * - `default`: (ab − minCount) / (a · b) · V with V different words and pairs, as gensim's;
 * - `npmi`: log(ab · N / (a · b)) / −log(ab / N), from −1 to 1, for pairs that occur minCount times (Bouma 2009), as gensim's;
 * - `word2phrase`: (ab − minCount) / (a · b) · N, where a, b and ab are minCount at least, as Google's word2phrase;
 * - a function of the counts.
 */
export type PhraseScoring = 'default' | 'npmi' | 'word2phrase' | ((counts: PairCounts) => number);

/** What is a phrase. */
export interface PhraseOptions {
  /** Pairs that occur fewer times are no phrases. @defaultValue 5 */
  minCount?: number | undefined;
  /** Pairs with a higher score are phrases. @defaultValue 10; npmi 0.5, word2phrase 100 */
  threshold?: number | undefined;
  /** How likely it is that a pair is one. @defaultValue default */
  scoring?: PhraseScoring | undefined;
  /** Stands between the words of a phrase. @defaultValue _ */
  delimiter?: string | undefined;
  /** Words that can stand within a phrase (bank_of_america), but neither begin nor end it. @defaultValue none; {@link englishConnectorWords} */
  connectorWords?: Iterable<string> | undefined;
  /** Different words and pairs held in memory (about 50 bytes each): beyond, the rarer half is dropped. @defaultValue 40,000,000 */
  maxVocabSize?: number | undefined;
}

/** How a source is gone through. */
export interface PhraseRunOptions {
  /** Threads that count files. @defaultValue all processors */
  threads?: number | undefined;
  /** Cancels: the promise rejects with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Called a few times a second. What it throws cancels and becomes the rejection. */
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

/** A phrase that was found. */
export interface Phrase {
  /** Its words, joined by the delimiter. */
  phrase: string;
  /** As the scoring gives it; above the threshold. */
  score: number;
  /** How often it occurs. */
  count: number;
}

/** gensim's ENGLISH_CONNECTOR_WORDS: articles, prepositions and conjunctions. */
export const englishConnectorWords: readonly string[] =
  'a an the for of with without at from to in on by and or'.split(' ');

type Settings = {
  [K in Exclude<keyof PhraseOptions, 'connectorWords'>]-?: NonNullable<PhraseOptions[K]>;
} & { connectorWords: readonly string[] };

const slice = 4096;

/** Joins phrases that are known: fast and small. */
export class FrozenPhrases {
  readonly #native: NativeFrozenPhrases;

  private constructor(native: NativeFrozenPhrases) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeFrozenPhrases): FrozenPhrases {
    return new FrozenPhrases(native);
  }

  /** Loads what {@link FrozenPhrases.save} or {@link Phrases.save} wrote. @throws as {@link Phrases.load} */
  static async load(path: string): Promise<FrozenPhrases> {
    const { frozen } = await loadNative(path);
    if (frozen) return new FrozenPhrases(frozen);
    return (await Phrases.load(path)).freeze();
  }

  /** Phrases that are known. */
  get size(): number {
    return this.#native.size;
  }

  /** All phrases, the highest scores first. */
  *[Symbol.iterator](): IterableIterator<Phrase> {
    for (let from = 0; from < this.size; from += slice) {
      const { phrases, scores, counts } = this.#native.list(from, from + slice);
      for (const [i, phrase] of phrases.entries()) yield { phrase, score: scores[i]!, count: counts[i]! };
    }
  }

  /** The words of a sentence with its phrases joined, from the left. */
  join(sentence: readonly string[]): string[] {
    expectWords(sentence, 'the words of a sentence', isOneLine);
    return callNative(() => this.#native.joinSentence(sentence));
  }

  /**
   * The sentences of a source with their phrases joined: strings, with spaces between the words, or arrays of words where the source has those.
   * It reads when it is iterated, and again each time, where the source can be read again: a corpus for Word2Vec.train() and Phrases.learn().
   */
  apply(source: CorpusSource, options: Pick<PhraseRunOptions, 'signal'> = {}): AsyncIterable<Sentence> {
    checkNames(options, ['signal']);
    const { signal } = options;
    const native = this.#native;
    return {
      async *[Symbol.asyncIterator]() {
        const sentences = new PassThrough({ objectMode: true, highWaterMark: 4 });
        const ending = new AbortController();
        const both = AbortSignal.any([ending.signal, ...(signal ? [signal] : [])]);
        const sink = new JoiningSink(native, async (bytes, framing) => {
          const batch = toSentences(bytes, framing);
          if (!sentences.write(batch)) await once(sentences, 'drain', { signal: both });
        });
        const reading = readSource(source, sink, { signal: both }).then(
          () => sentences.end(),
          (error: unknown) => sentences.destroy(error as Error),
        );
        try {
          for await (const batch of sentences as AsyncIterable<Sentence[]>) yield* batch;
        } finally {
          ending.abort();
          await reading;
        }
      },
    };
  }

  /**
   * Writes a source with its phrases joined, a sentence a line; to a temporary file beside `output`, which is then renamed. A name that ends in .gz is compressed.
   *
   * @throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED, and what reading throws
   */
  async applyToFile(source: CorpusSource, output: string, options: PhraseRunOptions = {}): Promise<void> {
    expectPath(output);
    checkNames(options, runOptionNames);
    const { signal, onProgress } = options;
    const threads = resolveThreads(options.threads);
    // Plain files alone are read, joined and written by all threads.
    const files = output.endsWith('.gz') ? null : await textFilesOf(source);
    if (files?.every(({ size, gzip }) => size !== null && !gzip)) {
      const paths = files.map(({ path }) => path);
      await runJob(() => this.#native.joinFiles(paths, output, threads), {
        signal,
        onProgress:
          onProgress && (({ done, total }) => onProgress({ fraction: total ? done / total : 0, words: 0 })),
      });
      return;
    }
    await replaceByBytes(output, async (write) => {
      const sink = new JoiningSink(this.#native, (bytes, framing) => write(toLines(bytes, framing)));
      await readSource(source, sink, { signal, onProgress });
    });
  }

  /** Writes phrases and scores; atomic. @throws ERR_W2V_FILE_WRITE */
  async save(path: string): Promise<void> {
    expectPath(path);
    await runJob(() => this.#native.save(path, '{}'));
  }
}

/**
 * Learns which words belong together (Mikolov et al. 2013, arXiv:1310.4546): counts words and pairs of words, of which those with high scores are phrases. Learn
 * from the joined text again for longer ones (new_york_times).
 */
export class Phrases {
  readonly #native: NativePhraseCounts;
  readonly #settings: Settings;
  #statistics: PhraseStatistics;
  #frozen: Promise<FrozenPhrases> | undefined;
  #busy = false;

  private constructor(native: NativePhraseCounts, settings: Settings, statistics: PhraseStatistics) {
    this.#native = native;
    this.#settings = settings;
    this.#statistics = statistics;
  }

  /**
   * Counts the words and pairs of a source: files by several threads.
   *
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_CORPUS_BINARY, ERR_W2V_CORPUS_EMPTY,
   * ERR_W2V_CORPUS_ITEM, ERR_W2V_WORD_TOO_LONG, ERR_W2V_CANCELLED
   */
  static async learn(source: CorpusSource, options: PhraseOptions & PhraseRunOptions = {}): Promise<Phrases> {
    expectOptions(options);
    const { threads, signal, onProgress, ...given } = options;
    const settings = resolveSettings(given);
    const native = callNative(() =>
      binding.createPhrases({
        connectors: settings.connectorWords,
        delimiter: settings.delimiter,
        mostEntries: settings.maxVocabSize,
      }),
    );
    const none = { words: 0, pairs: 0, pairSlots: 0, corpusWords: 0, prunedEntries: 0, prunedUpTo: 0 };
    const phrases = new Phrases(native, settings, none);
    await phrases.add(source, { threads, signal, onProgress });
    if (phrases.corpusWords === 0)
      throw new W2VError('ERR_W2V_CORPUS_EMPTY', 'Expected a corpus with words in it but found none');
    return phrases;
  }

  /**
   * Passes over a source that can be read again, each over what the one before has joined: the second finds phrases of up to four words, and so on.
   *
   * @returns the phrases of each pass; {@link applyPasses} joins them
   * @throws ERR_W2V_CORPUS_ONE_SHOT, and as {@link Phrases.learn}
   */
  static async learnPasses(
    source: CorpusSource,
    passes: number,
    options: PhraseOptions & PhraseRunOptions = {},
  ): Promise<FrozenPhrases[]> {
    expectArgument(isWhole(passes, 1), 'passes to be a whole number from 1', passes);
    if (passes > 1 && isOneShot(source)) {
      throw new W2VError(
        'ERR_W2V_CORPUS_ONE_SHOT',
        `Expected a source for ${passes} passes but received an iterator that is exhausted after one: give an object whose [Symbol.iterator] starts anew, or files`,
      );
    }
    const found: FrozenPhrases[] = [];
    for (let pass = 0; pass < passes; ++pass)
      found.push(await (await Phrases.learn(applyPasses(found, source), options)).freeze());
    return found;
  }

  /**
   * Counts more text, as if it had been part of the first.
   *
   * @throws as {@link Phrases.learn}, and ERR_W2V_BUSY
   */
  async add(source: CorpusSource, options: PhraseRunOptions = {}): Promise<void> {
    checkNames(options, runOptionNames);
    const { signal, onProgress } = options;
    const threads = resolveThreads(options.threads);
    if (this.#busy) throw new W2VError('ERR_W2V_BUSY', 'Expected phrases at rest but text is being added');
    this.#busy = true;
    try {
      const native = this.#native;
      const sink: TextSink = {
        get words() {
          return native.words;
        },
        append: (bytes, framing, name) => runJob(() => native.append(bytes, framing, name), { signal }),
        endSource: () => callNative(() => native.endSource()),
        appendFiles: (paths, onBytes) =>
          runJob(() => native.appendFiles(paths, threads), {
            signal,
            onProgress: onProgress && (({ done }) => onBytes(done)),
          }),
      };
      await readSource(source, sink, { signal, onProgress });
      this.#statistics = await runJob(() => native.merge(), { signal });
      this.#frozen = undefined;
    } finally {
      this.#busy = false;
    }
  }

  /** All words read, connector words included. */
  get corpusWords(): number {
    return this.#statistics.corpusWords;
  }

  /** Different words and pairs. */
  get vocabularySize(): number {
    return this.#statistics.words + this.#statistics.pairs;
  }

  /** Different words and pairs that occur so many times at least. */
  async countFrequent(minCount: number): Promise<number> {
    expectArgument(isWhole(minCount, 0), 'a whole number of occurrences from 0', minCount);
    return runJob(() => this.#native.frequent(minCount));
  }

  /** What the user should know. */
  get warnings(): string[] {
    const { prunedEntries, prunedUpTo } = this.#statistics;
    if (prunedEntries === 0) return [];
    return [
      `Words and pairs outgrew maxVocabSize (${this.#settings.maxVocabSize}): ${prunedEntries} of them, with ${prunedUpTo} occurrences or fewer each, were dropped while counting; counts of rare pairs are too low`,
    ];
  }

  /** The pairs that are phrases now. They do not change when more text is added. */
  async freeze(): Promise<FrozenPhrases> {
    if (this.#busy) throw new W2VError('ERR_W2V_BUSY', 'Expected phrases at rest but text is being added');
    this.#frozen ??= this.#freeze();
    return this.#frozen;
  }

  /** See {@link FrozenPhrases.apply}: of what is counted when it is first iterated. */
  apply(source: CorpusSource, options: Pick<PhraseRunOptions, 'signal'> = {}): AsyncIterable<Sentence> {
    checkNames(options, ['signal']);
    const freeze = () => this.freeze();
    return {
      async *[Symbol.asyncIterator]() {
        yield* (await freeze()).apply(source, options);
      },
    };
  }

  /** See {@link FrozenPhrases.applyToFile}. */
  async applyToFile(source: CorpusSource, output: string, options: PhraseRunOptions = {}): Promise<void> {
    expectPath(output);
    checkNames(options, runOptionNames);
    await (await this.freeze()).applyToFile(source, output, options);
  }

  /** Writes all counts, so that more text can be added. @throws ERR_W2V_FILE_WRITE, ERR_W2V_OPTION (a function as scoring) */
  async save(path: string): Promise<void> {
    expectPath(path);
    const { minCount, threshold, scoring } = this.#settings;
    if (typeof scoring === 'function') {
      throw new W2VError(
        'ERR_W2V_OPTION',
        'Expected a scoring by name to save but received a function, which a file cannot hold: save what freeze() gives',
      );
    }
    await runJob(() => this.#native.save(path, JSON.stringify({ minCount, threshold, scoring })));
  }

  /**
   * Loads what {@link Phrases.save} wrote.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM
   */
  static async load(path: string): Promise<Phrases> {
    const { counts, notes } = await loadNative(path);
    if (!counts) {
      throw new W2VError(
        'ERR_W2V_VECTOR_FORMAT',
        `'${path}': expected counts of phrases but it holds frozen ones: FrozenPhrases.load() reads them`,
      );
    }
    const statistics = await runJob(() => counts.merge());
    return new Phrases(counts, resolveSettings(JSON.parse(notes) as PhraseOptions), statistics);
  }

  async #freeze(): Promise<FrozenPhrases> {
    const { minCount, threshold, scoring } = this.#settings;
    const named = typeof scoring === 'string' ? scoring : undefined;
    const scores = typeof scoring === 'function' ? await this.#scores(scoring) : undefined;
    return FrozenPhrases.of(await runJob(() => this.#native.freeze(named, minCount, threshold, scores)));
  }

  async #scores(scoring: (counts: PairCounts) => number): Promise<Float64Array> {
    const { pairs, pairSlots, corpusWords } = this.#statistics;
    const scores = new Float64Array(pairs);
    let next = 0;
    for (let from = 0; from < pairSlots; from += slice) {
      const { first, second, both } = this.#native.pairs(from, from + slice);
      for (const [i, count] of both.entries()) {
        const score = scoring({
          first: first[i]!,
          second: second[i]!,
          both: count,
          corpusWords,
          vocabularySize: this.vocabularySize,
          minCount: this.#settings.minCount,
        });
        expectArgument(typeof score === 'number', 'scoring to return a number', score);
        scores[next++] = score;
      }
      if (turnIsOver()) await nextTurn();
    }
    return scores;
  }
}

/** The sentences of a source with the phrases of several passes joined, one pass after the other. */
export function applyPasses(
  passes: readonly FrozenPhrases[],
  source: CorpusSource,
  options: Pick<PhraseRunOptions, 'signal'> = {},
): CorpusSource {
  expectPasses(passes);
  checkNames(options, ['signal']);
  return passes.reduce<CorpusSource>((text, phrases) => phrases.apply(text, options), source);
}

// ---- settings ----

const runOptionNames = ['threads', 'signal', 'onProgress'];
const defaultThresholds = { default: 10, npmi: 0.5, word2phrase: 100 };

function resolveSettings(given: PhraseOptions): Settings {
  const names = ['minCount', 'threshold', 'scoring', 'delimiter', 'connectorWords', 'maxVocabSize'];
  checkNames(given, names);
  const { minCount = 5, scoring = 'default', delimiter = '_', connectorWords = [] } = given;
  const { maxVocabSize = 40_000_000 } = given;
  expectOption(
    typeof scoring === 'function' || Object.hasOwn(defaultThresholds, scoring),
    "scoring to be 'default', 'npmi', 'word2phrase' or a function",
    scoring,
  );
  const threshold = given.threshold ?? (typeof scoring === 'string' ? defaultThresholds[scoring] : 10);
  wholeNumber('minCount', minCount, 1);
  expectOption(
    Number.isFinite(threshold) && (scoring !== 'npmi' || Math.abs(threshold) <= 1),
    scoring === 'npmi' ? 'threshold to be a number from −1 to 1 (npmi)' : 'threshold to be a number',
    threshold,
  );
  expectOption(
    typeof delimiter === 'string' && delimiter !== '' && !/\s|\0/.test(delimiter),
    'delimiter to be a text without blanks',
    delimiter,
  );
  const connectors = toWords(connectorWords, 'connectorWords to be a list of words', 'ERR_W2V_OPTION');
  wholeNumber('maxVocabSize', maxVocabSize, 1);
  return { minCount, threshold, scoring, delimiter, connectorWords: connectors, maxVocabSize };
}

function expectPasses(passes: unknown): void {
  const expected = 'an array of FrozenPhrases';
  expectList(passes, expected);
  for (const phrases of passes) expectArgument(phrases instanceof FrozenPhrases, expected, phrases);
}

async function loadNative(path: string) {
  expectPath(path);
  return runJob(() => binding.loadPhrases(path));
}

// ---- text with its phrases joined ----

type Framing = 'lines' | 'tokens';

/** Joins what it is given, and hands it on framed as it came. */
class JoiningSink implements TextSink {
  words = 0;
  readonly #joiner;
  readonly #give: (bytes: Uint8Array, framing: Framing) => Promise<void>;
  #framing: Framing = 'lines';

  constructor(native: NativeFrozenPhrases, give: (bytes: Uint8Array, framing: Framing) => Promise<void>) {
    this.#joiner = native.joiner();
    this.#give = give;
  }

  // Sentences go on from piece to piece; only whole ones are handed on.
  #open: Buffer = Buffer.alloc(0);

  async append(bytes: Uint8Array, framing: Framing, name: string): Promise<void> {
    this.#framing = framing;
    await this.#hand(await runJob(() => this.#joiner.append(bytes, framing, name)));
  }

  async endSource(): Promise<void> {
    await this.#hand(callNative(() => this.#joiner.endSource()));
  }

  async #hand(joined: Uint8Array): Promise<void> {
    const end = joined.lastIndexOf(0x0a) + 1;
    const whole = Buffer.concat([this.#open, joined.subarray(0, end)]);
    if (end === 0) {
      this.#open = Buffer.concat([this.#open, joined]);
      return;
    }
    this.#open = Buffer.from(joined.subarray(end));
    await this.#give(whole, this.#framing);
  }
}

function toSentences(bytes: Uint8Array, framing: Framing): Sentence[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString().split('\n');
  lines.pop(); // after the last line feed
  return framing === 'lines' ? lines : lines.map((line) => line.split('\0').slice(0, -1));
}

function toLines(bytes: Uint8Array, framing: Framing): Uint8Array {
  if (framing === 'lines') return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  return Buffer.from(text.replaceAll('\0\n', '\n').replaceAll('\0', ' '));
}
