// How similar texts are: their vectors, measures of similarity, and an index of many.
import { availableParallelism } from 'node:os';
import {
  expectArgument,
  expectBooleans,
  expectList,
  expectOption,
  expectWords,
  wholeNumber,
} from './arguments.js';
import { W2VError, describe } from './errors.js';
import { KeyedVectors, answerOf, jobOptionNames, noAnswer, type JobOptions } from './keyed-vectors.js';
import {
  binding,
  callNative,
  runJob,
  type JobProgress,
  type NativeTexts,
  type SearchResult,
  type VectorStore,
} from './native.js';
import { checkNames } from './options.js';
import { readSource, type CorpusSource } from './text-source.js';
import { inTurns } from './turn.js';
import { WordMap } from './word-map.js';

/**
 * How the vector of a text is made of those of its words; words without one are left out.
 *
 * - `mean`: their mean;
 * - `idf`: their mean, weighted by ln((1 + n) / (1 + df)) + 1 for a word that df of the n texts have;
 * - `sif`: smooth inverse frequency (Arora, Liang, Ma 2017): the sum of a / (a + p) times the vector, divided by the number of words, where p is the share of the word in all
 *   words: by the counts of the vectors where they have some, else by those of the texts. Then what all texts have in common, the first singular vectors of all
 *   text vectors, is taken out of each.
 */
export type TextWeighting = 'mean' | 'idf' | 'sif';

/**
 * What is compared. `cosine`, `dot` and `euclidean`: the vectors of the texts. `soft-cosine` (Sidorov et al. 2014): their words, where two words that are not the same
 * count with max(0, cosine)², and each with its weight. `word-movers`: Word Mover's Distance (Kusner et al. 2015). Of `euclidean` and `word-movers` the
 * least is the best.
 */
export type TextMetric = 'cosine' | 'dot' | 'euclidean' | 'soft-cosine' | 'word-movers';

/** How the vectors of texts are made. */
export interface TextVectorOptions {
  /** How much each word counts. @defaultValue mean */
  weighting?: TextWeighting | undefined;
  /** The a of sif: the smaller, the less frequent words count. @defaultValue 0.001 */
  a?: number | undefined;
  /** With sif: how many common components are taken out; fewer than there are texts. @defaultValue 1 */
  components?: number | undefined;
}

/** Of {@link TextIndex.search}. */
export interface TextSearchOptions extends JobOptions {
  /** What is compared. @defaultValue cosine */
  metric?: TextMetric | undefined;
  /** Answers wanted. @defaultValue 10 */
  topN?: number | undefined;
  /** Only texts that it is true for, by position, can be answers; or a mask with one number per text, 0 for those that cannot. */
  filter?: ((index: number) => boolean) | Uint8Array | undefined;
  /** By cosine: as {@link SearchOptions.precision}. @defaultValue exact */
  precision?: 'exact' | 'bf16' | 'int8' | undefined;
  /** By cosine: ask the index that `await texts.vectors.buildIndex()` has made. @defaultValue false */
  index?: boolean | undefined;
  /** By Word Mover's Distance: bring words' vectors to unit length before, as {@link KeyedVectors.wmDistance} does. @defaultValue true */
  norm?: boolean | undefined;
}

/** A text that answers a query. */
export interface TextAnswer {
  /** Its position in the source. */
  index: number;
  /** Its name, where names were given; else its position as text. */
  name: string;
  /** By the metric: a similarity or a distance. */
  score: number;
}

interface VectorSettings {
  weighting: TextWeighting;
  a: number;
  components: number;
}

const metrics: readonly TextMetric[] = ['cosine', 'dot', 'euclidean', 'soft-cosine', 'word-movers'];

function watchOf({ signal, onProgress }: JobOptions) {
  return {
    signal,
    onProgress:
      onProgress &&
      (({ done, total }: JobProgress) => onProgress({ fraction: total ? Math.min(1, done / total) : 0 })),
  };
}

async function readTexts(
  store: VectorStore,
  source: CorpusSource,
  { signal }: JobOptions,
): Promise<NativeTexts> {
  const texts = callNative(() => binding.createTexts(store));
  await readSource(
    source,
    {
      get words() {
        return texts.words;
      },
      append: (bytes, framing, name) => runJob(() => texts.append(bytes, framing, name), { signal }),
      endSource: () => callNative(() => texts.endSource()),
    },
    { signal },
  );
  return texts;
}

/** What makes vectors of texts: word vectors, weights, and what is taken out. */
export class TextVectorizer {
  readonly #store: VectorStore;
  readonly #weights: Float32Array;
  readonly #byWeight: boolean;
  readonly #components: Float32Array;

  private constructor(
    store: VectorStore,
    weights: Float32Array,
    byWeight: boolean,
    components: Float32Array,
  ) {
    this.#store = store;
    this.#weights = weights;
    this.#byWeight = byWeight;
    this.#components = components;
  }

  /**
   * Learns the weights of the words, and for `sif` the common components, of texts.
   *
   * @param source - its sentences (lines, items) are the texts
   * @throws ERR_W2V_OPTION, ERR_W2V_CORPUS_EMPTY (no texts), ERR_W2V_CANCELLED, and what reading throws
   */
  static async fit(
    vectors: KeyedVectors,
    source: CorpusSource,
    options: TextVectorOptions & JobOptions = {},
  ): Promise<TextVectorizer> {
    const store = storeOf(vectors);
    const settings = checkVectorOptions(options);
    return TextVectorizer.fitTexts(store, await readTexts(store, source, options), settings, options);
  }

  /** @internal */
  static async fitTexts(
    store: VectorStore,
    texts: NativeTexts,
    { weighting, a, components }: VectorSettings,
    options: JobOptions,
  ): Promise<TextVectorizer> {
    if (texts.size === 0)
      throw new W2VError('ERR_W2V_CORPUS_EMPTY', 'Expected texts but the source has none');
    const watch = { signal: options.signal };
    const weights = await runJob(() => texts.weights(weighting, a), watch);
    const byWeight = weighting === 'idf';
    let common = new Float32Array(0);
    const wanted = Math.min(components, texts.size - 1); // what one text has in common with itself is all of it
    if (weighting === 'sif' && wanted > 0) {
      const plain = new TextVectorizer(store, weights, byWeight, common);
      const vectors = await plain.vectorsOf(texts, watch);
      const job = () => binding.commonComponents(vectors, store.vectorSize, wanted, availableParallelism());
      common = (await runJob(job, watch)) as Float32Array<ArrayBuffer>;
    }
    return new TextVectorizer(store, weights, byWeight, common);
  }

  /** What is taken out of each vector: rows of vectorSize numbers, orthonormal. */
  get commonComponents(): Float32Array {
    return this.#components.slice();
  }

  /**
   * The vectors of texts: n × vectorSize numbers, row after row; zeros for a text without a word that has a vector.
   *
   * @throws ERR_W2V_CANCELLED, and what reading throws
   */
  async vectors(source: CorpusSource, options: JobOptions = {}): Promise<Float32Array> {
    checkNames(options, jobOptionNames);
    return this.vectorsOf(await readTexts(this.#store, source, options), options);
  }

  /** @internal */
  async vectorsOf(texts: NativeTexts, options: JobOptions): Promise<Float32Array> {
    const rows = new Float32Array(texts.size * this.#store.vectorSize);
    const threads = availableParallelism();
    await runJob(
      () => texts.vectors(this.#weights, this.#byWeight, this.#components, threads, rows),
      watchOf(options),
    );
    return rows;
  }

  /** @internal */
  get weights(): Float32Array {
    return this.#weights;
  }
}

/**
 * Many texts, to be searched for those that are similar to others. By cosine, dot product and Euclidean distance it is a search in {@link TextIndex.vectors}, as
 * {@link KeyedVectors.search} does it, with its rows of fewer bits and its index for approximate search. By Word Mover's Distance it is exact: bounds
 * leave out nearly all texts before their distances are computed.
 *
 * A text without a word that has a vector (an empty one, too) is no answer, and gets none.
 */
export class TextIndex {
  /** Vectors of the texts; their words are the names of the texts. Changes of it are no changes of the index. */
  readonly vectors: KeyedVectors;
  /** What made them. */
  readonly vectorizer: TextVectorizer;
  readonly #store: VectorStore;
  readonly #texts: NativeTexts;
  readonly #notEmpty: Uint8Array;
  readonly #names: readonly string[] | undefined;
  #softLengths: Promise<Float64Array> | undefined;

  private constructor(parts: {
    vectors: KeyedVectors;
    vectorizer: TextVectorizer;
    store: VectorStore;
    texts: NativeTexts;
    names: readonly string[] | undefined;
  }) {
    this.vectors = parts.vectors;
    this.vectorizer = parts.vectorizer;
    this.#store = parts.store;
    this.#texts = parts.texts;
    this.#names = parts.names;
    this.#notEmpty = parts.texts.notEmpty();
  }

  /**
   * Reads texts and makes their vectors.
   *
   * @param source - its sentences (lines, items) are the texts, split at white space or given as words ({@link tokenStream} tokenises)
   * @param options - `names`: one for each text, all different
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT (names that do not fit), ERR_W2V_CORPUS_EMPTY, ERR_W2V_MEMORY, ERR_W2V_CANCELLED, and what reading throws
   */
  static async build(
    vectors: KeyedVectors,
    source: CorpusSource,
    options: TextVectorOptions & JobOptions & { names?: readonly string[] | undefined } = {},
  ): Promise<TextIndex> {
    const store = storeOf(vectors);
    const settings = checkVectorOptions(options, ['names']);
    const { signal, names } = options;
    if (names !== undefined) expectList(names, 'an array of names');
    const texts = await readTexts(store, source, { signal });
    const vectorizer = await TextVectorizer.fitTexts(store, texts, settings, { signal });
    if (names && names.length !== texts.size) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a name for each of the ${texts.size} texts but received ${names.length}`,
      );
    }
    if (names) await checkDifferent(names);
    const rows = await vectorizer.vectorsOf(texts, options);
    const numbers: string[] = [];
    if (!names) await inTurns(texts.size, (i) => numbers.push(String(i)));
    const words = names ?? numbers;
    const { vectorSize } = store;
    const made = await KeyedVectors.fromVectors(words, rows, { vectorSize, signal });
    return new TextIndex({ vectors: made, vectorizer, store, texts, names });
  }

  /** How many texts there are. */
  get size(): number {
    return this.#texts.size;
  }

  /** The vector of a text, by position. @throws ERR_W2V_ARGUMENT */
  vector(index: number): Float32Array {
    return this.vectors.get(this.vectors.wordAt(index));
  }

  /**
   * The texts that are most similar to a text; none for one without a word that has a vector.
   *
   * @param query - words, or a text that is split at white space
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_CANCELLED
   */
  async search(query: string | readonly string[], options: TextSearchOptions = {}): Promise<TextAnswer[]> {
    if (typeof query !== 'string') expectWords(query, 'a text or an array of words');
    const [answers] = await this.searchAll([query] as CorpusSource, options);
    return answers!;
  }

  /**
   * The same for each text of a source, all at once.
   *
   * @throws as {@link TextIndex.search}, and what reading throws
   */
  async searchAll(source: CorpusSource, options: TextSearchOptions = {}): Promise<TextAnswer[][]> {
    checkNames(options, ['metric', 'topN', 'filter', 'precision', 'index', 'norm', ...jobOptionNames]);
    const { metric = 'cosine', topN = 10, norm = true, precision, index } = options;
    expectBooleans({ norm });
    expectOption(
      metrics.includes(metric),
      `metric to be ${metrics.map((name) => `'${name}'`).join(', ')}`,
      metric,
    );
    wholeNumber('topN', topN, 0);
    expectOption(
      metric === 'cosine' || (precision === undefined && index === undefined),
      `no precision and no index for the metric '${metric}'`,
      precision ?? index,
    );
    const filter = await this.#mask(options.filter);
    const queries = await readTexts(this.#store, source, options);
    const request = { topN: Math.min(topN, this.size), filter, threads: availableParallelism() };
    const found =
      metric === 'word-movers'
        ? await runJob(() => this.#texts.searchWordMovers(queries, norm, request), watchOf(options))
        : metric === 'soft-cosine'
          ? await this.#searchSoftCosine(queries, request, options)
          : await this.#searchVectors(queries, metric, { ...options, topN: request.topN, filter });
    return this.#answers(found, queries, request.topN);
  }

  async #searchVectors(
    queries: NativeTexts,
    metric: 'cosine' | 'dot' | 'euclidean',
    { topN, filter, precision, index, signal, onProgress }: TextSearchOptions & { filter: Uint8Array },
  ): Promise<SearchResult> {
    const vectors = await this.vectorizer.vectorsOf(queries, { signal });
    return this.vectors.search(vectors, { topN, filter, precision, index, metric, signal, onProgress });
  }

  async #searchSoftCosine(
    queries: NativeTexts,
    request: { topN: number; filter: Uint8Array; threads: number },
    options: JobOptions,
  ): Promise<SearchResult> {
    const { weights } = this.vectorizer;
    this.#softLengths ??= runJob(() => this.#texts.softLengths(weights, request.threads), watchOf(options));
    const lengths = await this.#softLengths.catch((error: unknown) => {
      this.#softLengths = undefined; // cancelled: the next search tries again
      throw error;
    });
    return runJob(() => this.#texts.searchSoftCosine(lengths, queries, weights, request), watchOf(options));
  }

  async #mask(filter: TextSearchOptions['filter']): Promise<Uint8Array> {
    const mask = this.#notEmpty.slice();
    if (filter === undefined) return mask;
    if (filter instanceof Uint8Array) {
      expectOption(
        filter.length === this.size,
        `filter to have one number for each of the ${this.size} texts`,
        filter.length,
      );
      await inTurns(mask.length, (i) => {
        if (filter[i] === 0) mask[i] = 0;
      });
      return mask;
    }
    expectOption(typeof filter === 'function', 'filter to be a function or a Uint8Array', filter);
    await inTurns(mask.length, (i) => {
      if (mask[i] === 1 && !answerOf(filter(i))) mask[i] = 0;
    });
    return mask;
  }

  async #answers({ ids, scores }: SearchResult, queries: NativeTexts, topN: number): Promise<TextAnswer[][]> {
    const notEmpty = queries.notEmpty();
    const all: TextAnswer[][] = [];
    await inTurns(queries.size, (q) => {
      const answers: TextAnswer[] = [];
      for (let i = q * topN; i < (q + 1) * topN && ids[i] !== noAnswer && notEmpty[q] === 1; ++i) {
        const index = ids[i]!;
        answers.push({ index, name: this.#names?.[index] ?? String(index), score: scores[i]! });
      }
      all.push(answers);
    });
    return all;
  }
}

/**
 * How similar two texts are, or how far apart, by a metric: see {@link TextMetric}. Weights of `idf` and `sif`, where there are no other texts to
 * count, are by the counts of the vectors: `sif` without common components, and no `idf`. NaN where a text has no word that has a vector.
 *
 * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT
 */
export async function textSimilarity(
  vectors: KeyedVectors,
  a: string | readonly string[],
  b: string | readonly string[],
  options: Pick<TextSearchOptions, 'metric' | 'norm' | 'signal'> &
    Pick<TextVectorOptions, 'a'> & { weighting?: 'mean' | 'sif' } = {},
): Promise<number> {
  checkNames(options, ['metric', 'norm', 'weighting', 'a', 'signal']);
  const { metric, norm, weighting = 'mean', a: smoothing, signal } = options;
  expectOption(['mean', 'sif'].includes(weighting), "weighting to be 'mean' or 'sif'", weighting);
  const settings = { weighting, a: smoothing, components: 0, signal };
  const index = await TextIndex.build(vectors, [a] as CorpusSource, settings);
  const [answer] = await index.search(b, { metric, norm, topN: 1 });
  return answer?.score ?? NaN;
}

async function checkDifferent(names: readonly string[]): Promise<void> {
  const seen = new WordMap();
  await inTurns(names.length, (i) => {
    const name: unknown = names[i];
    if (typeof name === 'string' && seen.get(name) === undefined) {
      seen.set(name, i);
      return;
    }
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected names, each once, but received ${describe(name)} as name ${i}${typeof name === 'string' ? `, which is name ${seen.get(name)} too` : ''}`,
    );
  });
}

function storeOf(vectors: KeyedVectors): VectorStore {
  expectArgument(vectors instanceof KeyedVectors, 'KeyedVectors', vectors);
  return KeyedVectors.storeOf(vectors);
}

function checkVectorOptions(
  options: TextVectorOptions & JobOptions,
  others: readonly string[] = [],
): VectorSettings {
  checkNames(options, ['weighting', 'a', 'components', ...jobOptionNames, ...others]);
  const { weighting = 'mean', a = 0.001, components = 1 } = options;
  expectOption(
    ['mean', 'idf', 'sif'].includes(weighting),
    "weighting to be 'mean', 'idf' or 'sif'",
    weighting,
  );
  expectOption(Number.isFinite(a) && a > 0, 'a to be a number above 0', a);
  wholeNumber('components', components, 0, 100);
  return { weighting, a, components };
}
