// What a tagger sees of a token.
import { W2VError, describe } from './errors.js';
import type { TaggedSentence } from './corpora/tagged.js';

interface FeatureOptions {
  vectorSize: number;
  featureSize: number;
  suffixes: readonly number[];
  prefixes: readonly number[];
  wordColumns: readonly string[];
}

/** The form under which a token's vector is looked up: in lower case, each digit as 0. */
export function normalForm(token: string): string {
  return token.toLowerCase().replace(/\d/g, '0');
}

/** Its letters' cases, digits and all else, each run as one, of runs of two or more as two: `McDonald's` → `XxXxx'x`, `1996` → `00`. */
export function shapeOf(token: string): string {
  return token
    .replace(/\p{Lu}/gu, 'X')
    .replace(/[\p{Ll}\p{Lo}\p{Lm}\p{Lt}]/gu, 'x')
    .replace(/\p{Nd}/gu, '0')
    .replace(/(.)\1{2,}/gsu, '$1$1')
    .slice(0, 20);
}

const cacheSize = 1 << 17;

/** Tokens and columns as the core takes them: for each a row of values, each of which ends with NUL. */
export class TokenFeatures {
  /** Sizes of the vectors of each table of values; the first one is that of words. */
  readonly tables: readonly number[];
  /** The table of each column of values. */
  readonly tableOfColumn: readonly number[];
  readonly #options: FeatureOptions;
  readonly #columns: readonly string[];
  readonly #cache = new Map<string, string>();

  constructor(options: FeatureOptions, columns: readonly string[]) {
    this.#options = options;
    this.#columns = columns;
    const { vectorSize, featureSize, suffixes, prefixes, wordColumns } = options;
    const tables = [vectorSize];
    const own = () => tables.push(featureSize) - 1;
    const ofToken = [0, own(), ...suffixes.map(own), ...prefixes.map(own)];
    this.tableOfColumn = [...ofToken, ...columns.map((name) => (wordColumns.includes(name) ? 0 : own()))];
    this.tables = tables;
  }

  /**
   * Tokens of a sentence, from `from` up to `to`: with the last one it ends.
   *
   * @param tags - of these tokens
   * @param where - names the sentence in messages
   */
  code(
    { tokens, columns }: TaggedSentence,
    tags: readonly string[] | undefined,
    where: () => string,
    from: number,
    to: number,
  ): string {
    if (!Array.isArray(tokens))
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected tokens but received ${describe(tokens)} in ${where()}`,
      );
    const further = this.#columns.map((name) => {
      const values: unknown = columns?.[name];
      if (!Array.isArray(values) || values.length !== tokens.length) {
        const there = Object.keys(columns ?? {}).join(', ') || 'none';
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected a column '${name}' with ${tokens.length} values but received ${values === undefined ? `other columns (${there})` : describe(values)} in ${where()}`,
        );
      }
      const holdsWords = this.#options.wordColumns.includes(name);
      return (values as unknown[]).slice(from, to).map((value) => {
        const text = checked(value, where);
        return holdsWords ? normalForm(text) : text;
      });
    });
    let text = '';
    for (let i = 0; i < to - from; ++i) {
      text += this.#ofToken((tokens as readonly string[])[from + i]!, where);
      for (const values of further) text += `${values[i]!}\0`;
      if (tags) text += `${checked(tags[i], where)}\0`;
    }
    return to === tokens.length ? `${text}\n` : text;
  }

  #ofToken(token: string, where: () => string): string {
    const known = this.#cache.get(token);
    if (known !== undefined) return known;
    const word = normalForm(checked(token, where));
    const characters = Array.from(word); // code points
    const { suffixes, prefixes } = this.#options;
    const values = [
      word,
      shapeOf(token),
      ...suffixes.map((n) => characters.slice(-n).join('')),
      ...prefixes.map((n) => characters.slice(0, n).join('')),
    ];
    const coded = `${values.join('\0')}\0`;
    if (this.#cache.size === cacheSize) this.#cache.clear();
    this.#cache.set(token, coded);
    return coded;
  }
}

function checked(value: unknown, where: () => string): string {
  if (typeof value === 'string' && !/[\0\n]/.test(value)) return value;
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected tokens, tags and values to be texts without line feeds and NUL but received ${describe(value)} in ${where()}`,
  );
}
