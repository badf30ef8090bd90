// Words and punctuation, as NLTK's WordPunctTokenizer cuts them.
import { expectText } from '../arguments.js';

const unknown = 0;
const word = 1;
const space = 2;
const punctuation = 3;

// Python's \w is letters, numbers and _ (no combining marks), its \s this list: JavaScript's are others.
const wordCharacter = /[\p{L}\p{N}_]/u;
// eslint-disable-next-line no-control-regex
const spaceCharacter = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const kinds = new Uint8Array(0x110000); // of each code point; found out when it first comes up

function kindOf(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const kind = wordCharacter.test(character) ? word : spaceCharacter.test(character) ? space : punctuation;
  kinds[codePoint] = kind;
  return kind;
}

/**
 * Runs of letters, digits and underscores, and runs of all else that is not white space: `\w+|[^\w\s]+` with the classes of Python's regular
 * expressions. What NLTK's WordPunctTokenizer (wordpunct_tokenize) gives.
 */
export function wordPunctuation(text: string): string[] {
  expectText(text);
  const tokens: string[] = [];
  let kind = space;
  let from = 0;
  for (let i = 0; i < text.length;) {
    let codePoint = text.charCodeAt(i);
    let units = 1;
    if (codePoint >= 0xd800 && codePoint < 0xdc00) {
      codePoint = text.codePointAt(i)!;
      units = codePoint > 0xffff ? 2 : 1;
    }
    let next = kinds[codePoint]!;
    if (next === unknown) next = kindOf(codePoint);
    if (next !== kind) {
      if (kind !== space) tokens.push(text.slice(from, i));
      from = i;
      kind = next;
    }
    i += units;
  }
  if (kind !== space) tokens.push(text.slice(from));
  return tokens;
}
