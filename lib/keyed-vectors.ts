import { availableParallelism } from 'node:os';
import { isPromise } from 'node:util/types';
import {
  expectArgument,
  expectBooleans,
  expectIterable,
  expectList,
  expectOption,
  expectPath,
  expectWord,
  expectWords,
  isWhole,
  itemsOf,
  wholeNumber,
} from './arguments.js';
import { UnknownWordError, W2VError, describe } from './errors.js';
import {
  evaluateWordAnalogies,
  evaluateWordPairs,
  type AnalogyEvaluation,
  type EvaluationOptions,
  type WordPairsEvaluation,
  type WordPairsOptions,
} from './evaluation.js';
import {
  binding,
  callNative,
  runJob,
  type Job,
  type JobProgress,
  type VectorIndex,
  type VectorStore,
} from './native.js';
import { checkNames, resolveThreads } from './options.js';
import { dot, toTerms, unit, type Combination, type Term, type WordOrVector } from './query.js';
import { nearSpellings, spellings } from './spelling.js';
import { eachInTurns, inTurns, nextTurn, turnIsOver } from './turn.js';
import {
  formatOfName,
  loadStore,
  loadingOptionNames,
  saveStore,
  type LoadedFormat,
  type LoadingOptions,
  type Precision,
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

/** Of {@link KeyedVectors.load}. */
export interface LoadOptions extends JobOptions, LoadingOptions {}

/** Of {@link KeyedVectors.save}. */
export interface SaveOptions extends JobOptions {
  /** The format to write. @defaultValue by the name of the file: w2v for .w2v, text for .txt and .vec, else bin; also before .gz */
  format?: VectorFormat | undefined;
  /** The rows that a .w2v file is to hold; several at once make searches fast and exact, see {@link SearchOptions}. @defaultValue float32 */
  precision?: Precision | readonly Precision[] | undefined;
}

/** Which words a search looks at, how, and how many answers it gives. */
export interface SearchOptions extends JobOptions {
  /** Answers wanted. @defaultValue 10 */
  topN?: number | undefined;
  /** Search only the first so many words, the most frequent ones where the vectors are sorted so. @defaultValue all */
  restrictVocab?: number | undefined;
  /** Search only the words from position `clipStart` up to, not including, `clipEnd`. @defaultValue all */
  clipStart?: number | undefined;
  /** See `clipStart`. @defaultValue all */
  clipEnd?: number | undefined;
  /** Only words it is true for can be answers; or a mask with one number per word, 0 for those that cannot. */
  filter?: ((word: string, index: number) => boolean) | Uint8Array | undefined;
  /**
   * `exact` compares with all rows as they are. `int8` and `bf16` look at all rows with a quarter or half of the bits, several times as
   * fast, and compare the best of them, twice the answers and 30 more, with the rows as they are: a neighbour is missed now and then. Rows of fewer
   * bits come from the .w2v file, or are made at the first such search and kept in memory, a quarter or half of the vectors' size.
   * @defaultValue exact; the file's precision where it has no float32 rows
   */
  precision?: 'exact' | 'bf16' | 'int8' | undefined;
  /**
   * Ask the index ({@link KeyedVectors.buildIndex}, {@link KeyedVectors.loadIndex}) in place of looking at all rows: what it finds is compared exactly, but it
   * does not find every neighbour. With a filter or range that leaves few words it finds fewer. @defaultValue false
   */
  index?: boolean | undefined;
  /** Candidates that the index looks at for each query: more find more, and take longer. @defaultValue 128 */
  expansion?: number | undefined;
}

/** Of {@link KeyedVectors.buildIndex}. */
export interface IndexOptions extends JobOptions {
  /** The only one that searches here go by. @defaultValue cosine */
  metric?: 'cosine' | undefined;
  /** Neighbours of each word in the graph, 2 to 512; twice as many in its lowest level. @defaultValue 16 */
  connectivity?: number | undefined;
  /** Candidates looked at while a word finds its place in the graph. @defaultValue 128 */
  expansion?: number | undefined;
  /** Rows that the graph compares; what it finds is compared with the vectors as they are. @defaultValue int8 */
  precision?: 'int8' | undefined;
}

/** Of {@link KeyedVectors.search}. */
export interface BatchSearchOptions extends SearchOptions {
  /** Words, or their positions, that are no answers to any of the queries. */
  exclude?: readonly (string | number)[] | undefined;
  /**
   * What is compared: cosines; inner products of the vectors as they are; or Euclidean distances, of which the least is the best. The last two look at all rows as
   * they are: no precision, no index. @defaultValue cosine
   */
  metric?: 'cosine' | 'dot' | 'euclidean' | undefined;
}

/** Answers of {@link KeyedVectors.search}: those of query i are at i · topN and after, best first, ties by position. */
export interface BatchAnswers {
  /** Positions of words; {@link noAnswer} where a query has fewer answers. */
  ids: Uint32Array;
  /** Cosines, or what the metric gives; 0 beside {@link noAnswer}. */
  scores: Float32Array;
  /** Answers for each query: `topN`, or as many words as were searched. */
  topN: number;
}

/** Stands in {@link BatchAnswers} where there is no answer. */
export const noAnswer = 0xffffffff;

/** Of {@link KeyedVectors.cluster}. */
export interface ClusterOptions extends JobOptions {
  /** How it begins; see {@link KeyedVectors.cluster}. @defaultValue kmeans++ */
  init?: 'kmeans++' | 'word2vec' | undefined;
  /** Iterations at most; fewer where nothing changes any more. @defaultValue 100; word2vec 10 */
  maxIterations?: number | undefined;
  /** Of what k-means++ draws. @defaultValue 1 */
  seed?: number | undefined;
  /** Threads. @defaultValue all processors */
  threads?: number | undefined;
}

/** Words in classes, as {@link KeyedVectors.cluster} puts them. */
export interface Clusters {
  /** The class of each word, by position. */
  classes: Uint32Array;
  /** Row-major, classes × vectorSize, at unit length. */
  centroids: Float32Array;
  /** Words of each class. */
  sizes: Uint32Array;
  /** The mean cosine of words and their centroids. */
  meanCosine: number;
  /** Iterations that were needed. */
  iterations: number;
}

/** A word and how near it is. */
export interface Neighbour {
  /** As the vectors spell it. */
  word: string;
  /** Cosine similarity, from −1 to 1. */
  score: number;
}

/** Where vectors were loaded from, and what was found there. */
export interface LoadedFrom {
  /** Undefined for a stream. */
  path: string | undefined;
  /** What the content was found to be. */
  format: LoadedFormat;
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
  /** What became of the file beside the vectors (`sidecar`); undefined where none was wanted or there is no use for one. */
  sidecar?: 'reused' | 'written' | 'failed' | undefined;
  /** Why a sidecar that was there was not used, or why none could be written. */
  sidecarProblem?: string | undefined;
}

const slice = 4096; // words that cross from the addon at a time: well below 10 ms
const rowsAtATime = 64;

/**
 * Words and their vectors, held outside the JavaScript heap, safe to ask from many places at once. The methods that change them
 * (addVectors, sortByDescendingFrequency, unitNormalizeAll, intersectWord2VecFormat) make a copy in memory, of mapped vectors too, and put it in place when it is
 * done: a search that runs meanwhile answers from what was there before.
 *
 * Look-ups are synchronous. All that goes through the vectors is a promise and runs on native threads. Iterating
 * gives the words in their order, which in trained vectors is by falling frequency, after `</s>`.
 */
export class KeyedVectors implements Iterable<string> {
  #store: VectorStore;
  #index: VectorIndex | undefined; // of #store
  #changed: Promise<unknown> = Promise.resolve(); // when the last change is done
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

  /** @internal */
  static storeOf(vectors: KeyedVectors): VectorStore {
    return vectors.#store;
  }

  /** @internal Other vectors under the same object: of a model that has been trained. */
  static setStore(vectors: KeyedVectors, store: VectorStore): void {
    vectors.#store = store;
    vectors.#index = undefined;
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
    checkNames(options, [...loadingOptionNames, ...jobOptionNames]);
    const isStream =
      typeof source === 'object' && (source as unknown) !== null && Symbol.asyncIterator in source;
    if (!isStream) expectPath(source, 'the path of a file or a stream of bytes');
    const { signal, onProgress, ...loading } = options;
    const { vectors, ...found } = await loadStore(source, loading, watch({ signal, onProgress }));
    return new KeyedVectors(vectors, { path: typeof source === 'string' ? source : undefined, ...found });
  }

  /**
   * Vectors of your own: row i, of `vectorSize` numbers, belongs to word i. Where `vectorSize` is not given, it is the length of the first row, or how many
   * numbers there are for each word.
   *
   * @throws as {@link KeyedVectors.addVectors}
   */
  static async fromVectors(
    words: readonly string[],
    vectors: VectorRows,
    options: Omit<AddVectorsOptions, 'replace'> & { vectorSize?: number } = {},
  ): Promise<KeyedVectors> {
    checkNames(options, ['vectorSize', 'counts', ...jobOptionNames]);
    expectList(words, 'an array of words');
    expectRows(vectors);
    const { vectorSize: given, ...adding } = options;
    if (given !== undefined) wholeNumber('vectorSize', given, 1);
    const vectorSize =
      given ?? (isRowList(vectors) ? (vectors[0]?.length ?? 0) : vectors.length / Math.max(1, words.length));
    const expected = `a vector for each of the ${words.length} words, all of the same size,`;
    expectArgument(isWhole(vectorSize, 1), expected, vectors);
    const made = new KeyedVectors(callNative(() => binding.createStore(vectorSize)));
    await made.addVectors(words, vectors, adding);
    return made;
  }

  /**
   * Puts the words into classes by k-means on their directions: each belongs to the centroid with the highest cosine. `kmeans++` draws the first centroids far from each
   * other (Arthur, Vassilvitskii 2007) and goes on until nothing changes; `word2vec` is word2vec.c's -classes to the letter: word i begins in class i mod
   * `classes`, vectors count with their lengths, 10 iterations.
   *
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT (more classes than words), ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  async cluster(classes: number, options: ClusterOptions = {}): Promise<Clusters> {
    checkNames(options, ['init', 'maxIterations', 'seed', 'threads', ...jobOptionNames]);
    const { init = 'kmeans++', maxIterations = init === 'word2vec' ? 10 : 100, seed = 1 } = options;
    expectOption(['kmeans++', 'word2vec'].includes(init), "init to be 'kmeans++' or 'word2vec'", init);
    wholeNumber('maxIterations', maxIterations, 1, 1_000_000);
    const threads = resolveThreads(options.threads);
    wholeNumber('seed', seed, 0);
    const expected = `a number of classes from 1 to ${this.size}, the number of words,`;
    expectArgument(isWhole(classes, 1, this.size), expected, classes);
    const request = { classes, asWord2vec: init === 'word2vec', iterations: maxIterations, seed, threads };
    return runJob(() => this.#store.cluster(request), watch(options));
  }

  /**
   * Writes all vectors to a temporary file beside `path`, then renames it: an interrupted save leaves what was there. A
   * path that ends in .gz is compressed.
   *
   * @throws ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE, ERR_W2V_CANCELLED
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    expectPath(path);
    checkNames(options, ['format', 'precision', ...jobOptionNames]);
    const { format = formatOfName(path), precision = 'float32' } = options;
    await saveStore(this.#store, path, format, precision, watch(options));
  }

  /**
   * Writes `word count` lines, as word2vec.c's -save-vocab does. Atomic, as {@link KeyedVectors.save}.
   *
   * @throws ERR_W2V_ARGUMENT (vectors without counts), ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE
   */
  async saveVocabulary(path: string, options: JobOptions = {}): Promise<void> {
    expectPath(path);
    checkNames(options, jobOptionNames);
    this.#checkCounts();
    await runJob(() => this.#store.saveVocabulary(path), watch(options));
  }

  /**
   * Builds an index for approximate search (`index: true`): an HNSW graph (Malkov and Yashunin 2018) over rows of int8, in memory. Several threads
   * build it, so it differs a little from time to time. A change of the vectors drops it.
   *
   * @throws ERR_W2V_OPTION, ERR_W2V_MEMORY, ERR_W2V_CANCELLED, ERR_W2V_INDEX (compiled without the package usearch)
   */
  async buildIndex(options: IndexOptions = {}): Promise<void> {
    checkNames(options, ['metric', 'connectivity', 'expansion', 'precision', ...jobOptionNames]);
    const { metric = 'cosine', connectivity = 16, expansion = 128, precision = 'int8' } = options;
    const only = (name: string, expected: string, received: string) =>
      expectOption(received === expected, `${name} to be '${expected}'`, received);
    only('metric', 'cosine', metric);
    only('precision', 'int8', precision);
    const native = {
      connectivity: wholeNumber('connectivity', connectivity, 2, 512),
      expansion: wholeNumber('expansion', expansion, 1, 65_536),
      threads: availableParallelism(),
    };
    const store = this.#store;
    const index = await runJob(() => binding.buildIndex(store, native), watch(options));
    if (store === this.#store) this.#index = index;
  }

  /**
   * Writes the index beside the vectors, or to `path`; atomic.
   *
   * @param path - @defaultValue the path of the vectors and `.hnsw`
   * @throws ERR_W2V_INDEX (there is none), ERR_W2V_ARGUMENT, ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED
   */
  async saveIndex(path = this.#indexPath(), options: JobOptions = {}): Promise<void> {
    expectPath(path);
    checkNames(options, jobOptionNames);
    const index = this.#indexOrError();
    await runJob(() => index.save(path), watch(options));
  }

  /**
   * Maps an index that {@link KeyedVectors.saveIndex} wrote for these vectors.
   *
   * @param path - @defaultValue the path of the vectors and `.hnsw`
   * @throws ERR_W2V_INDEX for the index of other vectors, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ
   */
  async loadIndex(path = this.#indexPath(), options: JobOptions = {}): Promise<void> {
    expectPath(path);
    checkNames(options, jobOptionNames);
    const store = this.#store;
    const index = await runJob(() => binding.openIndex(store, path), watch(options));
    if (store === this.#store) this.#index = index;
  }

  /** Whether there is an index to ask. */
  get hasIndex(): boolean {
    return this.#index !== undefined;
  }

  /**
   * Reads a .w2v file to its end and compares it with its checksums; vectors of other formats have none.
   *
   * @throws ERR_W2V_VECTOR_CHECKSUM (with the section), ERR_W2V_FILE_CHANGED, ERR_W2V_CANCELLED
   */
  async verify(options: JobOptions = {}): Promise<void> {
    checkNames(options, jobOptionNames);
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

  /** The rows that are there; {@link KeyedVectors.get} takes the first of them. */
  get precisions(): readonly Precision[] {
    return this.#store.precisions;
  }

  /**
   * Words that are not there have vectors too: the means of their character n-grams (fastText's models). They can be asked for wherever a word
   * can; {@link KeyedVectors.has} is about the words that are there. Vectors that are changed or saved in other formats lose this.
   */
  get hasSubwords(): boolean {
    return this.#store.hasSubwords;
  }

  /** Whether the word is there. */
  has(word: string): boolean {
    return this.indexOf(word) >= 0;
  }

  /** The word's position; −1 if it is not there. */
  indexOf(word: string): number {
    return typeof word === 'string' ? callNative(() => this.#store.indexOf(word)) : -1;
  }

  /** The word at a position. @throws ERR_W2V_ARGUMENT if there is no such position */
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
    expectList(words, 'an array of words');
    if (this.hasSubwords) return joined(words.map((word) => this.#rowOf(word).row));
    const ids = Uint32Array.from(words, (word) => this.#indexOfKnown(word));
    return callNative(() => this.#store.rows(ids));
  }

  /** How often the word occurs in the corpus; undefined where that is not known. @throws {@link UnknownWordError} */
  count(word: string): number | undefined {
    const index = this.#indexOfKnown(word);
    return this.#store.hasCounts ? this.#store.countAt(index) : undefined;
  }

  /** All words, in their order. */
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
    checkNames(options, searchOptionNames);
    const { vector, words } = await this.#combine(toTerms(query));
    return this.#neighbours(await this.#search(vector, options, words));
  }

  /**
   * The words that a combination of words points to by 3CosMul (Levy and Goldberg 2014): gensim's most_similar_cosmul, where
   * every term counts by itself and no weights are taken. Scores are not cosines: they are above 0 without an upper limit.
   *
   * @throws as {@link KeyedVectors.mostSimilar}
   */
  async mostSimilarCosmul(query: Combination, options: SearchOptions = {}): Promise<Neighbour[]> {
    checkNames(options, searchOptionNames);
    const terms = toTerms(query);
    if (terms.some(({ weight }) => Math.abs(weight) !== 1)) {
      throw new W2VError('ERR_W2V_ARGUMENT', 'Expected words and vectors without weights: 3CosMul has none');
    }
    const positives = terms.filter(({ weight }) => weight > 0);
    const parts = [...positives, ...terms.filter(({ weight }) => weight < 0)];
    const queries = new Float32Array(parts.length * this.vectorSize);
    const words: number[] = [];
    await inTurns(parts.length, (i) => {
      const sum = new Float64Array(this.vectorSize);
      this.#addTerm({ item: parts[i]!.item, weight: 1 }, sum, words);
      queries.set(unit(sum), i * this.vectorSize);
    });
    const found = await this.#search(queries, options, Uint32Array.from(words), positives.length);
    return this.#neighbours(found);
  }

  /** The neighbours of a word: {@link KeyedVectors.mostSimilar}, under gensim's other names. */
  async similarByWord(word: string, options: SearchOptions = {}): Promise<Neighbour[]> {
    return this.mostSimilar(word, options);
  }

  /** The neighbours of a vector. */
  async similarByVector(
    vector: Float32Array | readonly number[],
    options: SearchOptions = {},
  ): Promise<Neighbour[]> {
    checkNames(options, searchOptionNames);
    this.#checkVector(vector);
    return this.mostSimilar(vector, options);
  }

  /**
   * Exact search for many queries at once: the vectors are read once for all of them. Queries are words or vectors, or n × vectorSize
   * numbers, row after row. A word in the queries is an answer like any other unless it is in `exclude`.
   *
   * @throws as {@link KeyedVectors.mostSimilar}
   */
  async search(
    queries: Float32Array | readonly WordOrVector[],
    options: BatchSearchOptions = {},
  ): Promise<BatchAnswers> {
    checkNames(options, [...searchOptionNames, 'exclude', 'metric']);
    if (!(queries instanceof Float32Array)) expectList(queries, 'an array of words and vectors');
    const { exclude: left = [] } = options;
    expectOption(Array.isArray(left), 'exclude to be an array of words and their positions', left);
    const exclude: number[] = [];
    await eachInTurns(left, (item) =>
      exclude.push(
        typeof item === 'string' ? this.#indexOfKnown(item) : wholeNumber('exclude', item, 0, 0xffffffff),
      ),
    );
    const vectors = queries instanceof Float32Array ? queries : await this.#joined(queries);
    if (vectors.length % this.vectorSize !== 0) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected queries of ${this.vectorSize} numbers each but received ${vectors.length} in all`,
      );
    }
    return this.#search(vectors, options, Uint32Array.from(exclude), undefined, metricOf(options));
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
    const rows: { word: string; row: Float64Array }[] = [];
    await eachInTurns(words, (word) => {
      if (this.#knows(word)) rows.push({ word, row: unit(this.get(word)) });
    });
    if (rows.length === 0) throw this.#unknownWord(words[0]);
    const mean = new Float64Array(this.vectorSize);
    await eachInTurns(rows, ({ row }) => {
      for (let d = 0; d < row.length; ++d) mean[d]! += row[d]! / rows.length;
    });
    let worst = { word: rows[0]!.word, score: Infinity };
    await eachInTurns(rows, ({ word, row }) => {
      const score = dot(row, mean);
      if ((score - worst.score || (word < worst.word ? -1 : 1)) < 0) worst = { word, score };
    });
    return worst.word;
  }

  /** 1 − {@link KeyedVectors.similarity}. @throws {@link UnknownWordError} */
  distance(a: string, b: string): number {
    return 1 - this.similarity(a, b);
  }

  /**
   * 1 − the cosine of a word or vector with each of the other words; without them with every word, in their order. NaN for a
   * row that is not finite.
   *
   * @throws {@link UnknownWordError}, ERR_W2V_ARGUMENT, ERR_W2V_CANCELLED
   */
  async distances(
    query: WordOrVector,
    others?: readonly string[],
    options: JobOptions = {},
  ): Promise<Float32Array> {
    if (others !== undefined) expectList(others, 'an array of words');
    checkNames(options, jobOptionNames);
    const { vector } = await this.#combine(toTerms(query));
    if (others) return this.#distancesTo(others, vector);
    const cosines = await this.#cosines(vector, options);
    await inTurns(cosines.length, (i) => (cosines[i] = 1 - cosines[i]!));
    return cosines;
  }

  /**
   * Word Mover's Distance of two tokenised texts (Kusner et al. 2015): the least sum of Euclidean distances that the words of one must travel to
   * become the other, each text weighing 1 in all; solved exactly. Unknown words are left out, as gensim does; infinity
   * where one text has no known word. `norm` brings vectors to unit length before.
   *
   * @throws ERR_W2V_ARGUMENT, ERR_W2V_CANCELLED
   */
  async wmDistance(
    a: readonly string[],
    b: readonly string[],
    options: { norm?: boolean } & JobOptions = {},
  ): Promise<number> {
    checkNames(options, ['norm', ...jobOptionNames]);
    const { norm = true } = options;
    expectBooleans({ norm });
    for (const text of [a, b]) expectWords(text);
    const store = this.#store;
    const [from, to]: [number[], number[]] = [[], []];
    await eachKnown(store, a, (id) => from.push(id));
    await eachKnown(store, b, (id) => to.push(id));
    return runJob(
      () => store.wordMoversDistance(Uint32Array.from(from), Uint32Array.from(to), norm),
      watch(options),
    );
  }

  /** Cosines of a vector with several others: gensim's cosine_similarities. */
  static cosineSimilarities(vector: ArrayLike<number>, others: readonly ArrayLike<number>[]): Float32Array {
    expectNumbers(vector, 'a vector of numbers');
    expectList(others, 'an array of vectors');
    for (const other of others) {
      expectNumbers(other, 'vectors of numbers');
      expectArgument(other.length === vector.length, `vectors of ${vector.length} numbers`, other);
    }
    const x = unit(Float64Array.from(vector));
    return Float32Array.from(others, (other) => dot(x, unit(Float64Array.from(other))));
  }

  /**
   * The weighted mean of words and vectors: gensim's get_mean_vector. Weights are divided by the sum of their amounts.
   *
   * @throws {@link UnknownWordError} with `ignoreMissing: false`, ERR_W2V_ARGUMENT
   */
  getMeanVector(items: readonly WordOrVector[], options: MeanVectorOptions = {}): Float32Array {
    checkNames(options, ['weights', 'preNormalize', 'postNormalize', 'ignoreMissing']);
    const { weights, preNormalize = true, postNormalize = false, ignoreMissing = true } = options;
    expectBooleans({ preNormalize, postNormalize, ignoreMissing });
    expectList(items, 'an array of words and vectors');
    if (weights !== undefined) {
      const expected = `a finite weight for each of the ${items.length} items`;
      expectList(weights, expected);
      if (weights.length !== items.length) {
        throw new W2VError('ERR_W2V_ARGUMENT', `Expected ${expected} but received ${weights.length}`);
      }
      for (const weight of weights) expectArgument(Number.isFinite(weight), expected, weight);
    }
    const sum = new Float64Array(this.vectorSize);
    let total = 0;
    items.forEach((item, i) => {
      if (typeof item === 'string' && ignoreMissing && !this.#knows(item)) return;
      const weight = weights?.[i] ?? 1;
      if (typeof item !== 'string') this.#checkVector(item);
      const row = typeof item === 'string' ? this.getVector(item, { norm: preNormalize }) : item;
      row.forEach((x, d) => (sum[d]! += weight * x));
      total += Math.abs(weight);
    });
    if (total > 0) sum.forEach((x, d) => (sum[d] = x / total));
    return Float32Array.from(postNormalize ? unit(sum) : sum);
  }

  /** A copy of the word's vector, at unit length with `norm`. @throws {@link UnknownWordError} */
  getVector(word: string, options: { norm?: boolean } = {}): Float32Array {
    checkNames(options, ['norm']);
    const { norm = false } = options;
    expectBooleans({ norm });
    const row = this.get(word);
    return norm ? Float32Array.from(unit(row)) : row;
  }

  /**
   * Cosine of the means of two sets of words; unknown words are left out.
   *
   * @throws ERR_W2V_ARGUMENT for an empty set
   */
  nSimilarity(a: readonly string[], b: readonly string[]): number {
    checkWords(a);
    checkWords(b);
    const [x, y] = [a, b].map((words) => unit(this.getMeanVector(words, { preNormalize: false })));
    return dot(x!, y!);
  }

  /** The word of `words` that is most similar to `word`. @throws {@link UnknownWordError}, ERR_W2V_ARGUMENT */
  mostSimilarToGiven(word: string, words: readonly string[]): string {
    checkWords(words);
    const scores = words.map((other) => this.similarity(word, other));
    return words[scores.indexOf(Math.max(...scores))]!;
  }

  /** The words that are more similar to `a` than `b` is, in their order. @throws {@link UnknownWordError} */
  async closerThan(a: string, b: string, options: JobOptions = {}): Promise<string[]> {
    const words: string[] = [];
    await this.#forEachCloser(a, b, options, (i) => words.push(this.wordAt(i)));
    return words;
  }

  /** The place of `b` among the words that are most similar to `a`: 1 is the first. @throws {@link UnknownWordError} */
  async rank(a: string, b: string, options: JobOptions = {}): Promise<number> {
    let closer = 0;
    await this.#forEachCloser(a, b, options, () => (closer += 1));
    return closer + 1;
  }

  /**
   * The similarity of two words in relation to that of the `topN` most similar words of the first (Leeuwenberg et al. 2016): above 1 / topN it
   * is rather a synonym.
   */
  async relativeCosineSimilarity(a: string, b: string, topN = 10): Promise<number> {
    expectArgument(isWhole(topN, 1), 'topN to be a whole number from 1', topN);
    const neighbours = await this.mostSimilar(a, { topN });
    return this.similarity(a, b) / neighbours.reduce((sum, { score }) => sum + score, 0);
  }

  /**
   * The words by their cosine with the mean of all, the most central first: gensim's rank_by_centrality. Unknown words are left
   * out. With `useNorm: false` vectors keep their lengths: the longer ones weigh more in the mean, and in the scores.
   *
   * @throws {@link UnknownWordError} if all are unknown, ERR_W2V_ARGUMENT if there are none
   */
  rankByCentrality(words: readonly string[], options: { useNorm?: boolean } = {}): Neighbour[] {
    checkWords(words);
    checkNames(options, ['useNorm']);
    const { useNorm = true } = options;
    expectBooleans({ useNorm });
    const known = words.filter((word) => this.#knows(word));
    if (known.length === 0) throw this.#unknownWord(words[0]);
    const rows = known.map((word) => this.getVector(word, { norm: useNorm }));
    const mean = unit(this.getMeanVector(rows));
    return known
      .map((word, i) => ({ word, score: dot(rows[i]!, mean) }))
      .sort((a, b) => b.score - a.score || (a.word < b.word ? 1 : -1));
  }

  /**
   * The word as the vectors spell it: as given, or with other capitals, or with `_` for spaces, as in GoogleNews ('new york' →
   * 'New_York'); undefined if no such spelling is there.
   */
  resolve(word: string): string | undefined {
    expectWord(word);
    return spellings(word).find((spelling) => this.has(spelling));
  }

  /**
   * Adds words with their vectors behind those that are there: gensim's add_vectors. A word that is there keeps its vector, or
   * takes the new one and its count with `replace`.
   *
   * @param vectors - words.length × vectorSize numbers, row after row, which are copied, or an array of rows (not to be changed until the promise settles)
   * @throws ERR_W2V_ARGUMENT (sizes that do not fit, a word that comes twice), ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  async addVectors(
    words: readonly string[],
    vectors: VectorRows,
    options: AddVectorsOptions = {},
  ): Promise<void> {
    checkNames(options, ['counts', 'replace', ...jobOptionNames]);
    const { counts, replace = false } = options;
    expectBooleans({ replace });
    expectList(words, 'an array of words');
    expectRows(vectors);
    if (counts !== undefined) {
      const { length } = Object(counts) as { length?: unknown };
      const expected = `a count for each of the ${words.length} words`;
      expectArgument(length === words.length, expected, length ?? counts);
    }
    const given = isRowList(vectors) ? await this.#flat(vectors) : vectors;
    if (!(given instanceof Float32Array) || given.length !== words.length * this.vectorSize) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected ${words.length} × ${this.vectorSize} numbers but received ${given instanceof Float32Array ? given.length : describe(given)}`,
      );
    }
    // Another thread reads them later: by then the caller may have changed, cut or given away what is the caller's.
    const rows = given === vectors ? await copyOf(given) : given;
    const bytes = callNative(() => binding.createBuffer());
    const lengths = new Uint32Array(words.length);
    const whole = counts && new Float64Array(words.length);
    await inTurns(words.length, (i) => {
      const word: unknown = words[i];
      if (typeof word !== 'string') {
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected a word (a string) but word ${i} is ${describe(word)}`,
        );
      }
      const encoded = Buffer.from(word);
      lengths[i] = encoded.length;
      if (whole) whole[i] = wholeNumber('a count', counts[i], 0);
      callNative(() => bytes.append(encoded));
    });
    await this.#change((store) => store.withWords(bytes, lengths, rows, whole, replace), options);
  }

  /** Adds one word: {@link KeyedVectors.addVectors}. */
  async addVector(
    word: string,
    vector: Float32Array | readonly number[],
    options: AddVectorsOptions = {},
  ): Promise<void> {
    await this.addVectors([word], [vector], options);
  }

  /**
   * New vectors of these words only, in their order, each once: gensim's vectors_for_all. Unknown words are left out.
   *
   * @throws ERR_W2V_ARGUMENT, ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  async vectorsForAll(words: Iterable<string>, options: JobOptions = {}): Promise<KeyedVectors> {
    expectIterable(words, 'words');
    checkNames(options, jobOptionNames);
    const store = this.#store;
    const taken = new Uint8Array(store.size);
    const ids: number[] = [];
    await eachKnown(store, itemsOf(words), (id) => {
      if (taken[id] === 1) return;
      taken[id] = 1;
      ids.push(id);
    });
    return new KeyedVectors(await runJob(() => store.withOnly(Uint32Array.from(ids)), watch(options)));
  }

  /**
   * Puts the most frequent words first; ties stay in their order.
   *
   * @throws ERR_W2V_ARGUMENT (vectors without counts), ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  async sortByDescendingFrequency(options: JobOptions = {}): Promise<void> {
    checkNames(options, jobOptionNames);
    this.#checkCounts();
    await this.#change((store) => store.sortedByCount(), options);
  }

  /** Brings all vectors to unit length; zeros, and vectors that are not finite, stay. @throws ERR_W2V_MEMORY, ERR_W2V_CANCELLED */
  async unitNormalizeAll(options: JobOptions = {}): Promise<void> {
    checkNames(options, jobOptionNames);
    await this.#change((store) => store.atUnitLength(), options);
  }

  /**
   * Takes the vectors of a file, of any format that {@link KeyedVectors.load} reads, for the words that are here too; no word is added.
   *
   * @returns how many words took a vector
   * @throws as {@link KeyedVectors.load}; ERR_W2V_ARGUMENT for vectors of another size
   */
  async intersectWord2VecFormat(source: string | VectorStream, options: LoadOptions = {}): Promise<number> {
    const other = await KeyedVectors.load(source, options);
    const { signal } = options;
    if (other.vectorSize !== this.vectorSize) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected vectors of ${this.vectorSize} numbers but those of the file have ${other.vectorSize}`,
      );
    }
    let taken = 0;
    await this.#change(
      (store) => {
        const job = store.withRowsOf(other.#store);
        const promise = job.promise.then((merged) => {
          taken = merged.taken;
          return merged.vectors;
        });
        return {
          promise,
          cancel: () => job.cancel(),
          stopEarly: () => job.stopEarly(),
          progress: () => job.progress(),
        };
      },
      { signal },
    );
    return taken;
  }

  /**
   * Answers the analogy questions of a file in the form of questions-words.txt: gensim's evaluate_word_analogies.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_EVALUATION_FORMAT, ERR_W2V_OPTION, ERR_W2V_CANCELLED
   */
  async evaluateWordAnalogies(file: string, options: EvaluationOptions = {}): Promise<AnalogyEvaluation> {
    expectPath(file);
    checkNames(options, ['restrictVocab', 'caseInsensitive', 'dummy4unknown', ...jobOptionNames]);
    return await evaluateWordAnalogies(this.#store, file, options, availableParallelism());
  }

  /**
   * Correlation with human judgements, `word word score` lines: gensim's evaluate_word_pairs.
   *
   * @throws as {@link KeyedVectors.evaluateWordAnalogies}
   */
  async evaluateWordPairs(file: string, options: WordPairsOptions = {}): Promise<WordPairsEvaluation> {
    expectPath(file);
    checkNames(options, [
      'restrictVocab',
      'caseInsensitive',
      'dummy4unknown',
      'delimiter',
      ...jobOptionNames,
    ]);
    return await evaluateWordPairs(this.#store, file, options);
  }

  /** Searches for queries of vectorSize numbers each, none of which `excluded` answers. */
  async #search(
    queries: Float32Array,
    options: SearchOptions,
    excluded: Uint32Array,
    cosmulPositives?: number,
    metric?: 'dot' | 'euclidean',
  ): Promise<BatchAnswers> {
    const { from, to } = this.#range(options);
    const { topN: wanted = 10, expansion = 128, index: approximate = false } = options;
    const topN = Math.min(wholeNumber('topN', wanted, 0), to - from);
    wholeNumber('expansion', expansion, 1, 65_536);
    expectBooleans({ index: approximate });
    const precision = metric ? undefined : this.#searchPrecision(options.precision);
    if (precision && cosmulPositives !== undefined && options.precision !== undefined) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected precision 'exact' for 3CosMul but received '${precision}'`,
      );
    }
    const filter = await this.#mask(options.filter);
    const n = cosmulPositives === undefined ? queries.length / this.vectorSize : 1;
    // The words of a question by 3CosMul exclude for all its queries: they are given to the first.
    const count = queries.length / this.vectorSize;
    const offsets = Uint32Array.from({ length: count + 1 }, (_, i) =>
      cosmulPositives === undefined ? i * excluded.length : i === 0 ? 0 : excluded.length,
    );
    const ids = new Uint32Array(offsets.at(-1)!);
    for (let i = 0; i < ids.length; i += excluded.length) ids.set(excluded, i);
    const request = {
      queries,
      topN,
      excludeOffsets: offsets,
      excludeIds: ids,
      from,
      to,
      threads: availableParallelism(),
      ...(filter && { filter }),
      ...(precision && { precision }),
      ...(cosmulPositives !== undefined && { cosmulPositives }),
      ...(metric && { metric }),
    };
    const index = approximate ? this.#indexOrError() : undefined;
    if (index && (cosmulPositives !== undefined || options.precision !== undefined)) {
      throw new W2VError('ERR_W2V_OPTION', 'Expected index: true without a precision, and not for 3CosMul');
    }
    const found = await runJob(
      () => (index ? index.search(request, expansion) : this.#store.search(request)),
      watch(options),
    );
    return { ids: found.ids.subarray(0, n * topN), scores: found.scores.subarray(0, n * topN), topN };
  }

  #indexPath(): string {
    const path = this.loadedFrom?.path;
    if (path !== undefined) return `${path}.hnsw`;
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected a path: these vectors were not loaded from a file');
  }

  #indexOrError(): VectorIndex {
    if (this.#index) return this.#index;
    throw new W2VError(
      'ERR_W2V_INDEX',
      'Expected an index but these vectors have none: await buildIndex() or loadIndex() before',
    );
  }

  /** Rows of fewer bits to search, if any. */
  #searchPrecision(precision: SearchOptions['precision']): 'bf16' | 'int8' | undefined {
    if (precision === 'exact') return undefined;
    if (precision === 'bf16' || precision === 'int8') return precision;
    if ((precision as unknown) !== undefined) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected precision to be 'exact', 'bf16' or 'int8' but received ${describe(precision)}`,
      );
    }
    const [stored] = this.precisions;
    return stored === 'float32' ? undefined : stored;
  }

  /** One change after the other: none is lost. */
  async #change(job: (store: VectorStore) => Job<VectorStore>, options: JobOptions): Promise<void> {
    const change = this.#changed
      .catch(() => undefined)
      .then(() => runJob(() => job(this.#store), watch(options)))
      .then((store) => {
        this.#store = store;
        this.#index = undefined;
      });
    this.#changed = change;
    await change;
  }

  async #flat(rows: readonly (Float32Array | readonly number[])[]): Promise<Float32Array> {
    const flat = new Float32Array(rows.length * this.vectorSize);
    await inTurns(rows.length, (i) => {
      const row: unknown = rows[i];
      if (!(row instanceof Float32Array || Array.isArray(row)) || row.length !== this.vectorSize) {
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected vectors of ${this.vectorSize} numbers but vector ${i} is ${describe(row)}`,
        );
      }
      expectNumbers(row, `numbers in vector ${i}`);
      flat.set(row, i * this.vectorSize);
    });
    return flat;
  }

  #checkCounts(): void {
    if (this.#store.hasCounts) return;
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected vectors with word counts, but loaded vectors have none');
  }

  #unknownWord(word: string): UnknownWordError {
    return new UnknownWordError(
      word,
      nearSpellings(word, (other) => this.indexOf(other)),
    );
  }

  async #joined(queries: readonly WordOrVector[]): Promise<Float32Array> {
    const all = new Float32Array(queries.length * this.vectorSize);
    await inTurns(queries.length, (i) => {
      const sum = new Float64Array(this.vectorSize);
      for (const term of toTerms(queries[i]!)) this.#addTerm(term, sum);
      all.set(unit(sum), i * this.vectorSize);
    });
    return all;
  }

  #range({ restrictVocab = this.size, clipStart = 0, clipEnd = this.size }: SearchOptions): {
    from: number;
    to: number;
  } {
    const end = Math.min(
      this.size,
      wholeNumber('restrictVocab', restrictVocab, 0),
      wholeNumber('clipEnd', clipEnd, 0),
    );
    return { from: Math.min(end, wholeNumber('clipStart', clipStart, 0)), to: end };
  }

  async #mask(filter: SearchOptions['filter']): Promise<Uint8Array | undefined> {
    if (filter === undefined) return undefined;
    if (filter instanceof Uint8Array) {
      const expected = `filter to have one number for each of the ${this.size} words`;
      expectOption(filter.length === this.size, expected, filter.length);
      return filter;
    }
    expectOption(typeof filter === 'function', 'filter to be a function or a Uint8Array', filter);
    const mask = new Uint8Array(this.size);
    await inTurns(this.size, (i) => (mask[i] = answerOf(filter(this.wordAt(i), i)) ? 1 : 0));
    return mask;
  }

  async #neighbours({ ids, scores }: BatchAnswers): Promise<Neighbour[]> {
    const neighbours: Neighbour[] = [];
    const found = ids.indexOf(noAnswer);
    await inTurns(found < 0 ? ids.length : found, (i) =>
      neighbours.push({ word: this.#store.wordAt(ids[i]!), score: scores[i]! }),
    );
    return neighbours;
  }

  #cosines(vector: Float32Array, options: JobOptions): Promise<Float32Array> {
    return runJob(() => this.#store.cosines(vector, availableParallelism()), watch(options));
  }

  async #distancesTo(words: readonly string[], vector: Float32Array): Promise<Float32Array> {
    const distances = new Float32Array(words.length);
    const size = this.vectorSize;
    for (let from = 0; from < words.length; from += rowsAtATime) {
      const rows = this.getVectors(words.slice(from, from + rowsAtATime));
      for (let at = 0; at < rows.length; at += size)
        distances[from + at / size] = 1 - dot(vector, unit(rows.subarray(at, at + size)));
      if (turnIsOver()) await nextTurn();
    }
    return distances;
  }

  async #forEachCloser(a: string, b: string, options: JobOptions, f: (index: number) => void): Promise<void> {
    checkNames(options, jobOptionNames);
    const [first, second] = [this.#indexOfKnown(a), this.#indexOfKnown(b)];
    const cosines = await this.#cosines(this.get(a), options);
    await inTurns(cosines.length, (i) => {
      if (cosines[i]! > cosines[second]! && i !== first) f(i);
    });
  }

  /** The word's vector and position; of a word that is not there the vector that its subwords have, and −1. */
  #rowOf(word: string): { row: Float32Array; index: number } {
    const index = this.indexOf(word);
    if (index >= 0) return { row: callNative(() => this.#store.rows(Uint32Array.of(index))), index };
    const row = typeof word === 'string' ? callNative(() => this.#store.vectorOfSubwords(word)) : undefined;
    if (row) return { row, index };
    throw typeof word === 'string' ? this.#unknownWord(word) : notAWord(word);
  }

  /** Whether it has a vector. */
  #knows(word: string): boolean {
    return this.has(word) || (this.hasSubwords && this.#store.vectorOfSubwords(word) !== undefined);
  }

  #indexOfKnown(word: string): number {
    if (typeof word !== 'string') throw notAWord(word);
    const index = this.indexOf(word);
    if (index < 0) throw this.#unknownWord(word);
    return index;
  }

  /** The weighted sum of the terms, and the positions of the words among them. */
  async #combine(terms: readonly Term[]): Promise<{ vector: Float32Array; words: Uint32Array }> {
    const sum = new Float64Array(this.vectorSize);
    const words: number[] = [];
    await eachInTurns(terms, (term) => this.#addTerm(term, sum, words));
    return { vector: Float32Array.from(unit(sum)), words: Uint32Array.from(words) };
  }

  /** Adds a term to the sum and, where it is a word that is there, its position to the words. */
  #addTerm({ item, weight }: Term, sum: Float64Array, words?: number[]): void {
    let row: ArrayLike<number>;
    if (typeof item === 'string') {
      const found = this.#rowOf(item);
      if (found.index >= 0) words?.push(found.index);
      row = unit(found.row);
    } else {
      this.#checkVector(item);
      row = item;
    }
    for (let d = 0; d < sum.length; ++d) sum[d]! += weight * row[d]!;
  }

  #checkVector(vector: Float32Array | readonly number[]): void {
    const isList = vector instanceof Float32Array || Array.isArray(vector);
    expectArgument(isList, `a vector of ${this.vectorSize} numbers`, vector);
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

/** Rows of numbers: one after the other, or an array of them. */
export type VectorRows = Float32Array | readonly (Float32Array | readonly number[])[];

/** Of {@link KeyedVectors.addVectors}. */
export interface AddVectorsOptions extends JobOptions {
  /** How often each word occurs. */
  counts?: ArrayLike<number> | undefined;
  /** Words that are there take the new vector. @defaultValue false */
  replace?: boolean | undefined;
}

/** Undefined for the cosine. @throws ERR_W2V_OPTION */
function metricOf({
  metric = 'cosine',
  precision = 'exact',
  index = false,
}: BatchSearchOptions): 'dot' | 'euclidean' | undefined {
  if (!['cosine', 'dot', 'euclidean'].includes(metric)) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected metric to be 'cosine', 'dot' or 'euclidean' but received ${describe(metric)}`,
    );
  }
  if (metric === 'cosine') return undefined;
  if (precision === 'exact' && !index) return metric;
  throw new W2VError(
    'ERR_W2V_OPTION',
    `Expected no index and precision 'exact' for the metric '${metric}' but received ${index ? 'index: true' : `'${precision}'`}`,
  );
}

function notAWord(word: unknown): W2VError {
  return new W2VError('ERR_W2V_ARGUMENT', `Expected a word (a string) but received ${describe(word)}`);
}

async function copyOf(numbers: Float32Array): Promise<Float32Array> {
  const copy = new Float32Array(numbers.length);
  const most = 1 << 16;
  await inTurns(Math.ceil(copy.length / most), (i) => {
    copy.set(numbers.subarray(i * most, (i + 1) * most), i * most);
  });
  if (numbers.length === copy.length) return copy;
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected ${copy.length} numbers but the array was cut to ${numbers.length} before they were copied`,
  );
}

function isRowList(vectors: VectorRows): vectors is readonly (Float32Array | readonly number[])[] {
  return Array.isArray(vectors);
}

/** Of {@link KeyedVectors.getMeanVector}. */
export interface MeanVectorOptions {
  /** One for each item. @defaultValue 1 for all */
  weights?: readonly number[] | undefined;
  /** Bring the words' vectors to unit length before. @defaultValue true */
  preNormalize?: boolean | undefined;
  /** Bring the mean to unit length. @defaultValue false */
  postNormalize?: boolean | undefined;
  /** Leave out unknown words. @defaultValue true */
  ignoreMissing?: boolean | undefined;
}

function joined(vectors: readonly Float32Array[]): Float32Array {
  const size = vectors[0]?.length ?? 0;
  const all = new Float32Array(vectors.length * size);
  vectors.forEach((vector, i) => all.set(vector, i * size));
  return all;
}

/** Calls f with the position of each word that is there, in turns. */
function eachKnown(store: VectorStore, words: Iterable<unknown>, f: (id: number) => void): Promise<void> {
  return eachInTurns(words, (word) => {
    expectWord(word);
    const id = callNative(() => store.indexOf(word));
    if (id >= 0) f(id);
  });
}

function watch({ signal, onProgress }: JobOptions) {
  return {
    signal,
    onProgress:
      onProgress &&
      (({ done, total }: JobProgress) =>
        onProgress({ fraction: total === 0 ? 0 : Math.min(1, done / total) })),
  };
}

/** What a filter says of a word or text, as Array.filter() takes it. @throws ERR_W2V_OPTION for the promise of an async function, which would let all in */
export function answerOf(answer: unknown): boolean {
  expectOption(!isPromise(answer), 'filter to return true or false', answer);
  return Boolean(answer);
}

export const jobOptionNames = ['signal', 'onProgress'] as const satisfies (keyof JobOptions)[];
const searchOptionNames = [
  ...['topN', 'restrictVocab', 'clipStart', 'clipEnd', 'filter', 'precision', 'index', 'expansion'],
  ...jobOptionNames,
];

/** @throws ERR_W2V_ARGUMENT */
function expectRows(vectors: unknown): void {
  const valid = vectors instanceof Float32Array || Array.isArray(vectors);
  expectArgument(valid, 'a Float32Array or an array of vectors', vectors);
}

/** @throws ERR_W2V_ARGUMENT */
function expectNumbers(vector: unknown, expected: string): asserts vector is ArrayLike<number> {
  if (vector instanceof Float32Array) return;
  const isList = typeof vector === 'object' && isWhole((vector as ArrayLike<unknown> | null)?.length, 0);
  expectArgument(isList, expected, vector);
  const numbers = vector as ArrayLike<unknown>;
  const other = Array.prototype.findIndex.call(numbers, (x) => typeof x !== 'number');
  expectArgument(other < 0, expected, numbers[other]);
}

function checkWords(words: unknown): asserts words is readonly [string, ...string[]] {
  expectWords(words);
  expectArgument(words.length > 0, 'an array of words', words);
}
