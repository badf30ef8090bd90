// Words and sentences by the rules of Unicode (UAX #29) and a locale, through Intl.Segmenter.
//
// The segmenter takes as long for each word as the text is long, and makes an object of each, which the garbage collector
// takes long to free: it gets short pieces, and only those that its rules for an alphabet, in regular expressions, cannot cut.
import { W2VError, describe } from '../errors.js';
import { pieceEnd, pieces } from './pieces.js';

const pieceUnits = 512;
const windowUnits = 1024;
const mostSentenceUnits = 65536; // a longer sentence is cut, at white space

/** Characters whose rules are regular expressions; strings are what has its place between the brackets of such an expression. */
interface Alphabet {
  upper: string;
  lower: string;
  marks: string[];
  space: string;
}
const ascii: Alphabet = {
  upper: 'A-Z',
  lower: 'a-z',
  marks: Array.from('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'),
  space: ' \\t',
};
/** The letters of Latin, Greek and Cyrillic script, and what stands between them. ASCII's expressions are faster. */
const european: Alphabet = {
  upper: lettersOf(/[\p{Lu}\p{Lt}]/u),
  lower: lettersOf(/\p{Ll}/u),
  marks: Array.from(`${ascii.marks.join('')}¡£§«°·»¿‐‑‒–—―‘’‚“”„†‡•…‰′″‹›€−`),
  space: ' \\t\\xa0',
};
const asciiOnly = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex -- NUL is a character like any other here
const notEuropean = `[^\\x00-\\x7f${european.upper}${european.lower}${european.space}${escaped(european.marks)}]`;
const nextOther = new RegExp(notEuropean, 'g');
const nextEuropean = new RegExp(` (?!${notEuropean})`, 'g');

function lettersOf(category: RegExp): string {
  const letters = Array.from({ length: 0x2000 }, (_, i) => String.fromCharCode(i));
  const blocks = [letters.slice(0, 0x250), letters.slice(0x370, 0x530), letters.slice(0x1e00)].flat();
  return blocks.filter((letter) => category.test(letter)).join('');
}

function escaped(marks: readonly string[]): string {
  return marks.map((mark) => (mark < '\x80' ? `\\${mark}` : mark)).join('');
}

function find(expression: RegExp, text: string, from: number): number {
  expression.lastIndex = from;
  return expression.exec(text)?.index ?? -1;
}

/** @throws ERR_W2V_OPTION: it is no locale, or one that this build of Node.js has no data for */
export function checkLocale(locale: string): string {
  let supported: string[] = [];
  try {
    supported = Intl.Segmenter.supportedLocalesOf([locale]);
  } catch {
    // told below
  }
  if (supported.length > 0) return locale;
  throw new W2VError(
    'ERR_W2V_OPTION',
    `Expected locale to be a language tag that this Node.js knows, such as 'en' or 'zh', but received ${describe(locale)}`,
  );
}

/** Remembers what is made for each: to ask the segmenter for its rules takes a millisecond. */
function once<Key, T>(make: (key: Key) => T): (key: Key) => T {
  const made = new Map<Key, T>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

/** Cuts text into words: white space and punctuation are left out. */
export class WordSegmenter {
  readonly #segmenter: Intl.Segmenter;
  readonly #wordOf = once((alphabet: Alphabet): RegExp => this.#rule(alphabet));

  /** That of the locale. @throws as {@link checkLocale} */
  static readonly of = once((locale: string) => new WordSegmenter(locale));

  private constructor(locale: string) {
    this.#segmenter = new Intl.Segmenter(checkLocale(locale), { granularity: 'word' });
  }

  words(text: string): string[] {
    const words: string[] = [];
    for (const piece of pieces(text, pieceUnits)) this.#addWords(piece, words);
    return words;
  }

  #addWords(piece: string, words: string[]): void {
    if (asciiOnly.test(piece)) {
      this.#addWordsOf(ascii, piece, words);
      return;
    }
    // Other characters go to the segmenter with what stands around them up to white space.
    let from = 0;
    for (;;) {
      const other = find(nextOther, piece, from);
      if (other < 0) break;
      const begin = Math.max(from, piece.lastIndexOf(' ', other) + 1);
      const next = find(nextEuropean, piece, other);
      const end = next < 0 ? piece.length : next;
      this.#addWordsOf(european, piece.slice(from, begin), words);
      for (const { segment, isWordLike } of this.#segmenter.segment(piece.slice(begin, end)))
        if (isWordLike) words.push(segment);
      from = end;
    }
    this.#addWordsOf(european, piece.slice(from), words);
  }

  #addWordsOf(alphabet: Alphabet, text: string, words: string[]): void {
    const word = this.#wordOf(alphabet);
    word.lastIndex = 0;
    for (let found = word.exec(text); found; found = word.exec(text)) words.push(found[0]);
  }

  /** What a word is; which marks join letters or digits differs between locales and editions: the segmenter is asked. */
  #rule({ upper, lower, marks }: Alphabet): RegExp {
    const joining = (left: string, right: string) => {
      const joins = (mark: string) => [...this.#segmenter.segment(left + mark + right)].length === 1;
      return `[${escaped(marks.filter((mark) => mark !== '_' && joins(mark)))}]`;
    };
    const letters = `(?<=[${upper}${lower}])${joining('a', 'b')}(?=[${upper}${lower}])`;
    const digits = `(?<=[0-9])${joining('1', '2')}(?=[0-9])`;
    const inWord = `[${upper}${lower}0-9_]`;
    return new RegExp(
      `(?:_*[${upper}${lower}0-9]${inWord}*|__+)(?:(?:${letters}|${digits})${inWord}+)*`,
      'g',
    );
  }
}

/** Cuts text into sentences, without white space around them. */
export class SentenceSegmenter {
  readonly #segmenter: Intl.Segmenter;
  readonly #ruleOf = once((alphabet: Alphabet) => this.#rule(alphabet));

  /** That of the locale. @throws as {@link checkLocale} */
  static readonly of = once((locale: string) => new SentenceSegmenter(locale));

  private constructor(locale: string) {
    this.#segmenter = new Intl.Segmenter(checkLocale(locale), { granularity: 'sentence' });
  }

  /** Sentences, one after the other. A line end ends a sentence; with `wrapped` only an empty line does, and line ends are spaces. */
  *sentences(text: string, wrapped: boolean): Generator<string> {
    for (const paragraph of wrapped ? text.split(emptyLines) : text.split(lineEnds)) {
      const plain = wrapped ? paragraph.replace(lineEndAndSpace, ' ') : paragraph;
      for (const sentence of this.#ofParagraph(plain)) {
        const trimmed = sentence.trim();
        if (trimmed !== '') yield trimmed;
      }
    }
  }

  *#ofParagraph(text: string): Generator<string> {
    const { end, plain } = this.#ruleOf(asciiOnly.test(text) ? ascii : european);
    for (let from = 0; from < text.length;) {
      end.lastIndex = from;
      const to = end.test(text) ? end.lastIndex : text.length;
      const part = text.slice(from, to);
      if (plain.test(part)) yield* pieces(part, mostSentenceUnits);
      else yield* this.#inWindows(part);
      from = to;
    }
  }

  /**
   * Where a sentence ends by the rules SB6 to SB11 of UAX #29, whatever stands further off: all ends within text of the alphabet, and those in other text that have it
   * around them. Which marks end, close or continue a sentence differs between locales and editions: the segmenter is asked.
   */
  #rule({ upper, lower, marks, space }: Alphabet): { end: RegExp; plain: RegExp } {
    const cut = (text: string) => Array.from(this.#segmenter.segment(text), ({ segment }) => segment);
    const ending = marks.filter((mark) => cut(`a${mark} B`).length === 2);
    const others = marks.filter((mark) => !ending.includes(mark));
    const stopping = ending.filter((mark) => cut(`a${mark} b`).length === 1); // not before lower case
    const closing = others.filter((mark) => cut(`A!${mark} B`)[0] === `A!${mark} `);
    const beginning = others.filter((mark) => cut(`A! ${mark}B`).length === 2);
    const [end, stop, close] = [ending, stopping, closing].map(escaped);
    const noLetters = `${escaped(marks)}${space}0-9`;
    const lowerOrOther = `[^${upper}${noLetters}]`;
    const afterStop = `(?![0-9])(?![${close}]*[${space}]*[${escaped(others)}${space}0-9]*${lowerOrOther})`;
    const stops = `(?:(?<![^${noLetters}])[${stop}]|[${stop}](?![${upper}]))${afterStop}`;
    const ends = `(?:(?![${stop}])[${end}]|${stops})`;
    const before = (marks: readonly string[]) => `(?![^${upper}${lower}0-9${escaped(marks)}])`;
    const afterSpace = `[${space}]+${before(beginning)}`;
    const atOnce = before(beginning.filter((mark) => !closing.includes(mark)));
    return {
      end: new RegExp(`${ends}[${close}]*(?:${afterSpace}|${atOnce})`, 'g'),
      plain: new RegExp(`^[${upper}${lower}${noLetters}]*$`),
    };
  }

  /** The last sentence of a window begins the next one, which grows until it has more than one. */
  *#inWindows(text: string): Generator<string> {
    let size = windowUnits;
    for (let from = 0; from < text.length;) {
      const isLast = text.length - from <= size;
      const window = text.slice(from, pieceEnd(text, from, size));
      const found = Array.from(this.#segmenter.segment(window), ({ segment }) => segment);
      if (!isLast && found.length === 1 && size < mostSentenceUnits) {
        size *= 4;
        continue;
      }
      if (!isLast && found.length > 1) found.pop();
      for (const sentence of found) {
        yield sentence;
        from += sentence.length;
      }
      size = windowUnits;
    }
  }
}

const lineEnds = /[\n\r\x85\u2028\u2029]+/;
const emptyLines = /\n[^\S\n]*\r?\n\s*/;
const lineEndAndSpace = /\s*\n\s*/g;
