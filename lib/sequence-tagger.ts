// Labels for the tokens of sentences: parts of speech, chunks, names, roles.
import { readTagged, type TaggedSentence } from './corpora/tagged.js';
import {
  asyncItemsOf,
  expectBooleans,
  expectIterable,
  expectOptions,
  expectPath,
  itemsOf,
} from './arguments.js';
import { W2VError, cancelled, describe } from './errors.js';
import { KeyedVectors, type JobOptions } from './keyed-vectors.js';
import { binding, callNative, runJob, type NativeSequenceTagger, type NativeTaggedText } from './native.js';
import {
  checkNames,
  invalidOption,
  resolveOptions,
  resolveThreads,
  runOptionSpecs,
  type OptionSpec,
} from './options.js';
import {
  TaggingScorer,
  areSpanTags,
  beginsAnew,
  partSpanTags,
  spansOf,
  tagsOf,
  type TaggingEvaluation,
} from './span-evaluation.js';
import { inTurns, nextTurn, turnIsOver } from './turn.js';
import { TokenFeatures } from './token-features.js';

/** Sentences with tags: a file, as readTagged() takes it, or any iterable of them (it is read once). */
export type TaggedSource = string | Iterable<TaggedSentence> | AsyncIterable<TaggedSentence>;

/** A sentence to tag: its tokens, with the further columns that the tagger was trained with. */
export type SentenceToTag = readonly string[] | TaggedSentence;

/** What a tagger is and how it learns. */
export interface TaggerOptions {
  /** Tokens to either side that a tag is decided by. @defaultValue 2 */
  window?: number | undefined;
  /** Units of the hidden layer. @defaultValue 300 */
  hiddenSize?: number | undefined;
  /** Size of the words' vectors, where none are given. @defaultValue 50 */
  vectorSize?: number | undefined;
  /** Size of the vectors of shapes, affixes and the values of further columns. @defaultValue 10 */
  featureSize?: number | undefined;
  /** Lengths of suffixes, in characters, each of which is a feature. @defaultValue 2, 3, 4 */
  suffixes?: readonly number[] | undefined;
  /** Lengths of prefixes. @defaultValue 3 */
  prefixes?: readonly number[] | undefined;
  /** Further columns that hold words: they have the vectors of words. @defaultValue predicate */
  wordColumns?: readonly string[] | undefined;
  /** Further columns to leave aside. @defaultValue none */
  ignoreColumns?: readonly string[] | undefined;
  /** Words that are rarer in the text, and have no given vector, are unknown. @defaultValue 1 */
  minCount?: number | undefined;
  /** Passes over the sentences at most. @defaultValue 20 */
  epochs?: number | undefined;
  /** Learning rate, falling linearly to a tenth. @defaultValue 0.01 */
  alpha?: number | undefined;
  /** Share of the inputs of both layers that is left out at random while learning (Srivastava et al. 2014). @defaultValue 0.3 */
  dropout?: number | undefined;
  /** With each sentence, the layers' weights shrink by the learning rate times so much. @defaultValue 0 */
  weightDecay?: number | undefined;
  /** Epochs without a better result on the development set, after which training ends. @defaultValue 5 */
  patience?: number | undefined;
  /** Start of the random numbers; with one thread it decides every byte. @defaultValue 1 */
  seed?: number | undefined;
  /** Threads that learn together, without locks; more than one make runs differ. @defaultValue all processors */
  threads?: number | undefined;
}

/** How a training goes. */
export interface TaggerProgress {
  /** Of all epochs that may be, from 0 to 1. */
  fraction: number;
  /** The epoch, from 1. */
  epoch: number;
  /** The mean of −log p of a tag, in the last whole epoch; null before there is one. */
  loss: number | null;
  /** F1 on the development set after it; null without one. */
  developmentF1: number | null;
  /** Tokens learned from per second of wall time, in this epoch so far. */
  tokensPerSecond: number;
}

/** How a training runs, beside {@link TaggerOptions}: what it begins with, what it is measured on, and how it is watched and ended. */
export interface TaggerRun {
  /** Vectors to begin with. Tokens are looked up in lower case, with each digit as 0. All words of them are known. */
  vectors?: KeyedVectors | undefined;
  /** Leave the words' vectors as they are. @defaultValue false: they are tuned with everything else */
  frozen?: boolean | undefined;
  /** Sentences that decide which epoch was the best, and when to end. */
  development?: TaggedSource | undefined;
  /** Abandons the training: ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Called a few times a second. What it throws abandons the training. */
  onProgress?: ((progress: TaggerProgress) => void) | undefined;
}

/** What a training was. */
export interface TaggerReport {
  /** Sentences of the training text, those without tokens left out. */
  sentences: number;
  /** Tokens in them: those of one epoch. */
  tokens: number;
  /** Different tags, as they are learned. */
  tags: number;
  /** Words that have a vector. */
  words: number;
  /** Those gone through. */
  epochs: number;
  /** The epoch that was kept, from 1; the last one without a development set. */
  bestEpoch: number;
  /** The mean of −log p of a tag in each epoch. */
  losses: number[];
  /** F1 on the development set after each epoch; empty without one. */
  developmentF1: number[];
  /** Spans in the training text that begin with I- (or E-): they count as if it were B-. */
  brokenSpans: number;
  /** What may not be as it was meant, in words. */
  warnings: string[];
  /** Wall time of learning in all epochs; reading and the development set apart. */
  trainSeconds: number;
  /** epochs · tokens / trainSeconds. */
  tokensPerSecond: number;
}

/** What is said of tags on text that has them. */
export interface TaggerEvaluation extends TaggingEvaluation {
  /** Tokens whose right tag was not in the training text: they cannot be right. */
  unseenTags: number;
}

/** The options of one training: those given, checked, and the defaults of all others. */
export type ResolvedTaggerOptions = { [K in keyof TaggerOptions]-?: NonNullable<TaggerOptions[K]> };

type NumberOption = Exclude<keyof TaggerOptions, 'suffixes' | 'prefixes' | 'wordColumns' | 'ignoreColumns'>;

/** The options that are numbers; see {@link TaggerOptions} for the full meanings. */
export const taggerOptionSpecs: Record<NumberOption, OptionSpec> = {
  window: { type: 'integer', unit: 'tokens', default: 2, min: 0, max: 100, help: 'context to either side' },
  hiddenSize: {
    type: 'integer',
    unit: 'units',
    default: 300,
    min: 1,
    max: 65536,
    help: 'size of the hidden layer',
  },
  vectorSize: {
    type: 'integer',
    unit: 'dimensions',
    default: 50,
    min: 1,
    max: 65536,
    help: "size of the words' vectors, where none are given",
  },
  featureSize: {
    type: 'integer',
    unit: 'dimensions',
    default: 10,
    min: 1,
    max: 65536,
    help: 'size of the vectors of shapes, affixes and further columns',
  },
  minCount: {
    type: 'integer',
    unit: 'occurrences',
    default: 1,
    min: 1,
    max: 0xffffffff,
    help: 'words that are less frequent are unknown',
  },
  epochs: { type: 'integer', default: 20, min: 1, max: 1_000_000, help: 'passes over the sentences' },
  alpha: { type: 'number', default: 0.01, min: 0, aboveMin: true, max: 100, help: 'initial learning rate' },
  dropout: {
    type: 'number',
    default: 0.3,
    min: 0,
    max: 0.99,
    help: 'share of inputs left out while learning',
  },
  weightDecay: { type: 'number', default: 0, min: 0, max: 1, help: "how fast the layers' weights shrink" },
  patience: {
    type: 'integer',
    unit: 'epochs',
    default: 5,
    min: 1,
    max: 1_000_000,
    help: 'epochs without a better result on the development set before the end',
  },
  ...runOptionSpecs,
};

const listDefaults = { suffixes: [2, 3, 4], prefixes: [3], wordColumns: ['predicate'], ignoreColumns: [] };

/** What is kept of a tagger beside its numbers. */
interface Notes {
  options: ResolvedTaggerOptions;
  frozen: boolean;
  columns: string[];
  scheme: Scheme;
  report: TaggerReport;
}

/** How tags are written: as spans, which are learned as BIOES and given back as one of the two, or as they are. */
type Scheme = 'BIO' | 'BIOES' | 'labels';

/** Sentences and their features in the core. */
interface Coded {
  sentences: readonly TaggedSentence[];
  text: NativeTaggedText;
}

/**
 * Tags the tokens of sentences by a window of them (Collobert et al. 2011, "Natural Language Processing (Almost) from Scratch", JMLR 12): the vectors of
 * words, their shapes and affixes and of further columns → a hidden layer → the likeliest sequence of tags.
 *
 * Tags that are all O, B-… and I-… are spans: they are learned as BIOES (Ratinov, Roth 2009) and scored as conlleval does. An I- that continues nothing
 * begins a span.
 */
export class SequenceTagger {
  readonly #native: NativeSequenceTagger;
  readonly #notes: Notes;
  readonly #features: TokenFeatures;
  readonly #tags: readonly string[];

  private constructor(native: NativeSequenceTagger, notes: Notes) {
    this.#native = native;
    this.#notes = notes;
    this.#features = new TokenFeatures(notes.options, notes.columns);
    this.#tags = native.tags;
  }

  /**
   * Trains a tagger.
   *
   * @throws ERR_W2V_OPTION, ERR_W2V_CORPUS_EMPTY, ERR_W2V_ARGUMENT (columns that differ from sentence to sentence, a training that diverges),
   * ERR_W2V_CANCELLED, and what the source throws
   */
  static async train(source: TaggedSource, given: TaggerOptions & TaggerRun = {}): Promise<SequenceTagger> {
    expectOptions(given);
    const { vectors, frozen = false, development, signal, onProgress, ...rest } = given;
    const options = resolve(rest);
    expectBooleans({ frozen });
    if (vectors !== undefined && !(vectors instanceof KeyedVectors)) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected vectors to be KeyedVectors but received ${describe(vectors)}`,
      );
    }
    if (frozen && !vectors) {
      throw new W2VError('ERR_W2V_OPTION', 'Expected vectors beside frozen: random ones would stay random');
    }
    if (vectors) options.vectorSize = vectors.vectorSize;

    const sentences = await collect(source, signal);
    const held = development === undefined ? undefined : await collect(development, signal);
    const tags = await tagsIn(sentences, signal);
    const scheme = schemeOf(tags);
    const all = Object.keys(sentences[0]!.columns ?? {});
    const unknown = options.ignoreColumns.find((name) => !all.includes(name));
    if (unknown !== undefined)
      throw invalidOption(
        'ignoreColumns',
        `columns of the text (it has ${all.join(', ') || 'none'})`,
        unknown,
      );
    const columns = all.filter((name) => !options.ignoreColumns.includes(name));
    const features = new TokenFeatures(options, columns);
    const text = await code(sentences, features, (tags) => learned(tags, scheme), signal);
    const native = await runJob(
      () =>
        binding.createTagger(text, vectors && KeyedVectors.storeOf(vectors), {
          tables: features.tables.map((size, i) => ({ size, minCount: i === 0 ? options.minCount : 1 })),
          columns: Uint32Array.from(features.tableOfColumn),
          window: options.window,
          hidden: options.hiddenSize,
          seed: options.seed,
        }),
      { signal },
    );
    const report: TaggerReport = {
      sentences: sentences.length,
      tokens: text.tokens,
      tags: native.tags.length,
      words: native.words,
      epochs: 0,
      bestEpoch: 0,
      losses: [],
      developmentF1: [],
      brokenSpans: scheme === 'labels' ? 0 : await countBroken(sentences, signal),
      warnings: mixedTags(tags),
      trainSeconds: 0,
      tokensPerSecond: 0,
    };
    const tagger = new SequenceTagger(native, { options, frozen, columns, scheme, report });
    await tagger.#learn(text, held, signal, onProgress);
    return tagger;
  }

  async #learn(
    text: NativeTaggedText,
    held: readonly TaggedSentence[] | undefined,
    signal: AbortSignal | undefined,
    onProgress: TaggerRun['onProgress'],
  ): Promise<void> {
    const { options, frozen, report } = this.#notes;
    const { epochs, alpha, dropout, weightDecay, threads, patience } = options;
    const test = held && (await this.#code(held, signal));
    for (let epoch = 0; epoch < epochs; ++epoch) {
      const rate = alpha * (1 - (0.9 * epoch) / Math.max(1, epochs - 1));
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      const loss = await runJob(
        () => this.#native.learn(text, { epoch, rate, dropout, weightDecay, tuneWords: !frozen, threads }),
        {
          signal,
          onProgress:
            onProgress &&
            (({ done, total }) =>
              onProgress({
                fraction: (epoch + (total > 0 ? done / total : 0)) / epochs,
                epoch: epoch + 1,
                loss: report.losses.at(-1) ?? null,
                developmentF1: report.developmentF1.at(-1) ?? null,
                tokensPerSecond: done / Math.max(1e-3, seconds()),
              })),
        },
      );
      report.trainSeconds += seconds();
      report.losses.push(loss);
      report.epochs = report.bestEpoch = epoch + 1;
      report.tokensPerSecond = (report.epochs * report.tokens) / report.trainSeconds;
      if (!test) continue;
      const { f1 } = await this.#score(test, threads, signal);
      const best = Math.max(-1, ...report.developmentF1);
      report.developmentF1.push(f1);
      if (f1 > best) await runJob(() => this.#native.remember(), { signal });
      report.bestEpoch = 1 + report.developmentF1.indexOf(Math.max(best, f1));
      if (report.epochs - report.bestEpoch >= patience) break;
    }
    if (test) await runJob(() => this.#native.restore(), { signal });
  }

  /**
   * Reads what save() wrote.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM
   */
  static async load(path: string, options: Pick<JobOptions, 'signal'> = {}): Promise<SequenceTagger> {
    expectPath(path);
    checkNames(options, ['signal']);
    const { signal } = options;
    const { tagger, notes } = await runJob(() => binding.loadTagger(path), { signal });
    return new SequenceTagger(tagger, toNotes(notes, path));
  }

  /** Written to a temporary name, then renamed. @throws ERR_W2V_FILE_WRITE */
  async save(path: string, options: Pick<JobOptions, 'signal'> = {}): Promise<void> {
    expectPath(path);
    checkNames(options, ['signal']);
    const { signal } = options;
    await runJob(() => this.#native.save(path, JSON.stringify(this.#notes)), { signal });
  }

  /** Its tags, in the order of their first appearance. */
  get tags(): string[] {
    if (this.#notes.scheme !== 'BIO') return [...this.#tags];
    return [...new Set(this.#tags.map((tag) => tag.replace(/^S-/, 'B-').replace(/^E-/, 'I-')))];
  }

  /** The further columns that sentences must have. */
  get columns(): readonly string[] {
    return this.#notes.columns;
  }

  /** The options that it was trained with. */
  get options(): Readonly<ResolvedTaggerOptions> {
    return this.#notes.options;
  }

  /** How its training went. */
  get report(): Readonly<TaggerReport> {
    return this.#notes.report;
  }

  /**
   * The tags of each sentence's tokens. A sentence without tokens has none. `threads`, from 1, are those of the training if not given.
   *
   * @throws ERR_W2V_ARGUMENT: a further column is missing or has another length; ERR_W2V_OPTION (threads), ERR_W2V_CANCELLED
   */
  async tag(
    sentences: Iterable<SentenceToTag>,
    options: Pick<JobOptions, 'signal'> & { threads?: number | undefined } = {},
  ): Promise<string[][]> {
    checkNames(options, ['threads', 'signal']);
    const { threads, signal } = options;
    expectIterable(sentences, 'sentences that are arrays of tokens, or {tokens},');
    const given = [...itemsOf(sentences)];
    const list: TaggedSentence[] = [];
    await inTurns(given.length, (i) => {
      const sentence = given[i];
      if (typeof sentence !== 'object' || sentence === null) {
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected sentences that are arrays of tokens, or {tokens}, but received ${describe(sentence)} as sentence ${i}`,
        );
      }
      list.push(Array.isArray(sentence) ? { tokens: sentence as string[] } : (sentence as TaggedSentence));
    });
    return this.#tag(await this.#code(list, signal), threads, signal);
  }

  /**
   * Scores the tags that it gives against those that are there. `threads` as in {@link SequenceTagger.tag}.
   *
   * @throws as {@link SequenceTagger.tag}; ERR_W2V_CORPUS_EMPTY, and what the source throws
   */
  async test(
    source: TaggedSource,
    options: Pick<JobOptions, 'signal'> & { threads?: number | undefined } = {},
  ): Promise<TaggerEvaluation> {
    checkNames(options, ['threads', 'signal']);
    const { threads, signal } = options;
    return this.#score(await this.#code(await collect(source, signal), signal), threads, signal);
  }

  async #code(sentences: readonly TaggedSentence[], signal: AbortSignal | undefined): Promise<Coded> {
    return { sentences, text: await code(sentences, this.#features, undefined, signal) };
  }

  async #score(
    coded: Coded,
    threads: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TaggerEvaluation> {
    const predicted = await this.#tag(coded, threads, signal);
    const scorer = new TaggingScorer(this.#notes.scheme === 'labels' ? 'labels' : 'spans');
    const known = new Set(this.tags);
    let unseenTags = 0;
    const { sentences } = coded;
    const score = (i: number) => {
      const tags = sentences[i]!.tags!;
      const given = predicted[i]!;
      const add = (from: number, to: number) => {
        scorer.add(tags.slice(from, to), given.slice(from, to), from > 0);
        for (let k = from; k < to; ++k) if (!known.has(tags[k]!)) ++unseenTags;
      };
      return inParts(tags.length, (k) => beginsAnew(tags[k]!) && beginsAnew(given[k]!), add);
    };
    await inTurns(sentences.length, score, signal);
    return { ...scorer.result(), unseenTags };
  }

  async #tag(
    { sentences, text }: Coded,
    given: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string[][]> {
    const threads = resolveThreads(given, this.#notes.options.threads);
    const ids = await runJob(() => this.#native.tag(text, threads), { signal });
    const { scheme } = this.#notes;
    const all: string[][] = [];
    let at = 0;
    const decode = (s: number) => {
      const { length } = sentences[s]!.tokens;
      const begin = at;
      const decoded: string[] = [];
      at += length;
      all.push(decoded);
      const add = (from: number, to: number) => {
        const tags = Array.from(ids.subarray(begin + from, begin + to), (id) => this.#tags[id]!);
        for (const tag of scheme === 'labels' ? tags : tagsOf(spansOf(tags), tags.length, scheme))
          decoded.push(tag);
      };
      return inParts(length, (i) => beginsAnew(this.#tags[ids[begin + i]!]!), add);
    };
    await inTurns(sentences.length, decode, signal);
    return all;
  }
}

// ---- sentences ----

/** All sentences of a source that have tokens, each with its tags. */
async function collect(source: TaggedSource, signal: AbortSignal | undefined): Promise<TaggedSentence[]> {
  const given: unknown = typeof source === 'string' ? readTagged(source, { signal }) : source;
  if (
    typeof given !== 'object' ||
    given === null ||
    !(Symbol.iterator in given || Symbol.asyncIterator in given)
  ) {
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected a path or an iterable of sentences with tags but received ${describe(source)}`,
    );
  }
  const sentences: TaggedSentence[] = [];
  for await (const item of asyncItemsOf(given as AsyncIterable<unknown>)) {
    const sentence = item as TaggedSentence;
    if (signal?.aborted) throw cancelled(signal.reason);
    if (typeof sentence !== 'object' || (sentence as unknown) === null) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected sentences, {tokens, tags}, but received ${describe(sentence)} as sentence ${sentences.length}`,
      );
    }
    const { tokens, tags } = sentence as Partial<TaggedSentence>;
    if (!Array.isArray(tokens) || !Array.isArray(tags) || tags.length !== tokens.length) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected tokens and as many tags but received ${describe(tokens)} and ${describe(tags)} in ${nameOf(sentence, sentences.length)}`,
      );
    }
    if (tags.includes('')) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected tags that are not empty but received '' in ${nameOf(sentence, sentences.length)}`,
      );
    }
    if (tokens.length > 0) sentences.push(sentence);
    if (turnIsOver()) await nextTurn();
  }
  if (sentences.length > 0) return sentences;
  const where = typeof source === 'string' ? ` in '${source}'` : '';
  throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected sentences with tags${where} but found none`);
}

function nameOf({ where }: TaggedSentence, index: number): string {
  return where ?? `sentence ${index}`;
}

async function tagsIn(
  sentences: readonly TaggedSentence[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  const add = (i: number) => {
    for (const tag of sentences[i]!.tags!) tags.add(tag);
  };
  await inTurns(sentences.length, add, signal);
  return tags;
}

function schemeOf(tags: ReadonlySet<string>): Scheme {
  if (!areSpanTags(tags)) return 'labels';
  return [...tags].some((tag) => /^[ES]-/.test(tag)) ? 'BIOES' : 'BIO';
}

/** A warning where a tag or two that are no tags of spans make labels of all. */
function mixedTags(tags: ReadonlySet<string>): string[] {
  const { spanTags, others } = partSpanTags(tags);
  const ofSpans = spanTags.filter((tag) => tag !== 'O').length;
  if (others.length === 0 || others.length >= ofSpans) return [];
  const some = others.slice(0, 3).map(describe).join(', ');
  return [
    `${ofSpans} of the tags are of spans (B-… and I-…) but ${some}${others.length > 3 ? ', …' : ''} not: all are learned and scored token by token, as labels`,
  ];
}

function learned(tags: readonly string[], scheme: Scheme): readonly string[] {
  return scheme === 'labels' ? tags : tagsOf(spansOf(tags), tags.length, 'BIOES');
}

async function countBroken(
  sentences: readonly TaggedSentence[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let broken = 0;
  const count = (i: number) => {
    const tags = sentences[i]!.tags!;
    const add = (from: number, to: number) => {
      for (const { begin } of spansOf(tags.slice(from, to))) if (!beginsAnew(tags[from + begin]!)) ++broken;
    };
    return inParts(tags.length, (k) => beginsAnew(tags[k]!), add);
  };
  await inTurns(sentences.length, count, signal);
  return broken;
}

const tokensAtATime = 512;

/**
 * Calls f for [from, to) of a sentence: for its whole at once, or for parts of a long one in turns, each of which begins where `canBegin` says so.
 * What f returns, or a promise of all of them.
 */
function inParts(
  length: number,
  canBegin: (index: number) => boolean,
  f: (from: number, to: number) => unknown,
): unknown {
  return length <= tokensAtATime ? f(0, length) : inLongParts(length, canBegin, f);
}

async function inLongParts(
  length: number,
  canBegin: (index: number) => boolean,
  f: (from: number, to: number) => unknown,
): Promise<void> {
  for (let from = 0, to; from < length; from = to) {
    to = Math.min(length, from + tokensAtATime);
    while (to < length && !canBegin(to)) ++to;
    await f(from, to);
    if (turnIsOver()) await nextTurn();
  }
}

const codedAtATime = 1 << 16;

/** Sentences as the core takes them. @param tagsOf - the tags to learn; none: only features */
async function code(
  sentences: readonly TaggedSentence[],
  features: TokenFeatures,
  tagsOf: ((tags: readonly string[]) => readonly string[]) | undefined,
  signal: AbortSignal | undefined,
): Promise<NativeTaggedText> {
  const text = callNative(() => binding.createTaggedText(features.tableOfColumn.length + (tagsOf ? 1 : 0)));
  let coded = '';
  let appending = Promise.resolve();
  const flush = async () => {
    const bytes = Buffer.from(coded);
    coded = '';
    await appending;
    appending = runJob(() => text.append(bytes));
    appending.catch(() => undefined); // whoever awaits it next gets the error
  };
  const add = (i: number) => {
    const sentence = sentences[i]!;
    const { tokens, tags } = sentence;
    const addPart = (from: number, to: number) => {
      coded += features.code(sentence, tagsOf?.(tags!.slice(from, to)), () => nameOf(sentence, i), from, to);
      return coded.length > codedAtATime ? flush() : undefined;
    };
    const length = Array.isArray(tokens) ? tokens.length : 0; // what is none is told by code()
    return inParts(length, (k) => !tagsOf || beginsAnew(tags![k]!), addPart);
  };
  await inTurns(sentences.length, add, signal);
  await flush();
  await appending;
  return text;
}

// ---- settings ----

function resolve(given: TaggerOptions): ResolvedTaggerOptions {
  const others = ['vectors', 'frozen', 'development'];
  const resolved = resolveOptions(taggerOptionSpecs, given, Object.keys(listDefaults), others);
  const setList = (name: keyof typeof listDefaults, isItem: (item: unknown) => boolean, expected: string) => {
    const value: unknown = given[name] ?? listDefaults[name];
    if (!Array.isArray(value) || !value.every(isItem)) throw invalidOption(name, expected, value);
    resolved[name] = value;
  };
  const isLength = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1 && (n as number) <= 100;
  for (const name of ['suffixes', 'prefixes'] as const)
    setList(name, isLength, 'a list of whole numbers from 1 to 100');
  for (const name of ['wordColumns', 'ignoreColumns'] as const)
    setList(name, (column) => typeof column === 'string', 'a list of names of columns');
  return resolved as unknown as ResolvedTaggerOptions;
}

function toNotes(text: string, path: string): Notes {
  try {
    const notes = JSON.parse(text) as Notes;
    const { columns, scheme, report } = notes;
    if (Array.isArray(columns) && ['BIO', 'BIOES', 'labels'].includes(scheme) && typeof report === 'object')
      return { ...notes, options: resolve(notes.options) };
  } catch {
    // told below
  }
  throw new W2VError(
    'ERR_W2V_VECTOR_FORMAT',
    `'${path}': expected the notes of a tagger but they are damaged`,
  );
}
