import { access } from 'node:fs/promises';
import path from 'node:path';
import {
  expectArgument,
  expectBooleans,
  expectFunction,
  expectOptions,
  expectPath,
  isRecord,
  toWords,
  wholeNumber,
} from './arguments.js';
import {
  countCorpus,
  encodeCorpus,
  readCorpus,
  rulesOf,
  type CacheUse,
  type PreparedCorpus,
  type TrimRule,
} from './corpus.js';
import { checkBackend } from './devices.js';
import { UnknownWordError, W2VError, cancelled, describe, fileError } from './errors.js';
import { KeyedVectors, jobOptionNames, type JobOptions } from './keyed-vectors.js';
import {
  binding,
  callNative,
  runJob,
  type NativeModel,
  type NativeTrainingOptions,
  type TrainingStatus,
} from './native.js';
import {
  resolveRates,
  resolveTrainingOptions,
  toNative,
  trainingOptionSpecs,
  checkNames,
  type ResolvedTrainingOptions,
  type TrainingOptions,
} from './options.js';
import { filesOf, type CorpusProgress, type CorpusSource } from './text-source.js';
import { checkRunOptions, runOptionNames, runTraining, type RunOptions } from './training-run.js';
import { eachInTurns, inTurns } from './turn.js';

/** How a corpus is read. */
export interface CorpusOptions {
  /**
   * Keep the encoded words (4 bytes each) in a temporary file instead of memory: true for the system's temporary folder,
   * or a folder; false: in memory. @defaultValue of files in memory; of sentences and streams, in a file beyond the first 64 MiB
   */
  spool?: boolean | string | undefined;
  /**
   * A folder (made if need be) where the vocabulary and the encoded words are kept for the next training on the same
   * files, plain or gzip, with the same `minCount`, `maxFinalVocab`, `readVocab` and `stopWords`: it maps them and reads no text. A
   * cache whose files have changed (size, time or a hash of samples), or that is corrupt, is made anew, with a warning;
   * one that cannot be written is a warning too.
   */
  cache?: string | undefined;
}

/** Which words a vocabulary has, beside `minCount`, `maxFinalVocab` and `readVocab`. */
export interface VocabularyOptions {
  /** Words that are left out. */
  stopWords?: Iterable<string> | undefined;
  /** Decides for each different word, before `minCount` does. */
  trimRule?: TrimRule | undefined;
}

/** How a first training runs; {@link TrainingOptions} is what it computes. */
export interface TrainOptions extends TrainingOptions, VocabularyOptions, CorpusOptions, RunOptions {}

/** What trains a model further. @defaultValue the model's */
export type Placement = Pick<TrainingOptions, 'backend' | 'devices'>;

/** How a model is trained further. */
export interface ContinueOptions extends RunOptions, Pick<CorpusOptions, 'spool'>, Placement {
  /** Passes over this corpus. @defaultValue the model's `epochs` */
  epochs?: number | undefined;
  /** Learning rate to begin with. @defaultValue the model's `alpha` */
  startAlpha?: number | undefined;
  /** Learning rate to end with, by a linear fall. @defaultValue the model's `minAlpha`, or if it has none, word2vec.c's schedule */
  endAlpha?: number | undefined;
  /**
   * Words, of the vocabulary and with sentence ends, over which the learning rate falls: of several calls that share one fall, give each its part of the rates.
   * @defaultValue those of this corpus in all epochs
   */
  totalWords?: number | undefined;
  /** Threads. @defaultValue the model's */
  threads?: number | undefined;
}

/** What a training did. */
export interface TrainingReport {
  /** Words in the corpus, those outside the vocabulary included. */
  words: number;
  /** Words gone through in all epochs: those of the vocabulary, and sentence ends. */
  trainedWords: number;
  /** Words in the vocabulary, `</s>` included. */
  vocabulary: number;
  /** Wall time of the whole. */
  seconds: number;
  /** CPU time of the process in it. */
  cpuSeconds: number;
  /** What became of the corpus cache; null where the option `cache` was not given. */
  cache: CacheUse | null;
  /** Until training began: reading, counting, encoding, tables. */
  vocabularySeconds: number;
  /** Wall time of the training itself. */
  trainSeconds: number;
  /** CPU time of its threads. */
  trainCpuSeconds: number;
  /** trainedWords / trainSeconds. */
  wordsPerSecond: number;
  /** The last learning rate. */
  alpha: number;
  /** The mean loss of a prediction, −log p summed over its labels, for each epoch; null where none was measured (`computeLoss`). */
  losses: (number | null)[];
  /** Threads that trained. */
  threads: number;
  /** What trained. */
  backend: 'cpu' | 'cuda';
  /** The names of the GPUs that trained. */
  devices: string[];
  /** The instruction set of the kernels: avx512vnni, avx512, avx2, neon or scalar. */
  isa: string;
  /** The share of the model's memory that the system put in huge pages, 0 to 1; null where it does not tell. */
  hugePageShare: number | null;
  /** A signal, a callback or `earlyStopping` ended it. */
  stoppedEarly: boolean;
  /** What the user should know about the corpus. */
  warnings: string[];
}

/** A model that this process has trained. */
export type TrainedWord2Vec = Word2Vec & {
  /** Of that training. */
  readonly report: TrainingReport;
};

/** How well a model predicts a text. */
export interface Validation {
  /** The mean loss of a prediction, as in {@link TrainingReport.losses}. */
  loss: number;
  /** How many predictions that were. */
  predictions: number;
}

/** A word and how likely it is. */
export interface PredictedWord {
  /** As the vocabulary spells it. */
  word: string;
  /** From 0 to 1; of all words of the vocabulary together, 1. */
  probability: number;
}

/** Of {@link Word2Vec.load}. */
export interface ModelLoadOptions extends JobOptions {
  /** Leave the model in the file until it is trained or asked for more than vectors; false: read it to memory now, and compare all of it with its checksums. @defaultValue true */
  mmap?: boolean | undefined;
}

const corpusOptionNames = ['spool', 'cache', 'stopWords', 'trimRule'] as const;

/** A run as a checkpoint keeps it. */
interface RunRecord {
  epochs: number;
  alpha: number;
  minAlpha: number | null;
  threads: number;
  files: string[] | null;
}

/** What a model file says beside the matrices. */
interface Notes {
  options: TrainingOptions;
  epochs: number;
  words: number;
  run?: RunRecord;
}

/**
 * A model: words, their vectors, and what is needed to train them (further). Calls that change it (train, buildVocabulary, intersectVectors,
 * setLearningRateFactor) and those that read all of it (save, validate, score, predictOutputWord) do not run beside each other: the second is refused with
 * ERR_W2V_BUSY. Callbacks of a training run while it waits: there the model can be asked, changed and saved, not trained.
 */
export class Word2Vec {
  /**
   * The words and their vectors: the memory that is trained, not a copy. While a training runs they are in motion; after each epoch that has a callback, and at
   * the end, they are set anew. Changes made to them (addVectors, …) are not changes of the model.
   */
  readonly vectors: KeyedVectors;
  /** All options, defaults included. */
  readonly options: ResolvedTrainingOptions;
  /** Of the last training; undefined before the first, and of a model that was loaded. */
  report: TrainingReport | undefined;
  readonly #native: NativeModel;
  #epochs: number;
  #words: number;
  #run: RunRecord | undefined; // of a checkpoint
  #training = false;
  #writing: string | undefined;
  #reading = 0;

  private constructor(
    native: NativeModel,
    options: ResolvedTrainingOptions,
    { epochs, words, run }: Pick<Notes, 'epochs' | 'words' | 'run'> = { epochs: 0, words: 0 },
  ) {
    this.#native = native;
    this.vectors = KeyedVectors.fromStore(native.vectors());
    this.options = options;
    this.#epochs = epochs;
    this.#words = words;
    this.#run = run;
  }

  /** Epochs that it has been trained, in all trainings. */
  get epochsTrained(): number {
    return this.#epochs;
  }

  /** Words that it has been trained on, in all trainings. */
  get wordsTrained(): number {
    return this.#words;
  }

  /** It was loaded from a checkpoint in mid-course: {@link Word2Vec.resume} goes on with that training. */
  get isCheckpoint(): boolean {
    return this.#run !== undefined;
  }

  /** The vectors of words as targets (syn1neg), in the same order; undefined without negative sampling. A view, as {@link Word2Vec.vectors}. */
  get outputVectors(): KeyedVectors | undefined {
    const store = callNative(() => this.#native.outputs());
    return store && KeyedVectors.fromStore(store);
  }

  // ---- making one ----

  /**
   * Trains on text with the loop of word2vec.c (Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546), on native
   * threads. Trainings can run side by side.
   *
   * @param source - a path (file, folder, glob, `-` for standard input, gzip or plain), several as `{files}`, an
   * (async) iterable of sentences: strings, split at white space, or arrays of words; or a stream of text
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_FILE_WRITE (spool, checkpoint),
   * ERR_W2V_CORPUS_EMPTY, ERR_W2V_CORPUS_BINARY, ERR_W2V_CORPUS_ITEM, ERR_W2V_WORD_TOO_LONG,
   * ERR_W2V_VOCABULARY_EMPTY, ERR_W2V_VOCABULARY_FORMAT, ERR_W2V_MEMORY, ERR_W2V_DEVICE, ERR_W2V_ISA, ERR_W2V_CANCELLED
   */
  static async train(source: CorpusSource, options: TrainOptions = {}): Promise<TrainedWord2Vec> {
    await checkRunOptions(options, filesOf(source) ?? []);
    const { signal, stopSignal } = options;
    // Nothing is learned yet: to stop is to cancel.
    const untilTraining = AbortSignal.any([signal, stopSignal].filter((s) => s !== undefined));
    const watch = new RunWatch(options);
    const { model, prepared, vocabularyWords } = await Word2Vec.#fromCorpus(source, options, {
      signal: untilTraining,
      onProgress: watch.onReading,
      beforeReading: checkBackend,
    });
    const { epochs, alpha, minAlpha, threads, backend, devices } = model.options;
    const run = { epochs, alpha, minAlpha: minAlpha ?? null, threads, files: filesOf(source) };
    await model.#exclusiveTraining(() =>
      model.#runTraining(prepared, run, options, watch, {
        totalWords: vocabularyWords * epochs,
        placement: { backend, devices },
      }),
    );
    return model as TrainedWord2Vec;
  }

  /**
   * Makes a model of the words of a corpus, untrained: {@link Word2Vec.train} without the training.
   *
   * @throws as {@link Word2Vec.train}
   */
  static async buildVocabulary(
    source: CorpusSource,
    options: TrainingOptions &
      VocabularyOptions &
      CorpusOptions &
      Pick<RunOptions, 'signal' | 'onProgress'> = {},
  ): Promise<Word2Vec> {
    await checkRunOptions(options);
    const watch = new RunWatch(options);
    const { model } = await Word2Vec.#fromCorpus(source, options, {
      signal: options.signal,
      onProgress: watch.onReading,
    });
    return model;
  }

  /** @internal A vocabulary in a model of one dimension, and what was read for it. */
  static async countWords(
    source: CorpusSource,
    options: TrainingOptions & VocabularyOptions & Pick<RunOptions, 'onProgress'>,
  ): Promise<{ vectors: KeyedVectors; words: number; warnings: string[] }> {
    const { onReading } = new RunWatch(options);
    const watch = { signal: undefined, onProgress: onReading };
    const { model, prepared } = await Word2Vec.#fromCorpus(source, { ...options, vectorSize: 1 }, watch);
    return { vectors: model.vectors, words: prepared.words, warnings: prepared.warnings };
  }

  static async #fromCorpus(
    source: CorpusSource,
    given: TrainOptions,
    {
      beforeReading,
      ...watch
    }: {
      signal: AbortSignal | undefined;
      onProgress: ((progress: CorpusProgress) => void) | undefined;
      beforeReading?: (options: ResolvedTrainingOptions) => Promise<void>;
    },
  ) {
    const { spool, cache, stopWords, trimRule, ...rest } = given;
    const training = withoutRunOptions(rest);
    const options = resolveTrainingOptions(training, [...runOptionNames, ...corpusOptionNames]);
    expectFunction(trimRule, 'trimRule');
    const leftOut = listOf(stopWords);
    if (options.readVocab !== undefined) await checkReadable(options.readVocab);
    await beforeReading?.(options);
    const { threads, maxVocabMemory } = options;
    const native = toNative(options);
    const prepared = await readCorpus(
      source,
      { vocabulary: { ...native.vocabulary, ...leftOut }, trimRule },
      { threads, maxVocabMemory, spool, cache, ...watch },
    );
    const made = await runJob(() => binding.createModel(prepared.corpus, native.training), {
      signal: watch.signal,
    });
    return { ...made, prepared, model: new Word2Vec(made.model, options) };
  }

  /**
   * Makes a model, untrained, of words and how often they occur; `</s>` among them is the number of sentences. Of hundreds of thousands a
   * Map is better: the keys of an object are listed in one go, which keeps the thread. Neither is to be changed until the promise settles.
   *
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_VOCABULARY_EMPTY, ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  static async fromFrequencies(
    frequencies: ReadonlyMap<string, number> | Readonly<Record<string, number>>,
    given: Omit<TrainingOptions, 'readVocab'> & VocabularyOptions & Pick<JobOptions, 'signal'> = {},
  ): Promise<Word2Vec> {
    expectOptions(given);
    const { signal, stopWords, trimRule, ...training } = given;
    const options = resolveTrainingOptions(training, [...corpusOptionNames, 'signal']);
    expectFunction(trimRule, 'trimRule');
    const leftOut = listOf(stopWords);
    const expected = 'a Map or an object of words and how often they occur';
    expectArgument(isMap(frequencies) || isRecord(frequencies), expected, frequencies);
    const entries = await entriesOf(frequencies, signal);
    const words = callNative(() => binding.createBuffer());
    const lengths = new Uint32Array(entries.length);
    const counts = new Float64Array(entries.length);
    const rules = new Uint8Array(entries.length);
    const decisions = ['default', 'keep', 'discard'];
    let ruled = 0;
    const add = ([word, count]: readonly [string, number], i: number) => {
      if (typeof word !== 'string' || word === '') throw notA('words that are not empty', word);
      if (!Number.isSafeInteger(count) || count < 0)
        throw notA(`a whole number of occurrences of ${describe(word)}`, count);
      const bytes = Buffer.from(word);
      callNative(() => words.append(bytes));
      lengths[i] = bytes.length;
      counts[i] = count;
      const rule = trimRule ? decisions.indexOf(trimRule(word, count, options.minCount) ?? 'default') : 0;
      // The rules are for the words after </s>, which the addon takes out.
      if (word !== '</s>') rules[ruled++] = rule;
    };
    await eachInTurns(entries, add, signal);
    const native = toNative(options);
    const source = { ...native.vocabulary, ...leftOut, rules: rules.slice(0, ruled) };
    const made = await runJob(
      () => binding.createModelOfCounts(words, lengths, counts, source, native.training),
      { signal },
    );
    return new Word2Vec(made, options);
  }

  /**
   * Makes a model that starts from vectors: its words are theirs, after `</s>`, its input vectors theirs, to be trained further
   * (often after {@link Word2Vec.buildVocabulary} with `update`, which adds the words of a corpus). Their counts come along; where they have none, Zipf's law gives
   * them by the words' order: word r of V occurs V / r times.
   *
   * @throws ERR_W2V_OPTION (another `vectorSize` than theirs), ERR_W2V_VOCABULARY_EMPTY, ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  static async fromVectors(
    vectors: KeyedVectors,
    given: TrainingOptions & Pick<JobOptions, 'signal'> = {},
  ): Promise<Word2Vec> {
    expectOptions(given);
    const { signal, ...training } = given;
    if (!(vectors instanceof KeyedVectors)) throw notA('KeyedVectors', vectors);
    const { vectorSize } = vectors;
    if (training.vectorSize !== undefined && training.vectorSize !== vectorSize) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected vectorSize to be that of the vectors, ${vectorSize}, but received ${describe(training.vectorSize)}`,
      );
    }
    const options = resolveTrainingOptions({ ...training, vectorSize }, ['signal']);
    const store = KeyedVectors.storeOf(vectors);
    const made = await runJob(() => binding.createModelOfVectors(store, toNative(options).training), {
      signal,
    });
    return new Word2Vec(made, options);
  }

  // ---- files ----

  /**
   * Writes all that is needed to go on to a temporary file beside `path`, then renames it. The file is a .w2v with more
   * in it: {@link KeyedVectors.load} reads its vectors.
   *
   * @throws ERR_W2V_FILE_WRITE, ERR_W2V_BUSY, ERR_W2V_CANCELLED
   */
  async save(file: string, options: JobOptions = {}): Promise<void> {
    expectPath(file);
    checkNames(options, jobOptionNames);
    await this.#read(() => this.#save(file, undefined, undefined, options));
  }

  /**
   * Opens a model that {@link Word2Vec.save} or a checkpoint has written: in milliseconds, as it stays in the file until it is
   * trained.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM (mmap: false),
   * ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  static async load(file: string, options: ModelLoadOptions = {}): Promise<Word2Vec> {
    expectPath(file, 'the path of a model');
    checkNames(options, ['mmap', ...jobOptionNames]);
    const { mmap = true, signal, onProgress } = options;
    expectBooleans({ mmap });
    const { model, notes } = await runJob(() => binding.loadModel(file, mmap), {
      signal,
      onProgress: onProgress && (({ done, total }) => onProgress({ fraction: total ? done / total : 0 })),
    });
    const { options: trained, ...rest } = parseNotes(notes, file);
    return new Word2Vec(model, resolveTrainingOptions(trained), rest);
  }

  /**
   * Goes on with a training from its checkpoint, with the learning rate where it was. With one thread (of the processor) the vectors are
   * those of a training without interruption, byte for byte. `backend` and `devices` may be others than before.
   *
   * @param source - the same corpus as before; not needed where that was files
   * @throws ERR_W2V_ARGUMENT (no checkpoint of a training in mid-course, another corpus), and what load() and train() throw
   */
  static async resume(
    checkpoint: string,
    source?: CorpusSource,
    options: RunOptions & Pick<CorpusOptions, 'spool'> & Placement = {},
  ): Promise<TrainedWord2Vec> {
    checkNames(options, [...runOptionNames, 'spool', 'backend', 'devices']);
    await checkRunOptions(options);
    const model = await Word2Vec.load(checkpoint, { mmap: false, signal: options.signal });
    const run = model.#run;
    if (!run) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected the checkpoint of a training in mid-course but '${checkpoint}' holds a model at rest: load it and train() it further`,
      );
    }
    const from = source ?? (run.files ? { files: run.files } : undefined);
    if (from === undefined) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected the corpus to go on with: '${checkpoint}' was not trained on files`,
      );
    }
    const placement = model.#placement(options);
    await checkBackend(placement);
    await model.#exclusiveTraining(async () => {
      const watch = new RunWatch(options);
      const prepared = await model.#encode(from, options, run.threads, watch);
      await model.#runTraining(prepared, run, options, watch, { resume: true, placement });
    });
    return model as TrainedWord2Vec;
  }

  async #save(
    file: string,
    training: Parameters<NativeModel['save']>[2],
    run: RunRecord | undefined,
    { signal, onProgress }: JobOptions = {},
  ): Promise<void> {
    const notes: Notes = {
      options: this.options,
      epochs: this.#epochs,
      words: this.#words,
      ...(run && { run }),
    };
    await runJob(() => this.#native.save(file, JSON.stringify(notes), training), {
      signal,
      onProgress: onProgress && (({ done, total }) => onProgress({ fraction: total ? done / total : 0 })),
    });
  }

  // ---- training further ----

  /**
   * Trains further, on another corpus or the same; words that the model does not have are left out
   * ({@link Word2Vec.buildVocabulary} adds them).
   *
   * @throws as {@link Word2Vec.train}, and ERR_W2V_BUSY
   */
  async train(source: CorpusSource, options: ContinueOptions = {}): Promise<TrainingReport> {
    const run = ['epochs', 'startAlpha', 'endAlpha', 'totalWords', 'threads', 'spool', 'backend', 'devices'];
    const names = [...run, ...runOptionNames];
    checkNames(options, names);
    await checkRunOptions(options, filesOf(source) ?? []);
    const { totalWords = 0, epochs = this.options.epochs, threads = this.options.threads } = options;
    wholeNumber('totalWords', totalWords, 0);
    const { alpha, minAlpha } = resolveRates(options, this.options);
    resolveTrainingOptions({ ...this.options, epochs, alpha, minAlpha, threads });
    const placement = this.#placement(options);
    await checkBackend(placement);
    return this.#exclusiveTraining(async () => {
      const watch = new RunWatch(options);
      const prepared = await this.#encode(source, options, threads, watch);
      const run = { epochs, alpha, minAlpha: minAlpha ?? null, threads, files: filesOf(source) };
      return this.#runTraining(prepared, run, options, watch, { totalWords, placement });
    });
  }

  /**
   * Adds the words of a corpus: counts of those that are there are added up, others that `minCount` (or `trimRule`) lets in follow them, with vectors as
   * they would have had them from the start. Old vectors stay as they are. With hierarchical softmax the tree is built anew; nodes start from zeros where it has
   * changed, for they have other words below them.
   *
   * @returns how many words are new
   * @throws as {@link Word2Vec.train}, and ERR_W2V_BUSY
   */
  async buildVocabulary(
    source: CorpusSource,
    options: {
      /** To add words is all that a model can do to its vocabulary. */
      update: true;
      /** New words that occur fewer times in this corpus are left out. @defaultValue the model's */
      minCount?: number | undefined;
      /** New words at most: `minCount` is raised as far as it takes. @defaultValue no limit */
      maxFinalVocab?: number | undefined;
      /** As {@link TrainingOptions.maxVocabMemory}, but without a warning. @defaultValue no limit */
      maxVocabMemory?: number | undefined;
      /** Threads. @defaultValue the model's */
      threads?: number | undefined;
    } & VocabularyOptions &
      Pick<JobOptions, 'signal'>,
  ): Promise<number> {
    expectOptions(options);
    const { update, stopWords, trimRule, signal, ...limits } = options;
    if (!(update as boolean)) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected update: true, which adds words, but received ${describe(update)}; a model with another vocabulary is made by Word2Vec.buildVocabulary()`,
      );
    }
    expectFunction(trimRule, 'trimRule');
    const leftOut = listOf(stopWords);
    const once = { readVocab: undefined, maxFinalVocab: undefined, maxVocabMemory: undefined };
    const resolved = resolveTrainingOptions({ ...this.options, ...once, ...limits }, corpusOptionNames);
    const native = toNative(resolved);
    return this.#write('given more words', async () => {
      const { threads, maxVocabMemory, minCount } = resolved;
      const { corpus, differentWords } = await countCorpus(source, { threads, maxVocabMemory, signal });
      const rules = trimRule && (await rulesOf(corpus, differentWords, minCount, trimRule));
      const choice = { ...native.vocabulary, ...leftOut, ...(rules && { rules }) };
      return runJob(() => this.#native.addWords(corpus, choice, native.training), { signal });
    });
  }

  /**
   * Takes over the vectors of the words that both have, as gensim's intersect_word2vec_format(), and sets their learning-rate factor.
   *
   * @returns how many words they are
   * @throws ERR_W2V_ARGUMENT (another size of vectors), ERR_W2V_BUSY, ERR_W2V_CANCELLED
   */
  async intersectVectors(
    vectors: KeyedVectors,
    options: {
      /** Learning-rate factor of these words: 0 keeps them as they are. @defaultValue 1 */
      factor?: number | undefined;
    } & Pick<JobOptions, 'signal'> = {},
  ): Promise<number> {
    checkNames(options, ['factor', 'signal']);
    const { factor = 1, signal } = options;
    if (!(vectors instanceof KeyedVectors)) throw notA('KeyedVectors', vectors);
    checkFactor(factor);
    const store = KeyedVectors.storeOf(vectors);
    return this.#write('given vectors', () =>
      runJob(() => this.#native.takeVectors(store, factor), { signal }),
    );
  }

  /**
   * Multiplies the learning rate of words' vectors (not of their output vectors), as gensim's vectors_lockf: 0 freezes them, 1 is as usual. Kept with the model.
   *
   * @throws ERR_W2V_UNKNOWN_WORD, ERR_W2V_ARGUMENT, ERR_W2V_BUSY
   */
  async setLearningRateFactor(words: Iterable<string>, factor: number): Promise<void> {
    checkFactor(factor);
    const given = toWords(words, 'a list of words');
    await this.#write('changed', async () => {
      const store = callNative(() => this.#native.vectors());
      const ids: number[] = [];
      await eachInTurns(given, (word) => {
        const id = store.indexOf(word);
        if (id < 0) throw new UnknownWordError(word);
        ids.push(id);
      });
      await runJob(() => this.#native.setRateFactor(Uint32Array.from(ids), factor));
    });
  }

  // ---- asking the model ----

  /**
   * The mean loss of a prediction on text that it was not trained on: what {@link TrainingReport.losses} are samples of, here of every
   * prediction, with subsampling, windows and negative samples drawn as for a first epoch. Nothing is learned.
   *
   * @throws as {@link Word2Vec.train}, and ERR_W2V_BUSY
   */
  async validate(
    source: CorpusSource,
    options: Pick<JobOptions, 'signal'> & Pick<CorpusOptions, 'spool'> = {},
  ): Promise<Validation> {
    checkNames(options, ['signal', 'spool']);
    const { signal, spool } = options;
    return this.#read(async () => {
      const { threads } = this.options;
      const { corpus } = await encodeCorpus(source, this.#native, { threads, signal, spool });
      return runJob(() => this.#native.validate(corpus, this.#nativeOptions()), { signal });
    });
  }

  /**
   * The `topN` words that are likeliest in the middle of this context, the likeliest first, as gensim's predict_output_word(): a softmax over all words; with
   * hierarchical softmax alone, the probabilities along their paths. Words that the model does not have are left out of the context.
   *
   * @throws ERR_W2V_UNKNOWN_WORD (it has none of them), ERR_W2V_ARGUMENT, ERR_W2V_BUSY
   */
  async predictOutputWord(
    context: Iterable<string>,
    options: Pick<JobOptions, 'signal'> & { topN?: number | undefined } = {},
  ): Promise<PredictedWord[]> {
    const words = toWords(context, 'the words of a context');
    checkNames(options, ['topN', 'signal']);
    const { topN = 10, signal } = options;
    if (!Number.isSafeInteger(topN) || topN < 1) throw notA('topN to be a whole number from 1', topN);
    return this.#read(async () => {
      const store = callNative(() => this.#native.vectors());
      const ids: number[] = [];
      const add = (word: string) => {
        const id = store.indexOf(word);
        if (id >= 0) ids.push(id);
      };
      await eachInTurns(words, add, signal);
      if (ids.length === 0) throw new UnknownWordError(words[0] ?? '');
      const native = this.#nativeOptions();
      const answers = await runJob(() => this.#native.predict(Uint32Array.from(ids), native, topN), {
        signal,
      });
      const predicted: PredictedWord[] = [];
      const answer = (i: number) =>
        predicted.push({ word: store.wordAt(answers.ids[i]!), probability: answers.probabilities[i]! });
      await inTurns(answers.ids.length, answer, signal);
      return predicted;
    });
  }

  /**
   * The logarithm of each sentence's probability by hierarchical softmax, as gensim's score() (Taddy 2015, arXiv:1504.07295): of models trained on
   * several classes of text, the one that scores a sentence highest tells its class.
   *
   * @throws ERR_W2V_ARGUMENT (a model without hierarchical softmax), ERR_W2V_BUSY, and as {@link Word2Vec.train}
   */
  async score(
    sentences: CorpusSource,
    options: Pick<JobOptions, 'signal'> & Pick<CorpusOptions, 'spool'> = {},
  ): Promise<Float64Array> {
    checkNames(options, ['signal', 'spool']);
    const { signal, spool } = options;
    if (!this.options.hs) throw notA('a model with hierarchical softmax (hs: true)', 'one without', String);
    return this.#read(async () => {
      const { threads } = this.options;
      const { corpus } = await encodeCorpus(sentences, this.#native, { threads, signal, spool });
      return runJob(() => this.#native.score(corpus, this.#nativeOptions()), { signal });
    });
  }

  // ---- how they run ----

  /** What is to train: of these options, checked, or the model's. */
  #placement({
    devices,
    backend = devices ? undefined : this.options.backend,
  }: Placement): Pick<ResolvedTrainingOptions, 'backend' | 'devices'> {
    return resolveTrainingOptions({ ...this.options, backend, devices: devices ?? this.options.devices });
  }

  #nativeOptions(): NativeTrainingOptions {
    return { ...toNative(this.options).training, epochsBefore: this.#epochs };
  }

  #encode(
    source: CorpusSource,
    { signal, stopSignal, spool }: RunOptions & Pick<CorpusOptions, 'spool'>,
    threads: number,
    watch: RunWatch,
  ): Promise<PreparedCorpus> {
    const untilTraining = AbortSignal.any([signal, stopSignal].filter((s) => s !== undefined));
    return encodeCorpus(source, this.#native, {
      threads,
      spool,
      signal: untilTraining,
      onProgress: watch.onReading,
    });
  }

  async #runTraining(
    prepared: PreparedCorpus,
    run: RunRecord,
    options: RunOptions,
    watch: RunWatch,
    {
      totalWords = 0,
      resume = false,
      placement,
    }: {
      totalWords?: number;
      resume?: boolean;
      placement: Pick<ResolvedTrainingOptions, 'backend' | 'devices'>;
    },
  ): Promise<TrainingReport> {
    const { epochs, alpha, minAlpha, threads } = run;
    const native = toNative({
      ...this.options,
      ...placement,
      epochs,
      alpha,
      minAlpha: minAlpha ?? undefined,
      threads,
    });
    const nativeOptions = { ...native.training, epochsBefore: this.#epochs };
    const training = await runJob(
      () => this.#native.startTraining(prepared.corpus, nativeOptions, totalWords, resume),
      { signal: options.signal },
    );
    const { epochs: epochsBefore, words: wordsBefore } = { epochs: this.#epochs, words: this.#words };
    const { status, stoppedEarly } = await runTraining(
      {
        model: this,
        training,
        epochs,
        alpha,
        exclusively: (work) =>
          this.#write('trained', async () => {
            const status = await work();
            KeyedVectors.setStore(this.vectors, this.#native.vectors());
            this.#epochs = epochsBefore + status.epochs;
            this.#words = wordsBefore + status.trainedWords;
            return status;
          }),
        // The epochs before this training: those in it are in the state of the training.
        save: (file) =>
          this.#read(async () => {
            const [epochs, words] = [this.#epochs, this.#words];
            [this.#epochs, this.#words] = [epochsBefore, wordsBefore];
            try {
              await this.#save(file, training, run);
            } finally {
              [this.#epochs, this.#words] = [epochs, words];
            }
          }),
      },
      options,
    );
    if (stoppedEarly && status.trainedWords === 0) throw cancelled(options.stopSignal?.reason);
    this.#run = undefined;
    return (this.report = this.#reportOf(status, stoppedEarly, prepared, threads, watch));
  }

  #reportOf(
    status: TrainingStatus,
    stoppedEarly: boolean,
    { words, cache, warnings }: PreparedCorpus,
    threads: number,
    watch: RunWatch,
  ): TrainingReport {
    const { trainedWords, trainSeconds, trainCpuSeconds, hugePageShare, backend, devices } = status;
    const { seconds, cpuSeconds } = watch.elapsed();
    return {
      words,
      trainedWords,
      vocabulary: this.vectors.size,
      seconds,
      cpuSeconds,
      cache,
      vocabularySeconds: seconds - trainSeconds,
      trainSeconds,
      trainCpuSeconds,
      wordsPerSecond: trainedWords / trainSeconds,
      alpha: status.learningRate,
      losses: Array.from(status.losses, (loss) => (Number.isNaN(loss) ? null : loss)),
      threads,
      backend,
      devices,
      isa: binding.isa(),
      hugePageShare: Number.isNaN(hugePageShare) ? null : hugePageShare,
      stoppedEarly,
      warnings,
    };
  }

  async #exclusiveTraining<T>(train: () => Promise<T>): Promise<T> {
    if (this.#training) throw busy('trained');
    this.#training = true;
    try {
      return await train();
    } finally {
      this.#training = false;
    }
  }

  async #write<T>(what: string, change: () => Promise<T>): Promise<T> {
    if (this.#writing !== undefined || this.#reading > 0) throw busy(this.#writing ?? 'read');
    this.#writing = what;
    try {
      const result = await change();
      KeyedVectors.setStore(this.vectors, this.#native.vectors());
      return result;
    } finally {
      this.#writing = undefined;
    }
  }

  async #read<T>(use: () => Promise<T>): Promise<T> {
    if (this.#writing !== undefined) throw busy(this.#writing);
    ++this.#reading;
    try {
      return await use();
    } finally {
      --this.#reading;
    }
  }
}

/** Tells how far the reading of a corpus is, and how long all of it took. */
class RunWatch {
  readonly onReading: ((progress: CorpusProgress) => void) | undefined;
  readonly #start = performance.now();
  readonly #cpuAtStart = process.cpuUsage();

  constructor({ onProgress, alpha = 0 }: Pick<RunOptions, 'onProgress'> & { alpha?: number | undefined }) {
    this.onReading =
      onProgress &&
      (({ fraction, words }) => {
        const { seconds } = this.elapsed();
        onProgress({
          phase: 'vocabulary',
          fraction,
          wordsPerSecond: words / seconds,
          etaSeconds: fraction ? (seconds * (1 - fraction)) / fraction : null,
          alpha,
          epoch: 0,
          loss: null,
        });
      });
  }

  elapsed(): { seconds: number; cpuSeconds: number } {
    const { user, system } = process.cpuUsage(this.#cpuAtStart);
    return { seconds: (performance.now() - this.#start) / 1000, cpuSeconds: (user + system) / 1e6 };
  }
}

/** Object.keys() cannot be interrupted, all else can. */
async function entriesOf(
  frequencies: ReadonlyMap<string, number> | Readonly<Record<string, number>>,
  signal: AbortSignal | undefined,
): Promise<(readonly [string, number])[]> {
  const entries: (readonly [string, number])[] = [];
  if (isMap(frequencies)) await eachInTurns(frequencies, (entry) => entries.push(entry), signal);
  else {
    const add = (word: string) => entries.push([word, frequencies[word]!]);
    await eachInTurns(Object.keys(frequencies), add, signal);
  }
  return entries;
}

function isMap(
  frequencies: ReadonlyMap<string, number> | Readonly<Record<string, number>>,
): frequencies is ReadonlyMap<string, number> {
  return frequencies instanceof Map;
}

function withoutRunOptions(options: TrainingOptions & RunOptions): TrainingOptions {
  const run: readonly string[] = runOptionNames;
  return Object.fromEntries(Object.entries(options).filter(([name]) => !run.includes(name)));
}

function listOf(stopWords: Iterable<string> | undefined): { stopWords?: string[] } {
  if (stopWords === undefined) return {};
  return { stopWords: toWords(stopWords, 'stopWords to be a list of words', 'ERR_W2V_OPTION') };
}

function checkFactor(factor: unknown): void {
  if (typeof factor !== 'number' || !Number.isFinite(factor) || factor < 0)
    throw notA('a learning-rate factor from 0', factor);
}

function notA(expected: string, received: unknown, say: (received: unknown) => string = describe): W2VError {
  return new W2VError('ERR_W2V_ARGUMENT', `Expected ${expected} but received ${say(received)}`);
}

function busy(what: string): W2VError {
  return new W2VError('ERR_W2V_BUSY', `Expected a model at rest but it is being ${what}: await that first`);
}

function parseNotes(text: string, file: string): Notes {
  const unreadable = (cause?: unknown) =>
    new W2VError('ERR_W2V_VECTOR_FORMAT', `'${file}': expected the options of a model in its notes`, {
      cause,
    });
  let notes: Partial<Notes>;
  try {
    notes = JSON.parse(text) as Partial<Notes>;
  } catch (error) {
    throw unreadable(error);
  }
  const { options, epochs = 0, words = 0, run } = notes;
  if (typeof options !== 'object') throw unreadable();
  // A later version's options are not this one's: what is unknown here is left out.
  const known = Object.entries(options).filter(([name]) => Object.hasOwn(trainingOptionSpecs, name));
  return { options: Object.fromEntries(known), epochs, words, ...(run && { run }) };
}

/** Before hours of reading, not after. */
async function checkReadable(file: string): Promise<void> {
  try {
    await access(path.resolve(file));
  } catch (error) {
    throw fileError('read', file, error);
  }
}
