// What a training reads: files and iterables, counted and encoded by the addon as they come.
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Interface as ReadlineInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers/promises';
import { isUint8Array } from 'node:util/types';
import { glob, isDynamicPattern } from 'tinyglobby';
import { isGzip, readBytes, untilAborted } from './bytes.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import {
  binding,
  callNative,
  runJob,
  type NativeCorpus,
  type NativeModel,
  type PrepareResult,
  type VocabularySource,
} from './native.js';

/** Text that is split at white space, or words that are taken as they are. */
export type Sentence = string | readonly string[];

/** Several paths, read in this order: files (plain or gzip), folders, globs, `-` for standard input. */
export interface CorpusFiles {
  files: string | readonly string[];
}

/**
 * What a training can read: a path (see {@link CorpusFiles}), several, an iterable of sentences, all of one kind, or a stream of text: of
 * bytes, or of strings that end anywhere (those of a Node stream that is not in object mode). In files and streams a line is a sentence. It is read once, however
 * many epochs follow.
 */
export type CorpusSource =
  | string
  | CorpusFiles
  | Iterable<Sentence>
  | AsyncIterable<Sentence>
  | Iterable<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** What becomes of a word: kept or left out whatever its count, or `minCount` decides. */
export type TrimDecision = 'keep' | 'discard' | 'default';

/**
 * Asked for each different word of a corpus, in no particular order, with its number of occurrences.
 * @returns undefined is `default`
 */
export type TrimRule = (word: string, count: number, minCount: number) => TrimDecision | undefined;

export interface ReadingOptions {
  threads: number;
  /** Keep the encoded words in a temporary file: true for the system's folder, or a folder; false: in memory. */
  spool?: boolean | string | undefined;
  /** A folder for the encoded corpus, which the next reading of the same files takes from there. */
  cache?: string | undefined;
  /** Bytes that the table of words may take. */
  maxVocabMemory?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called a few times a second; the fraction is null where the size is unknown. What it throws ends the reading. */
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

export interface VocabularyChoice {
  vocabulary: VocabularySource;
  trimRule?: TrimRule | undefined;
}

export interface CorpusProgress {
  fraction: number | null;
  words: number;
}

/** A corpus that is ready for training. */
export interface PreparedCorpus {
  corpus: NativeCorpus;
  words: number;
  /** Those of the vocabulary, sentence ends included. */
  corpusWords: number;
  /** What became of the cache; null where none was asked for. */
  cache: CacheUse | null;
  /** What the user should know of the corpus and the cache. */
  warnings: string[];
}

/** `reused`: the text was not read; `written`: the next training can reuse it; `failed`: it could not be written. */
export type CacheUse = 'reused' | 'written' | 'failed';

/**
 * Reads a source to its end and encodes it with the vocabulary that it is found to have.
 * @throws the errors that Word2Vec.train() documents
 */
export async function readCorpus(
  source: CorpusSource,
  choice: VocabularyChoice,
  options: ReadingOptions,
): Promise<PreparedCorpus> {
  if (options.cache !== undefined && (choice.trimRule ?? options.maxVocabMemory) !== undefined)
    throw uncacheable(choice.trimRule ? 'a trimRule' : 'maxVocabMemory');
  const reader = await read(source, options, choice.vocabulary);
  return reader.prepare(choice);
}

/** Reads a source to its end and encodes it with the vocabulary of a model. @throws the same */
export async function encodeCorpus(
  source: CorpusSource,
  model: NativeModel,
  options: ReadingOptions,
): Promise<PreparedCorpus> {
  if (options.cache !== undefined) throw uncacheable('a model that has its vocabulary already');
  return (await read(source, options)).encode(model);
}

/** Reads a source to its end, to be counted. @throws the same */
export async function countCorpus(
  source: CorpusSource,
  options: ReadingOptions,
): Promise<{ corpus: NativeCorpus; words: number; differentWords: number; sentences: number }> {
  const reader = await read(source, options);
  return reader.count();
}

/** What `rules` of a vocabulary source are, by a trim rule. The corpus has been counted. */
export async function rulesOf(
  corpus: NativeCorpus,
  differentWords: number,
  minCount: number,
  trimRule: TrimRule,
): Promise<Uint8Array> {
  const numbers: Record<string, number> = { default: 0, keep: 1, discard: 2 };
  const rules = new Uint8Array(differentWords);
  for (let from = 0; from < differentWords;) {
    const turn = performance.now();
    while (from < differentWords && performance.now() - turn < turnMs) {
      const { words, counts } = corpus.countedWords(from, from + 256);
      for (const [i, word] of words.entries()) {
        const decision = trimRule(word, counts[i]!, minCount) ?? 'default';
        const number = numbers[decision];
        if (number === undefined) {
          throw new W2VError(
            'ERR_W2V_ARGUMENT',
            `Expected trimRule to return 'keep', 'discard' or 'default' but received ${describe(decision)} for the word ${describe(word)}`,
          );
        }
        rules[from + i] = number;
      }
      from += words.length;
    }
    await setImmediate();
  }
  return rules;
}

async function read(
  source: CorpusSource,
  options: ReadingOptions,
  cacheKey?: VocabularySource,
): Promise<CorpusReader> {
  const isFile = typeof source === 'string' || isCorpusFiles(source);
  const reader = new CorpusReader(options, nameOf(source), isFile, cacheKey);
  if (typeof source === 'string') {
    const hint = ' (a string is a path; text is given as an array of sentences)';
    await reader.readFiles([source], hint);
  } else if (isCorpusFiles(source)) {
    await reader.readFiles(checkFiles(source.files));
  } else {
    const sentences = checkIterable(source);
    if (options.cache !== undefined) throw uncacheable('sentences');
    await reader.readSentences(sentences);
  }
  return reader;
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

/** Where the files of a source are, for who reads them again; null for what is no file. */
export function filesOf(source: CorpusSource): string[] | null {
  const given = typeof source === 'string' ? [source] : isCorpusFiles(source) ? [source.files].flat() : ['-'];
  return given.includes('-') ? null : given.map((file) => path.resolve(file));
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

function checkIterable(source: unknown): Iterable<unknown> | AsyncIterable<unknown> {
  if (
    typeof source !== 'object' ||
    source === null ||
    ArrayBuffer.isView(source) ||
    !(Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    const hint = typeof source === 'function' ? ' (give what it returns)' : '';
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected a path, {files}, or an iterable of sentences but received ${describe(source)}${hint}`,
    );
  }
  return source as Iterable<unknown> | AsyncIterable<unknown>;
}

/** Iterators (generators are such) and streams do not start anew: they can be read once. */
export function isOneShot(source: unknown): boolean {
  return (
    typeof source === 'object' &&
    source !== null &&
    ('next' in source ||
      'pipe' in source ||
      source instanceof ReadlineInterface ||
      source instanceof ReadableStream)
  );
}

/** A stream of text in pieces, whose strings are no sentences. */
function isTextStream(source: object): boolean {
  return 'pipe' in source && 'readableObjectMode' in source && source.readableObjectMode === false;
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
// Of ids of sentences and streams, which may have no end in sight, before they go to a temporary file.
const bytesInMemory = 64 * 2 ** 20;

class CorpusReader {
  readonly #corpus: NativeCorpus;
  readonly #options: ReadingOptions;
  readonly #name: string;
  readonly #cacheKey: VocabularySource | undefined;
  #reused = false;
  readonly #cacheProblems: string[] = [];
  #lastProgress = performance.now();

  constructor(
    options: ReadingOptions,
    name: string,
    isFile: boolean,
    cacheKey: VocabularySource | undefined,
  ) {
    this.#options = options;
    this.#name = name;
    this.#cacheKey = cacheKey;
    const { spool, cache, maxVocabMemory } = options;
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
    const spills = spool === undefined && !isFile && process.platform !== 'win32';
    const folder = spool === true || spills ? tmpdir() : spool === false ? undefined : spool;
    this.#corpus = callNative(() =>
      binding.createCorpus({
        ...(folder !== undefined && { spool: folder }),
        bytesInMemory: spills ? bytesInMemory : 0,
        vocabularyBytes: maxVocabMemory ?? 0,
      }),
    );
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
    const { cache, threads, signal } = this.#options;
    const vocabulary = this.#cacheKey;
    if (cache === undefined || vocabulary === undefined) return false;
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
  async prepare({ vocabulary, trimRule }: VocabularyChoice): Promise<PreparedCorpus> {
    const { cache, threads, signal } = this.#options;
    if (!this.#reused) this.#checkWords();
    let source = vocabulary;
    if (trimRule) {
      const { words } = await runJob(() => this.#corpus.count(), { signal });
      source = { ...vocabulary, rules: await rulesOf(this.#corpus, words, vocabulary.minCount, trimRule) };
    }
    const result = await runJob(() => this.#corpus.prepare(source, threads), { signal });
    if (result.problem !== '') this.#cacheProblems.push(`The corpus is not cached: ${result.problem}`);
    const written = result.problem === '' ? 'written' : 'failed';
    return this.#prepared(result, cache === undefined ? null : this.#reused ? 'reused' : written);
  }

  async encode(model: NativeModel): Promise<PreparedCorpus> {
    const { threads, signal } = this.#options;
    this.#checkWords();
    return this.#prepared(await runJob(() => this.#corpus.encode(model, threads), { signal }), null);
  }

  async count() {
    this.#checkWords();
    const { words: differentWords, sentences } = await runJob(() => this.#corpus.count(), {
      signal: this.#options.signal,
    });
    return { corpus: this.#corpus, words: this.#corpus.words, differentWords, sentences };
  }

  #checkWords(): void {
    if (this.#corpus.words > 0) return;
    throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected words in ${this.#name} but found none`);
  }

  #prepared(result: PrepareResult, cache: CacheUse | null): PreparedCorpus {
    const { words, corpusWords, invalidUtf8Words, prunedWords, prunedOccurrences, prunedUpTo } = result;
    const warnings = [...this.#cacheProblems];
    if (invalidUtf8Words > 0) {
      warnings.push(
        `${invalidUtf8Words} words of the corpus are not valid UTF-8; their bytes were kept as they are`,
      );
    }
    if (prunedWords > 0) {
      warnings.push(
        `The table of words outgrew maxVocabMemory (${this.#options.maxVocabMemory} bytes): ${prunedWords} times a word was dropped while counting, ` +
          `with ${prunedUpTo} occurrences or fewer, ${prunedOccurrences} in all; counts of rare words are too low`,
      );
    }
    return { corpus: this.#corpus, words, corpusWords, cache, warnings };
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
      const encoder = new SentenceEncoder(
        (bytes, framing) => this.#append(bytes, framing, this.#name),
        isTextStream(source),
      );
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
  readonly #piecesOfText: boolean;
  #kind: ItemKind | undefined; // that of the first item
  #chunk = Buffer.allocUnsafe(chunkBytes);
  #used = 0;
  #spare = Buffer.allocUnsafe(chunkBytes);
  #reading: Promise<void> = Promise.resolve();

  /** @param piecesOfText strings do not end lines */
  constructor(
    append: (bytes: Uint8Array, framing: 'lines' | 'tokens') => Promise<void>,
    piecesOfText: boolean,
  ) {
    this.#append = append;
    this.#piecesOfText = piecesOfText;
  }

  /** Gives a promise where the chunk is full or the sentence long: it is to be awaited before the next call. */
  add(sentence: unknown, index: number): Promise<void> | undefined {
    this.#checkKind(sentence, index);
    if (isUint8Array(sentence)) return this.#writeBytes(sentence);
    if (typeof sentence === 'string' && this.#piecesOfText) return this.#writeSlices(sentence);
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
    const kind = kindOf(sentence);
    this.#kind ??= kind;
    if (kind !== undefined && kind === this.#kind) return;
    const expected = {
      string: 'a string like those before',
      words: 'an array of words like those before',
      bytes: 'bytes like those before',
    };
    throw itemError(
      index,
      this.#kind ? expected[this.#kind] : 'a string, an array of words, or bytes of text',
      sentence,
      '',
    );
  }

  async #writeBytes(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const n = Math.min(bytes.length - from, chunkBytes - this.#used);
      this.#chunk.set(bytes.subarray(from, from + n), this.#used);
      this.#used += n;
      from += n;
      if (this.#used === chunkBytes) await this.#flush();
    }
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
    if (this.#used === 0) return;
    const framing = this.#kind === 'words' ? 'tokens' : 'lines';
    this.#reading = this.#append(this.#chunk.subarray(0, this.#used), framing);
    this.#reading.catch(() => undefined); // whoever awaits it next gets the error
    [this.#chunk, this.#spare] = [this.#spare, this.#chunk];
    this.#used = 0;
  }
}

type ItemKind = 'string' | 'words' | 'bytes';

function kindOf(item: unknown): ItemKind | undefined {
  if (typeof item === 'string') return 'string';
  if (Array.isArray(item)) return 'words';
  return isUint8Array(item) ? 'bytes' : undefined;
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
