// What is asked: words and vectors that add up, and the arithmetic of small vectors.
import { expectArgument } from './arguments.js';
import { W2VError, describe } from './errors.js';

/** A word, or a vector of `vectorSize` numbers. */
export type WordOrVector = string | Float32Array | readonly number[];

/** With a weight of its own in place of 1 (−1 in `negative`). */
export type Weighted = WordOrVector | readonly [WordOrVector, number];

/** Words and vectors that add to a query, and such that subtract from it. */
export interface Combination {
  /** What adds to the query. */
  positive?: Weighted | readonly Weighted[] | undefined;
  /** What subtracts from it. */
  negative?: Weighted | readonly Weighted[] | undefined;
}

export interface Term {
  item: WordOrVector;
  weight: number;
}

export function isVector(value: unknown): value is Float32Array | readonly number[] {
  return value instanceof Float32Array || (Array.isArray(value) && typeof value[0] === 'number');
}

export function toTerms(query: WordOrVector | Combination): Term[] {
  if (typeof query === 'string' || isVector(query)) return [{ item: query, weight: 1 }];
  if (typeof query !== 'object' || (query as unknown) === null || Array.isArray(query)) {
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected a word, a vector or {positive, negative} but received ${describe(query)}`,
    );
  }
  const other = Object.keys(query).find((name) => name !== 'positive' && name !== 'negative');
  expectArgument(other === undefined, 'positive and negative alone in {positive, negative}', other);
  const { positive = [], negative = [] } = query;
  const terms = [...toList(positive).map((x) => toTerm(x, 1)), ...toList(negative).map((x) => toTerm(x, -1))];
  if (terms.length === 0) {
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected at least one word or vector in {positive, negative}');
  }
  return terms;
}

/** Several of them, or one that stands for itself. */
function toList(value: Weighted | readonly Weighted[]): readonly Weighted[] {
  return Array.isArray(value) && !isVector(value) && !isPair(value) ? value : [value as Weighted];
}

function isPair(value: unknown): value is readonly [WordOrVector, number] {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[1] === 'number' && typeof value[0] !== 'number'
  );
}

function toTerm(value: Weighted, defaultWeight: number): Term {
  if (typeof value === 'string') return { item: value, weight: defaultWeight };
  const [item, weight] = isPair(value) ? value : [value, defaultWeight];
  if ((typeof item === 'string' || isVector(item)) && Number.isFinite(weight)) return { item, weight };
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected a word, a vector, or [one of them, a finite weight] but received ${describe(value)}`,
  );
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; ++d) sum += a[d]! * b[d]!;
  return sum;
}

/** At unit length, in double precision; zeros stay zeros. */
export function unit(vector: Float32Array | Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  const scaled = new Float64Array(vector.length);
  // A loop: from() with a function takes ten times as long.
  if (length !== 0) for (let d = 0; d < scaled.length; ++d) scaled[d] = vector[d]! / length;
  return scaled;
}
