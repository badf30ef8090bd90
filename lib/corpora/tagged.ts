// Readers of text whose tokens have tags: columns (CoNLL-2000, CoNLL-2002, WNUT17), CoNLL-U, Universal Propositions, word/TAG,
// Sinica's treebank.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { expectBooleans, expectOption, expectOptions, expectPath, toWords } from '../arguments.js';
import { readBytes } from '../bytes.js';
import { W2VError, cancelled, describe, fileError } from '../errors.js';
import { checkNames } from '../options.js';
import { CheckedDecoder, DataFolder, isAbout, type TextEncoding } from './folder.js';

/** A sentence: tokens, further columns by name with one value for each token, and a tag for each. */
export interface TaggedSentence {
  /** Words and punctuation, taken as they are; without line feeds and NUL. */
  tokens: readonly string[];
  /** Training takes those of its first sentence, but for `ignoreColumns`; every sentence must have them then, and others are left aside. */
  columns?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What training learns and a test compares with; not needed of a sentence that is to be tagged. */
  tags?: readonly string[] | undefined;
  /** Where it begins, for messages: `file:line`. */
  where?: string | undefined;
}

/** How files of tagged text are read. */
export interface TaggedReadOptions {
  /** Of a folder or zip: only these files, in this order. @defaultValue all but those whose names begin with README, LICENSE or CONTENTS */
  files?: readonly string[] | undefined;
  /** Of the files. @defaultValue utf-8 */
  encoding?: TextEncoding | undefined;
  /** Ends the reading with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** What turns lines into sentences. */
interface LineParser {
  line(line: string, where: () => string): void;
  /** At the end of each file. */
  end(): void;
  /** The sentences since the last call. */
  take(): TaggedSentence[];
}

/**
 * Columns separated by tabs, or by blanks in lines without one: the token first, its tag last, what stands between as the columns `column2`, `column3`, …; an
 * empty line ends a sentence. CoNLL-2000's and CoNLL-2002's files, WNUT17's. Empty sentences are left out, and the lines -DOCSTART-.
 *
 * @param source - a file (plain or .gz), `-` for standard input, a folder or a zip with such files, or `archive.zip/name`
 * @throws ERR_W2V_CORPUS_FORMAT with file and line: a row with fewer or more columns than those before; ERR_W2V_TEXT_ENCODING; ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ
 */
export function readColumns(source: string, options: TaggedReadOptions = {}): AsyncGenerator<TaggedSentence> {
  return readSentences(source, () => new ColumnParser(), [], options);
}

/** The columns of CoNLL-U that a tag, or a further column, can be. */
export type ConlluColumn = 'lemma' | 'upos' | 'xpos' | 'feats' | 'deprel';

/** Of {@link readConllu}. */
export interface ConlluOptions extends TaggedReadOptions {
  /** Which column is the tag. @defaultValue upos */
  tag?: ConlluColumn | undefined;
  /** Which are further columns. @defaultValue none */
  columns?: readonly ConlluColumn[] | undefined;
}

/**
 * CoNLL-U: the words of the sentences; ranges (1-2) and empty nodes (1.1) are left out.
 *
 * @throws as {@link readColumns}; ERR_W2V_OPTION
 */
export function readConllu(source: string, options: ConlluOptions = {}): AsyncGenerator<TaggedSentence> {
  expectOptions(options);
  const { tag = 'upos', columns = [] } = options;
  const isList: boolean = Array.isArray(columns);
  expectOption(isList, 'columns to be an array of columns of CoNLL-U', columns);
  for (const name of [tag, ...columns]) {
    if (!Object.hasOwn(conlluFields, name)) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected a column of CoNLL-U (${Object.keys(conlluFields).join(', ')}) but received ${describe(name)}`,
      );
    }
  }
  return readSentences(
    source,
    () =>
      new ConlluParser(({ rows, where }) => [
        {
          tokens: field(rows, 1),
          columns: Object.fromEntries(columns.map((name) => [name, field(rows, conlluFields[name])])),
          tags: field(rows, conlluFields[tag]),
          where,
        },
      ]),
    ['tag', 'columns'],
    options,
  );
}

/**
 * Universal Propositions' CoNLL-U (predicates in the 11th column, the roles of each in one more): a sentence for each of its predicates, which is given. Its
 * columns: `upos`; `predicate`, the word of it; `sense`; `distance`, tokens from it (−5 … 5, beyond as `before` and
 * `after`). The tags are the roles, O where there is none and for the predicate itself.
 *
 * @throws as {@link readColumns}
 */
export function readPropositions(
  source: string,
  options: TaggedReadOptions = {},
): AsyncGenerator<TaggedSentence> {
  return readSentences(source, () => new ConlluParser(propositions), [], options);
}

/**
 * word/TAG, as NLTK has Penn's treebank and Brown's corpus: tokens separated by blanks, the tag after the last slash; brackets of chunks are left out, as
 * are lines of `=`. An empty line ends a sentence, and the end of a line where `lines` says so.
 *
 * @throws as {@link readColumns}; a token without a tag
 */
export function readTaggedWords(
  source: string,
  options: TaggedReadOptions & { lines?: boolean | undefined } = {},
): AsyncGenerator<TaggedSentence> {
  expectOptions(options);
  const { lines = false } = options;
  expectBooleans({ lines });
  return readSentences(source, () => new TaggedWordParser(lines), ['lines'], options);
}

/**
 * Sinica's treebank (`parsed`): a sentence a line, whose leaves are `role:TAG:word`. Lines without leaves are left out.
 *
 * @throws as {@link readColumns}
 */
export function readSinica(source: string, options: TaggedReadOptions = {}): AsyncGenerator<TaggedSentence> {
  expectOptions(options);
  return readSentences(source, () => new SinicaParser(), [], { files: ['parsed'], ...options });
}

/**
 * The reader that a file asks for: CoNLL-U for names in .conllu, whose tags are the parts of speech, or the roles where its first sentence has such columns
 * (see {@link readPropositions}); else columns.
 */
export async function* readTagged(
  source: string,
  options: TaggedReadOptions = {},
): AsyncGenerator<TaggedSentence> {
  expectPath(source);
  if (!/\.conllu(\.gz)?$/.test(source)) {
    yield* readColumns(source, options);
    return;
  }
  let hasRoles: boolean | undefined;
  const toSentences = (sentence: ConlluSentence) => {
    const { rows, where } = sentence;
    hasRoles ??= rows[0]!.length > conlluColumns || hasFlags(rows);
    return hasRoles ? propositions(sentence) : [{ tokens: field(rows, 1), tags: field(rows, 3), where }];
  };
  yield* readSentences(source, () => new ConlluParser(toSentences), [], options);
}

// ---- files ----

async function* readSentences(
  source: string,
  parser: () => LineParser,
  others: readonly string[],
  options: TaggedReadOptions,
): AsyncGenerator<TaggedSentence> {
  expectPath(source);
  checkNames(options, ['files', 'encoding', 'signal', ...others]);
  const { files, encoding = 'utf-8', signal } = options;
  if (files !== undefined) toWords(files, 'files to be an array of names', 'ERR_W2V_OPTION');
  const found = source === '-' ? undefined : await stat(source).catch(() => undefined);
  if (source === '-' || (found?.isFile() && !source.endsWith('.zip'))) {
    const name = source === '-' ? 'standard input' : source;
    yield* parse(plainText(source, name, encoding, signal), parser(), name, signal);
    return;
  }
  const [place, member] = found ? [source, undefined] : await memberOf(source);
  const folder = await DataFolder.open(place);
  try {
    for (const name of member === undefined
      ? (files ?? folder.names.filter((name) => !isAbout(name)))
      : [member]) {
      yield* parse(folder.textStream(name, encoding), parser(), `${place}/${name}`, signal);
    }
  } finally {
    await folder.close();
  }
}

/** `a/b.zip/c.txt` → `a/b.zip`, `c.txt`. */
async function memberOf(source: string): Promise<[string, string]> {
  for (let place = path.dirname(source); place !== path.dirname(place); place = path.dirname(place)) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile()) return [place, path.relative(place, source).replaceAll(path.sep, '/')];
    if (found) break;
  }
  throw fileError('read', source, Object.assign(new Error(), { code: 'ENOENT' }));
}

async function* plainText(
  file: string,
  name: string,
  encoding: TextEncoding,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const decoder = new CheckedDecoder(typeof encoding === 'function' ? encoding(file) : encoding, name);
  const pieces: string[] = [];
  const raw: Readable = file === '-' ? process.stdin : createReadStream(file);
  try {
    // Files with tags are small beside corpora: the text is decoded as it comes and handed on at the end.
    await readBytes(raw as AsyncIterable<Uint8Array>, {
      name,
      signal,
      consume: (chunk) => Promise.resolve(void pieces.push(decoder.decode(chunk))),
    });
  } finally {
    raw.destroy();
  }
  pieces.push(decoder.end());
  yield* pieces;
}

async function* parse(
  pieces: AsyncIterable<string>,
  parser: LineParser,
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<TaggedSentence> {
  let open = '';
  let number = 0;
  const where = () => `${file}:${number}`;
  for await (const piece of pieces) {
    if (signal?.aborted) throw cancelled(signal.reason);
    const lines = (open + piece).split('\n');
    open = lines.pop()!;
    for (const line of lines) {
      ++number;
      parser.line(line.endsWith('\r') ? line.slice(0, -1) : line, where);
    }
    yield* parser.take();
  }
  ++number;
  if (open !== '') parser.line(open, where);
  parser.end();
  yield* parser.take();
}

function formatError(expected: string, received: string, where: string): W2VError {
  return new W2VError('ERR_W2V_CORPUS_FORMAT', `Expected ${expected} but received ${received} in ${where}`);
}

// ---- columns ----

class ColumnParser implements LineParser {
  #sentences: TaggedSentence[] = [];
  #rows: string[][] = [];
  #where = '';
  #width: { columns: number; where: string } | undefined;

  line(line: string, where: () => string): void {
    if (line.trim() === '') {
      this.end();
      return;
    }
    const row = line.includes('\t') ? line.split('\t') : line.trim().split(/ +/);
    if (row[0] === '-DOCSTART-') return;
    this.#width ??= { columns: row.length, where: where() };
    if (row.length < 2) throw formatError('a token and its tag, or more columns', describe(line), where());
    if (row.includes('')) throw formatError('no empty column', describe(line), where());
    if (row.length !== this.#width.columns) {
      const { columns, where: first } = this.#width;
      throw formatError(`${columns} columns, as in ${first},`, `${describe(line)} (${row.length})`, where());
    }
    if (this.#rows.length === 0) this.#where = where();
    this.#rows.push(row);
  }

  end(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const width = rows[0]!.length;
    const columns: Record<string, string[]> = {};
    for (let c = 1; c < width - 1; ++c) columns[`column${c + 1}`] = field(rows, c);
    this.#sentences.push({
      tokens: field(rows, 0),
      columns,
      tags: field(rows, width - 1),
      where: this.#where,
    });
    this.#rows = [];
  }

  take(): TaggedSentence[] {
    const sentences = this.#sentences;
    this.#sentences = [];
    return sentences;
  }
}

function field(rows: readonly (readonly string[])[], index: number): string[] {
  return rows.map((row) => row[index]!);
}

// ---- CoNLL-U ----

const conlluColumns = 10;
const conlluFields: Record<ConlluColumn, number> = { lemma: 2, upos: 3, xpos: 4, feats: 5, deprel: 7 };

interface ConlluSentence {
  rows: string[][];
  where: string;
}

class ConlluParser implements LineParser {
  readonly #toSentences: (sentence: ConlluSentence) => TaggedSentence[];
  #sentences: TaggedSentence[] = [];
  #rows: string[][] = [];
  #where = '';

  constructor(toSentences: (sentence: ConlluSentence) => TaggedSentence[]) {
    this.#toSentences = toSentences;
  }

  line(line: string, where: () => string): void {
    if (line.trim() === '') {
      this.end();
      return;
    }
    if (line.startsWith('#')) return;
    const row = line.split('\t');
    if (/^\d+[-.]\d+$/.test(row[0]!)) return; // also where it has fewer columns
    const width = this.#rows[0]?.length ?? conlluColumns;
    if (row.length < conlluColumns || (this.#rows.length > 0 && row.length !== width)) {
      throw formatError(
        `${this.#rows.length > 0 ? width : `${conlluColumns} or more`} columns separated by tabs`,
        `${row.length}`,
        where(),
      );
    }
    if (!/^\d+$/.test(row[0]!)) throw formatError('the number of a word', describe(row[0]), where());
    if (this.#rows.length === 0) this.#where = where();
    this.#rows.push(row);
  }

  end(): void {
    if (this.#rows.length > 0)
      this.#sentences.push(...this.#toSentences({ rows: this.#rows, where: this.#where }));
    this.#rows = [];
  }

  take(): TaggedSentence[] {
    const sentences = this.#sentences;
    this.#sentences = [];
    return sentences;
  }
}

const farthest = 5;

/** Two layouts: a column of predicates after CoNLL-U's ten, or (version 1) a flag Y and the predicate as the ninth and tenth. Then a column for each predicate. */
function propositions({ rows, where }: ConlluSentence): TaggedSentence[] {
  const width = rows[0]!.length;
  const isVersion1 = hasFlags(rows) || width === conlluColumns;
  const senses = field(rows, isVersion1 ? 9 : 10);
  const isPredicate = (i: number) => (isVersion1 ? rows[i]![8] === 'Y' : !['_', ''].includes(senses[i]!));
  const predicates = [...rows.keys()].filter(isPredicate);
  if (predicates.length === 0) return [];
  const firstRole = isVersion1 ? conlluColumns : conlluColumns + 1;
  if (width !== firstRole + predicates.length) {
    throw formatError(
      `a column of roles for each of the sentence's ${predicates.length} predicates`,
      `${width - firstRole}`,
      where,
    );
  }
  const tokens = field(rows, 1);
  const upos = field(rows, 3);
  const constant = (value: string) => tokens.map(() => value);
  return predicates.map((at, p) => ({
    tokens,
    columns: {
      upos,
      predicate: constant(tokens[at]!),
      sense: constant(senses[at]!),
      distance: tokens.map((_, i) =>
        i - at > farthest ? 'after' : at - i > farthest ? 'before' : String(i - at),
      ),
    },
    tags: field(rows, firstRole + p).map((role) => (role === '_' || role === 'V' ? 'O' : role)),
    where,
  }));
}

function hasFlags(rows: readonly (readonly string[])[]): boolean {
  return rows.some((row) => row[8] === 'Y');
}

// ---- word/TAG ----

class TaggedWordParser implements LineParser {
  readonly #lines: boolean;
  #sentences: TaggedSentence[] = [];
  #tokens: string[] = [];
  #tags: string[] = [];
  #where = '';

  constructor(lines: boolean) {
    this.#lines = lines;
  }

  line(line: string, where: () => string): void {
    if (line.trim() === '' || /^=+$/.test(line.trim())) {
      this.end();
      return;
    }
    for (const token of line.trim().split(/[ \t]+/)) {
      if (token === '[' || token === ']') continue;
      const slash = token.lastIndexOf('/');
      if (slash <= 0 || slash === token.length - 1)
        throw formatError('a word, a slash and its tag', describe(token), where());
      if (this.#tokens.length === 0) this.#where = where();
      this.#tokens.push(token.slice(0, slash).replaceAll('\\/', '/'));
      this.#tags.push(token.slice(slash + 1));
    }
    if (this.#lines) this.end();
  }

  end(): void {
    if (this.#tokens.length > 0)
      this.#sentences.push({ tokens: this.#tokens, tags: this.#tags, where: this.#where });
    this.#tokens = [];
    this.#tags = [];
  }

  take(): TaggedSentence[] {
    const sentences = this.#sentences;
    this.#sentences = [];
    return sentences;
  }
}

// ---- Sinica's treebank ----

class SinicaParser implements LineParser {
  #sentences: TaggedSentence[] = [];

  line(line: string, where: () => string): void {
    const leaves = [...line.matchAll(/:([^\s:()|#]+):([^\s:()|#]+)/g)];
    if (leaves.length === 0) return;
    this.#sentences.push({
      tokens: leaves.map(([, , word]) => word!),
      tags: leaves.map(([, tag]) => tag!),
      where: where(),
    });
  }

  end(): void {
    // each line is a sentence
  }

  take(): TaggedSentence[] {
    const sentences = this.#sentences;
    this.#sentences = [];
    return sentences;
  }
}
