// What a training reads: files and iterables, counted and encoded by the addon as they come.
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Interface as ReadlineInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers/promises';
import { glob, isDynamicPattern } from 'tinyglobby';
import { isGzip, readBytes, untilAborted } from './bytes.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import { binding, callNative, runJob, type NativeCorpus, type VocabularySource } from './native.js';

/** Text that is split at white space, or words that are taken as they are. */
export type Sentence = string | readonly string[];

/** Several paths, read in this order: files (plain or gzip), folders, globs, `-` for standard input. */
export interface CorpusFiles {
  files: string | readonly string[];
}

/**
 * What a training can read: a path (see {@link CorpusFiles}), several, or an iterable of sentences, all of one kind. In
 * files a line is a sentence. An iterable that can be read only once (a generator, a stream) needs the option `spool`.
 */
export type CorpusSource = string | CorpusFiles | Iterable<Sentence> | AsyncIterable<Sentence>;

export interface ReadCorpusOptions {
  vocabulary: VocabularySource;
  threads: number;
  /** Keep the encoded words in a temporary file: true for the system's folder, or a folder. */
  spool?: boolean | string | undefined;
  /** A folder for the encoded corpus, which the next reading of the same files takes from there. */
  cache?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called a few times a second; the fraction is null where the size is unknown. What it throws ends the reading. */
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

export interface CorpusProgress {
  fraction: number | null;
  words: number;
}

/** A corpus that is ready for training. */
export interface PreparedCorpus {
  corpus: NativeCorpus;
  words: number;
  invalidUtf8Words: number;
  /** What became of the cache; null where none was asked for. */
  cache: CacheUse | null;
  /** What the user should know of the cache. */
  cacheProblems: string[];
}

/** `reused`: the text was not read; `written`: the next training can reuse it; `failed`: it could not be written. */
export type CacheUse = 'reused' | 'written' | 'failed';

/** Reads a source to its end and encodes it. @throws the errors that Word2Vec.train() documents */
export async function readCorpus(source: CorpusSource, options: ReadCorpusOptions): Promise<PreparedCorpus> {
  const reader = new CorpusReader(options);
  if (typeof source === 'string') {
    const hint = ' (a string is a path; text is given as an array of sentences)';
    await reader.readFiles([source], hint);
  } else if (isCorpusFiles(source)) {
    await reader.readFiles(checkFiles(source.files));
  } else {
    const sentences = checkIterable(source, Boolean(options.spool));
    if (options.cache !== undefined) throw uncacheable('sentences');
    await reader.readSentences(sentences);
  }
  return reader.prepare(nameOf(source));
}

function uncacheable(received: string): W2VError {
  return new W2VError(
    'ERR_W2V_OPTION',
    `Expected files to go with the option 'cache', which knows them by size, time and content, but received ${received}`,
  );
}

// ---- which kind of source ----

function nameOf(source: CorpusSource): string {
  if (typeof source === 'string') return `'${source}'`;
  if (!isCorpusFiles(source)) return 'the sentences';
  const paths = [source.files].flat();
  return `'${paths[0]}'${paths.length > 1 ? ` and ${paths.length - 1} more` : ''}`;
}

function isCorpusFiles(source: unknown): source is CorpusFiles {
  return typeof source === 'object' && source !== null && 'files' in source && !(Symbol.iterator in source);
}

function checkFiles(files: unknown): string[] {
  const list: unknown[] = Array.isArray(files) ? files : [files];
  for (const file of list) {
    if (typeof file !== 'string') {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected the path of a file in 'files' but received ${describe(file)}`,
      );
    }
  }
  if (list.length === 0) throw new W2VError('ERR_W2V_ARGUMENT', "Expected at least one path in 'files'");
  return list as string[];
}

function checkIterable(source: unknown, spool: boolean): Iterable<unknown> | AsyncIterable<unknown> {
  if (
    typeof source !== 'object' ||
    source === null ||
    ArrayBuffer.isView(source) ||
    !(Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    const hint =
      typeof source === 'function'
        ? ' (give what it returns, and if that is a generator, set spool: true)'
        : '';
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected a path, {files}, or an iterable of sentences but received ${describe(source)}${hint}`,
    );
  }
  // Iterators (generators are such) and streams do not start anew.
  const isOneShot =
    'next' in source ||
    'pipe' in source ||
    source instanceof ReadlineInterface ||
    source instanceof ReadableStream;
  if (isOneShot && !spool) {
    throw new W2VError(
      'ERR_W2V_CORPUS_ONE_SHOT',
      'Expected sentences that can be read again but received an iterator that is exhausted after one reading. ' +
        'Give an object whose [Symbol.iterator] starts anew, or set spool: true, which keeps the encoded words in a temporary file',
    );
  }
  return source as Iterable<unknown> | AsyncIterable<unknown>;
}

// ---- paths ----

interface TextFile {
  path: string;
  /** Bytes in the file; null for standard input and pipes. */
  size: number | null;
  gzip: boolean;
}

async function findFiles(given: string, hint: string): Promise<TextFile[]> {
  if (given === '-') return [{ path: given, size: null, gzip: false }];
  const found = await stat(given).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (found instanceof Error || !('isFile' in found)) {
    if (found.code !== 'ENOENT') throw fileError('read', given, found);
    if (!isDynamicPattern(given)) {
      throw new W2VError(
        'ERR_W2V_FILE_NOT_FOUND',
        `Cannot read ${describe(given)}: No such file or directory${hint}`,
      );
    }
    const names = (await glob(given, { absolute: path.isAbsolute(given), expandDirectories: false })).sort();
    if (names.length === 0)
      throw new W2VError('ERR_W2V_FILE_NOT_FOUND', `No file matches ${describe(given)}`);
    return Promise.all(names.map(inspect));
  }
  if (!found.isDirectory()) return [await inspect(given)];
  const entries = await readdir(given, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(
      (name) =>
        !path
          .relative(given, name)
          .split(path.sep)
          .some((part) => part.startsWith('.')),
    )
    .sort();
  if (names.length === 0)
    throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected text files in the folder '${given}' but found none`);
  return Promise.all(names.map(inspect));
}

async function inspect(name: string): Promise<TextFile> {
  try {
    const { size } = await stat(name);
    const file = await open(name);
    try {
      if (!(await file.stat()).isFile()) return { path: name, size: null, gzip: false };
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return { path: name, size, gzip: isGzip(buffer.subarray(0, bytesRead)) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError('read', name, error);
  }
}

// ---- reading ----

const chunkBytes = 1 << 20;
const progressIntervalMs = 200;
const turnMs = 3; // time on the JavaScript thread before others get their turn

class CorpusReader {
  readonly #corpus: NativeCorpus;
  readonly #options: ReadCorpusOptions;
  #reused = false;
  readonly #cacheProblems: string[] = [];
  #lastProgress = performance.now();

  constructor(options: ReadCorpusOptions) {
    this.#options = options;
    const { spool, cache } = options;
    if (spool !== undefined && typeof spool !== 'boolean' && typeof spool !== 'string') {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected spool to be true, false or a folder but received ${describe(spool)}`,
      );
    }
    if (cache !== undefined && (typeof cache !== 'string' || cache === '')) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected cache to be the path of a folder but received ${describe(cache)}`,
      );
    }
    const folder = spool === true ? tmpdir() : spool === false ? undefined : spool;
    this.#corpus = callNative(() => binding.createCorpus(folder));
  }

  async readFiles(paths: readonly string[], hint = ''): Promise<void> {
    const files = (await Promise.all(paths.map((path) => findFiles(path, hint)))).flat();
    const total = files.some(({ size }) => size === null)
      ? null
      : files.reduce((sum, { size }) => sum + size!, 0);
    if (await this.#openCache(files)) return;
    let before = 0;
    const fraction = (bytes: number) =>
      total === null ? null : total === 0 ? 1 : Math.min(1, (before + bytes) / total);
    for (let i = 0; i < files.length;) {
      const file = files[i]!;
      const isPlain = ({ size, gzip }: TextFile) => size !== null && !gzip;
      // Consecutive plain files go to the addon together, which reads them with several threads.
      let end = i + 1;
      if (isPlain(file)) while (end < files.length && isPlain(files[end]!)) ++end;
      const group = files.slice(i, end);
      if (isPlain(file)) await this.#readPlain(group, fraction);
      else await this.#readStream(file, fraction);
      before += group.reduce((sum, { size }) => sum + (size ?? 0), 0);
      i = end;
    }
  }

  /** Whether the files are in the cache. */
  async #openCache(files: readonly TextFile[]): Promise<boolean> {
    const { cache, vocabulary, threads, signal } = this.#options;
    if (cache === undefined) return false;
    const stream = files.find(({ size }) => size === null);
    if (stream) throw uncacheable(stream.path === '-' ? 'standard input' : `'${stream.path}'`);
    // A folder that cannot be made is no error: prepare() tells that the cache cannot be written.
    await mkdir(cache, { recursive: true }).catch(() => undefined);
    const paths = files.map(({ path }) => path);
    const { reused, problem } = await runJob(
      () => this.#corpus.openCache(cache, paths, vocabulary, threads),
      { signal },
    );
    if (problem !== '') this.#cacheProblems.push(`${problem}. It is made anew`);
    this.#reused = reused;
    return reused;
  }

  /** After reading. */
  async prepare(name: string): Promise<PreparedCorpus> {
    const { cache, vocabulary, threads, signal } = this.#options;
    if (!this.#reused && this.#corpus.words === 0) {
      throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected words in ${name} but found none`);
    }
    const { problem, ...counts } = await runJob(() => this.#corpus.prepare(vocabulary, threads), { signal });
    if (problem !== '') this.#cacheProblems.push(`The corpus is not cached: ${problem}`);
    const written = problem === '' ? 'written' : 'failed';
    return {
      corpus: this.#corpus,
      ...counts,
      cache: cache === undefined ? null : this.#reused ? 'reused' : written,
      cacheProblems: this.#cacheProblems,
    };
  }

  async #readPlain(files: TextFile[], fraction: (bytes: number) => number | null): Promise<void> {
    const { threads, signal, onProgress } = this.#options;
    const paths = files.map(({ path }) => path);
    await runJob(() => this.#corpus.appendFiles(paths, threads), {
      signal,
      onProgress:
        onProgress && (({ done }) => onProgress({ fraction: fraction(done), words: this.#corpus.words })),
    });
  }

  /** Gzip, standard input, pipes: what cannot be mapped. */
  async #readStream(file: TextFile, fraction: (bytes: number) => number | null): Promise<void> {
    const { signal } = this.#options;
    const isStdin = file.path === '-';
    const name = isStdin ? 'standard input' : file.path;
    const raw: Readable = isStdin
      ? process.stdin
      : createReadStream(file.path, { highWaterMark: chunkBytes });
    try {
      await readBytes(raw, {
        name,
        signal,
        consume: async (chunk, bytesRead) => {
          await this.#append(chunk, 'lines', name);
          this.#report(fraction(bytesRead));
        },
      });
      this.#corpus.endSource();
    } finally {
      raw.destroy();
    }
  }

  async readSentences(source: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    const isAsync = Symbol.asyncIterator in source;
    const iterator = isAsync ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    const consume = async () => {
      const encoder = new SentenceEncoder((bytes, framing) => this.#append(bytes, framing, 'the sentences'));
      let turn = performance.now();
      for (let index = 0; !this.#options.signal?.aborted; ++index) {
        const next = iterator.next();
        const item = (isAsync ? await next : next) as IteratorResult<unknown>;
        if (item.done) {
          await encoder.finish();
          this.#corpus.endSource();
          return;
        }
        const full = encoder.add(item.value, index);
        if (full) await full;
        if (performance.now() - turn > turnMs) {
          await setImmediate();
          this.#report(null);
          turn = performance.now();
        }
      }
      throw cancelled(this.#options.signal.reason);
    };
    try {
      await untilAborted(consume(), this.#options.signal);
    } catch (error) {
      // Not awaited: an iterator that hangs would hang here too.
      void Promise.resolve(iterator.return?.()).catch(() => undefined);
      throw error;
    }
  }

  #append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Promise<void> {
    return runJob(() => this.#corpus.append(bytes, framing, name), { signal: this.#options.signal });
  }

  #report(fraction: number | null): void {
    if (performance.now() - this.#lastProgress < progressIntervalMs) return;
    this.#lastProgress = performance.now();
    this.#options.onProgress?.({ fraction, words: this.#corpus.words });
  }
}

/** Sentences → large chunks of UTF-8: one is filled while the addon reads the one before. */
class SentenceEncoder {
  readonly #append: (bytes: Uint8Array, framing: 'lines' | 'tokens') => Promise<void>;
  #framing: 'lines' | 'tokens' | undefined; // that of the first sentence
  #chunk = Buffer.allocUnsafe(chunkBytes);
  #used = 0;
  #spare = Buffer.allocUnsafe(chunkBytes);
  #reading: Promise<void> = Promise.resolve();

  constructor(append: (bytes: Uint8Array, framing: 'lines' | 'tokens') => Promise<void>) {
    this.#append = append;
  }

  /** Gives a promise where the chunk is full or the sentence long: it is to be awaited before the next call. */
  add(sentence: unknown, index: number): Promise<void> | undefined {
    this.#checkKind(sentence, index);
    if (typeof sentence === 'string')
      return this.#writeSentence(sentence.endsWith('\n') ? sentence.slice(0, -1) : sentence);
    const words = sentence as readonly unknown[];
    if (words.length > wordsPerTurn) return this.#writeManyWords(words, index);
    return this.#writeSentence(toFramedWords(words, index));
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#reading;
  }

  #checkKind(sentence: unknown, index: number): void {
    const framing = typeof sentence === 'string' ? 'lines' : Array.isArray(sentence) ? 'tokens' : undefined;
    this.#framing ??= framing;
    if (framing !== undefined && framing === this.#framing) return;
    const expected = { lines: 'a string like those before', tokens: 'an array of words like those before' };
    const hint = ArrayBuffer.isView(sentence)
      ? ' (chunks of bytes are no sentences: give lines, or the path)'
      : '';
    throw itemError(
      index,
      this.#framing ? expected[this.#framing] : 'a string or an array of words',
      sentence,
      hint,
    );
  }

  #writeSentence(text: string): Promise<void> | undefined {
    if (this.#used + maxUtf8Bytes * text.length + 1 > chunkBytes) return this.#writeSlices(text, '\n');
    this.#used += this.#chunk.write(`${text}\n`, this.#used);
    return undefined;
  }

  async #writeManyWords(words: readonly unknown[], index: number): Promise<void> {
    for (let from = 0; from < words.length; from += wordsPerTurn) {
      await this.#writeSlices(toFramedWords(words.slice(from, from + wordsPerTurn), index));
      await setImmediate();
    }
    await this.#writeSlices('\n');
  }

  async #writeSlices(text: string, end = ''): Promise<void> {
    const sliceUnits = Math.floor(chunkBytes / maxUtf8Bytes);
    for (let from = 0; from < text.length;) {
      let to = Math.min(text.length, from + sliceUnits);
      const last = text.charCodeAt(to - 1);
      if (to < text.length && last >= 0xd800 && last < 0xdc00) --to; // surrogate pairs stay together
      if (this.#used + maxUtf8Bytes * (to - from) > chunkBytes) await this.#flush();
      this.#used += this.#chunk.write(text.slice(from, to), this.#used);
      from = to;
    }
    if (end !== '') await this.#writeSlices(end);
  }

  async #flush(): Promise<void> {
    await this.#reading; // the addon is done with the spare
    if (this.#used === 0 || this.#framing === undefined) return;
    this.#reading = this.#append(this.#chunk.subarray(0, this.#used), this.#framing);
    this.#reading.catch(() => undefined); // whoever awaits it next gets the error
    [this.#chunk, this.#spare] = [this.#spare, this.#chunk];
    this.#used = 0;
  }
}

const maxUtf8Bytes = 3; // of a UTF-16 unit
const wordsPerTurn = 4096; // of one sentence, before others get their turn

/** Words as the binding takes them: each ends with NUL. */
function toFramedWords(words: readonly unknown[], index: number): string {
  let text = '';
  for (const word of words) {
    if (typeof word !== 'string' || /[\0\n]/.test(word)) {
      throw itemError(index, 'words without line feeds and NUL', word, ' among its words');
    }
    if (word !== '') text += `${word}\0`;
  }
  return text;
}

function itemError(index: number, expected: string, received: unknown, hint: string): W2VError {
  return new W2VError(
    'ERR_W2V_CORPUS_ITEM',
    `Expected ${expected} but item ${index} of the corpus is or has ${describe(received)}${hint}`,
  );
}
