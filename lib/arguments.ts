// What callers give, checked before any work: callers of JavaScript have no compiler.
import { W2VError, describe } from './errors.js';

type Code = 'ERR_W2V_ARGUMENT' | 'ERR_W2V_OPTION';

/** @throws ERR_W2V_ARGUMENT where it is not valid. */
export function expectArgument(valid: boolean, expected: string, received: unknown): asserts valid {
  if (!valid) throw invalid('ERR_W2V_ARGUMENT', expected, received);
}

/** @throws ERR_W2V_OPTION where it is not valid. */
export function expectOption(valid: boolean, expected: string, received: unknown): asserts valid {
  if (!valid) throw invalid('ERR_W2V_OPTION', expected, received);
}

function invalid(code: Code, expected: string, received: unknown): W2VError {
  return new W2VError(code, `Expected ${expected} but received ${describe(received)}`);
}

/** An object of names and values: no list, no Map, no promise, no function. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Symbol.iterator in value) return false;
  return /^\[object (?:Object|Module)\]$/.test(Object.prototype.toString.call(value));
}

/**
 * Refuses what is no object of options, and the options of long work that are not what their names say: signals and callbacks.
 *
 * @param name - of an option that has options of its own
 * @throws ERR_W2V_OPTION
 */
export function expectOptions(options: unknown, name?: string): void {
  const expected = name === undefined ? 'options (an object)' : `${name} to be an object`;
  expectOption(isRecord(options), expected, options);
  for (const [name, value] of Object.entries(options)) {
    if (name === 'signal' || name === 'stopSignal') expectSignal(value, name);
    else if (/^on[A-Z]/.test(name)) expectFunction(value, name);
  }
}

/** That of an option; undefined is none. @throws ERR_W2V_OPTION */
export function expectSignal(signal: unknown, name: string): void {
  if (signal === undefined) return;
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  const valid = typeof aborted === 'boolean' && typeof addEventListener === 'function';
  expectOption(valid, `${name} to be an AbortSignal`, signal);
}

/** That of an option; undefined is none. @throws ERR_W2V_OPTION */
export function expectFunction(value: unknown, name: string): void {
  expectOption(value === undefined || typeof value === 'function', `${name} to be a function`, value);
}

/** @throws ERR_W2V_OPTION for the first option that is neither true nor false. */
export function expectBooleans(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options))
    expectOption(typeof value === 'boolean', `${name} to be true or false`, value);
}

/** Whether it is a whole number from `min` to `max`. */
export function isWhole(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** The value of an option. @throws ERR_W2V_OPTION */
export function wholeNumber(
  name: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  expectOption(isWhole(value, min, max), `${name} to be a whole number ${range}`, value);
  return value;
}

export function isPath(path: unknown): path is string {
  return typeof path === 'string' && path !== '' && !path.includes('\0');
}

/** That of a file or folder. @throws ERR_W2V_ARGUMENT */
export function expectPath(path: unknown, expected = 'the path of a file'): asserts path is string {
  expectArgument(isPath(path), expected, path);
}

/** @throws ERR_W2V_ARGUMENT */
export function expectWord(word: unknown): asserts word is string {
  expectArgument(typeof word === 'string', 'a word (a string)', word);
}

/** @throws ERR_W2V_ARGUMENT */
export function expectText(text: unknown): asserts text is string {
  expectArgument(typeof text === 'string', 'a text (a string)', text);
}

/** @throws ERR_W2V_ARGUMENT */
export function expectList(list: unknown, expected: string): asserts list is readonly unknown[] {
  expectArgument(Array.isArray(list), expected, list);
}

const isWord = (word: unknown): boolean => typeof word === 'string';

/** A word that can stand among others: it holds nothing that separates words and sentences. */
export function isOneLine(word: unknown): boolean {
  return typeof word === 'string' && !/[\0\n]/.test(word);
}

/** @throws ERR_W2V_ARGUMENT */
export function expectWords(
  words: unknown,
  expected = 'an array of words',
  isValid = isWord,
): asserts words is readonly string[] {
  expectList(words, expected);
  for (let i = 0; i < words.length; ++i) expectItem(isValid(words[i]), expected, words[i], i);
}

function expectItem(valid: boolean, expected: string, received: unknown, i: number, code?: Code): void {
  if (valid) return;
  throw new W2VError(
    code ?? 'ERR_W2V_ARGUMENT',
    `Expected ${expected} but received ${describe(received)} as item ${i}`,
  );
}

/**
 * The iterator of an iterable of any kind, and what it gives: those of a broken one are no objects.
 *
 * @throws ERR_W2V_ARGUMENT
 */
export function iteratorOf(
  source: Iterable<unknown> | AsyncIterable<unknown>,
): Iterator<unknown> | AsyncIterator<unknown> {
  const isAsync = Symbol.asyncIterator in source;
  const iterator: unknown = isAsync ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const valid = typeof (iterator as Partial<Iterator<unknown>> | null | undefined)?.next === 'function';
  expectArgument(valid, 'an iterable whose iterator has next()', iterator);
  return iterator as Iterator<unknown>;
}

/** @throws ERR_W2V_ARGUMENT */
export function expectResult(result: unknown): asserts result is IteratorResult<unknown> {
  const valid = typeof result === 'object' && result !== null;
  expectArgument(valid, "{value, done} of an iterator's next()", result);
}

/** The items of an iterable. @throws ERR_W2V_ARGUMENT where it is broken, and what it throws */
export function* itemsOf(source: Iterable<unknown>): Generator {
  const iterator = iteratorOf(source) as Iterator<unknown>;
  let isOpen = false;
  try {
    for (;;) {
      const result: unknown = iterator.next();
      expectResult(result);
      if (result.done) return;
      isOpen = true;
      yield result.value;
      isOpen = false;
    }
  } finally {
    if (isOpen) iterator.return?.();
  }
}

/** The same of an iterable of either kind. */
export async function* asyncItemsOf(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator {
  const iterator = iteratorOf(source);
  let isOpen = false;
  try {
    for (;;) {
      const result: unknown = await iterator.next();
      expectResult(result);
      if (result.done) return;
      isOpen = true;
      yield result.value;
      isOpen = false;
    }
  } finally {
    if (isOpen) await iterator.return?.();
  }
}

/** Refuses strings too, which are iterables of characters. @throws by `code` */
export function expectIterable(
  value: unknown,
  expected: string,
  code: Code = 'ERR_W2V_ARGUMENT',
): asserts value is Iterable<unknown> {
  const valid = typeof value === 'object' && value !== null && Symbol.iterator in value;
  if (!valid) throw invalid(code, expected, value);
}

/** The words of a list, or of any other iterable of them. @throws by `code` */
export function toWords(value: unknown, expected: string, code: Code = 'ERR_W2V_ARGUMENT'): string[] {
  expectIterable(value, expected, code);
  const words = [...itemsOf(value)];
  for (let i = 0; i < words.length; ++i) expectItem(isWord(words[i]), expected, words[i], i, code);
  return words as string[];
}
