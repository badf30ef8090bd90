// Words and sentences by the rules of Unicode (UAX #29) and a locale, through Intl.Segmenter.
//
// The segmenter takes as long for each word as the text is long, and makes an object of each, which the garbage collector
// takes long to free: it gets short pieces, and only those that its rules for ASCII, in regular expressions, cannot cut.
import { W2VError, describe } from '../errors.js';
import { pieceEnd, pieces } from './pieces.js';

const pieceUnits = 512;
const asciiOnly = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex -- NUL is a character like any other here
const notAscii = /[^\x00-\x7f]/g; // eslint-disable-line no-control-regex
const asciiMarks = Array.from('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/** For a class of a regular expression. */
function escaped(marks: readonly string[]): string {
  return marks.map((mark) => `\\x${mark.charCodeAt(0).toString(16)}`).join('');
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

/** Remembers what is made for each locale: to ask the segmenter for its rules takes a millisecond. */
function once<T>(make: (locale: string) => T): (locale: string) => T {
  const made = new Map<string, T>();
  return (locale) => {
    const known = made.get(locale) ?? make(locale);
    made.set(locale, known);
    return known;
  };
}

/** Cuts text into words: white space and punctuation are left out. */
export class WordSegmenter {
  readonly #segmenter: Intl.Segmenter;
  readonly #asciiWord: RegExp;

  /** That of the locale. @throws as {@link checkLocale} */
  static readonly of = once((locale) => new WordSegmenter(locale));

  private constructor(locale: string) {
    this.#segmenter = new Intl.Segmenter(checkLocale(locale), { granularity: 'word' });
    this.#asciiWord = this.#asciiRule();
  }

  words(text: string): string[] {
    const words: string[] = [];
    for (const piece of pieces(text, pieceUnits)) this.#addWords(piece, words);
    return words;
  }

  #addWords(piece: string, words: string[]): void {
    if (asciiOnly.test(piece)) {
      this.#addAscii(piece, words);
      return;
    }
    // Other characters go to the segmenter with what stands around them up to white space.
    let from = 0;
    for (;;) {
      notAscii.lastIndex = from;
      const other = notAscii.exec(piece);
      if (!other) break;
      const begin = Math.max(from, piece.lastIndexOf(' ', other.index) + 1);
      let end = other.index;
      do end = piece.indexOf(' ', end + 1);
      while (end >= 0 && piece.charCodeAt(end + 1) > 0x7f);
      if (end < 0) end = piece.length;
      this.#addAscii(piece.slice(from, begin), words);
      for (const { segment, isWordLike } of this.#segmenter.segment(piece.slice(begin, end)))
        if (isWordLike) words.push(segment);
      from = end;
    }
    this.#addAscii(piece.slice(from), words);
  }

  #addAscii(text: string, words: string[]): void {
    this.#asciiWord.lastIndex = 0;
    for (let found = this.#asciiWord.exec(text); found; found = this.#asciiWord.exec(text))
      words.push(found[0]);
  }

  /** The rules for ASCII; which marks join letters or digits differs between locales and editions: the segmenter is asked. */
  #asciiRule(): RegExp {
    const joining = (left: string, right: string) => {
      const joins = (mark: string) => [...this.#segmenter.segment(left + mark + right)].length === 1;
      return `[${escaped(asciiMarks.filter((mark) => mark !== '_' && joins(mark)))}]`;
    };
    const letters = `(?<=[A-Za-z])${joining('a', 'b')}(?=[A-Za-z])`;
    const digits = `(?<=[0-9])${joining('1', '2')}(?=[0-9])`;
    return new RegExp(`(?:_*[A-Za-z0-9]\\w*|__+)(?:(?:${letters}|${digits})\\w+)*`, 'g');
  }
}

/** Cuts text into sentences, without white space around them. */
export class SentenceSegmenter {
  readonly #segmenter: Intl.Segmenter;
  readonly #asciiEnd: RegExp;

  /** That of the locale. @throws as {@link checkLocale} */
  static readonly of = once((locale) => new SentenceSegmenter(locale));

  private constructor(locale: string) {
    this.#segmenter = new Intl.Segmenter(checkLocale(locale), { granularity: 'sentence' });
    this.#asciiEnd = this.#asciiRule();
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
    let from = 0;
    for (let end = 0; end < text.length;) {
      this.#asciiEnd.lastIndex = from;
      end = this.#asciiEnd.test(text) ? this.#asciiEnd.lastIndex : text.length;
      const part = text.slice(from, end);
      if (ascii.test(part)) yield* pieces(part, mostSentenceUnits);
      else yield* this.#inWindows(part);
      from = end;
    }
  }

  /**
   * Where a sentence ends by the rules SB6 to SB11 of UAX #29, whatever stands further off: all ends within ASCII, and those in other text that have ASCII
   * around them. Which marks end, close or continue a sentence differs between locales and editions: the segmenter is asked.
   */
  #asciiRule(): RegExp {
    const cut = (text: string) => Array.from(this.#segmenter.segment(text), ({ segment }) => segment);
    const ending = asciiMarks.filter((mark) => cut(`a${mark} B`).length === 2);
    const others = asciiMarks.filter((mark) => !ending.includes(mark));
    const end = escaped(ending);
    const stop = escaped(ending.filter((mark) => cut(`a${mark} b`).length === 1)); // not before lower case
    const close = escaped(others.filter((mark) => cut(`A!${mark} B`)[0] === `A!${mark} `));
    const goOn = escaped(others.filter((mark) => cut(`A! ${mark}B`).length === 1));
    const space = ' \\t';
    const afterStop = `(?![0-9])(?![${close}]*[${space}]*[^A-Za-z${end}${notAsciiText}]*[a-z${notAsciiText}])`;
    const stops = `(?:(?<![A-Za-z${notAsciiText}])[${stop}]|[${stop}](?![A-Z]))${afterStop}`;
    const ends = `(?:(?![${stop}])[${end}]|${stops})`;
    const never = `${space}${end}${goOn}${notAsciiText}`;
    return new RegExp(
      `${ends}(?:[${close}]*[${space}]+(?![${never}])|[${close}]*(?![${never}${close}]))`,
      'g',
    );
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

const notAsciiText = '\\x00-\\x08\\x0a-\\x1f\\x7f-\\uffff'; // for a class of a regular expression
const ascii = new RegExp(`^[^${notAsciiText}]*$`);
const lineEnds = /[\n\r\x85\u2028\u2029]+/;
const emptyLines = /\n[^\S\n]*\r?\n\s*/;
const lineEndAndSpace = /\s*\n\s*/g;
const windowUnits = 1024;
const mostSentenceUnits = 65536; // a longer sentence is cut, at white space
