// What a vocabulary is chosen by: how often words occur, and which of them belong together.
import {
  expectArgument,
  expectIterable,
  expectList,
  expectOption,
  expectWord,
  isWhole,
  itemsOf,
  toWords,
  wholeNumber,
} from '../arguments.js';
import { countCorpus } from '../corpus.js';
import { W2VError, describe } from '../errors.js';
import { callNative } from '../native.js';
import { resolveThreads, checkNames } from '../options.js';
import { Phrases, type PairCounts } from '../phrases.js';
import { drawChart } from '../plot/chart.js';
import type { CorpusProgress, CorpusSource } from '../text-source.js';
import { eachInTurns, inTurns, nextTurn, sortedInTurns, turnIsOver } from '../turn.js';
import { WordMap } from '../word-map.js';

/** How words and pairs of words are counted. */
export interface CountOptions {
  /** Threads that count files. @defaultValue all processors */
  threads?: number | undefined;
  /** Cancels the counting: the promise rejects with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Called a few times a second while the source is read. What it throws ends that and becomes the rejection. */
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

/** How often each word of a text occurs: NLTK's FreqDist. Iterating gives `[word, count]`, the most frequent first, ties by UTF-16 units. */
export class FrequencyDistribution implements Iterable<[word: string, count: number]> {
  readonly #words: string[] = []; // the most frequent first
  readonly #counts = new WordMap();
  #total = 0;

  private constructor(sorted: Iterable<readonly [string, number]> = []) {
    for (const entry of sorted) this.#add(entry);
  }

  #add([word, count]: readonly [string, number]): void {
    this.#words.push(word);
    this.#counts.set(word, count);
    this.#total += count;
  }

  /**
   * Counts the words of a source: files by several threads.
   *
   * @throws ERR_W2V_ARGUMENT, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_CORPUS_EMPTY, ERR_W2V_CORPUS_BINARY, ERR_W2V_CORPUS_ITEM,
   * ERR_W2V_WORD_TOO_LONG, ERR_W2V_CANCELLED
   */
  static async of(source: CorpusSource, options: CountOptions = {}): Promise<FrequencyDistribution> {
    checkNames(options, countOptionNames);
    const { signal, onProgress } = options;
    const threads = resolveThreads(options.threads);
    const { corpus, differentWords } = await countCorpus(source, { threads, signal, onProgress });
    const list: [string, number][] = [];
    while (list.length < differentWords) {
      const slice = callNative(() => corpus.countedWords(list.length, list.length + 256));
      for (const [i, word] of slice.words.entries()) list.push([word, slice.counts[i]!]);
      if (turnIsOver()) await nextTurn();
    }
    const sorted = await sortedInTurns(list, mostFrequentFirst);
    const made = new FrequencyDistribution();
    await inTurns(sorted.length, (i) => made.#add(sorted[i]!));
    return made;
  }

  /** Of counts that are there; those of the same word are added up. @throws ERR_W2V_ARGUMENT: a count is no whole number from 0 */
  static fromCounts(counts: Iterable<readonly [word: string, count: number]>): FrequencyDistribution {
    const sums = new Map<string, number>();
    expectIterable(counts, 'pairs of a word and its count');
    for (const pair of itemsOf(counts)) {
      expectList(pair, 'pairs of a word and its count');
      const [word, count] = pair;
      if (typeof word === 'string' && isWhole(count, 0)) {
        sums.set(word, (sums.get(word) ?? 0) + count);
        continue;
      }
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a word and a whole number from 0 but received ${describe(word)} and ${describe(count)}`,
      );
    }
    return new FrequencyDistribution([...sums].sort(mostFrequentFirst));
  }

  /** Different words. */
  get size(): number {
    return this.#words.length;
  }

  /** All occurrences. */
  get total(): number {
    return this.#total;
  }

  /** Occurrences of a word; 0 for one that does not occur. */
  count(word: string): number {
    expectWord(word);
    return this.#counts.get(word) ?? 0;
  }

  /** Its share of all occurrences, from 0 to 1. */
  frequency(word: string): number {
    return this.total === 0 ? 0 : this.count(word) / this.total;
  }

  /** Each word with its count, in the order of {@link FrequencyDistribution.mostCommon}. */
  *[Symbol.iterator](): Generator<[string, number]> {
    for (const word of this.#words) yield [word, this.count(word)];
  }

  /** The most frequent words with their counts. */
  mostCommon(n = this.size): [word: string, count: number][] {
    expectArgument(isWhole(n, 0), 'a whole number of words from 0', n);
    const list: [string, number][] = [];
    for (const entry of this) {
      if (list.length >= n) break;
      list.push(entry);
    }
    return list;
  }

  /** The words that occur once. */
  hapaxes(): string[] {
    return [...this].filter(([, count]) => count === 1).map(([word]) => word);
  }

  /**
   * The counts over the ranks, both as logarithms to base 10, as a picture in SVG, with `title` above: near a straight line for natural text (Zipf's law). The second line falls as 1 / rank from
   * the most frequent word.
   */
  async zipfPlot(options: { title?: string } = {}): Promise<string> {
    checkNames(options, ['title']);
    const { title = 'Frequency by rank' } = options;
    expectOption(typeof title === 'string', 'title to be a text', title);
    const points: { x: number; y: number }[] = [];
    let rank = 0;
    let next = 1;
    await eachInTurns(this.#words, (word) => {
      rank += 1;
      // On an axis of logarithms far ranks lie close together: a few hundred are all that is seen.
      if (rank < next && rank < this.size) return;
      const count = this.count(word);
      if (count === 0) return;
      next = rank * 1.02;
      points.push({ x: Math.log10(rank), y: Math.log10(count) });
    });
    const [first] = points;
    const last = points.at(-1);
    const law = first && last ? [first, { x: last.x, y: first.y - last.x }].filter(({ y }) => y >= 0) : [];
    return drawChart({
      title,
      xLabel: 'log10 rank (vertical: log10 count)',
      series: [
        { name: 'words', points },
        { name: '1 / rank', points: law },
      ],
    });
  }
}

function mostFrequentFirst([a, x]: [string, number], [b, y]: [string, number]): number {
  return y - x || (a < b ? -1 : 1);
}

/**
 * How strongly two words belong together. With n the words of the text, a and b the occurrences of the two, ab those of the pair:
 *
 * - `pmi`: log2(ab · n / (a · b)), pointwise mutual information (Church, Hanks 1990);
 * - `npmi`: pmi / −log2(ab / n), from −1 to 1 (Bouma 2009);
 * - `likelihood-ratio`: 2 · Σ observed · ln(observed / expected) over the four cells of the table of the pair (Dunning 1993);
 * - `chi-squared`: n · φ², of the same table (Pearson);
 * - `student-t`: (ab − a · b / n) / √ab.
 *
 * Those of NLTK's BigramAssocMeasures, with the same values.
 */
export type AssociationMeasure = 'pmi' | 'npmi' | 'likelihood-ratio' | 'chi-squared' | 'student-t';

type Counts = Pick<PairCounts, 'first' | 'second' | 'both' | 'corpusWords'>;

/** The four cells: both words, the second alone, the first alone, neither. */
function cells({ first, second, both, corpusWords }: Counts): [number, number, number, number] {
  return [both, second - both, first - both, corpusWords - first - second + both];
}

const measures: Readonly<Record<AssociationMeasure, (counts: Counts) => number>> = {
  pmi: ({ first, second, both, corpusWords }) => Math.log2((both * corpusWords) / (first * second)),
  npmi: (counts) => {
    const share = -Math.log2(counts.both / counts.corpusWords);
    return share === 0 ? 1 : measures.pmi(counts) / share;
  },
  'likelihood-ratio': (counts) => {
    const [both, second, first, neither] = cells(counts);
    const all = counts.corpusWords;
    const term = (observed: number, row: number, column: number) =>
      observed <= 0 ? 0 : observed * Math.log((observed * all) / (row * column));
    return (
      2 *
      (term(both, both + first, both + second) +
        term(second, second + neither, both + second) +
        term(first, both + first, first + neither) +
        term(neither, second + neither, first + neither))
    );
  },
  'chi-squared': (counts) => {
    const [both, second, first, neither] = cells(counts);
    const product = (both + second) * (both + first) * (second + neither) * (first + neither);
    return product === 0 ? 0 : (counts.corpusWords * (both * neither - second * first) ** 2) / product;
  },
  'student-t': ({ first, second, both, corpusWords }) =>
    (both - (first * second) / corpusWords) / Math.sqrt(both),
};

/**
 * The measure of a pair from its counts.
 *
 * @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT
 */
export function associationScore(
  measure: AssociationMeasure,
  counts: Pick<PairCounts, 'first' | 'second' | 'both' | 'corpusWords'>,
): number {
  expectMeasure(measure);
  for (const name of ['first', 'second', 'both', 'corpusWords'] as const) {
    const count: unknown = (Object(counts) as Partial<Counts>)[name];
    const valid = typeof count === 'number' && count >= 0 && count < Infinity;
    expectArgument(valid, `${name} of the counts to be a number from 0`, count);
  }
  return measures[measure](counts);
}

function expectMeasure(measure: unknown): void {
  const names = Object.keys(measures).map((name) => `'${name}'`);
  const known = typeof measure === 'string' && Object.hasOwn(measures, measure);
  expectOption(known, `measure to be ${names.join(', ')}`, measure);
}

/** Of {@link collocations}. */
export interface CollocationOptions extends CountOptions {
  /** What pairs are ranked by. @defaultValue likelihood-ratio */
  measure?: AssociationMeasure | undefined;
  /** Pairs that occur fewer times are left out. @defaultValue 5 */
  minCount?: number | undefined;
  /** How many, the best. @defaultValue 100 */
  topN?: number | undefined;
  /** Words that no pair may have. @defaultValue none */
  stopWords?: Iterable<string> | undefined;
}

/** Two words, one after the other. */
export interface Collocation {
  /** In the order in which they stand in the text. */
  words: [first: string, second: string];
  /** By the measure: the higher, the more they belong together. */
  score: number;
  /** Occurrences of the pair. */
  count: number;
}

/**
 * Pairs of neighbouring words, within a sentence, that belong together: the best by a measure, ties by the words. The pairs are counted by the addon, files by several threads.
 *
 * @throws ERR_W2V_OPTION, and as {@link FrequencyDistribution.of}
 */
export async function collocations(
  source: CorpusSource,
  options: CollocationOptions = {},
): Promise<Collocation[]> {
  checkNames(options, ['measure', 'minCount', 'topN', 'stopWords', ...countOptionNames]);
  const { measure = 'likelihood-ratio', minCount = 5, topN = 100, stopWords = [], ...rest } = options;
  expectMeasure(measure);
  wholeNumber('topN', topN, 0);
  const leftOut = toWords(stopWords, 'stopWords to be a list of words', 'ERR_W2V_OPTION');
  const phrases = await Phrases.learn(source, {
    ...rest,
    minCount,
    delimiter: between,
    threshold: -Number.MAX_VALUE,
    scoring: (counts) => (counts.both < minCount ? -Infinity : measures[measure](counts)),
  });
  const left = new WordMap();
  await eachInTurns(leftOut, (word) => left.set(word, 1));
  const found: Collocation[] = [];
  for (const { phrase, score, count } of await phrases.freeze()) {
    if (found.length >= topN) break;
    const [first, second] = phrase.split(between) as [string, string];
    if (left.get(first) === undefined && left.get(second) === undefined)
      found.push({ words: [first, second], score, count });
    if (turnIsOver()) await nextTurn();
  }
  return found;
}

const countOptionNames = ['threads', 'signal', 'onProgress'];
const between = '\u001f'; // unit separator: no word has it
