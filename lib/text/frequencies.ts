// What a vocabulary is chosen by: how often words occur, and which of them belong together.
import { setImmediate } from 'node:timers/promises';
import { countCorpus } from '../corpus.js';
import { W2VError, describe } from '../errors.js';
import { callNative } from '../native.js';
import { resolveThreads, unknownOption } from '../options.js';
import { Phrases, type PairCounts } from '../phrases.js';
import { drawChart } from '../plot/chart.js';
import { turnMs, type CorpusProgress, type CorpusSource } from '../text-source.js';

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
  readonly #counts: ReadonlyMap<string, number>; // the most frequent first
  /** All occurrences. */
  readonly total: number;

  private constructor(sorted: [string, number][]) {
    this.#counts = new Map(sorted);
    this.total = sorted.reduce((sum, [, count]) => sum + count, 0);
  }

  /**
   * Counts the words of a source: files by several threads.
   *
   * @throws ERR_W2V_ARGUMENT, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_CORPUS_EMPTY, ERR_W2V_CORPUS_BINARY, ERR_W2V_CORPUS_ITEM,
   * ERR_W2V_WORD_TOO_LONG, ERR_W2V_CANCELLED
   */
  static async of(source: CorpusSource, options: CountOptions = {}): Promise<FrequencyDistribution> {
    const { signal, onProgress } = options;
    const threads = resolveThreads(options.threads);
    const { corpus, differentWords } = await countCorpus(source, { threads, signal, onProgress });
    const counts: [string, number][] = [];
    for (let from = 0; from < differentWords;) {
      const turn = performance.now();
      while (from < differentWords && performance.now() - turn < turnMs) {
        const slice = callNative(() => corpus.countedWords(from, from + 256));
        for (const [i, word] of slice.words.entries()) counts.push([word, slice.counts[i]!]);
        from += slice.words.length;
      }
      await setImmediate();
    }
    return new FrequencyDistribution(await sortedInSlices(counts));
  }

  /** Of counts that are there. @throws ERR_W2V_ARGUMENT: a count is no whole number from 0 */
  static fromCounts(counts: Iterable<readonly [word: string, count: number]>): FrequencyDistribution {
    const list = Array.from(counts, ([word, count]): [string, number] => {
      if (typeof word === 'string' && Number.isSafeInteger(count) && count >= 0) return [word, count];
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a word and a whole number from 0 but received ${describe(word)} and ${describe(count)}`,
      );
    });
    return new FrequencyDistribution(list.sort(mostFrequentFirst));
  }

  /** Different words. */
  get size(): number {
    return this.#counts.size;
  }

  /** Occurrences of a word; 0 for one that does not occur. */
  count(word: string): number {
    return this.#counts.get(word) ?? 0;
  }

  /** Its share of all occurrences, from 0 to 1. */
  frequency(word: string): number {
    return this.total === 0 ? 0 : this.count(word) / this.total;
  }

  /** Each word with its count, in the order of {@link FrequencyDistribution.mostCommon}. */
  [Symbol.iterator](): Iterator<[string, number]> {
    return this.#counts[Symbol.iterator]();
  }

  /** The most frequent words with their counts. */
  mostCommon(n = this.size): [word: string, count: number][] {
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
  async zipfPlot({ title = 'Frequency by rank' }: { title?: string } = {}): Promise<string> {
    const points: { x: number; y: number }[] = [];
    let rank = 0;
    let next = 1;
    for (const [, count] of this) {
      rank += 1;
      // On an axis of logarithms far ranks lie close together: a few hundred are all that is seen.
      if (count === 0 || (rank < next && rank < this.size)) continue;
      next = rank * 1.02;
      points.push({ x: Math.log10(rank), y: Math.log10(count) });
    }
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

/** Sorted, by merging runs that are short enough to sort at a time. */
async function sortedInSlices(list: [string, number][]): Promise<[string, number][]> {
  const runLength = 4096;
  let runs: [string, number][][] = [];
  for (let from = 0; from < list.length; from += runLength) {
    runs.push(list.slice(from, from + runLength).sort(mostFrequentFirst));
    await setImmediate();
  }
  while (runs.length > 1) {
    const merged: [string, number][][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(await mergedRuns(runs[i]!, runs[i + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedRuns(a: [string, number][], b: [string, number][]): Promise<[string, number][]> {
  const merged: [string, number][] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const fromFirst = j === b.length || (i < a.length && mostFrequentFirst(a[i]!, b[j]!) < 0);
    merged.push(fromFirst ? a[i++]! : b[j++]!);
    if (merged.length % 8192 === 0) await setImmediate();
  }
  return merged;
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
 * @throws ERR_W2V_OPTION
 */
export function associationScore(
  measure: AssociationMeasure,
  counts: Pick<PairCounts, 'first' | 'second' | 'both' | 'corpusWords'>,
): number {
  if (!Object.hasOwn(measures, measure)) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected measure to be ${Object.keys(measures)
        .map((name) => `'${name}'`)
        .join(', ')} but received ${describe(measure)}`,
    );
  }
  return measures[measure](counts);
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
  const { measure = 'likelihood-ratio', minCount = 5, topN = 100, stopWords = [], ...rest } = options;
  const names = ['measure', 'minCount', 'topN', 'stopWords', 'threads', 'signal', 'onProgress'];
  for (const name of Object.keys(options)) if (!names.includes(name)) throw unknownOption(name, names);
  associationScore(measure, { first: 1, second: 1, both: 1, corpusWords: 2 });
  const phrases = await Phrases.learn(source, {
    ...rest,
    minCount,
    delimiter: between,
    threshold: -Number.MAX_VALUE,
    scoring: (counts) => (counts.both < minCount ? -Infinity : associationScore(measure, counts)),
  });
  const left = new Set(stopWords);
  const found: Collocation[] = [];
  for (const { phrase, score, count } of await phrases.freeze()) {
    if (found.length >= topN) break;
    const [first, second] = phrase.split(between) as [string, string];
    if (!left.has(first) && !left.has(second)) found.push({ words: [first, second], score, count });
  }
  return found;
}

const between = '\u001f'; // unit separator: no word has it
