// Sources of text: files, folders, streams and iterables, read into what takes their text as it comes.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Interface as ReadlineInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { isUint8Array } from 'node:util/types';
import { expectResult, iteratorOf } from './arguments.js';
import { inspectFile, readBytes, untilAborted } from './bytes.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import { filesIn } from './folder-files.js';
import { nextTurn, turnIsOver } from './turn.js';

/** Text that is split at white space, or words that are taken as they are. */
export type Sentence = string | readonly string[];

/** @internal An array of words that are made part by part: those of a long text. */
export class WordsInParts {
  constructor(readonly parts: Iterable<readonly string[]>) {}
}

/** Several paths, read in this order: files (plain or gzip), folders, globs, `-` for standard input. */
export interface CorpusFiles {
  /** One path or several. */
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

/** How far the reading of a source is. */
export interface CorpusProgress {
  /** From 0 to 1; null where the size is unknown. */
  fraction: number | null;
  /** Words so far. */
  words: number;
}

export interface SourceOptions {
  signal?: AbortSignal | undefined;
  /** Called a few times a second; the fraction is null where the size is unknown. What it throws ends the reading. */
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

/** What takes the text of a source as it comes. */
export interface TextSink {
  /** The next bytes; a word or sentence may go on in the next call. They may change once the promise is settled. */
  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Promise<void>;
  endSource(): void | Promise<void>;
  /** Plain files, by path; where it is missing, they come as bytes. */
  appendFiles?(paths: string[], onBytes: (bytes: number) => void): Promise<void>;
  /** Told of the files before they are read; true: they need not be. */
  open?: ((files: readonly TextFile[]) => Promise<boolean>) | undefined;
  /** Words so far. */
  readonly words: number;
}

/** Reads any source to its end. @throws the errors that Word2Vec.train() documents */
export async function readSource(
  source: CorpusSource,
  sink: TextSink,
  options: SourceOptions,
): Promise<void> {
  const reader = new SourceReader(sink, options, nameOf(source));
  const files = await textFilesOf(source);
  if (files) await reader.readFiles(files);
  else await reader.readSentences(checkIterable(source));
}

// ---- which kind of source ----

export function nameOf(source: CorpusSource): string {
  if (typeof source === 'string') return `'${source}'`;
  if (!isCorpusFiles(source)) return 'the sentences';
  const paths = [source.files].flat();
  return `'${String(paths[0])}'${paths.length > 1 ? ` and ${paths.length - 1} more` : ''}`;
}

/** Whether a source is files, by their paths. */
export function isFiles(source: CorpusSource): source is string | CorpusFiles {
  return typeof source === 'string' || isCorpusFiles(source);
}

function isCorpusFiles(source: unknown): source is CorpusFiles {
  return typeof source === 'object' && source !== null && 'files' in source && !(Symbol.iterator in source);
}

/** Where the files of a source are, for who reads them again; null for what is no file. */
export function filesOf(source: CorpusSource): string[] | null {
  const given =
    typeof source === 'string' ? [source] : isCorpusFiles(source) ? checkFiles(source.files) : ['-'];
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

export interface TextFile {
  path: string;
  /** Bytes in the file; null for standard input and pipes. */
  size: number | null;
  gzip: boolean;
}

/** The files of a source, in the order in which they are read; null where it is none of files. @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ */
export async function textFilesOf(source: CorpusSource): Promise<TextFile[] | null> {
  if (typeof source === 'string')
    return findFiles(source, ' (a string is a path; text is given as an array of sentences)');
  if (!isCorpusFiles(source)) return null;
  return (await Promise.all(checkFiles(source.files).map((file) => findFiles(file, '')))).flat();
}

async function findFiles(given: string, hint: string): Promise<TextFile[]> {
  if (given === '-') return [{ path: given, size: null, gzip: false }];
  const found = await stat(given).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (found instanceof Error || !('isFile' in found)) {
    if (found.code !== 'ENOENT') throw fileError('read', given, found);
    const { glob, isDynamicPattern } = await import('tinyglobby'); // a third of the time of loading everything
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
  const names = (await filesIn(given)).map((name) => path.join(given, name)).sort();
  if (names.length === 0)
    throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected text files in the folder '${given}' but found none`);
  return Promise.all(names.map(inspect));
}

async function inspect(name: string): Promise<TextFile> {
  return { path: name, ...(await inspectFile(name)) };
}

// ---- reading ----

const chunkBytes = 1 << 20;
const progressIntervalMs = 200;

/** Reads a source into a sink. */
class SourceReader {
  readonly #sink: TextSink;
  readonly #options: SourceOptions;
  readonly #name: string;
  #lastProgress = performance.now();

  constructor(sink: TextSink, options: SourceOptions, name: string) {
    this.#sink = sink;
    this.#options = options;
    this.#name = name;
  }

  async readFiles(files: readonly TextFile[]): Promise<void> {
    const total = files.some(({ size }) => size === null)
      ? null
      : files.reduce((sum, { size }) => sum + size!, 0);
    if (await this.#sink.open?.(files)) return;
    let before = 0;
    const fraction = (bytes: number) =>
      total === null ? null : total === 0 ? 1 : Math.min(1, (before + bytes) / total);
    for (let i = 0; i < files.length;) {
      const file = files[i]!;
      const isPlain = ({ size, gzip }: TextFile) =>
        size !== null && !gzip && this.#sink.appendFiles !== undefined;
      // Consecutive plain files go to the addon together, which reads them with several threads.
      let end = i + 1;
      if (isPlain(file)) while (end < files.length && isPlain(files[end]!)) ++end;
      const group = files.slice(i, end);
      const paths = group.map(({ path }) => path);
      if (isPlain(file)) await this.#sink.appendFiles!(paths, (bytes) => this.#tell(fraction(bytes)));
      else await this.#readStream(file, fraction);
      before += group.reduce((sum, { size }) => sum + (size ?? 0), 0);
      i = end;
    }
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
          await this.#sink.append(chunk, 'lines', name);
          this.#report(fraction(bytesRead));
        },
      });
      await this.#sink.endSource();
    } finally {
      raw.destroy();
    }
  }

  async readSentences(source: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    const isAsync = Symbol.asyncIterator in source;
    const iterator = iteratorOf(source);
    const consume = async () => {
      const encoder = new SentenceEncoder(
        (bytes, framing) => this.#sink.append(bytes, framing, this.#name),
        isTextStream(source),
      );
      for (let index = 0; !this.#options.signal?.aborted; ++index) {
        const next = iterator.next();
        const item: unknown = isAsync ? await next : next;
        expectResult(item);
        if (item.done) {
          await encoder.finish();
          await this.#sink.endSource();
          return;
        }
        const full = encoder.add(item.value, index);
        if (full) await full;
        if (turnIsOver()) {
          this.#report(null);
          await nextTurn();
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

  #report(fraction: number | null): void {
    if (performance.now() - this.#lastProgress < progressIntervalMs) return;
    this.#lastProgress = performance.now();
    this.#tell(fraction);
  }

  #tell(fraction: number | null): void {
    this.#options.onProgress?.({ fraction, words: this.#sink.words });
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
    if (sentence instanceof WordsInParts) return this.#writeParts(sentence.parts, index);
    const words = sentence as readonly unknown[];
    if (words.length > wordsPerTurn) return this.#writeParts(partsOf(words), index);
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

  async #writeParts(parts: Iterable<readonly unknown[]>, index: number): Promise<void> {
    for (const words of parts) {
      await this.#writeSlices(toFramedWords(words, index));
      if (turnIsOver()) await nextTurn();
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
  if (Array.isArray(item) || item instanceof WordsInParts) return 'words';
  return isUint8Array(item) ? 'bytes' : undefined;
}

const maxUtf8Bytes = 3; // of a UTF-16 unit
const wordsPerTurn = 4096; // of one sentence, before others get their turn

export function* partsOf<T>(words: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < words.length; from += wordsPerTurn) yield words.slice(from, from + wordsPerTurn);
}

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
