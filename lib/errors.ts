/**
 * The stable codes of all errors; messages may change, codes do not.
 *
 * | code | cause |
 * | --- | --- |
 * | `ERR_W2V_OPTION` | an option is unknown, of the wrong type or out of range |
 * | `ERR_W2V_ARGUMENT` | an argument of a call is of the wrong type, size or range |
 * | `ERR_W2V_UNKNOWN_WORD` | a word is not in the vectors ({@link UnknownWordError}) |
 * | `ERR_W2V_FILE_NOT_FOUND` | a file, folder or glob matches nothing |
 * | `ERR_W2V_FILE_READ` | a file cannot be read |
 * | `ERR_W2V_FILE_WRITE` | a file cannot be written: full disk, missing folder, no permission |
 * | `ERR_W2V_FILE_CHANGED` | a mapped vector file was written to after it was opened |
 * | `ERR_W2V_CORPUS_EMPTY` | the corpus has no words |
 * | `ERR_W2V_CORPUS_BINARY` | a corpus file is not text: it holds a NUL byte |
 * | `ERR_W2V_CORPUS_ITEM` | an iterable gave something else than strings or arrays of strings |
 * | `ERR_W2V_CORPUS_ONE_SHOT` | an iterator that can be read only once was given where several passes are needed |
 * | `ERR_W2V_CORPUS_FORMAT` | a folder or zip of a corpus does not have the files, or the lines in them, that its layout asks for |
 * | `ERR_W2V_TEXT_ENCODING` | bytes of a text are not of its encoding |
 * | `ERR_W2V_LABELLED_TEXT` | documents with labels are malformed: one without a label, a label without a name, too few labels |
 * | `ERR_W2V_WORD_TOO_LONG` | a run of more than 65,535 bytes without a separator |
 * | `ERR_W2V_VOCABULARY_EMPTY` | no word is frequent enough |
 * | `ERR_W2V_VOCABULARY_FORMAT` | a vocabulary file has a line that is not `word count` |
 * | `ERR_W2V_VECTOR_FORMAT` | a vector file is malformed |
 * | `ERR_W2V_VECTOR_TRUNCATED` | a vector file ends before the rows that its header promises |
 * | `ERR_W2V_VECTOR_CHECKSUM` | a section of a .w2v file does not match its checksum |
 * | `ERR_W2V_VECTOR_ENCODING` | a word of a vector file is not UTF-8, with `encodingErrors: 'strict'` |
 * | `ERR_W2V_WORD_UNWRITABLE` | a word with blanks or line ends, which vector files cannot hold |
 * | `ERR_W2V_EVALUATION_FORMAT` | a line of an evaluation file is malformed |
 * | `ERR_W2V_INDEX` | there is no index for approximate search, it is that of other vectors, or this build cannot have one |
 * | `ERR_W2V_MEMORY` | the memory is not to be had |
 * | `ERR_W2V_DEVICE` | a CUDA device was asked for and cannot train (no library, no driver, no device, too old, not enough memory), or it failed |
 * | `ERR_W2V_ISA` | `W2V_FORCE_ISA` names an instruction set that is unknown or not of this machine |
 * | `ERR_W2V_BUSY` | the model is being trained, changed or saved: not at the same time |
 * | `ERR_W2V_CANCELLED` | the work was cancelled; the error's name is `AbortError` |
 * | `ERR_W2V_ADDON` | the native addon is missing or does not load |
 * | `ERR_W2V_INTERNAL` | a defect of this library |
 */
export type ErrorCode =
  | 'ERR_W2V_OPTION'
  | 'ERR_W2V_ARGUMENT'
  | 'ERR_W2V_UNKNOWN_WORD'
  | 'ERR_W2V_FILE_NOT_FOUND'
  | 'ERR_W2V_FILE_READ'
  | 'ERR_W2V_FILE_WRITE'
  | 'ERR_W2V_FILE_CHANGED'
  | 'ERR_W2V_CORPUS_EMPTY'
  | 'ERR_W2V_CORPUS_BINARY'
  | 'ERR_W2V_CORPUS_ITEM'
  | 'ERR_W2V_CORPUS_ONE_SHOT'
  | 'ERR_W2V_CORPUS_FORMAT'
  | 'ERR_W2V_TEXT_ENCODING'
  | 'ERR_W2V_LABELLED_TEXT'
  | 'ERR_W2V_WORD_TOO_LONG'
  | 'ERR_W2V_VOCABULARY_EMPTY'
  | 'ERR_W2V_VOCABULARY_FORMAT'
  | 'ERR_W2V_VECTOR_FORMAT'
  | 'ERR_W2V_VECTOR_TRUNCATED'
  | 'ERR_W2V_VECTOR_CHECKSUM'
  | 'ERR_W2V_VECTOR_ENCODING'
  | 'ERR_W2V_WORD_UNWRITABLE'
  | 'ERR_W2V_EVALUATION_FORMAT'
  | 'ERR_W2V_INDEX'
  | 'ERR_W2V_MEMORY'
  | 'ERR_W2V_DEVICE'
  | 'ERR_W2V_ISA'
  | 'ERR_W2V_BUSY'
  | 'ERR_W2V_CANCELLED'
  | 'ERR_W2V_ADDON'
  | 'ERR_W2V_INTERNAL';

/** Every error of this library: the message says what was expected, what was received and where. */
export class W2VError extends Error {
  /** Stable; see {@link ErrorCode}. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'ERR_W2V_CANCELLED' ? 'AbortError' : 'W2VError';
    this.code = code;
  }
}

/** A word that the vectors do not have. */
export class UnknownWordError extends W2VError {
  /** The word that was asked for. */
  readonly word: string;
  /** Words that are there and may have been meant, the likeliest first. */
  readonly nearSpellings: readonly string[];

  constructor(word: string, nearSpellings: readonly string[] = []) {
    const meant = nearSpellings.map(describe).join(' or ');
    super(
      'ERR_W2V_UNKNOWN_WORD',
      `The word ${describe(word)} is not in the vectors${meant && `: did you mean ${meant}?`}`,
    );
    this.word = word;
    this.nearSpellings = nearSpellings;
  }
}

/** The work was cancelled, by `reason` (that of the AbortSignal). */
export function cancelled(reason: unknown): W2VError {
  return new W2VError('ERR_W2V_CANCELLED', 'The operation was cancelled', { cause: reason });
}

/** An error that the addon threw, as one of ours; any other error as it is. */
export function fromNative(error: unknown): unknown {
  if (error instanceof W2VError || typeof error !== 'object' || error === null) return error;
  // Not instanceof Error: the addon's errors may come from another realm (vm contexts, Jest).
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || !code.startsWith('ERR_W2V_')) return error;
  return new W2VError(code as ErrorCode, String(message));
}

/** An error of Node's file functions, as one of ours that names the path. */
export function fileError(action: 'read' | 'write', path: string, error: unknown): W2VError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'No such file or directory' : message;
  if (action === 'write')
    return new W2VError('ERR_W2V_FILE_WRITE', `Cannot write '${path}': ${reason}`, { cause: error });
  return new W2VError(
    code === 'ENOENT' ? 'ERR_W2V_FILE_NOT_FOUND' : 'ERR_W2V_FILE_READ',
    `Cannot read '${path}': ${reason}`,
    { cause: error },
  );
}

/** A received value as messages show it: short, and with its type where that helps. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 100 ? `${value.slice(0, 100)}…` : value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') {
    const { constructor } = value as { constructor?: { name: string } }; // Object.create(null) has none
    return `an object of type ${constructor?.name ?? 'null prototype'}`;
  }
  return `a ${typeof value}`;
}
