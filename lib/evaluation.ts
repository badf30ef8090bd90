// How good vectors are: analogy questions and human judgements of similarity, with gensim's semantics.
import { readFile } from 'node:fs/promises';
import { expectBooleans, wholeNumber } from './arguments.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import { runJob, type VectorStore } from './native.js';
import { dot, unit } from './query.js';
import { eachInTurns, inTurns, nextTurn, sortedInTurns, turnIsOver } from './turn.js';
import { WordMap } from './word-map.js';

/** Names and meanings follow gensim 4. */
export interface EvaluationOptions {
  /** Only the first so many words are known and searched. @defaultValue 300000 */
  restrictVocab?: number | undefined;
  /** Compare words in upper case; of words that differ in case only, the first one stands for all. @defaultValue true */
  caseInsensitive?: boolean | undefined;
  /** Lines with unknown words count as wrong answers (similarity 0) instead of being left out. @defaultValue false */
  dummy4unknown?: boolean | undefined;
  /** Cancels: the promise rejects with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Called as the work goes on; fraction from 0 to 1. What it throws becomes the rejection. */
  onProgress?: ((progress: { fraction: number }) => void) | undefined;
}

/** Of {@link KeyedVectors.evaluateWordPairs}. */
export interface WordPairsOptions extends EvaluationOptions {
  /** What separates the fields of a line. @defaultValue a tab, or white space in lines without one */
  delimiter?: string | undefined;
}

/** How many questions were answered. */
export interface AnalogyScore {
  /** Those whose expected word was the answer. */
  correct: number;
  /** Questions that were asked: correct and incorrect. */
  total: number;
  /** correct / total, from 0 to 1; null where total is 0. */
  accuracy: number | null;
  /** Questions with unknown words. */
  oov: number;
}

/** The score of one section of the file. */
export interface AnalogySection extends AnalogyScore {
  /** What stands behind the colon. */
  name: string;
}

/** The score over all sections, and that of each. */
export interface AnalogyEvaluation extends AnalogyScore {
  /** In the order of the file. */
  sections: AnalogySection[];
}

/** How well cosines agree with human judgements. */
export interface WordPairsEvaluation {
  /** Rank correlation, ties by their average rank; null for fewer than two pairs or a constant side. */
  spearman: number | null;
  /** Linear correlation; null as above. */
  pearson: number | null;
  /** Pairs that were compared. */
  pairs: number;
  /** Pairs with unknown words. */
  oov: number;
  /** Their share in percent. */
  oovRatio: number;
}

/**
 * "a is to b as c is to d": d is the word nearest to b − a + c among those that are not in the question (Mikolov et al.
 * 2013, arXiv:1301.3781). The file has lines of four words in sections that begin with a line ": name".
 */
export async function evaluateWordAnalogies(
  store: VectorStore,
  file: string,
  options: EvaluationOptions,
  threads: number,
): Promise<AnalogyEvaluation> {
  const settings = resolve(options);
  const lines = await readLines(file, settings.signal);
  const words = await KnownWords.of(store, settings);
  const unitRows = new UnitRows(store);
  const sections: AnalogySection[] = [];
  let questions: { ids: number[]; section: AnalogySection }[] = [];

  const answerQuestions = async () => {
    const correct = await answer(store, unitRows, words, questions, threads, settings.signal);
    questions.forEach(({ section }, i) => (section.correct += correct[i] ? 1 : 0));
    questions = [];
  };
  for (const [i, line] of lines.entries()) {
    if (i % linesPerTurn === 0) await takeTurn(settings, i / lines.length);
    if (line.startsWith(': ')) {
      sections.push({ name: line.slice(2).trim(), correct: 0, total: 0, accuracy: null, oov: 0 });
      continue;
    }
    const fields = line.split(/\s+/).filter(Boolean);
    if (fields.length === 0) continue;
    const section = sections.at(-1);
    if (fields.length !== 4 || !section) {
      const expected = section
        ? 'four words or a section ": name"'
        : 'a section ": name" before the first question';
      throw formatError(file, i, expected, line);
    }
    const ids = fields.map((word) => words.find(word));
    if (ids.includes(undefined)) {
      section.oov += 1;
      if (settings.dummy4unknown) section.total += 1;
      continue;
    }
    section.total += 1;
    questions.push({ ids: ids as number[], section });
    if (questions.length === questionsPerSearch) await answerQuestions();
  }
  await answerQuestions();
  if (sections.every(({ total, oov }) => total + oov === 0)) {
    throw new W2VError('ERR_W2V_EVALUATION_FORMAT', `Expected questions in '${file}' but found none`);
  }
  settings.onProgress?.({ fraction: 1 });

  const sum = (count: (section: AnalogySection) => number) =>
    sections.reduce((n, section) => n + count(section), 0);
  const accuracy = (correct: number, total: number) => (total === 0 ? null : correct / total);
  for (const section of sections) section.accuracy = accuracy(section.correct, section.total);
  const correct = sum((section) => section.correct);
  const total = sum((section) => section.total);
  return { correct, total, accuracy: accuracy(correct, total), oov: sum(({ oov }) => oov), sections };
}

/**
 * Correlation of cosines with human judgements: lines of two words and a score; those that begin with # are comments.
 */
export async function evaluateWordPairs(
  store: VectorStore,
  file: string,
  options: WordPairsOptions,
): Promise<WordPairsEvaluation> {
  const settings = resolve(options);
  const { delimiter } = options;
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter === '')) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected delimiter to be a string but received ${describe(delimiter)}`,
    );
  }
  const lines = await readLines(file, settings.signal);
  const words = await KnownWords.of(store, settings);
  const gold: number[] = [];
  const model: number[] = [];
  let oov = 0;
  for (const [i, line] of lines.entries()) {
    if (i % linesPerTurn === 0) await takeTurn(settings, i / lines.length);
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields = line.split(delimiter ?? (line.includes('\t') ? '\t' : /\s+/)).map((field) => field.trim());
    const [a, b, score] = fields;
    const judgement = score === '' ? NaN : Number(score);
    if (fields.length !== 3 || Number.isNaN(judgement))
      throw formatError(file, i, 'two words and a number', line);
    const ids = [words.find(a!), words.find(b!)];
    if (ids.includes(undefined)) {
      oov += 1;
      if (!settings.dummy4unknown) continue;
    }
    gold.push(judgement);
    model.push(ids.includes(undefined) ? 0 : cosine(store, ids as [number, number]));
  }
  if (gold.length + oov === 0) {
    throw new W2VError('ERR_W2V_EVALUATION_FORMAT', `Expected pairs of words in '${file}' but found none`);
  }
  settings.onProgress?.({ fraction: 1 });
  const all = settings.dummy4unknown ? gold.length : gold.length + oov;
  return {
    spearman: await correlation(await ranks(gold), await ranks(model)),
    pearson: await correlation(gold, model),
    pairs: gold.length,
    oov,
    oovRatio: (100 * oov) / all,
  };
}

// ---- options, files, turns ----

const questionsPerSearch = 512;
const linesPerTurn = 64;
const wordsPerTurn = 2048;

interface Settings {
  restrictVocab: number;
  caseInsensitive: boolean;
  dummy4unknown: boolean;
  signal: AbortSignal | undefined;
  onProgress: ((progress: { fraction: number }) => void) | undefined;
}

function resolve(options: EvaluationOptions): Settings {
  const {
    restrictVocab = 300_000,
    caseInsensitive = true,
    dummy4unknown = false,
    signal,
    onProgress,
  } = options;
  wholeNumber('restrictVocab', restrictVocab, 1);
  expectBooleans({ caseInsensitive, dummy4unknown });
  return { restrictVocab, caseInsensitive, dummy4unknown, signal, onProgress };
}

async function readLines(file: string, signal: AbortSignal | undefined): Promise<string[]> {
  try {
    return (await readFile(file, { encoding: 'utf8', ...(signal && { signal }) }))
      .replace(/^\ufeff/, '')
      .split(/\r?\n/);
  } catch (error) {
    throw signal?.aborted ? cancelled(signal.reason) : fileError('read', file, error);
  }
}

/** Lets others run, looks at the signal, reports. */
async function takeTurn({ signal, onProgress }: Settings, fraction: number): Promise<void> {
  await nextTurn();
  if (signal?.aborted) throw cancelled(signal.reason);
  onProgress?.({ fraction });
}

function formatError(file: string, lineIndex: number, expected: string, received: string): W2VError {
  return new W2VError(
    'ERR_W2V_EVALUATION_FORMAT',
    `Expected ${expected} in line ${lineIndex + 1} of '${file}' but received ${describe(received)}`,
  );
}

// ---- words ----

/** The first restrictVocab words; in upper case the first of several spellings stands for all. */
class KnownWords {
  readonly #ids = new WordMap();
  readonly #caseInsensitive: boolean;
  readonly size: number;

  static async of(store: VectorStore, settings: Settings): Promise<KnownWords> {
    const words = new KnownWords(Math.min(store.size, settings.restrictVocab), settings.caseInsensitive);
    for (let from = 0; from < words.size; from += wordsPerTurn) {
      const slice = store.words(from, Math.min(words.size, from + wordsPerTurn));
      slice.forEach((word, i) => words.#add(word, from + i));
      if (turnIsOver()) await nextTurn();
      if (settings.signal?.aborted) throw cancelled(settings.signal.reason);
    }
    return words;
  }

  private constructor(size: number, caseInsensitive: boolean) {
    this.size = size;
    this.#caseInsensitive = caseInsensitive;
  }

  #add(word: string, id: number): void {
    const key = this.#key(word);
    if (this.#ids.get(key) === undefined) this.#ids.set(key, id);
  }

  #key(word: string): string {
    return this.#caseInsensitive ? word.toUpperCase() : word;
  }

  find(word: string): number | undefined {
    return this.#ids.get(this.#key(word));
  }
}

// ---- analogies ----

/** Rows at unit length; the words of a file of questions come back all the time. */
class UnitRows {
  readonly #store: VectorStore;
  readonly #rows = new Map<number, Float32Array>();

  constructor(store: VectorStore) {
    this.#store = store;
  }

  get(id: number): Float32Array {
    const known = this.#rows.get(id);
    if (known) return known;
    const row = Float32Array.from(unit(this.#store.rows(Uint32Array.of(id))));
    this.#rows.set(id, row);
    return row;
  }
}

/** Which questions are answered correctly: a, b, c and the expected word, as ids. */
async function answer(
  store: VectorStore,
  unitRows: UnitRows,
  words: KnownWords,
  questions: readonly { ids: number[] }[],
  threads: number,
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  const dims = store.vectorSize;
  const asked = Uint32Array.from(questions.flatMap(({ ids }) => ids.slice(0, 3)));
  const queries = new Float32Array(questions.length * dims);
  await eachInTurns(questions, ({ ids }, q) => {
    const [a, b, c] = ids.map((id) => unitRows.get(id)) as [Float32Array, Float32Array, Float32Array];
    for (let d = 0, to = q * dims; d < dims; ++d, ++to) queries[to] = b[d]! - a[d]! + c[d]!;
  });
  const topN = 5; // gensim looks at five answers for one that is not in the question
  const offsets = Uint32Array.from({ length: questions.length + 1 }, (_, q) => 3 * q);
  const { ids } = await runJob(
    () =>
      store.search({
        queries,
        topN,
        excludeOffsets: offsets,
        excludeIds: asked,
        from: 0,
        to: words.size,
        threads,
      }),
    { signal },
  );
  return questions.map(({ ids: [a, b, c, expected] }, q) => {
    const found = [...ids.subarray(q * topN, (q + 1) * topN)].filter((id) => id < store.size);
    // By spelling: another spelling of a question's word is no answer either.
    const predicted = found.map((id) => words.find(store.wordAt(id)));
    return (predicted.find((id) => id !== a && id !== b && id !== c) ?? predicted.at(-1)) === expected;
  });
}

// ---- similarity ----

function cosine(store: VectorStore, [a, b]: [number, number]): number {
  const rows = store.rows(Uint32Array.of(a, b));
  const x = rows.subarray(0, store.vectorSize);
  const y = rows.subarray(store.vectorSize);
  const lengths = Math.sqrt(dot(x, x) * dot(y, y));
  return lengths === 0 ? 0 : dot(x, y) / lengths;
}

/** Ranks from 1; equal values share the average of theirs. */
async function ranks(values: readonly number[]): Promise<number[]> {
  const indices = Array.from(values.keys());
  const order = await sortedInTurns(indices, (i, j) => values[i]! - values[j]!);
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) ++to;
    for (let k = from; k < to; ++k) result[order[k]!] = (from + 1 + to) / 2;
    from = to;
    if (turnIsOver()) await nextTurn();
  }
  return result;
}

/** Pearson's; null where it is not defined. */
async function correlation(x: readonly number[], y: readonly number[]): Promise<number | null> {
  const mean = async (values: readonly number[]) => {
    let sum = 0;
    await eachInTurns(values, (value) => (sum += value));
    return sum / values.length;
  };
  const [mx, my] = [await mean(x), await mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  await inTurns(x.length, (i) => {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  });
  const lengths = Math.sqrt(xx * yy);
  return x.length < 2 || lengths === 0 ? null : xy / lengths;
}
