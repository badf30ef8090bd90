// The files of a corpus: a folder, or its zip, behind one interface.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { expectArgument, expectPath } from '../arguments.js';
import { W2VError, describe, fileError } from '../errors.js';
import { filesIn, isHidden } from '../folder-files.js';
import { near } from '../spelling.js';
import { inTurns, nextTurn, sortedInTurns, turnIsOver } from '../turn.js';

/**
 * How the bytes of a file are text: a label of the Encoding Standard such as `utf-8`, `latin1`, `iso-8859-2`, `big5`, `gb18030`, `utf-16le`; or, for folders
 * that mix them, a function that tells it of a file's name.
 */
export type TextEncoding = string | ((name: string) => string);

/**
 * The files of a folder and of the folders in it, or of a zip, which is not unpacked: one file at a time is in memory. A zip all of whose files are in one
 * folder, such as NLTK's reuters.zip with reuters/…, is that folder. Files and folders whose names begin with a dot are left out, and __MACOSX.
 */
export class DataFolder {
  /** Of the folder or zip, as {@link DataFolder.open} was given it. */
  readonly path: string;
  /** Names of the files, with `/` between folders, in the order of their UTF-16 units. */
  readonly names: readonly string[];
  readonly #storage: Storage;
  readonly #known: ReadonlySet<string>;

  private constructor(path: string, storage: Storage, names: readonly string[], known: ReadonlySet<string>) {
    this.path = path;
    this.#storage = storage;
    this.names = names;
    this.#known = known;
  }

  /**
   * Opens a folder or a zip, told apart by what is there. It is to be closed.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ (no zip, a broken one), ERR_W2V_ARGUMENT
   */
  static async open(path: string): Promise<DataFolder> {
    expectPath(path, 'the path of a folder or zip');
    const found = await stat(path).catch((error: unknown) => {
      throw fileError('read', path, error);
    });
    const storage = found.isDirectory() ? await openFolder(path) : await openZip(path);
    const names = await sortedInTurns(storage.names, (a, b) => (a < b ? -1 : 1));
    const known = new Set<string>();
    await inTurns(names.length, (i) => known.add(names[i]!));
    return new DataFolder(path, storage, names, known);
  }

  /** Whether a file of this name is there: one of {@link DataFolder.names}. */
  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Bytes of a file as they come, in pieces of 64 KiB or so. @throws as {@link DataFolder.bytes} */
  async *stream(name: string): AsyncGenerator<Buffer> {
    expectName(name);
    if (!this.has(name)) {
      const meant = near(name, this.names);
      throw new W2VError(
        'ERR_W2V_FILE_NOT_FOUND',
        `There is no file ${describe(name)} in '${this.path}'${meant === undefined ? '' : `: did you mean ${describe(meant)}?`}`,
      );
    }
    try {
      yield* this.#storage.stream(name);
    } catch (error) {
      throw error instanceof W2VError ? error : fileError('read', this.#pathOf(name), error);
    }
  }

  /** A file's bytes. @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ (with the file; also for a wrong checksum in a zip) */
  async bytes(name: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.stream(name)) pieces.push(piece);
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /**
   * A file's text as it comes, in pieces that end anywhere between two characters. A byte order mark is left out.
   *
   * @param encoding - @defaultValue utf-8
   * @throws as {@link DataFolder.bytes}; ERR_W2V_TEXT_ENCODING with the byte: it is not of that encoding, or NUL; ERR_W2V_OPTION: no such encoding
   */
  async *textStream(name: string, encoding: TextEncoding = 'utf-8'): AsyncGenerator<string> {
    expectName(name);
    const label = typeof encoding === 'function' ? encoding(name) : encoding;
    const decoder = new CheckedDecoder(label, this.#pathOf(name));
    for await (const piece of this.stream(name)) {
      const text = decoder.decode(piece);
      if (text !== '') yield text;
    }
    const rest = decoder.end();
    if (rest !== '') yield rest;
  }

  /** A file's text; {@link DataFolder.textStream} for large ones. @throws the same */
  async text(name: string, encoding?: TextEncoding): Promise<string> {
    let text = '';
    for await (const piece of this.textStream(name, encoding)) text += piece;
    return text;
  }

  /** Closes the zip; nothing can be read any more. */
  async close(): Promise<void> {
    await this.#storage.close();
  }

  #pathOf(name: string): string {
    return `${this.path}/${name}`;
  }
}

function expectName(name: unknown): void {
  expectArgument(typeof name === 'string', 'the name of a file', name);
}

/** Files that tell about a corpus, by their names. */
export function isAbout(name: string): boolean {
  return /(?:^|\/)(?:README|LICENSE|CONTENTS)[^/]*$/i.test(name);
}

interface Storage {
  readonly names: readonly string[]; // none is hidden
  stream(name: string): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

async function openFolder(folder: string): Promise<Storage> {
  const names = await filesIn(folder);
  return {
    names,
    stream: async function* (name) {
      const file = path.join(folder, name);
      const { size } = await stat(file);
      // Corpora have thousands of small files.
      if (size <= smallFile) yield await readFile(file);
      else yield* createReadStream(file) as AsyncIterable<Buffer>;
    },
    close: () => Promise.resolve(),
  };
}

const smallFile = 1 << 16;

async function openZip(file: string): Promise<Storage> {
  const broken = (error: unknown) => fileError('read', file, error);
  const zip: ZipFile = await openPromise(file, { autoClose: false }).catch((error: unknown) => {
    throw broken(error);
  });
  const entries = new Map<string, Entry>();
  let top: string | undefined; // `name/` where all files are below that one, else nothing
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      if (fileName.endsWith('/') || isHidden(fileName)) continue;
      entries.set(fileName, entry);
      top ??= fileName.slice(0, fileName.indexOf('/') + 1);
      if (!fileName.startsWith(top)) top = '';
      if (turnIsOver()) await nextTurn();
    }
  } catch (error) {
    zip.close();
    throw broken(error);
  }
  const names: string[] = [];
  const all = [...entries.keys()];
  await inTurns(all.length, (i) => names.push(all[i]!.slice(top?.length)));
  const closed = new Promise<void>((resolve) => zip.once('close', resolve));
  return {
    names,
    stream: async function* (name) {
      if (!zip.isOpen) throw new Error('the zip has been closed');
      const entry = entries.get(`${top}${name}`)!;
      if (entry.isEncrypted()) throw new Error('it is encrypted');
      const stream: Readable = await zip.openReadStreamPromise(entry);
      let sum = 0;
      for await (const piece of stream as AsyncIterable<Buffer>) {
        sum = crc32(piece, sum);
        yield piece;
      }
      if (sum !== entry.crc32) throw new Error('its bytes do not match the checksum in the zip');
    },
    close: async () => {
      if (!zip.isOpen) return;
      zip.close();
      await closed;
    },
  };
}

/** Bytes → text, a piece at a time; what is not text of the encoding is an error that tells where. */
export class CheckedDecoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #encoding: string;
  readonly #name: string;
  #bytes = 0; // before those of the call
  #lineFeeds = 0; // in them
  #open: Uint8Array = Buffer.alloc(0); // the last of those, from where a character begins

  /** @param name - for messages. @throws ERR_W2V_OPTION for an unknown encoding */
  constructor(encoding: string, name: string) {
    try {
      this.#decoder = new TextDecoder(encoding, { fatal: true });
    } catch (error) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected encoding to be a label such as 'utf-8', 'latin1' or 'gb18030' but received ${describe(encoding)}`,
        { cause: error },
      );
    }
    this.#encoding = this.#decoder.encoding;
    this.#name = name;
  }

  /** @throws ERR_W2V_TEXT_ENCODING */
  decode(piece: Uint8Array): string {
    if (!this.#encoding.startsWith('utf-16')) {
      const nul = piece.indexOf(0);
      if (nul >= 0) throw this.#error(this.#bytes + nul, 'a NUL byte (of UTF-16?)', piece.subarray(0, nul));
    }
    const text = this.#decodeOrThrow(piece, true);
    const begin = piece.findLastIndex((byte) => byte < firstTrailByte);
    this.#open = begin < 0 ? Buffer.concat([this.#open, piece]) : piece.slice(begin + 1);
    this.#bytes += piece.length;
    this.#lineFeeds += lineFeeds(piece);
    return text;
  }

  /** After the last piece. @throws ERR_W2V_TEXT_ENCODING */
  end(): string {
    return this.#decodeOrThrow(Buffer.alloc(0), false);
  }

  #decodeOrThrow(piece: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(piece, { stream });
    } catch {
      const bytes = Buffer.concat([this.#open, piece]);
      const at = (this.#encoding === 'utf-8' ? invalidUtf8 : invalidByte)(bytes, this.#encoding);
      const received = at < bytes.length ? `0x${bytes[at]!.toString(16).padStart(2, '0')}` : 'its end';
      const before = piece.subarray(0, Math.max(0, at - this.#open.length));
      throw this.#error(this.#bytes - this.#open.length + at, received, before);
    }
  }

  #error(byte: number, received: string, before: Uint8Array): W2VError {
    const line = 1 + this.#lineFeeds + lineFeeds(before);
    return new W2VError(
      'ERR_W2V_TEXT_ENCODING',
      `Expected ${this.#encoding} text in '${this.#name}' but received ${received} at byte ${byte}, line ${line}: convert it (iconv -f … -t utf-8), or name its encoding where there is an option for it`,
    );
  }
}

function lineFeeds(bytes: Uint8Array): number {
  let n = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) ++n;
  return n;
}

const firstTrailByte = 0x30; // below, a byte is a character of its own in every encoding of bytes

/** Where bytes stop being UTF-8. Decoders put U+FFFD there; one that the text has is no error. */
function invalidUtf8(bytes: Buffer): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let byte = 0;
  for (let from = 0; ;) {
    const at = text.indexOf('\ufffd', from);
    if (at < 0) return bytes.length;
    byte += Buffer.byteLength(text.slice(from, at));
    if (!(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)) return byte;
    byte += 3;
    from = at + 1;
  }
}

/** The byte at which another encoding's decoder gives up. */
function invalidByte(bytes: Buffer, encoding: string): number {
  let [valid, invalid] = [0, bytes.length + 1];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  return valid;
}
