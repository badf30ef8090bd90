// Other ways to write a word.
import { closest, distance } from 'fastest-levenshtein';

/** The one of a list that may have been meant: at most half of its letters differ. */
export function near(name: string, list: readonly string[]): string | undefined {
  if (list.length === 0) return undefined;
  const found = closest(name, list);
  return distance(name, found) <= Math.max(name.length, found.length) / 2 ? found : undefined;
}

/** The same letters with other capitals, and with `_` for spaces or spaces for `_`, the most likely first. */
export function spellings(word: string): string[] {
  const capitalised = (text: string) =>
    text.replace(
      /(^|[\s_-])(\p{Ll})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    );
  const cases = [
    word,
    word.toLowerCase(),
    capitalised(word),
    capitalised(word.toLowerCase()),
    word.toUpperCase(),
  ];
  return [...new Set(cases.flatMap((text) => [text, text.replace(/\s+/g, '_'), text.replace(/_/g, ' ')]))];
}

const longest = 40; // letters: a longer word has too many neighbours, and hardly one that is meant

/** What one slip of the pen makes of it: a letter left out, two swapped, one wrong, one too many. */
function slips(word: string): string[] {
  const letters = Array.from(word);
  if (letters.length > longest) return [];
  const latin = /[a-z]/i.test(word) ? 'abcdefghijklmnopqrstuvwxyz'.split('') : [];
  const alphabet = new Set([...letters, ...latin]);
  const replaced = (from: number, to: number, by: string) =>
    letters.slice(0, from).join('') + by + letters.slice(to).join('');
  return letters
    .flatMap((letter, i) => [
      replaced(i, i + 1, ''),
      ...(i + 1 < letters.length ? [replaced(i, i + 2, letters[i + 1]! + letter)] : []),
      ...Array.from(alphabet, (other) => replaced(i, i + 1, other)),
      ...Array.from(alphabet, (other) => replaced(i, i, other)),
    ])
    .concat(Array.from(alphabet, (other) => word + other));
}

/**
 * Words that may have been meant, at most three: other spellings first, then those that are one slip away, the most frequent
 * first where positions go by frequency. About 60 look-ups for each letter.
 *
 * @param indexOf - a word's position, negative if it is not there
 */
export function nearSpellings(word: string, indexOf: (word: string) => number): string[] {
  const known = (words: string[]) => words.filter((other) => other !== '' && indexOf(other) >= 0);
  const slipped = known([...new Set(slips(word))]).sort((a, b) => indexOf(a) - indexOf(b));
  return [...new Set([...known(spellings(word)), ...slipped])].slice(0, 3);
}
