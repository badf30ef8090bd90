import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { closest } from 'fastest-levenshtein';
import { UnknownWordError, W2VError, describe } from './errors.js';
import {
  evaluateAnalogies,
  evaluateWordPairs,
  type AnalogyEvaluation,
  type EvaluationOptions,
  type WordPairsEvaluation,
  type WordPairsOptions,
} from './evaluation.js';
import { callNative, runJob, type JobProgress, type VectorStore } from './native.js';
import {
  formatOfName,
  loadStore,
  loadingOptionNames,
  saveStore,
  type LoadingOptions,
  type VectorFormat,
  type VectorStream,
} from './vector-file.js';

/** How far a long operation is. */
export interface Progress {
  /** From 0 to 1. */
  fraction: number;
}

/** What every long operation takes. */
export interface JobOptions {
  /** Cancels: the promise rejects with ERR_W2V_CANCELLED within half a second. */
  signal?: AbortSignal | undefined;
  /** Called a few times a second. What it throws cancels and becomes the rejection. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface LoadOptions extends JobOptions, LoadingOptions {}

export interface SaveOptions extends JobOptions {
  /** @defaultValue by the name of the file: w2v for .w2v, text for .txt and .vec, else bin; also before .gz */
  format?: VectorFormat | undefined;
}

export interface SearchOptions extends JobOptions {
  /** Answers wanted. @defaultValue 10 */
  topN?: number | undefined;
  /** Search only the first so many words, the most frequent ones where the vectors are sorted so. @defaultValue all */
  restrictVocab?: number | undefined;
}

/** A word, or a vector of `vectorSize` numbers. */
export type WordOrVector = string | Float32Array | readonly number[];

/** With a weight of its own in place of 1 (−1 in `negative`). */
export type Weighted = WordOrVector | readonly [WordOrVector, number];

/** Words and vectors that add to a query, and such that subtract from it. */
export interface Combination {
  positive?: Weighted | readonly Weighted[] | undefined;
  negative?: Weighted | readonly Weighted[] | undefined;
}

export interface Neighbour {
  word: string;
  /** Cosine similarity, from −1 to 1. */
  score: number;
}

/** Where vectors were loaded from, and what was found there. */
export interface LoadedFrom {
  /** Undefined for a stream. */
  path: string | undefined;
  format: VectorFormat;
  /** The rows are read where they are in the file. */
  mapped: boolean;
  /** Rows left out because their word had come before: the first one counts. */
  duplicateWords: number;
  /** Words that were not UTF-8: repaired as `encodingErrors` says. */
  invalidWords: number;
  /** Rows with NaN or infinity: they answer no query. */
  nonFiniteRows: number;
  /** Rows that the header promises and that are not there (`allowTruncated`). */
  missingRows: number;
}

const slice = 4096; // words that cross from the addon at a time: well below 10 ms

/**
 * Words and their vectors: immutable, held outside the JavaScript heap, safe to ask from many places at once.
 *
 * Look-ups are synchronous. All that goes through the vectors is a promise and runs on native threads. Iterating
 * gives the words in their order, which in trained vectors is by falling frequency, after `</s>`.
 */
export class KeyedVectors implements Iterable<string> {
  readonly #store: VectorStore;
  /** Set by {@link KeyedVectors.load}. */
  readonly loadedFrom: LoadedFrom | undefined;

  private constructor(store: VectorStore, loadedFrom?: LoadedFrom) {
    this.#store = store;
    this.loadedFrom = loadedFrom;
  }

  /** @internal */
  static fromStore(store: VectorStore): KeyedVectors {
    return new KeyedVectors(store);
  }

  /**
   * Loads a file, or a stream of its bytes, plain or gzip: Google's binary format (rows with or without a newline at their
   * end), Google's text format, fastText's .vec, GloVe's text, our own .w2v. Which one is told by the content. Words may hold spaces in
   * text files: the last `vectorSize` fields of a line are its values.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED,
   * ERR_W2V_VECTOR_ENCODING (all with the byte, line or row), ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_MEMORY,
   * ERR_W2V_CANCELLED
   */
  static async load(source: string | VectorStream, options: LoadOptions = {}): Promise<KeyedVectors> {
    if (typeof source !== 'object' || !(Symbol.asyncIterator in source)) checkPath(source);
    const { signal, onProgress, ...loading } = options;
    checkNames(loading, [...loadingOptionNames, 'signal', 'onProgress']);
    const { vectors, ...found } = await loadStore(source, loading, watch({ signal, onProgress }));
    return new KeyedVectors(vectors, { path: typeof source === 'string' ? source : undefined, ...found });
  }

  /**
   * Writes all vectors to a temporary file beside `path`, then renames it: an interrupted save leaves what was there. A
   * path that ends in .gz is compressed.
   *
   * @throws ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE, ERR_W2V_CANCELLED
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    checkPath(path);
    await saveStore(this.#store, path, options.format ?? formatOfName(path), watch(options));
  }

  /**
   * Writes `word count` lines, as word2vec.c's -save-vocab does. Atomic, as {@link KeyedVectors.save}.
   *
   * @throws ERR_W2V_ARGUMENT (vectors without counts), ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE
   */
  async saveVocabulary(path: string, options: JobOptions = {}): Promise<void> {
    checkPath(path);
    if (!this.#store.hasCounts) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        'Expected vectors with word counts, but loaded vectors have none',
      );
    }
    await runJob(() => this.#store.saveVocabulary(path), watch(options));
  }

  /**
   * Reads a .w2v file to its end and compares it with its checksums; vectors of other formats have none.
   *
   * @throws ERR_W2V_VECTOR_CHECKSUM (with the section), ERR_W2V_FILE_CHANGED, ERR_W2V_CANCELLED
   */
  async verify(options: JobOptions = {}): Promise<void> {
    await runJob(() => this.#store.verify(this.loadedFrom?.path ?? 'the vectors'), watch(options));
  }

  /** How many words there are. */
  get size(): number {
    return this.#store.size;
  }

  /** Dimensions of each vector. */
  get vectorSize(): number {
    return this.#store.vectorSize;
  }

  has(word: string): boolean {
    return this.indexOf(word) >= 0;
  }

  /** The word's position; −1 if it is not there. */
  indexOf(word: string): number {
    return typeof word === 'string' ? callNative(() => this.#store.indexOf(word)) : -1;
  }

  /** @throws ERR_W2V_ARGUMENT if there is no such position */
  wordAt(index: number): string {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a whole number from 0 to ${this.size - 1} but received ${describe(index)}`,
      );
    }
    return callNative(() => this.#store.wordAt(index));
  }

  /** A copy of the word's vector. @throws {@link UnknownWordError} */
  get(word: string): Float32Array {
    return this.getVectors([word]);
  }

  /** A copy of the words' vectors: n × vectorSize numbers, row after row. @throws {@link UnknownWordError} */
  getVectors(words: readonly string[]): Float32Array {
    const ids = Uint32Array.from(words, (word) => this.#indexOfKnown(word));
    return callNative(() => this.#store.rows(ids));
  }

  /** How often the word occurs in the corpus; undefined where that is not known. @throws {@link UnknownWordError} */
  count(word: string): number | undefined {
    const index = this.#indexOfKnown(word);
    return this.#store.hasCounts ? this.#store.countAt(index) : undefined;
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let from = 0; from < this.size; from += slice)
      yield* callNative(() => this.#store.words(from, from + slice));
  }

  /** Cosine of two words' vectors, from −1 to 1; 0 if one of them is all zeros. @throws {@link UnknownWordError} */
  similarity(a: string, b: string): number {
    const x = this.get(a);
    const y = this.get(b);
    const lengths = Math.sqrt(dot(x, x) * dot(y, y));
    return lengths === 0 ? 0 : dot(x, y) / lengths;
  }

  /**
   * The words whose vectors have the largest cosine with a word, a vector, or the weighted mean of several: gensim's
   * most_similar. Words are normalised before they are averaged, vectors are taken as they are. Words in the query are
   * not among the answers. Best first, ties by position.
   *
   * @throws {@link UnknownWordError}, ERR_W2V_ARGUMENT, ERR_W2V_OPTION, ERR_W2V_CANCELLED
   */
  async mostSimilar(query: WordOrVector | Combination, options: SearchOptions = {}): Promise<Neighbour[]> {
    const { vector, words } = this.#combine(toTerms(query));
    const topN = wholeNumber('topN', options.topN ?? 10, 0);
    const to = Math.min(this.size, wholeNumber('restrictVocab', options.restrictVocab ?? this.size, 0));
    const wanted = Math.min(topN, to);
    const { ids, scores } = await runJob(
      () =>
        this.#store.search(
          vector,
          wanted,
          Uint32Array.of(0, words.length),
          words,
          0,
          to,
          availableParallelism(),
        ),
      watch(options),
    );
    const neighbours: Neighbour[] = [];
    for (let i = 0; i < ids.length && ids[i] !== noAnswer; ++i) {
      neighbours.push({ word: this.#store.wordAt(ids[i]!), score: scores[i]! });
      if (i % slice === slice - 1) await setImmediate();
    }
    return neighbours;
  }

  /** The words d for which "a is to b as c is to d": the neighbours of b − a + c (3CosAdd, Mikolov et al. 2013). */
  async analogy(a: string, b: string, c: string, options: SearchOptions = {}): Promise<Neighbour[]> {
    return this.mostSimilar({ positive: [b, c], negative: [a] }, options);
  }

  /**
   * The word that fits least with the others: the one with the smallest cosine to the mean of all. Unknown words are
   * left out, as gensim does.
   *
   * @throws {@link UnknownWordError} if all are unknown, ERR_W2V_ARGUMENT if there are none
   */
  async doesntMatch(words: readonly string[]): Promise<string> {
    checkWords(words);
    const rows = words.filter((word) => this.has(word)).map((word) => ({ word, row: unit(this.get(word)) }));
    if (rows.length === 0) throw new UnknownWordError(words[0]);
    const mean = new Float64Array(this.vectorSize);
    for (const { row } of rows) row.forEach((x, d) => (mean[d]! += x / rows.length));
    const [worst] = rows
      .map(({ word, row }) => ({ word, score: dot(row, mean) }))
      .sort((a, b) => a.score - b.score || (a.word < b.word ? -1 : 1));
    return Promise.resolve(worst!.word);
  }

  /**
   * Answers the analogy questions of a file in the form of questions-words.txt: gensim's evaluate_word_analogies.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_EVALUATION_FORMAT, ERR_W2V_OPTION, ERR_W2V_CANCELLED
   */
  async evaluateAnalogies(file: string, options: EvaluationOptions = {}): Promise<AnalogyEvaluation> {
    checkPath(file);
    return await evaluateAnalogies(this.#store, file, options, availableParallelism());
  }

  /**
   * Correlation with human judgements, `word word score` lines: gensim's evaluate_word_pairs.
   *
   * @throws as {@link KeyedVectors.evaluateAnalogies}
   */
  async evaluateWordPairs(file: string, options: WordPairsOptions = {}): Promise<WordPairsEvaluation> {
    checkPath(file);
    return await evaluateWordPairs(this.#store, file, options);
  }

  #indexOfKnown(word: string): number {
    if (typeof word !== 'string') {
      throw new W2VError('ERR_W2V_ARGUMENT', `Expected a word (a string) but received ${describe(word)}`);
    }
    const index = this.indexOf(word);
    if (index < 0) throw new UnknownWordError(word);
    return index;
  }

  /** The weighted sum of the terms, and the positions of the words among them. */
  #combine(terms: Term[]): { vector: Float32Array; words: Uint32Array } {
    const sum = new Float64Array(this.vectorSize);
    const words: number[] = [];
    for (const { item, weight } of terms) {
      if (typeof item === 'string') {
        const index = this.#indexOfKnown(item);
        words.push(index);
        unit(this.#store.rows(Uint32Array.of(index))).forEach((x, d) => (sum[d]! += weight * x));
      } else {
        this.#checkVector(item);
        item.forEach((x, d) => (sum[d]! += weight * x));
      }
    }
    return { vector: Float32Array.from(unit(sum)), words: Uint32Array.from(words) };
  }

  #checkVector(vector: Float32Array | readonly number[]): void {
    if (vector.length !== this.vectorSize) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a vector of ${this.vectorSize} numbers but received one of ${vector.length}`,
      );
    }
    vector.forEach((x: unknown, d) => {
      if (!Number.isFinite(x)) {
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected finite numbers but value ${d} of the vector is ${describe(x)}`,
        );
      }
    });
  }
}

const noAnswer = 0xffffffff;

function watch({ signal, onProgress }: JobOptions) {
  return {
    signal,
    onProgress:
      onProgress &&
      (({ done, total }: JobProgress) =>
        onProgress({ fraction: total === 0 ? 0 : Math.min(1, done / total) })),
  };
}

function checkPath(path: unknown): asserts path is string {
  if (typeof path !== 'string' || path === '') {
    throw new W2VError('ERR_W2V_ARGUMENT', `Expected the path of a file but received ${describe(path)}`);
  }
}

/** Refuses options that are not there, with the nearest that is: callers of JavaScript have no compiler. */
function checkNames(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Unknown option '${unknown}': did you mean '${closest(unknown, names)}'?`,
    );
  }
}

function checkWords(words: unknown): asserts words is readonly [string, ...string[]] {
  if (Array.isArray(words) && words.length > 0) return;
  throw new W2VError('ERR_W2V_ARGUMENT', `Expected an array of words but received ${describe(words)}`);
}

function wholeNumber(name: string, value: unknown, min: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value;
  throw new W2VError(
    'ERR_W2V_OPTION',
    `Expected ${name} to be a whole number from ${min} but received ${describe(value)}`,
  );
}

interface Term {
  item: WordOrVector;
  weight: number;
}

function isVector(value: unknown): value is Float32Array | readonly number[] {
  return value instanceof Float32Array || (Array.isArray(value) && typeof value[0] === 'number');
}

function toTerms(query: WordOrVector | Combination): Term[] {
  if (typeof query === 'string' || isVector(query)) return [{ item: query, weight: 1 }];
  if (typeof query !== 'object' || (query as unknown) === null || Array.isArray(query)) {
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected a word, a vector or {positive, negative} but received ${describe(query)}`,
    );
  }
  const { positive = [], negative = [] } = query;
  const terms = [...toList(positive).map((x) => toTerm(x, 1)), ...toList(negative).map((x) => toTerm(x, -1))];
  if (terms.length === 0) {
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected at least one word or vector in {positive, negative}');
  }
  return terms;
}

/** Several of them, or one that stands for itself. */
function toList(value: Weighted | readonly Weighted[]): readonly Weighted[] {
  return Array.isArray(value) && !isVector(value) && !isPair(value) ? value : [value as Weighted];
}

function isPair(value: unknown): value is readonly [WordOrVector, number] {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[1] === 'number' && typeof value[0] !== 'number'
  );
}

function toTerm(value: Weighted, defaultWeight: number): Term {
  const [item, weight] = isPair(value) ? value : [value, defaultWeight];
  if ((typeof item === 'string' || isVector(item)) && Number.isFinite(weight)) return { item, weight };
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected a word, a vector, or [one of them, a finite weight] but received ${describe(value)}`,
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; ++d) sum += a[d]! * b[d]!;
  return sum;
}

/** At unit length, in double precision; zeros stay zeros. */
function unit(vector: Float32Array | Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return Float64Array.from(vector, (x) => (length === 0 ? 0 : x / length));
}
