/**
 * The API of the npm package `word2vec` 1.1.5, on this library: see docs/from-npm-word2vec.md.
 *
 * @packageDocumentation
 */
import { availableParallelism } from 'node:os';
import { W2VError, describe } from './errors.js';
import { joinAsOriginal, originalPhraseDefaults } from './google/phrases.js';
import { originalDefaults, trainAsOriginal } from './google/train.js';
import { KeyedVectors } from './keyed-vectors.js';
import { callNative, type VectorStore } from './native.js';
import { unit } from './query.js';

/** Options of {@link word2vec}: those of Google's program in camelCase. */
export interface Word2VecParams {
  /** Dimensions. @defaultValue 100 */
  size?: number | undefined;
  /** Words to either side. @defaultValue 5 */
  window?: number | undefined;
  /** Threshold of subsampling. @defaultValue 1e-3 */
  sample?: number | undefined;
  /** 1: hierarchical softmax. @defaultValue 0 */
  hs?: number | undefined;
  /** Negative samples; 0 for none. @defaultValue 5 */
  negative?: number | undefined;
  /** Threads. @defaultValue 12 */
  threads?: number | undefined;
  /** Epochs. @defaultValue 5 */
  iter?: number | undefined;
  /** Words that occur fewer times are left out. @defaultValue 5 */
  minCount?: number | undefined;
  /** Initial learning rate. @defaultValue 0.025; CBOW 0.05 */
  alpha?: number | undefined;
  /** Above 0: classes of words are written in place of vectors. @defaultValue 0 */
  classes?: number | undefined;
  /** 0 prints less; 2 more. @defaultValue 2 */
  debug?: number | undefined;
  /** 1: the binary format. @defaultValue 0 */
  binary?: number | undefined;
  /** Where to write the vocabulary. */
  saveVocab?: string | undefined;
  /** A vocabulary to use in place of counting. */
  readVocab?: string | undefined;
  /** 0: skip-gram. @defaultValue 1 */
  cbow?: number | undefined;
  /** Print nothing. @defaultValue false */
  silent?: boolean | undefined;
}

/** Options of {@link word2phrase}: those of Google's program in camelCase. */
export interface Word2PhraseParams {
  /** Pairs with a higher score are joined. @defaultValue 100 */
  threshold?: number | undefined;
  /** Words and pairs that occur fewer times are no phrases. @defaultValue 5 */
  minCount?: number | undefined;
  /** 0 prints less; 2 more. @defaultValue 2 */
  debug?: number | undefined;
  /** Print nothing. @defaultValue false */
  silent?: boolean | undefined;
}

/** Called once, when all is done: with 0; with 1 and the error where it failed. */
export type DoneCallback = (exitCode: number, error?: Error) => void;

/** A word and how near it is. */
export interface WordDistance {
  /** As the vectors spell it. */
  word: string;
  /** Cosine similarity: higher is nearer. */
  dist: number;
}

/** Trains as Google's word2vec does, on a file, and writes vectors to a file. */
export function word2vec(input: string, output: string, callback?: DoneCallback): void;
/** The same, with options of Google's program. */
export function word2vec(
  input: string,
  output: string,
  params?: Word2VecParams,
  callback?: DoneCallback,
): void;
export function word2vec(
  input: string,
  output: string,
  paramsOrCallback?: Word2VecParams | DoneCallback,
  callback?: DoneCallback,
): void {
  const [params, done] = checkCall<Word2VecParams>(input, output, paramsOrCallback, callback);
  const { silent = false, ...given } = params;
  const known = [...Object.keys(originalDefaults), 'alpha', 'saveVocab', 'readVocab'];
  const options = { ...originalDefaults, ...checkParams(given, known) };
  finish(trainAsOriginal({ ...options, train: input, output }, printer(silent)), done);
}

/** Joins phrases as Google's word2phrase does, from file to file. */
export function word2phrase(input: string, output: string, callback?: DoneCallback): void;
/** The same, with options of Google's program. */
export function word2phrase(
  input: string,
  output: string,
  params?: Word2PhraseParams,
  callback?: DoneCallback,
): void;
export function word2phrase(
  input: string,
  output: string,
  paramsOrCallback?: Word2PhraseParams | DoneCallback,
  callback?: DoneCallback,
): void {
  const [params, done] = checkCall<Word2PhraseParams>(input, output, paramsOrCallback, callback);
  const { silent = false, ...given } = params;
  const options = { ...originalPhraseDefaults, ...checkParams(given, Object.keys(originalPhraseDefaults)) };
  finish(joinAsOriginal({ ...options, train: input, output }, printer(silent)), done);
}

/** Called once: with the model, or with why there is none. */
export type ModelCallback = (
  ...result: [error: null, model: Model] | [error: Error, model: undefined]
) => void;

/** Loads vectors, in any format that {@link KeyedVectors.load} reads. */
export function loadModel(file: string, callback: ModelCallback): void {
  expectType('a path', file, 'string');
  expectType('a callback', callback, 'function');
  KeyedVectors.load(file).then(
    (vectors) => later(() => callback(null, Model.of(vectors))),
    (error: unknown) => later(() => callback(error as Error, undefined)),
  );
}

/** A word and its vector, at unit length. */
export class WordVector {
  /** Whose vector it is; of a sum or difference, the first term's. */
  readonly word: string;
  /** As many numbers as the model's `size`. */
  readonly values: Float32Array;

  constructor(word: string, values: ArrayLike<number>) {
    this.word = word;
    this.values = Float32Array.from(values);
  }

  /** A new vector: the sum. */
  add(other: WordVector): WordVector {
    const values = this.#valuesOf(other);
    return new WordVector(
      this.word,
      this.values.map((value, d) => value + values[d]!),
    );
  }

  /** A new vector: the difference. */
  subtract(other: WordVector): WordVector {
    const values = this.#valuesOf(other);
    return new WordVector(
      this.word,
      this.values.map((value, d) => value - values[d]!),
    );
  }

  #valuesOf(other: unknown): Float32Array {
    if (other instanceof WordVector && other.values.length === this.values.length) return other.values;
    throw new TypeError(
      `Expected a WordVector of ${this.values.length} values but received ${describe(other)}`,
    );
  }
}

/**
 * Loaded vectors. Its calls answer at once, on the JavaScript thread, as those of the npm package do: one that looks at all words blocks it meanwhile.
 * {@link KeyedVectors} does not.
 */
export class Model {
  readonly #vectors: KeyedVectors;
  readonly #store: VectorStore;

  private constructor(vectors: KeyedVectors) {
    this.#vectors = vectors;
    this.#store = KeyedVectors.storeOf(vectors);
  }

  /** @internal */
  static of(vectors: KeyedVectors): Model {
    return new Model(vectors);
  }

  /** How many words there are. */
  get words(): number {
    return this.#vectors.size;
  }

  /** How many values a vector has. */
  get size(): number {
    return this.#vectors.vectorSize;
  }

  /** The cosine of two words; null where one is not there. */
  similarity(word1: string, word2: string): number | null {
    expectType('a word', word1, 'string');
    expectType('a word', word2, 'string');
    if (!this.#vectors.has(word1) || !this.#vectors.has(word2)) return null;
    return this.#vectors.similarity(word1, word2);
  }

  /** The nearest words to a word, or to the sum of several, separated by blanks; null where all are unknown. */
  mostSimilar(phrase: string, number = 40): WordDistance[] | null {
    expectType('a word or several', phrase, 'string');
    const words = phrase.split(' ').filter((word) => this.#vectors.has(word));
    if (words.length === 0) return null;
    return this.#nearest(
      this.#sum(words.map((word) => [word, 1])),
      number,
      words.map((word) => this.#vectors.indexOf(word)),
    );
  }

  /** `pair[0]` is to `pair[1]` as `word` is to …; null where one is unknown. */
  analogy(word: string, pair: readonly [string, string], number = 40): WordDistance[] | null {
    expectType('a word', word, 'string');
    const given: unknown = pair;
    if (!Array.isArray(given) || given.length !== 2)
      throw new TypeError(`Expected a pair of words but received ${describe(given)}`);
    const [from, to] = pair;
    const words = [from, to, word];
    for (const each of words) expectType('a word', each, 'string');
    if (!words.every((each) => this.#vectors.has(each))) return null;
    const query = this.#sum([
      [to, 1],
      [from, -1],
      [word, 1],
    ]);
    return this.#nearest(
      query,
      number,
      words.map((each) => this.#vectors.indexOf(each)),
    );
  }

  /** The vector of a word; null where it is not there. */
  getVector(word: string): WordVector | null {
    expectType('a word', word, 'string');
    if (!this.#vectors.has(word)) return null;
    return new WordVector(word, unit(this.#vectors.get(word)));
  }

  /** The vectors of these words, or of all, in the order of the file; unknown words are left out. */
  getVectors(words?: readonly string[]): WordVector[] {
    const given: unknown = words;
    if (given !== undefined && !Array.isArray(given))
      throw new TypeError(`Expected a list of words but received ${describe(given)}`);
    const positions = words
      ? [...new Set(words.map((word) => this.#vectors.indexOf(word)))]
          .filter((position) => position >= 0)
          .sort((a, b) => a - b)
      : Array.from({ length: this.words }, (_, i) => i);
    return positions.map((position) => this.getVector(this.#vectors.wordAt(position))!);
  }

  /** The word whose vector is nearest. */
  getNearestWord(vector: WordVector | ArrayLike<number>): WordDistance | null {
    return this.getNearestWords(vector, 1)[0] ?? null;
  }

  /** The words whose vectors are nearest. */
  getNearestWords(vector: WordVector | ArrayLike<number>, number = 10): WordDistance[] {
    const values = vector instanceof WordVector ? vector.values : vector;
    const list = Array.from((values as ArrayLike<number> | null | undefined) ?? []);
    if (list.length !== this.size || !list.every((value) => Number.isFinite(value)))
      throw new TypeError(`Expected a vector of ${this.size} numbers but received ${describe(vector)}`);
    return this.#nearest(Float32Array.from(list), number, []);
  }

  #sum(terms: readonly (readonly [string, number])[]): Float32Array {
    const sum = new Float32Array(this.size);
    for (const [word, weight] of terms)
      for (const [d, value] of unit(this.#vectors.get(word)).entries()) sum[d]! += weight * value;
    return sum;
  }

  #nearest(query: Float32Array, number: number, exclude: readonly number[]): WordDistance[] {
    if (!Number.isSafeInteger(number) || number < 1)
      throw new TypeError(`Expected a whole number of words from 1 but received ${describe(number)}`);
    const { ids, scores } = callNative(() =>
      this.#store.searchNow({
        queries: query,
        topN: Math.min(number, this.words),
        excludeOffsets: Uint32Array.of(0, exclude.length),
        excludeIds: Uint32Array.from(exclude),
        from: 0,
        to: this.words,
        threads: availableParallelism(),
      }),
    );
    const found = Array.from(ids, (id, i) => ({ id, dist: scores[i]! })).filter(({ id }) => id < this.words);
    return found.map(({ id, dist }) => ({ word: this.#vectors.wordAt(id), dist }));
  }
}

// ---- arguments ----

function expectType(expected: string, received: unknown, type: 'string' | 'function'): void {
  if (typeof received !== type)
    throw new TypeError(`Expected ${expected} (a ${type}) but received ${describe(received)}`);
}

function checkCall<Params extends object>(
  input: unknown,
  output: unknown,
  paramsOrCallback: unknown,
  callback: unknown,
): [Params, DoneCallback] {
  expectType('the path of the input', input, 'string');
  expectType('the path of the output', output, 'string');
  const [params, done] =
    typeof paramsOrCallback === 'function' ? [{}, paramsOrCallback] : [paramsOrCallback ?? {}, callback];
  if (typeof params !== 'object' || Array.isArray(params))
    throw new TypeError(`Expected params to be an object but received ${describe(params)}`);
  if (done !== undefined) expectType('a callback', done, 'function');
  return [params as Params, (done ?? (() => undefined)) as DoneCallback];
}

/** The parameters given, checked: those that are undefined are as if they were not. */
function checkParams<Params extends object>(
  params: Params,
  known: readonly string[],
): { [K in keyof Params]?: NonNullable<Params[K]> } {
  for (const [name, value] of Object.entries(params)) {
    if (!known.includes(name))
      throw new TypeError(`Unknown parameter '${name}': expected some of ${known.join(', ')}`);
    const type = name.endsWith('Vocab') ? 'string' : 'number';
    if (value !== undefined && typeof value !== type)
      throw new TypeError(`Expected ${name} to be a ${type} but received ${describe(value)}`);
  }
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as {
    [K in keyof Params]?: NonNullable<Params[K]>;
  };
}

function printer(silent: boolean): (text: string) => void {
  return silent ? () => undefined : (text) => process.stdout.write(text);
}

function finish(work: Promise<void>, done: DoneCallback): void {
  work.then(
    () => later(() => done(0)),
    (error: unknown) =>
      later(() => done(1, error instanceof Error ? error : new W2VError('ERR_W2V_INTERNAL', String(error)))),
  );
}

/** Out of the promise: what a callback throws is an uncaught exception, as anywhere, and calls it no second time. */
function later(call: () => void): void {
  process.nextTick(call);
}
