import { access } from 'node:fs/promises';
import { readCorpus, type CacheUse, type CorpusSource } from './corpus.js';
import { cancelled, fileError } from './errors.js';
import { KeyedVectors } from './keyed-vectors.js';
import { binding, runJob } from './native.js';
import {
  resolveTrainingOptions,
  toNative,
  type ResolvedTrainingOptions,
  type TrainingOptions,
} from './options.js';

/** Where a training is. */
export interface TrainingProgress {
  /** `vocabulary`: the corpus is read, counted and encoded; then `training`. */
  phase: 'vocabulary' | 'training';
  /** Of the phase, from 0 to 1; null where the size of the corpus is unknown (standard input, iterables). */
  fraction: number | null;
  /** Since the phase began. */
  wordsPerSecond: number;
  /** Until the phase ends; null where that is not known yet. */
  etaSeconds: number | null;
  /** Current learning rate. */
  alpha: number;
}

/** How a training runs; {@link TrainingOptions} is what it computes. */
export interface TrainOptions extends TrainingOptions {
  /**
   * Keep the encoded words (4 bytes each) in a temporary file instead of memory: true for the system's temporary folder,
   * or a folder. Needed to train on an iterator that can be read only once. @defaultValue false
   */
  spool?: boolean | string | undefined;
  /**
   * A folder (made if need be) where the vocabulary and the encoded words are kept for the next training on the same
   * files, plain or gzip, with the same `minCount`, `maxFinalVocab` and `readVocab`: it maps them and reads no text. A
   * cache whose files have changed (size, time or a hash of samples), or that is corrupt, is made anew, with a warning;
   * one that cannot be written is a warning too.
   */
  cache?: string | undefined;
  /** Cancels: the promise rejects with ERR_W2V_CANCELLED within half a second and everything is freed. */
  signal?: AbortSignal | undefined;
  /** Ends the training early: the promise resolves with what is learned so far (and rejects if that is nothing yet). */
  stopSignal?: AbortSignal | undefined;
  /** Called a few times a second. What it throws cancels the training and becomes the rejection. */
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

const runOptionNames = [
  'spool',
  'cache',
  'signal',
  'stopSignal',
  'onProgress',
] as const satisfies readonly Exclude<keyof TrainOptions, keyof TrainingOptions>[];

/** What a training did. */
export interface TrainingReport {
  /** Words in the corpus, those outside the vocabulary included. */
  words: number;
  /** Words gone through in all epochs: those of the vocabulary, and sentence ends. */
  trainedWords: number;
  /** Words in the vocabulary, `</s>` included. */
  vocabulary: number;
  /** Wall and CPU time of the whole; the CPU time is that of the process. */
  seconds: number;
  cpuSeconds: number;
  /** What became of the corpus cache; null where the option `cache` was not given. */
  cache: CacheUse | null;
  /** Until training began: reading, counting, encoding, tables. */
  vocabularySeconds: number;
  /** Of the training itself; the CPU time is that of its threads. */
  trainSeconds: number;
  trainCpuSeconds: number;
  /** trainedWords / trainSeconds. */
  wordsPerSecond: number;
  /** The last learning rate. */
  alpha: number;
  threads: number;
  /** The instruction set of the kernels: avx512vnni, avx512, avx2, neon or scalar. */
  isa: string;
  /** The share of the model's memory that the system put in huge pages, 0 to 1; null where it does not tell. */
  hugePageShare: number | null;
  /** The stopSignal ended it. */
  stoppedEarly: boolean;
  /** What the user should know about the corpus. */
  warnings: string[];
}

/** A trained model. */
export class Word2Vec {
  /** The words and their vectors: the memory that was trained, not a copy. */
  readonly vectors: KeyedVectors;
  readonly report: TrainingReport;
  /** All options, defaults included. */
  readonly options: ResolvedTrainingOptions;

  private constructor(vectors: KeyedVectors, report: TrainingReport, options: ResolvedTrainingOptions) {
    this.vectors = vectors;
    this.report = report;
    this.options = options;
  }

  /**
   * Trains on text with the loop of word2vec.c (Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546), on native
   * threads. Trainings can run side by side.
   *
   * @param source a path (file, folder, glob, `-` for standard input, gzip or plain), several as `{files}`, or an
   * (async) iterable of sentences: strings, split at white space, or arrays of words
   * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_FILE_WRITE (spool),
   * ERR_W2V_CORPUS_EMPTY, ERR_W2V_CORPUS_BINARY, ERR_W2V_CORPUS_ITEM, ERR_W2V_CORPUS_ONE_SHOT, ERR_W2V_WORD_TOO_LONG,
   * ERR_W2V_VOCABULARY_EMPTY, ERR_W2V_VOCABULARY_FORMAT, ERR_W2V_MEMORY, ERR_W2V_ISA, ERR_W2V_CANCELLED
   */
  static async train(source: CorpusSource, options: TrainOptions = {}): Promise<Word2Vec> {
    const { spool, cache, signal, stopSignal, onProgress, ...training } = options;
    const resolved = resolveTrainingOptions(training, runOptionNames);
    if (resolved.readVocab !== undefined) await checkReadable(resolved.readVocab);
    const start = performance.now();
    const cpuAtStart = process.cpuUsage();

    // Nothing is learned yet: to stop is to cancel.
    const untilTraining = AbortSignal.any([signal, stopSignal].filter((s) => s !== undefined));
    const native = toNative(resolved);
    const prepared = await readCorpus(source, {
      vocabulary: native.vocabulary,
      threads: resolved.threads,
      spool,
      cache,
      signal: untilTraining,
      onProgress:
        onProgress &&
        (({ fraction, words }) => {
          const elapsed = secondsSince(start);
          onProgress({
            phase: 'vocabulary',
            fraction,
            wordsPerSecond: words / elapsed,
            etaSeconds: fraction ? (elapsed * (1 - fraction)) / fraction : null,
            alpha: resolved.alpha,
          });
        }),
    });

    let trainingStart = performance.now();
    const result = await runJob(() => binding.train(prepared.corpus, native.training), {
      signal,
      stopSignal,
      onProgress:
        onProgress &&
        (({ phase, done, total, learningRate }) => {
          if (phase !== 'training') {
            trainingStart = performance.now();
            return;
          }
          const wordsPerSecond = done / Math.max(1e-3, secondsSince(trainingStart));
          onProgress({
            phase,
            fraction: total === 0 ? 0 : Math.min(1, done / total),
            wordsPerSecond,
            etaSeconds: done === 0 ? null : Math.max(0, total - done) / wordsPerSecond,
            alpha: learningRate,
          });
        }),
    });
    if (result.stoppedEarly && result.trainedWords === 0) throw cancelled(stopSignal?.reason);

    const cpu = process.cpuUsage(cpuAtStart);
    const seconds = secondsSince(start);
    const report: TrainingReport = {
      words: prepared.words,
      trainedWords: result.trainedWords,
      vocabulary: result.vectors.size,
      seconds,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      cache: prepared.cache,
      vocabularySeconds: seconds - result.trainSeconds,
      trainSeconds: result.trainSeconds,
      trainCpuSeconds: result.trainCpuSeconds,
      wordsPerSecond: result.trainedWords / result.trainSeconds,
      alpha: result.finalLearningRate,
      threads: resolved.threads,
      isa: binding.isa(),
      hugePageShare: Number.isNaN(result.hugePageShare) ? null : result.hugePageShare,
      stoppedEarly: result.stoppedEarly,
      warnings: [...prepared.cacheProblems, ...warningsOf(prepared.invalidUtf8Words)],
    };
    return new Word2Vec(KeyedVectors.fromStore(result.vectors), report, resolved);
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** Before hours of reading, not after. */
async function checkReadable(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function warningsOf(invalidUtf8Words: number): string[] {
  if (invalidUtf8Words === 0) return [];
  return [`${invalidUtf8Words} words of the corpus are not valid UTF-8; their bytes were kept as they are`];
}
