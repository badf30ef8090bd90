// Corpora on disk in the layouts of NLTK's data: folders of texts, with categories or without.
import { isUtf8 } from 'node:buffer';
import { expectOption } from '../arguments.js';
import { W2VError, describe } from '../errors.js';
import { checkNames } from '../options.js';
import { near } from '../spelling.js';
import { pieceEnd } from '../text/pieces.js';
import { SentenceSegmenter } from '../text/segmenter.js';
import { Tokenizer, type TokenizeOptions } from '../text/tokenize.js';
import { inTurns, nextTurn, turnIsOver } from '../turn.js';
import { CheckedDecoder, DataFolder, isAbout, type TextEncoding } from './folder.js';

/** How the files of a corpus are laid out. */
export interface CorpusLayout {
  /** Names of its texts, matched as a whole. @defaultValue all files but those whose names begin with README, LICENSE or CONTENTS, and that of the categories */
  files?: RegExp | undefined;
  /**
   * Of what category a file is: `folders`, the folder that it is in; a file of lines `name category category …`; an expression whose first
   * group, matched in the name, is the category. @defaultValue there are none
   */
  categories?:
    | 'folders'
    | {
        /** Its name in the folder or zip. It is read in `encoding`. */
        file: string;
      }
    | RegExp
    | undefined;
  /** What stands between paragraphs of wrapped lines. @defaultValue an empty line */
  paragraphBreak?: RegExp | undefined;
  /** `wrapped`: sentences go on over line ends and are found by the rules of the locale; `sentences`: a line is a sentence. @defaultValue wrapped */
  lines?: 'wrapped' | 'sentences' | undefined;
  /** Of the files. @defaultValue utf-8 */
  encoding?: TextEncoding | undefined;
}

/** How a corpus is read. The tokenizer is word-punctuation, as NLTK's is, where none is given. */
export interface CorpusOptions extends TokenizeOptions {
  /** Of the files. @defaultValue utf-8; of {@link reuters}, for files that are not UTF-8, iso-8859-2 */
  encoding?: TextEncoding | undefined;
}

/** Files of a corpus: one, several, or those of some categories. All of them where nothing is said. */
export type FileSelection =
  | string
  | readonly string[]
  | {
      /** One category or several: files that are of any of them, each once, sorted. */
      categories: string | readonly string[];
    };

/** One file as a document. */
export interface CorpusDocument {
  /** The file's name, as {@link TextCorpus.fileIds} gives it. */
  fileId: string;
  /** Those of the file; empty in a corpus without categories. */
  categories: readonly string[];
  /** Of the whole file; empty where the file has none. */
  tokens: string[];
}

const mostParagraphUnits = 1 << 18; // a longer paragraph is cut, at a line end or white space
const mostParagraphSentences = 4096;
const filesAhead = 4; // opened before they are needed

/**
 * A corpus: files of text in a folder or its zip, read as they are needed. It is a corpus for training, of the sentences of all files; what its methods give can be
 * iterated, again and again, and trained on as well. An empty file has no paragraphs.
 *
 * While they are iterated: ERR_W2V_TEXT_ENCODING with the byte for a file of another encoding, ERR_W2V_FILE_READ, ERR_W2V_CORPUS_FORMAT.
 */
export class TextCorpus implements AsyncIterable<string[]> {
  readonly #folder: DataFolder;
  readonly #layout: CorpusLayout & { fallbackEncoding?: string };
  readonly #categoriesOf: ReadonlyMap<string, readonly string[]>; // of each file
  readonly #filesOf: ReadonlyMap<string, readonly string[]>; // of each category
  readonly #tokenizer: Tokenizer;
  readonly #segmenter: SentenceSegmenter;

  /** @internal */
  protected constructor({ folder, layout, categoriesOf, filesOf, tokenizing }: OpenedCorpus) {
    this.#folder = folder;
    this.#layout = layout;
    this.#categoriesOf = categoriesOf;
    this.#filesOf = filesOf;
    this.#tokenizer = new Tokenizer(tokenizing);
    this.#segmenter = SentenceSegmenter.of(tokenizing.locale ?? 'en');
  }

  /**
   * Opens a corpus of any layout.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_CORPUS_FORMAT (no files of that layout, no file of categories, a malformed line of it, a file
   * without category), ERR_W2V_TEXT_ENCODING, ERR_W2V_OPTION
   */
  static async open(path: string, layoutAndOptions: CorpusLayout & CorpusOptions = {}): Promise<TextCorpus> {
    return new TextCorpus(await openCorpus(path, layoutAndOptions));
  }

  /** Names of its files, sorted; of a category, or of several together. @throws ERR_W2V_ARGUMENT: no such category */
  fileIds(categories?: string | readonly string[]): string[] {
    return categories === undefined ? [...this.#categoriesOf.keys()] : this.#select({ categories });
  }

  /** Its categories, sorted; those of a file, or of several together. @throws ERR_W2V_ARGUMENT: no such file */
  categories(fileIds?: string | readonly string[]): string[] {
    if (fileIds === undefined) return [...this.#filesOf.keys()];
    return [...new Set(this.#select(fileIds).flatMap((file) => this.#categoriesOf.get(file)!))].sort();
  }

  /** The text of files, one after the other. @throws ERR_W2V_ARGUMENT, and as iterating does */
  async raw(selection?: FileSelection): Promise<string> {
    let text = '';
    for (const file of this.#select(selection)) for await (const piece of this.#pieces(file)) text += piece;
    return text;
  }

  /** Paragraphs: arrays of sentences, which are arrays of tokens. @throws ERR_W2V_ARGUMENT */
  paragraphs(selection?: FileSelection): AsyncIterable<string[][]> {
    return this.paragraphsBy(selection, (sentence, place) => this.tokensOf(sentence, place));
  }

  /** Sentences: arrays of tokens. @throws ERR_W2V_ARGUMENT */
  sentences(selection?: FileSelection): AsyncIterable<string[]> {
    return flat(this.paragraphs(selection));
  }

  /** Tokens, one after the other. @throws ERR_W2V_ARGUMENT */
  words(selection?: FileSelection): AsyncIterable<string> {
    return flat(this.sentences(selection));
  }

  /** Files with their categories and tokens. @throws ERR_W2V_ARGUMENT */
  documents(selection?: FileSelection): AsyncIterable<CorpusDocument> {
    const files = this.#select(selection);
    const read = (file: string) =>
      this.#paragraphsOf(file, (sentence, place) => this.tokensOf(sentence, place));
    const categoriesOf = this.#categoriesOf;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const [fileId, paragraphs] of ahead(files, read)) {
          const tokens: string[] = [];
          for await (const paragraph of paragraphs)
            for (const sentence of paragraph) for (const token of sentence) tokens.push(token);
          yield { fileId, categories: categoriesOf.get(fileId)!, tokens };
        }
      },
    };
  }

  /** Sentences of all files. */
  [Symbol.asyncIterator](): AsyncIterator<string[]> {
    return this.sentences()[Symbol.asyncIterator]();
  }

  /** Closes the zip; nothing can be read any more. */
  async close(): Promise<void> {
    await this.#folder.close();
  }

  /** @internal @param _place - of the sentence, for messages */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for those that override it
  protected tokensOf(sentence: string, _place: string): string[] {
    return this.#tokenizer.tokens(sentence);
  }

  /** @internal Lower case and stop-words. */
  protected filter(tokens: readonly string[]): string[] {
    return this.#tokenizer.filter(tokens);
  }

  /** @internal What `parse` makes of the sentences; it is told where each is, for messages. */
  protected paragraphsBy<T>(
    selection: FileSelection | undefined,
    parse: (sentence: string, place: string) => T,
  ): AsyncIterable<T[]> {
    const files = this.#select(selection);
    const read = (file: string) => this.#paragraphsOf(file, parse);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const [, paragraphs] of ahead(files, read)) yield* paragraphs;
      },
    };
  }

  async *#paragraphsOf<T>(
    file: string,
    parse: (sentence: string, place: string) => T,
  ): AsyncGenerator<T[], void> {
    if (this.#layout.lines === 'sentences') {
      yield* this.#paragraphsOfLines(file, parse);
      return;
    }
    const place = `'${this.#pathOf(file)}'`;
    for await (const paragraph of this.#paragraphTexts(file)) {
      const sentences: T[] = [];
      for (const sentence of this.#segmenter.sentences(paragraph, true)) {
        sentences.push(parse(sentence, place));
        if (turnIsOver()) await nextTurn();
      }
      if (sentences.length > 0) yield sentences;
    }
  }

  async *#paragraphsOfLines<T>(
    file: string,
    parse: (sentence: string, place: string) => T,
  ): AsyncGenerator<T[], void> {
    let sentences: T[] = [];
    let number = 0;
    for await (const line of linesOf(this.#pieces(file))) {
      number += 1;
      const sentence = line.trim();
      if (sentence !== '') sentences.push(parse(sentence, `line ${number} of '${this.#pathOf(file)}'`));
      if (turnIsOver()) await nextTurn();
      if (sentence !== '' && sentences.length < mostParagraphSentences) continue;
      if (sentences.length > 0) yield sentences;
      sentences = [];
    }
    if (sentences.length > 0) yield sentences;
  }

  async *#paragraphTexts(file: string): AsyncGenerator<string> {
    const { paragraphBreak = /\n[^\S\n]*\n/ } = this.#layout;
    let open = '';
    for await (const piece of this.#pieces(file)) {
      const paragraphs = (open + piece).split(paragraphBreak);
      open = paragraphs.pop()!;
      yield* paragraphs;
      while (open.length > mostParagraphUnits) {
        const end = pieceEnd(open, 0, mostParagraphUnits);
        yield open.slice(0, end);
        open = open.slice(end);
      }
    }
    yield open;
  }

  async *#pieces(file: string): AsyncGenerator<string> {
    const { encoding, fallbackEncoding } = this.#layout;
    if (encoding !== undefined || fallbackEncoding === undefined) {
      yield* this.#folder.textStream(file, encoding);
      return;
    }
    const bytes = await this.#folder.bytes(file);
    const decoder = new CheckedDecoder(isUtf8(bytes) ? 'utf-8' : fallbackEncoding, this.#pathOf(file));
    yield decoder.decode(bytes) + decoder.end();
  }

  #pathOf(file: string): string {
    return `${this.#folder.path}/${file}`;
  }

  #select(selection: FileSelection | undefined): string[] {
    if (selection === undefined) return this.fileIds();
    const known = (name: unknown, names: Iterable<string>, what: string) => {
      const meant = typeof name === 'string' ? near(name, [...names]) : undefined;
      return new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected ${what} of '${this.#folder.path}' but received ${describe(name)}${meant === undefined ? '' : `: did you mean ${describe(meant)}?`}`,
      );
    };
    if (typeof selection === 'string' || isList(selection)) {
      for (const file of [selection].flat())
        if (!this.#categoriesOf.has(file)) throw known(file, this.#categoriesOf.keys(), 'a file');
      return [selection].flat();
    }
    const given: unknown = selection;
    if (typeof given !== 'object' || given === null || !('categories' in given))
      throw known(given, [], 'names of files, or {categories},');
    const files = [selection.categories].flat().flatMap((category) => {
      const found = this.#filesOf.get(category);
      if (!found) throw known(category, this.#filesOf.keys(), 'a category');
      return found;
    });
    return [...new Set(files)].sort();
  }
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** @internal */
export function flat<T>(lists: AsyncIterable<Iterable<T>>): AsyncIterable<T> {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const list of lists) yield* list;
    },
  };
}

/** What is read of each file, in order; reading begins a few files ahead, which hides how long each takes to open. */
async function* ahead<T>(
  files: readonly string[],
  read: (file: string) => AsyncGenerator<T, void>,
): AsyncGenerator<[string, AsyncIterable<T>]> {
  const open = new Set<AsyncGenerator<T, void>>();
  const begin = (file: string) => {
    const items = read(file);
    open.add(items);
    const first = items.next();
    first.catch(() => undefined); // whoever awaits it gets the error
    return { items, first };
  };
  const begun = files.slice(0, filesAhead).map(begin);
  try {
    for (const [i, file] of files.entries()) {
      const { items, first } = begun.shift()!;
      if (i + filesAhead < files.length) begun.push(begin(files[i + filesAhead]!));
      yield [
        file,
        (async function* () {
          const item = await first;
          if (item.done) return;
          yield item.value;
          yield* items;
        })(),
      ];
      open.delete(items);
    }
  } finally {
    for (const items of open) await items.return(undefined).catch(() => undefined);
  }
}

// ---- opening ----

/** @internal */
export interface OpenedCorpus {
  folder: DataFolder;
  layout: CorpusLayout & { fallbackEncoding?: string };
  /** In the order of the files' names. */
  categoriesOf: ReadonlyMap<string, readonly string[]>;
  /** In the order of the categories' names. */
  filesOf: ReadonlyMap<string, readonly string[]>;
  tokenizing: TokenizeOptions;
}

const layoutNames = ['files', 'categories', 'paragraphBreak', 'lines', 'encoding', 'fallbackEncoding'];
const tokenizingNames = ['locale', 'tokenizer', 'lowercase', 'stopWords'];

/** @internal @throws as {@link TextCorpus.open} */
export async function openCorpus(
  path: string,
  given: CorpusLayout & CorpusOptions & { fallbackEncoding?: string },
): Promise<OpenedCorpus> {
  checkNames(given, [...layoutNames, ...tokenizingNames]);
  checkLayout(given);
  const { files, categories, paragraphBreak, lines, encoding, fallbackEncoding, ...rest } = given;
  const layout = {
    files,
    categories,
    paragraphBreak,
    lines,
    encoding,
    ...(fallbackEncoding && { fallbackEncoding }),
  };
  const tokenizing: TokenizeOptions = { ...rest, tokenizer: rest.tokenizer ?? 'word-punctuation' };
  const folder = await DataFolder.open(path);
  try {
    const names: string[] = [];
    const isText = textsOf(layout);
    await inTurns(folder.names.length, (i) => {
      const name = folder.names[i]!;
      if (isText(name)) names.push(name);
    });
    if (names.length === 0) {
      const example =
        folder.names.length > 0
          ? ` (it has ${folder.names.length} others, such as '${folder.names[0]}')`
          : '';
      throw new W2VError(
        'ERR_W2V_CORPUS_FORMAT',
        `Expected texts${files ? ` whose whole names match ${files}` : ''} in '${path}' but found none${example}`,
      );
    }
    const found = await categoriesOf(folder, names, layout);
    return { folder, layout, tokenizing, categoriesOf: found, filesOf: await filesOf(names, found) };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** @throws ERR_W2V_OPTION */
function checkLayout({ files, categories, paragraphBreak, lines, encoding }: CorpusLayout): void {
  const isPattern = (value: unknown) => value === undefined || value instanceof RegExp;
  const { file } = (categories ?? {}) as { file?: unknown };
  expectOption(isPattern(files), 'files to be a regular expression', files);
  expectOption(
    categories === 'folders' || isPattern(categories) || typeof file === 'string',
    "categories to be 'folders', {file} or a regular expression",
    categories,
  );
  expectOption(isPattern(paragraphBreak), 'paragraphBreak to be a regular expression', paragraphBreak);
  expectOption(
    [undefined, 'wrapped', 'sentences'].includes(lines),
    "lines to be 'wrapped' or 'sentences'",
    lines,
  );
  expectOption(
    ['undefined', 'string', 'function'].includes(typeof encoding),
    'encoding to be a label or a function',
    encoding,
  );
  if (typeof encoding === 'string') new CheckedDecoder(encoding, '');
}

/** Which files are texts. */
function textsOf({ files, categories }: CorpusLayout): (name: string) => boolean {
  if (files) {
    const whole = new RegExp(`^(?:${files.source})$`, files.flags.replace(/[gy]/g, ''));
    return (name) => whole.test(name);
  }
  const listed = isFileOfCategories(categories) ? categories.file : undefined;
  return (name) => name !== listed && !isAbout(name);
}

function isFileOfCategories(categories: CorpusLayout['categories']): categories is { file: string } {
  return typeof categories === 'object' && 'file' in categories;
}

async function categoriesOf(
  folder: DataFolder,
  names: readonly string[],
  { categories, encoding }: CorpusLayout,
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  if (categories === undefined) {
    await inTurns(names.length, (i) => found.set(names[i]!, []));
    return found;
  }
  const without = (name: string, where: string) =>
    new W2VError('ERR_W2V_CORPUS_FORMAT', `Expected a category for '${name}' ${where} but found none`);
  if (!isFileOfCategories(categories)) {
    const expression =
      categories === 'folders'
        ? /^([^/]+)\//
        : new RegExp(categories.source, categories.flags.replace(/[gy]/g, ''));
    await inTurns(names.length, (i) => {
      const name = names[i]!;
      const category = expression.exec(name)?.[1];
      if (category === undefined) {
        const where =
          categories === 'folders' ? 'as the folder that it is in' : `by ${expression} in its name`;
        throw without(name, `${where}, in '${folder.path}',`);
      }
      found.set(name, [category]);
    });
    return found;
  }
  const { file } = categories;
  const path = `${folder.path}/${file}`;
  if (!folder.has(file)) {
    throw new W2VError(
      'ERR_W2V_CORPUS_FORMAT',
      `Expected the file '${file}' with the categories (lines of a file's name and its categories) in '${folder.path}' but it is not there`,
    );
  }
  await inTurns(names.length, (i) => found.set(names[i]!, []));
  let number = 0;
  for await (const line of linesOf(folder.textStream(file, encoding))) {
    if (turnIsOver()) await nextTurn();
    number += 1;
    const [name, ...list] = line.trim().split(/\s+/);
    if (name === '') continue;
    const at = `in line ${number} of '${path}'`;
    if (list.length === 0) {
      throw new W2VError(
        'ERR_W2V_CORPUS_FORMAT',
        `Expected a file's name and its categories ${at} but received ${describe(line)}`,
      );
    }
    const known = found.get(name!);
    if (!known) {
      throw new W2VError(
        'ERR_W2V_CORPUS_FORMAT',
        `Expected the name of a text of the corpus ${at} but received ${describe(name)}, which is not there`,
      );
    }
    for (const category of list) if (!known.includes(category)) known.push(category);
  }
  await inTurns(names.length, (i) => {
    if (found.get(names[i]!)!.length === 0) throw without(names[i]!, `in '${path}'`);
  });
  return found;
}

async function filesOf(
  names: readonly string[],
  categoriesOf: ReadonlyMap<string, readonly string[]>,
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  await inTurns(names.length, (i) => {
    for (const category of categoriesOf.get(names[i]!)!) {
      const files = found.get(category);
      if (files) files.push(names[i]!);
      else found.set(category, [names[i]!]);
    }
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let open = '';
  for await (const piece of pieces) {
    const complete = (open + piece).split('\n');
    open = complete.pop()!;
    yield* complete;
  }
  yield open;
}
