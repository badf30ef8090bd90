// Vector files, as KeyedVectors loads and saves them.
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { isUint8Array } from 'node:util/types';
import { createGzip } from 'node:zlib';
import {
  asyncItemsOf,
  expectArgument,
  expectBooleans,
  expectOption,
  isPath,
  wholeNumber,
} from './arguments.js';
import { inspectFile, readBytes } from './bytes.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import {
  binding,
  callNative,
  runJob,
  type JobWatch,
  type LoadResult,
  type NativeLoadOptions,
  type VectorStore,
} from './native.js';
import { replaceFile } from './output-file.js';

/**
 * A format that vectors are saved in. `bin`: Google's binary; `bin-no-newline`: that without the newline after each row, as gensim writes it (loaded
 * as `bin`); `text`: Google's text, fastText's .vec; `glove`: that without the first line; `npy`: NumPy's array, its words in a list beside it, `<name>.txt`, one a
 * line; `tensorboard`: for TensorBoard's projector, values in the file and words in `<name>.metadata.tsv`; `w2v`: our own, mapped with its word index,
 * norms and counts (docs/format.md).
 */
export type VectorFormat = 'bin' | 'bin-no-newline' | 'text' | 'glove' | 'npy' | 'tensorboard' | 'w2v';

export const vectorFormats: readonly VectorFormat[] = [
  'bin',
  'bin-no-newline',
  'text',
  'glove',
  'npy',
  'tensorboard',
  'w2v',
];

/**
 * A format that vectors were loaded from; `gensim`: KeyedVectors or a Word2Vec model as gensim saves them; `fasttext`: a model of fastText's
 * (.bin).
 */
export type LoadedFormat = 'bin' | 'text' | 'glove' | 'npy' | 'gensim' | 'fasttext' | 'w2v';

/** Rows of a .w2v file: as they are; as bfloat16, half the size; as int8 with a scale for each row, a quarter. */
export type Precision = 'float32' | 'bf16' | 'int8';

export const precisions: readonly Precision[] = ['float32', 'bf16', 'int8'];

/** The format that a file's name asks for. */
export function formatOfName(path: string): VectorFormat {
  const name = path.replace(/\.gz$/i, '');
  if (/\.w2v$/i.test(name)) return 'w2v';
  if (/\.npy$/i.test(name)) return 'npy';
  return /\.(txt|text|vec)$/i.test(name) ? 'text' : 'bin';
}

/** What is read of a vector file, and how strictly. */
export interface LoadingOptions {
  /**
   * Leave the rows of Google's binary format and of .w2v where they are in the file: it is open in an instant, its pages are shared with
   * other processes and read as they are needed. The file must not be written to meanwhile (replacing it is fine); false
   * copies the rows to memory. Text, streams and .gz are in memory always. @defaultValue true
   */
  mmap?: boolean | undefined;
  /** Read only so many rows, the first ones. @defaultValue all */
  limit?: number | undefined;
  /** For words that are not UTF-8: an error, U+FFFD in place of what is not, or nothing in its place. @defaultValue replace */
  encodingErrors?: 'strict' | 'replace' | 'ignore' | undefined;
  /** For .npy: the path of the list of words, one a line. @defaultValue the .npy file's, with the ending .txt */
  words?: string | undefined;
  /** A row with NaN or infinity is an error; else it is kept and answers no query. @defaultValue false */
  strict?: boolean | undefined;
  /**
   * Keep the index of a mapped file in Google's binary format in a file beside it, `<path>.w2vrows`: the next load reads it in place of
   * the rows, and takes milliseconds. It is made anew where the vectors have another size, time or samples of their bytes.
   * @defaultValue false
   */
  sidecar?: boolean | undefined;
  /** Take the whole rows of a file that ends before the rows that its header promises. @defaultValue false */
  allowTruncated?: boolean | undefined;
}

export const loadingOptionNames = [
  'mmap',
  'limit',
  'encodingErrors',
  'sidecar',
  'words',
  'strict',
  'allowTruncated',
] as const satisfies readonly (keyof LoadingOptions)[];

/** Bytes of a vector file, plain or gzip. */
export type VectorStream = AsyncIterable<Uint8Array>;

/** Off the JavaScript thread. @throws what KeyedVectors.load() documents */
export async function loadStore(
  source: string | VectorStream,
  options: LoadingOptions,
  watch: JobWatch,
): Promise<LoadResult> {
  const native = checkOptions(options);
  if (typeof source !== 'string') return loadStream(source, 'the stream', native, watch, undefined);
  // The addon has the errors of what cannot be read.
  const { size, gzip } = await inspectFile(source).catch(() => ({ size: null, gzip: false }));
  if (!gzip) return runJob(() => binding.loadVectors(undefined, source, native), watch);
  const stream = createReadStream(source, { highWaterMark: 1 << 20 });
  try {
    return await loadStream(stream, source, native, watch, size ?? undefined);
  } finally {
    stream.destroy();
  }
}

async function loadStream(
  source: VectorStream,
  name: string,
  options: NativeLoadOptions,
  watch: JobWatch,
  size: number | undefined,
): Promise<LoadResult> {
  const { limit } = options;
  const buffer = callNative(() => binding.createBuffer());
  let inflated = 0;
  let lookAgainAt = 1 << 20;
  await readBytes(chunksOf(source), {
    name,
    signal: watch.signal,
    consume: async (chunk, bytesRead) => {
      callNative(() => buffer.append(chunk));
      inflated += chunk.length;
      watch.onProgress?.({
        phase: 'loading',
        done: bytesRead,
        total: size ?? 0,
        learningRate: 0,
        epoch: 0,
        loss: NaN,
      });
      if (limit === undefined || inflated < lookAgainAt) return false;
      lookAgainAt = 1.25 * inflated;
      return runJob(() => buffer.holdsRows(limit));
    },
  });
  return runJob(() => binding.loadVectors(buffer, name, options), { signal: watch.signal });
}

/** @throws ERR_W2V_ARGUMENT: the stream gives something else than bytes */
async function* chunksOf(source: VectorStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of asyncItemsOf(source)) {
    expectArgument(isUint8Array(chunk), 'a stream of bytes (Uint8Array)', chunk);
    yield chunk;
  }
}

function checkOptions({
  mmap = true,
  limit,
  encodingErrors = 'replace',
  sidecar = false,
  words,
  strict = false,
  allowTruncated = false,
}: LoadingOptions): NativeLoadOptions {
  expectBooleans({ mmap, sidecar, strict, allowTruncated });
  if (limit !== undefined) wholeNumber('limit', limit, 0);
  expectOption(
    ['strict', 'replace', 'ignore'].includes(encodingErrors),
    "encodingErrors to be 'strict', 'replace' or 'ignore'",
    encodingErrors,
  );
  expectOption(words === undefined || isPath(words), 'words to be the path of a file', words);
  return {
    mmap,
    encodingErrors,
    sidecar,
    strict,
    allowTruncated,
    ...(words !== undefined && { words }),
    ...(limit !== undefined && { limit }),
  };
}

/** Written under a temporary name, then renamed; compressed where the path ends in .gz. */
export async function saveStore(
  store: VectorStore,
  path: string,
  format: VectorFormat,
  precision: Precision | readonly Precision[],
  watch: JobWatch,
): Promise<void> {
  const rows = checkPrecision(precision, format);
  if (!vectorFormats.includes(format)) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected format to be ${vectorFormats.map((name) => `'${name}'`).join(', ')} but received ${describe(format)}`,
    );
  }
  if (path.endsWith('.gz') && (format === 'npy' || format === 'tensorboard')) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected a path without .gz for the format '${format}', which is two files, but received '${path}'`,
    );
  }
  if (!path.endsWith('.gz')) return runJob(() => store.save(path, format, rows), watch);
  await replaceFile(path, async (temporary) => {
    await runJob(() => store.save(temporary, format, rows), watch);
    await compress(temporary, path, watch.signal);
  });
}

function checkPrecision(precision: Precision | readonly Precision[], format: VectorFormat): Precision[] {
  const list = [...new Set([precision].flat())] as Precision[];
  if (list.length === 0 || !list.every((name) => precisions.includes(name))) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected precision to be ${precisions.map((name) => `'${name}'`).join(', ')} or several of them but received ${describe(precision)}`,
    );
  }
  if (format !== 'w2v' && list.join() !== 'float32') {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected the format 'w2v' for rows of precision '${list.join("', '")}' but received '${format}': other formats hold float32 only`,
    );
  }
  return list;
}

/** Puts a compressed file in the place of `file`; `path` is what it is for. */
async function compress(file: string, path: string, signal: AbortSignal | undefined): Promise<void> {
  const compressed = `${file}.gz`;
  try {
    const watch = signal ? { signal } : {};
    await pipeline(createReadStream(file), createGzip(), createWriteStream(compressed), watch);
    await rename(compressed, file);
  } catch (error) {
    throw signal?.aborted ? cancelled(signal.reason) : fileError('write', path, error);
  } finally {
    await rm(compressed, { force: true });
  }
}
