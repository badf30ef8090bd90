// Text → tokens and sentences.
import { createRequire } from 'node:module';
import { expectBooleans, expectOption, expectText, expectWords, toWords } from '../arguments.js';
import { W2VError, describe } from '../errors.js';
import { checkNames } from '../options.js';
import { pieces } from './pieces.js';
import { SentenceSegmenter, WordSegmenter, checkLocale } from './segmenter.js';
import { stopWords } from './stop-words.js';
import { wordPunctuation } from './word-punctuation.js';

/**
 * What cuts text into tokens.
 *
 * - `segmenter`: the words of Unicode's rules (UAX #29) and of the locale's, through Intl.Segmenter; punctuation is left out. Chinese, Japanese, Thai and other text
 *   without spaces is cut by ICU's dictionaries;
 * - `word-punctuation`: runs of letters and digits and runs of punctuation, as NLTK's WordPunctTokenizer; the fastest;
 * - `jieba`: Chinese words by the package `@node-rs/jieba`, which is to be installed beside this one; punctuation is left out.
 */
export type TokenizerName = 'segmenter' | 'word-punctuation' | 'jieba';

/** How a text is cut into tokens, and which of them are left out. */
export interface TokenizeOptions {
  /** A language tag: the language of the text, for the segmenter, lower case, and sentences. @defaultValue en */
  locale?: string | undefined;
  /** What cuts the text. @defaultValue segmenter */
  tokenizer?: TokenizerName | undefined;
  /** In lower case, by the rules of the locale. @defaultValue false */
  lowercase?: boolean | undefined;
  /** Tokens that are left out, compared without regard to case: true for the list of the locale's language ({@link stopWords}), or words. @defaultValue none */
  stopWords?: boolean | Iterable<string> | undefined;
}

/** How a text is cut into sentences. */
export interface SentenceOptions {
  /** A language tag. @defaultValue en */
  locale?: string | undefined;
  /** Lines are wrapped: an empty line ends a sentence, a line end is a space. @defaultValue false: a line end ends a sentence */
  wrapped?: boolean | undefined;
}

const tokenizeOptionNames = ['locale', 'tokenizer', 'lowercase', 'stopWords'];
const pieceUnits = 8192; // what is tokenised between two looks at the clock: well below a millisecond or two

/** Cuts texts into tokens, always in the same way. */
export class Tokenizer {
  readonly #cut: (text: string) => string[];
  readonly #lower: (text: string) => string;
  readonly #lowercase: (text: string) => string;
  readonly #left: ReadonlySet<string>;

  /**
   * @throws ERR_W2V_OPTION (an unknown option, tokenizer, locale or language of stop-words; `jieba` without the package)
   */
  constructor(options: TokenizeOptions = {}) {
    checkNames(options, tokenizeOptionNames);
    const { locale = 'en', tokenizer = 'segmenter', lowercase = false, stopWords: left = false } = options;
    expectOption(typeof locale === 'string', 'locale to be a language tag', locale);
    expectBooleans({ lowercase });
    const lower = (this.#lower = lowerCaseOf(locale));
    this.#lowercase = lowercase ? lower : (text) => text;
    const expected = 'stopWords to be true or a list of words';
    const words =
      left === true ? stopWords(locale) : left === false ? [] : toWords(left, expected, 'ERR_W2V_OPTION');
    this.#left = new Set(words.map(lower));
    this.#cut = cutterOf(tokenizer, locale);
    if (this.#left.size === 0) return;
    const cut = this.#cut;
    this.#cut = (text) => cut(text).filter((token) => !this.#left.has(lower(token)));
  }

  /** The tokens of a text. */
  tokens(text: string): string[] {
    expectText(text);
    if (text.length <= pieceUnits) return this.#cut(this.#lowercase(text));
    return [...this.pieces(text)].flat();
  }

  /** The tokens of a text, a few thousand at a time. */
  *pieces(text: string): Generator<string[]> {
    expectText(text);
    for (const piece of pieces(text, pieceUnits)) yield this.#cut(this.#lowercase(piece));
  }

  /** The same of tokens that are there already: lower case, and without stop-words. */
  filter(tokens: readonly string[]): string[] {
    expectWords(tokens, 'an array of tokens');
    return tokens.map(this.#lowercase).filter((token) => !this.#left.has(this.#lower(token)));
  }
}

/**
 * The tokens of a text.
 *
 * @throws ERR_W2V_ARGUMENT, and as {@link Tokenizer}
 */
export function tokenize(text: string, options?: TokenizeOptions): string[] {
  return new Tokenizer(options).tokens(text);
}

/**
 * The sentences of a text by Unicode's rules (UAX #29) and the locale's, without white space around them.
 *
 * @throws ERR_W2V_ARGUMENT, ERR_W2V_OPTION
 */
export function sentences(text: string, options: SentenceOptions = {}): string[] {
  expectText(text);
  const { locale, wrapped } = checkSentenceOptions(options);
  return [...SentenceSegmenter.of(locale).sentences(text, wrapped)];
}

/** @throws ERR_W2V_OPTION */
export function checkSentenceOptions(options: SentenceOptions): { locale: string; wrapped: boolean } {
  checkNames(options, ['locale', 'wrapped']);
  const { locale = 'en', wrapped = false } = options;
  expectBooleans({ wrapped });
  return { locale, wrapped };
}

/** Turkic languages and Lithuanian have rules of their own; the plain ones are faster. */
function lowerCaseOf(locale: string): (text: string) => string {
  if (!/^(?:az|lt|tr)\b/i.test(locale)) return (text) => text.toLowerCase();
  checkLocale(locale);
  return (text) => text.toLocaleLowerCase(locale);
}

function cutterOf(tokenizer: TokenizerName, locale: string): (text: string) => string[] {
  switch (tokenizer) {
    case 'segmenter': {
      const segmenter = WordSegmenter.of(locale);
      return (text) => segmenter.words(text);
    }
    case 'word-punctuation':
      return wordPunctuation;
    case 'jieba':
      return jiebaCutter();
    default:
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected tokenizer to be 'segmenter', 'word-punctuation' or 'jieba' but received ${describe(tokenizer)}`,
      );
  }
}

interface Jieba {
  cut(text: string, hmm: boolean): string[];
}
let jieba: Jieba | undefined;
const hasWord = /[\p{L}\p{N}]/u;

/** The first call reads jieba's dictionary, which takes a third of a second or so. */
function jiebaCutter(): (text: string) => string[] {
  if (!jieba) {
    const load = createRequire(__filename);
    try {
      const { Jieba } = load('@node-rs/jieba') as { Jieba: { withDict(dict: Uint8Array): Jieba } };
      jieba = Jieba.withDict((load('@node-rs/jieba/dict') as { dict: Uint8Array }).dict);
    } catch (error) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected the package '@node-rs/jieba' for tokenizer 'jieba', but it is not installed or does not load: npm install @node-rs/jieba. ${(error as Error).message.split('\n')[0]}`,
        { cause: error },
      );
    }
  }
  const loaded = jieba;
  return (text) => loaded.cut(text, true).filter((token) => hasWord.test(token));
}
