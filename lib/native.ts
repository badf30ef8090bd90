// The one door to the addon.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import load = require('node-gyp-build');
import type { Binding, Job, JobProgress } from '../binding.js';
import { expectOptions } from './arguments.js';
import { W2VError, cancelled, fromNative } from './errors.js';

export type {
  Job,
  Corpus as NativeCorpus,
  Model as NativeModel,
  PhraseCounts as NativePhraseCounts,
  FrozenPhrases as NativeFrozenPhrases,
  SequenceTagger as NativeSequenceTagger,
  TaggedText as NativeTaggedText,
  PhraseStatistics,
  Texts as NativeTexts,
  PrepareResult,
  SearchResult,
  Training as NativeTraining,
  TrainingStatus,
  LabelledText as NativeLabelledText,
  Classifier as NativeClassifier,
  NativeClassifierEvaluation,
  NativeClassifierOptions,
  NativeClassifierReport,
  JobProgress,
  LoadResult,
  NativeLoadOptions,
  NativeTrainingOptions,
  VectorIndex,
  VectorStore,
  VocabularySource,
} from '../binding.js';

/** Linux maps an ELF file without a look at its length, and ends the process where the end is missing: a copy that was cut off. */
function checkComplete(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const header = Buffer.alloc(64);
    const { size } = fstatSync(descriptor);
    const read = readSync(descriptor, header);
    if (read === 64 && header.readUInt32BE() !== 0x7f454c46) return; // not ELF: the system will say so
    // 64 bits, little-endian: the table of sections is the last thing in the file.
    const expected =
      read === 64
        ? Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
        : 64;
    if (size < expected)
      throw new Error(`${file} is truncated: expected ${expected} bytes, received ${size}`);
  } finally {
    closeSync(descriptor);
  }
}

/** The library of the CUDA backend in its own package, an optional peer of this one (scripts/prebuild/cuda-package.mjs). */
function packagedCudaLibrary(): string | undefined {
  try {
    return require.resolve('word2vec-native-cuda/libword2vec_cuda.so');
  } catch {
    return undefined;
  }
}

function loadAddon(): Binding {
  try {
    const root = path.join(__dirname, '..');
    if (process.platform === 'linux') checkComplete(load.resolve(root));
    const addon = load(root) as Binding;
    const cuda = packagedCudaLibrary();
    if (cuda !== undefined) addon.useCudaLibrary(cuda);
    return addon;
  } catch (error) {
    throw new W2VError(
      'ERR_W2V_ADDON',
      "The native addon of word2vec-native is missing or does not load. Run 'npm rebuild word2vec-native' " +
        "(in a clone: 'npm run build:native'), which needs CMake and a C++20 compiler. " +
        (error as Error).message,
      { cause: error },
    );
  }
}

/** The addon's exports. */
export const binding: Binding = loadAddon();

/** Calls the addon; what it throws becomes a {@link W2VError}. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

const progressIntervalMs = 200;

export interface JobWatch {
  /** Abandons the job: it rejects with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Ends a training early, which then resolves with what is learned. */
  stopSignal?: AbortSignal | undefined;
  /** Called a few times a second and once at the end. What it throws abandons the job and becomes its rejection. */
  onProgress?: ((progress: JobProgress) => void) | undefined;
}

/** Starts a job and sees it through to its end. */
export async function runJob<T>(start: () => Job<T>, watch: JobWatch = {}): Promise<T> {
  const { signal, stopSignal, onProgress } = watch;
  expectOptions(watch);
  if (signal?.aborted) throw cancelled(signal.reason);
  const job = callNative(start);
  const cancel = () => job.cancel();
  const stop = () => job.stopEarly();
  let thrown: { error: unknown } | undefined;
  const report = () => {
    if (thrown) return;
    try {
      onProgress?.(job.progress());
    } catch (error) {
      thrown = { error };
      job.cancel();
    }
  };

  signal?.addEventListener('abort', cancel);
  stopSignal?.addEventListener('abort', stop);
  if (stopSignal?.aborted) stop();
  const timer = onProgress && setInterval(report, progressIntervalMs);
  try {
    const result = await job.promise;
    report();
    if (thrown) throw thrown.error;
    return result;
  } catch (error) {
    if (thrown) throw thrown.error;
    throw signal?.aborted ? cancelled(signal.reason) : fromNative(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
    stopSignal?.removeEventListener('abort', stop);
  }
}
