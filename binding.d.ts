/**
 * The whole contract between lib/ and the addon (native/node). `npm run check:binding` fails when
 * this file and what the addon exports differ.
 *
 * Native code throws, or rejects with, errors that carry a stable `code` property (lib/errors.ts).
 * lib/ validates arguments before it calls: the addon trusts types, never sizes or file contents.
 */

/** Where a job is. Read from atomic counters: cheap, callable at any time. */
export interface JobProgress {
  readonly phase: 'vocabulary' | 'training' | 'loading' | 'saving' | 'searching';
  /** Units done in this phase: bytes while reading or writing, words while training, rows while searching. */
  readonly done: number;
  /** Units in this phase; 0 when unknown. */
  readonly total: number;
  /** Current learning rate; 0 outside training. */
  readonly learningRate: number;
  /** Whole epochs before this one. */
  readonly epoch: number;
  /** The mean loss of a prediction in this epoch so far; NaN where it is not measured yet. */
  readonly loss: number;
}

/** Work on native threads. The promise settles once, on the JavaScript thread. */
export interface Job<T> {
  readonly promise: Promise<T>;
  /** Abandons the work: the promise rejects with ERR_W2V_CANCELLED and everything is freed. */
  cancel(): void;
  /** Training only: finish now and keep what is learned so far. */
  stopEarly(): void;
  progress(): JobProgress;
}

/** Which words of a corpus are trained. Validated (lib/options.ts has meanings, ranges and defaults). */
export interface VocabularySource {
  minCount: number;
  /** 0: no limit. */
  maxFinalVocab: number;
  /** Path of a vocabulary file (`word count` lines) to use in place of counting; undefined: count. */
  readVocab?: string;
  /** Left out. */
  stopWords?: readonly string[];
  /** For each of the counted words: 0 by its count, 1 keep, 2 discard. */
  rules?: Uint8Array;
}

/** Validated training options, every one present (lib/options.ts has meanings, ranges and defaults). */
export interface NativeTrainingOptions {
  vectorSize: number;
  window: number;
  sg: boolean;
  hs: boolean;
  negative: number;
  negatives: 'per-pair' | 'shared';
  nsExponent: number;
  cbowMean: boolean;
  sample: number;
  epochs: number;
  alpha: number;
  /** undefined: Google's schedule, alpha · 1e-4 as a floor. A number: gensim's linear interpolation. */
  minAlpha?: number;
  threads: number;
  seed: number;
  maxSentenceLength: number;
  shrinkWindows: boolean;
  computeLoss: boolean;
  /** That the model went through in other trainings. */
  epochsBefore: number;
  backend: 'auto' | 'cpu' | 'cuda';
  /** CUDA devices by number; empty: the first usable one. */
  devices: Uint32Array;
}

/** Of a training so far. */
export interface TrainingStatus {
  /** Every thread has gone through the epochs that were asked for; else stopEarly() came before. */
  reached: boolean;
  /** Whole epochs that every thread has gone through. */
  epochs: number;
  /** Words in the corpus that are in the vocabulary, sentence ends included, for one epoch. */
  corpusWords: number;
  /** Words gone through in all epochs. */
  trainedWords: number;
  /** Wall and CPU seconds (all threads together) of the runs with this object. */
  trainSeconds: number;
  trainCpuSeconds: number;
  learningRate: number;
  /** The share of the model's memory in huge pages, 0 to 1; NaN where the system does not tell. */
  hugePageShare: number;
  /** What trains. */
  backend: 'cpu' | 'cuda';
  /** The names of its devices. */
  devices: string[];
  /** The mean loss of a prediction for each epoch; NaN where none was measured. */
  losses: Float64Array;
}

/** A training that can end between two sentences, be saved with its model, and go on. */
export interface Training {
  /** Goes on to the end of epoch `until`, or until stopEarly(). One run at a time. */
  run(until: number): Job<TrainingStatus>;
}

/**
 * A model: in memory, or in a file until it is needed there. Jobs that change it (a training's run, addWords, takeVectors,
 * setRateFactor) must not run beside each other or beside save().
 */
export interface Model {
  /** A view of the input vectors as they are now. */
  vectors(): VectorStore;
  /** The same of the output vectors; undefined without negative sampling. */
  outputs(): VectorStore | undefined;
  /**
   * Consumes the prepared corpus. `totalWords`: over which the learning rate falls; 0: all of the corpus in all epochs. `resume`: from
   * where the file had it that the model was loaded from; throws ERR_W2V_ARGUMENT for another corpus.
   */
  startTraining(
    corpus: Corpus,
    options: NativeTrainingOptions,
    totalWords: number,
    resume: boolean,
  ): Job<Training>;
  /** Adds what was read into the corpus (not prepared) to the counts, and words that are new: so many. */
  addWords(corpus: Corpus, source: VocabularySource, options: NativeTrainingOptions): Job<number>;
  /** Takes over rows for the words that the store has too: so many. */
  takeVectors(store: VectorStore, rateFactor: number): Job<number>;
  /** By which the learning rate of these words' input rows is multiplied. */
  setRateFactor(words: Uint32Array, factor: number): Job<void>;
  /** Consumes the prepared corpus. */
  validate(corpus: Corpus, options: NativeTrainingOptions): Job<{ loss: number; predictions: number }>;
  /** Consumes the prepared corpus: log p of each sentence. */
  score(corpus: Corpus, options: NativeTrainingOptions): Job<Float64Array>;
  /** The likeliest centers of a context. */
  predict(
    context: Uint32Array,
    options: NativeTrainingOptions,
    topN: number,
  ): Job<{ ids: Uint32Array; probabilities: Float64Array }>;
  /** Written to a temporary name beside `path`, then renamed; `training`: with where it is. */
  save(path: string, notes: string, training: Training | undefined): Job<void>;
}

export interface CacheResult {
  /** The corpus was in the cache: it is prepared, there is nothing to read. */
  reused: boolean;
  /** Why a cache that is there was not used (stale, corrupt); else empty. */
  problem: string;
}

export interface PrepareResult {
  /** Words of the corpus, those outside the vocabulary included, sentence ends not. */
  words: number;
  /** Those of the vocabulary, sentence ends included. */
  corpusWords: number;
  /** Of the words, those whose bytes are not valid UTF-8. */
  invalidUtf8Words: number;
  /** Words dropped while counting, for want of memory: how many, their occurrences, those of the most frequent. */
  prunedWords: number;
  prunedOccurrences: number;
  prunedUpTo: number;
  /** Why the cache could not be written; else empty. */
  problem: string;
}

/** How phrases are made of words. */
export interface PhraseRules {
  /** Stand within phrases, neither begin nor end them, and are not counted. */
  connectors: readonly string[];
  delimiter: string;
  /** Words and pairs, beyond which the rarer half is dropped. */
  mostEntries: number;
}

export interface PhraseStatistics {
  /** Different words and pairs. */
  words: number;
  pairs: number;
  /** Places for pairs(), more than there are pairs. */
  pairSlots: number;
  /** All words, connectors included. */
  corpusWords: number;
  /** Words and pairs dropped, each time, and the occurrences of the most frequent. */
  prunedEntries: number;
  prunedUpTo: number;
}

/** Words and pairs of words being counted. One call at a time. */
export interface PhraseCounts {
  /** As those of Corpus. */
  appendFiles(paths: string[], threads: number): Job<void>;
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Job<void>;
  endSource(): void;
  readonly words: number;
  /** Adds what was read to the whole. */
  merge(): Job<PhraseStatistics>;
  /** Counts of the pairs in the slots [from, to), in the order in which freeze() takes the scores of all. */
  pairs(from: number, to: number): { first: Float64Array; second: Float64Array; both: Float64Array };
  /** The pairs whose scores are above the threshold; `scores`: in place of a scoring by name. */
  freeze(
    scoring: 'default' | 'npmi' | 'word2phrase' | undefined,
    minCount: number,
    threshold: number,
    scores: Float64Array | undefined,
  ): Job<FrozenPhrases>;
  /** Words and pairs that occur so many times at least. */
  frequent(minCount: number): Job<number>;
  save(path: string, notes: string): Job<void>;
}

/** Pairs that are phrases. Immutable. */
export interface FrozenPhrases {
  readonly size: number;
  /** Those of [from, to), the best first. */
  list(from: number, to: number): { phrases: string[]; scores: Float64Array; counts: Float64Array };
  joiner(): PhraseJoiner;
  joinSentence(words: readonly string[]): string[];
  /** Plain files, one after the other, to a temporary name beside `output`, then renamed. */
  joinFiles(paths: string[], output: string, threads: number): Job<void>;
  save(path: string, notes: string): Job<void>;
}

/** Joins the phrases of a source that comes in pieces, framed as it came. One call at a time. */
export interface PhraseJoiner {
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Job<Uint8Array>;
  endSource(): Uint8Array;
}

/** Where a corpus is kept while it is read. */
export interface CorpusStorage {
  /** Keep encoded ids in an unlinked temporary file in that folder; undefined: in memory. */
  spool?: string;
  /** Bytes of ids that come before there is a file. */
  bytesInMemory: number;
  /** Bytes of the tables of words, beyond which rare ones are dropped; 0: no limit. */
  vocabularyBytes: number;
}

/** Text being counted and encoded to 4-byte ids. One call at a time; the next job after the last one settled. */
export interface Corpus {
  /** Before the first append: looks for these files in the cache in that folder, where prepare() is to write it if it is not there. */
  openCache(folder: string, files: string[], source: VocabularySource, threads: number): Job<CacheResult>;
  /** Plain files, read by several threads, in this order. Every file ends a sentence. */
  appendFiles(paths: string[], threads: number): Job<void>;
  /**
   * The next bytes of a source. 'lines': words end at space, tab or line end, sentences at a line end; a word or
   * sentence may go on in the next call. 'tokens': words end at NUL, sentences at a line feed.
   * The bytes must not change before the job settles. `name` is used in messages.
   */
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Job<void>;
  /** Ends a source: an open word or sentence is complete. */
  endSource(): void;
  /** After the last append: counts the different words, for countedWords(). */
  count(): Job<{ words: number; sentences: number; prunedWords: number }>;
  /** Words [from, to) of them, in the order that VocabularySource.rules has. */
  countedWords(from: number, to: number): { words: string[]; counts: Float64Array };
  /** After the last append: selects the vocabulary and encodes the text with it. */
  prepare(source: VocabularySource, threads: number): Job<PrepareResult>;
  /** The same with the vocabulary of a model. */
  encode(model: Model, threads: number): Job<PrepareResult>;
  /** Words read so far, sentence ends not counted. */
  readonly words: number;
}

export interface SearchRequest {
  /** Row-major n × vectorSize, of any length: normalised inside. */
  queries: Float32Array;
  topN: number;
  /** excludeIds[excludeOffsets[i] … excludeOffsets[i + 1]) never answer query i. */
  excludeOffsets: Uint32Array;
  excludeIds: Uint32Array;
  /** One number per word, 0: never an answer; undefined: no filter. */
  filter?: Uint8Array;
  /** Only the words [from, to) are searched. */
  from: number;
  to: number;
  threads: number;
  /** Rows that choose the candidates; undefined: the store's own rows, and no candidates. */
  precision?: 'bf16' | 'int8';
  /** The queries are one question of 3CosMul, so many of them positive; undefined: each is a question by cosine. */
  cosmulPositives?: number;
  /** In place of the cosine; for VectorStore.search() without precision and cosmulPositives. */
  metric?: 'dot' | 'euclidean';
}

export interface SearchResult {
  /** Row-major n × topN, best first, ties by index; rows with fewer answers are filled with 0xffffffff. */
  ids: Uint32Array;
  scores: Float32Array;
}

export interface ClusterRequest {
  classes: number;
  asWord2vec: boolean;
  iterations: number;
  seed: number;
  threads: number;
}

export interface ClusterResult {
  /** Of each word. */
  classes: Uint32Array;
  /** Row-major, classes × vectorSize, at unit length. */
  centroids: Float32Array;
  /** Words of each class. */
  sizes: Uint32Array;
  /** Of the words with their centroids. */
  meanCosine: number;
  iterations: number;
}

/** The word → vector store. Immutable; safe to use from several jobs at once. */
export interface VectorStore {
  readonly size: number;
  readonly vectorSize: number;
  readonly hasCounts: boolean;
  /** The rows that are there, the most precise ones first. */
  readonly precisions: ('float32' | 'bf16' | 'int8')[];
  /** Words that are not there have vectors too (fastText's models). */
  readonly hasSubwords: boolean;
  /** The mean of the word's n-grams; undefined where it has none, or hasSubwords is false. */
  vectorOfSubwords(word: string): Float32Array | undefined;
  /** Index of a word; −1 if it is not there. */
  indexOf(word: string): number;
  wordAt(index: number): string;
  /** Words of [from, to). */
  words(from: number, to: number): string[];
  /** Occurrences of the word in the corpus; 0 where unknown. */
  countAt(index: number): number;
  /** A copy of the rows, n × vectorSize. */
  rows(indices: Uint32Array): Float32Array;
  search(request: SearchRequest): Job<SearchResult>;
  /** The same on the JavaScript thread, by cosine. */
  searchNow(request: SearchRequest): SearchResult;
  /** The cosine of a query of vectorSize numbers with every row; NaN for a row that is not finite. */
  cosines(query: Float32Array, threads: number): Job<Float32Array>;
  /** Word Mover's Distance of two texts, given as positions of their words; infinity where one is empty. */
  wordMoversDistance(a: Uint32Array, b: Uint32Array, unitLength: boolean): Job<number>;
  /**
   * A store with more words: `lengths[i]` bytes of `words` (consumed) each, with `rows` (not to be changed meanwhile) and `counts`.
   * Those that are there already take the new row and count if `replace`. Throws ERR_W2V_ARGUMENT for a word that comes twice.
   */
  withWords(
    words: ByteBuffer,
    lengths: Uint32Array,
    rows: Float32Array,
    counts: Float64Array | undefined,
    replace: boolean,
  ): Job<VectorStore>;
  /** A store of these words only, each once, in this order. */
  withOnly(indices: Uint32Array): Job<VectorStore>;
  /** The most frequent words first, ties in their order. */
  sortedByCount(): Job<VectorStore>;
  /** Every row at length 1, but for zeros and rows that are not finite. */
  atUnitLength(): Job<VectorStore>;
  /** Rows of another store of the same vectorSize for the words that it has: `taken` of them. */
  withRowsOf(other: VectorStore): Job<{ vectors: VectorStore; taken: number }>;
  /** k-means; lib/keyed-vectors.ts has the meanings. */
  cluster(options: ClusterRequest): Job<ClusterResult>;
  /** Written to a temporary name beside `path`, then renamed. `precisions`: the rows of a .w2v file. */
  save(
    path: string,
    format: 'bin' | 'bin-no-newline' | 'text' | 'glove' | 'npy' | 'tensorboard' | 'w2v',
    precisions: readonly ('float32' | 'bf16' | 'int8')[],
  ): Job<void>;
  /** `word count` lines, as Google's -save-vocab writes. */
  saveVocabulary(path: string): Job<void>;
  /** Compares what a .w2v file holds with its checksums; `path` is used in messages. */
  verify(path: string): Job<void>;
}

/** A graph for approximate search in one store. */
export interface VectorIndex {
  /** Words in it: all but those whose vectors are zeros or not finite. */
  readonly size: number;
  /** `expansion` candidates are looked at for each query; precision and cosmulPositives mean nothing here. */
  search(request: SearchRequest, expansion: number): Job<SearchResult>;
  /** Written to a temporary name beside `path`, then renamed. */
  save(path: string): Job<void>;
}

export interface TextSearchRequest {
  topN: number;
  /** One number per text, 0: never an answer; undefined: no filter. */
  filter?: Uint8Array;
  threads: number;
}

/** Texts as bags of the words that a store has. Read once; then safe to use from several jobs at once. */
export interface Texts {
  readonly size: number;
  /** Words read, those without vectors included. */
  readonly words: number;
  /** 1 for each text with a word that has a vector, 0 for others. */
  notEmpty(): Uint8Array;
  /** As Corpus.append(): a sentence is a text. */
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Job<void>;
  endSource(): void;
  /** What a word counts, one number for each row of the store; `a` is that of sif. */
  weights(weighting: 'mean' | 'idf' | 'sif', a: number): Job<Float32Array>;
  /**
   * Into `rows`, size × vectorSize: sums of the weighted words, divided by their number, or by their weights with `byWeight`; less their
   * parts along the components (vectorSize numbers each). Arrays given are not to be changed meanwhile, here and below.
   */
  vectors(
    weights: Float32Array,
    byWeight: boolean,
    components: Float32Array,
    threads: number,
    rows: Float32Array,
  ): Job<void>;
  /** Lengths by soft cosine. */
  softLengths(weights: Float32Array, threads: number): Job<Float64Array>;
  /** By soft cosine, the highest first. */
  searchSoftCosine(
    lengths: Float64Array,
    queries: Texts,
    weights: Float32Array,
    request: TextSearchRequest,
  ): Job<SearchResult>;
  /** By Word Mover's Distance, the least first. */
  searchWordMovers(queries: Texts, unitLength: boolean, request: TextSearchRequest): Job<SearchResult>;
}

export interface IndexOptions {
  connectivity: number;
  expansion: number;
  threads: number;
}

/** Bytes of a vector file that come in pieces: a stream, an inflated .gz. */
export interface ByteBuffer {
  append(bytes: Uint8Array): void;
  /** Whether the bytes so far certainly hold so many whole rows. */
  holdsRows(rows: number): Job<boolean>;
}

/** Validated (lib/keyed-vectors.ts has meanings and defaults). */
export interface NativeLoadOptions {
  mmap: boolean;
  limit?: number;
  encodingErrors: 'strict' | 'replace' | 'ignore';
  sidecar: boolean;
  words?: string;
  strict: boolean;
  allowTruncated: boolean;
}

export interface LoadResult {
  vectors: VectorStore;
  format: 'bin' | 'text' | 'glove' | 'npy' | 'gensim' | 'fasttext' | 'w2v';
  /** The rows are read where they lie in the file. */
  mapped: boolean;
  /** Rows left out because their word had come before (the first one wins). */
  duplicateWords: number;
  /** Words that were not UTF-8 and were repaired. */
  invalidWords: number;
  /** Rows with NaN or infinity. */
  nonFiniteRows: number;
  /** Rows that the header promises and the file does not have (allowTruncated). */
  missingRows: number;
  /** What became of the sidecar file; undefined where none was wanted or there is no use for one. */
  sidecar?: 'reused' | 'written' | 'failed';
  /** Why a sidecar that was there was not used, or could not be written. */
  sidecarProblem?: string;
}

/** Values and their vectors. */
export interface ValueTable {
  /** Numbers of a vector. */
  size: number;
  minCount: number;
}

/** Validated (lib/sequence-tagger.ts has meanings and defaults). */
export interface NativeTaggerOptions {
  /** The first one is that of words. */
  tables: ValueTable[];
  /** For each column of the text: its table. */
  columns: Uint32Array;
  window: number;
  hidden: number;
  seed: number;
}

/** How one epoch learns. */
export interface TaggerEpoch {
  /** From 0. */
  epoch: number;
  rate: number;
  dropout: number;
  weightDecay: number;
  tuneWords: boolean;
  threads: number;
}

/** Tokens with columns of values. One call at a time; not while a tagger reads it. */
export interface TaggedText {
  readonly tokens: number;
  /** What comes next, whole values: each ends with NUL, row after row, each sentence with a line feed. The bytes must not change before the job settles. */
  append(bytes: Uint8Array): Job<void>;
}

/** One job that changes it at a time, and none beside that. */
export interface SequenceTagger {
  readonly tags: string[];
  /** How many have vectors. */
  readonly words: number;
  /** All sentences once; the text's last column has the tags. The mean of −log p of a tag. */
  learn(text: TaggedText, epoch: TaggerEpoch): Job<number>;
  /** The likeliest tag of each token, by its number among the tags. */
  tag(text: TaggedText, threads: number): Job<Uint32Array>;
  /** What is learned so far is kept, for restore(). */
  remember(): Job<void>;
  restore(): Job<void>;
  /** Written to a temporary name beside `path`, then renamed. */
  save(path: string, notes: string): Job<void>;
}

/** Documents and their labels, being read. One call at a time. */
export interface LabelledText {
  /**
   * The next bytes of a source, as those of Corpus. 'lines': a document is a line, words that begin with the prefix are its labels. 'tokens': a
   * document begins with the number of its labels, and those.
   */
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Job<void>;
  endSource(): void;
  /** Words so far. */
  readonly words: number;
}

/** Validated (lib/text-classifier.ts has meanings, ranges and defaults). */
export interface NativeClassifierOptions {
  loss: 'softmax' | 'ova' | 'hs';
  vectorSize: number;
  wordNgrams: number;
  buckets: number;
  minCount: number;
  epochs: number;
  alpha: number;
  vectorAlpha: number;
  threads: number;
  seed: number;
  balanced: boolean;
  /** These labels have these weights. */
  weightedLabels: readonly string[];
  labelWeights: Float64Array;
  /** Share of the documents that are kept for validation, where no others are given. */
  validation: number;
  /** Then train again on all documents, as many epochs and with the thresholds that validation found. */
  refit: boolean;
  /** Epochs without a better validation, after which training ends; 0: it does not. */
  patience: number;
}

export interface NativeClassifierReport {
  documents: number;
  words: number;
  validationDocuments: number;
  /** Without a word that is known. */
  emptyDocuments: number;
  /** Labels with one document. */
  singleLabels: number;
  /** Labels of the validation that training does not have. */
  unseenLabels: number;
  pretrainedWords: number;
  /** From 1: the epoch whose weights the classifier has. */
  bestEpoch: number;
  trainedWords: number;
  trainSeconds: number;
  trainCpuSeconds: number;
  losses: Float64Array;
  /** NaN without validation. */
  validationMicroF1: Float64Array;
  stoppedEarly: boolean;
}

/** Columns of numbers: labels of the classifier, then the unseen ones. */
export interface NativeClassifierEvaluation {
  documents: number;
  exact: number;
  unseenLabels: string[];
  right: Float64Array;
  wrong: Float64Array;
  missed: Float64Array;
  /** Of documents with one label: it, the likeliest one, and how many. */
  actual: Float64Array;
  predicted: Float64Array;
  confused: Float64Array;
}

/** Immutable; safe to use from several jobs at once. */
export interface Classifier {
  /** Number of labels. */
  readonly size: number;
  readonly vectorSize: number;
  /** Those of [from, to), the most frequent ones first. */
  labels(from: number, to: number): string[];
  /**
   * Takes the documents that are complete. `topN`: labels at most, 0 for the loss's own rule; `threshold`: in place of the classifier's. Document i has
   * the labels [ends[i − 1], ends[i]).
   */
  predict(
    text: LabelledText,
    topN: number,
    threshold: number | undefined,
    threads: number,
  ): Job<{ ends: Uint32Array; labels: Uint32Array; probabilities: Float32Array }>;
  evaluate(
    text: LabelledText,
    topN: number,
    threshold: number | undefined,
    threads: number,
  ): Job<NativeClassifierEvaluation>;
  /** A view of the words' vectors. */
  vectors(): VectorStore;
  save(path: string, precision: 'float32' | 'bf16' | 'int8', notes: string): Job<void>;
}

export interface CudaDevices {
  devices: {
    index: number;
    name: string;
    computeCapability: string;
    multiprocessors: number;
    memory: number;
    freeMemory: number;
    usable: boolean;
  }[];
  /** Why none of them is usable; else empty. */
  problem: string;
}

export interface Binding {
  /** The instruction set the kernels run on: 'avx512vnni', 'avx512', 'avx2', 'neon' or 'scalar'. Throws ERR_W2V_ISA for an unknown W2V_FORCE_ISA. */
  isa(): string;
  /** Those this build and this processor can run, best first. */
  availableIsas(): string[];
  /** Where the CUDA library is, if it is not beside the addon: that of its own package. Before it is asked for devices. */
  useCudaLibrary(path: string): void;
  cudaDevices(): Job<CudaDevices>;
  /** Throws ERR_W2V_DEVICE where one of them (empty: none at all) is not there or not usable, saying why. */
  checkCudaDevices(devices: Uint32Array): Job<void>;
  createCorpus(storage: CorpusStorage): Corpus;
  /** Takes the vocabulary of a prepared corpus, whose words it adds up; the corpus is there to be trained on. */
  createModel(corpus: Corpus, options: NativeTrainingOptions): Job<{ model: Model; vocabularyWords: number }>;
  /** `lengths[i]` bytes of `words` (consumed) each; `</s>` among them is the number of sentences. */
  createModelOfCounts(
    words: ByteBuffer,
    lengths: Uint32Array,
    counts: Float64Array,
    source: VocabularySource,
    options: NativeTrainingOptions,
  ): Job<Model>;
  createModelOfVectors(store: VectorStore, options: NativeTrainingOptions): Job<Model>;
  /** `mmap`: leave it in the file until it is needed in memory. */
  loadModel(path: string, mmap: boolean): Job<{ model: Model; notes: string; resumable: boolean }>;
  createPhrases(rules: PhraseRules): PhraseCounts;
  /** Counts or frozen phrases, whichever was saved. */
  loadPhrases(path: string): Job<{ counts?: PhraseCounts; frozen?: FrozenPhrases; notes: string }>;
  createTexts(store: VectorStore): Texts;
  /** The first `count` directions, vectorSize numbers each, that the rows have most in common (native/search/texts.h). */
  commonComponents(rows: Float32Array, vectorSize: number, count: number, threads: number): Job<Float32Array>;
  createBuffer(): ByteBuffer;
  /** A store without words. */
  createStore(vectorSize: number): VectorStore;
  buildIndex(store: VectorStore, options: IndexOptions): Job<VectorIndex>;
  /** Labels of documents in lines are words that begin with the prefix; empty: there are none. */
  createLabelledText(labelPrefix: string): LabelledText;
  trainClassifier(
    training: LabelledText,
    validation: LabelledText | undefined,
    vectors: VectorStore | undefined,
    options: NativeClassifierOptions,
  ): Job<{ classifier: Classifier; report: NativeClassifierReport }>;
  loadClassifier(path: string): Job<{ classifier: Classifier; notes: string }>;
  /** Throws ERR_W2V_INDEX for the index of other vectors. */
  openIndex(store: VectorStore, path: string): Job<VectorIndex>;
  /** A file, or bytes (consumed; binary rows stay in them) under a name for messages; the format is told by content. */
  loadVectors(bytes: ByteBuffer | undefined, pathOrName: string, options: NativeLoadOptions): Job<LoadResult>;
  /** Of so many columns. */
  createTaggedText(columns: number): TaggedText;
  /** Takes values and tags of the text (its last column, beyond those of the options); `words`: vectors to begin with. */
  createTagger(
    text: TaggedText,
    words: VectorStore | undefined,
    options: NativeTaggerOptions,
  ): Job<SequenceTagger>;
  loadTagger(path: string): Job<{ tagger: SequenceTagger; notes: string }>;
}
