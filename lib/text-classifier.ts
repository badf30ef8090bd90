// Text classification: labels for documents.
import { asyncItemsOf, expectOptions, expectPath, isRecord, itemsOf, wholeNumber } from './arguments.js';
import { W2VError, describe } from './errors.js';
import { KeyedVectors } from './keyed-vectors.js';
import {
  binding,
  callNative,
  runJob,
  type JobProgress,
  type NativeClassifier,
  type NativeClassifierEvaluation,
  type NativeClassifierReport,
  type NativeLabelledText,
} from './native.js';
import { checkNames, resolveOptions, resolveThreads, runOptionSpecs, type OptionSpec } from './options.js';
import {
  WordsInParts,
  isFiles,
  partsOf,
  readSource,
  type CorpusFiles,
  type CorpusSource,
  type Sentence,
} from './text-source.js';
import { nextTurn, turnIsOver } from './turn.js';

/** A document to classify: words that are taken as they are, or a text that is split at blanks. */
export type Document =
  | string
  | readonly string[]
  | {
      /** Split at spaces, tabs and line ends. */
      text: string;
    }
  | {
      /** Words, which may hold blanks, but neither line feeds nor NUL; empty ones are left out. */
      tokens: readonly string[];
    };

/** A document and its labels: one, or several (none is allowed with the loss `ova`). */
export type LabelledDocument = (
  | {
      /** As of {@link Document}. */
      text: string;
    }
  | {
      /** As of {@link Document}. */
      tokens: readonly string[];
    }
) &
  (
    | {
        /** Each of them not empty, without line feeds and NUL; one that comes twice counts once. */
        labels: string | readonly string[];
      }
    | {
        /** The same, as {@link TextCorpus.documents} has them. */
        categories: string | readonly string[];
      }
  );

/**
 * Documents with labels: files in fastText's format, by path as {@link CorpusFiles} (a document is a line, its labels are the words that begin with
 * `__label__`; lines without anything are skipped), a stream of such text, or an iterable of documents.
 */
export type LabelledSource =
  | string
  | CorpusFiles
  | Iterable<LabelledDocument>
  | AsyncIterable<LabelledDocument>
  | AsyncIterable<Uint8Array>;

/** What a classifier is and how it learns. */
export interface ClassifierOptions {
  /**
   * `softmax`: one label is right, all compete. `ova`, one-vs-all: each label is right or not by itself, so a document may have several or none. `hs`,
   * hierarchical softmax: one label is right, found in a Huffman tree, for thousands of labels. With softmax and hs, a document's several labels share it. @defaultValue softmax */
  loss?: 'softmax' | 'ova' | 'hs' | undefined;
  /** Dimensions of the vectors. @defaultValue 100, or those of `vectors` */
  vectorSize?: number | undefined;
  /** Words in the longest n-gram that is a feature beside the words; 1 for none. @defaultValue 1 */
  wordNgrams?: number | undefined;
  /** n-grams share a vector by their hash modulo this; only those that occur take memory. @defaultValue 2,000,000 */
  buckets?: number | undefined;
  /** Words that occur fewer times in the training documents are left out. @defaultValue 1 */
  minCount?: number | undefined;
  /** Passes over the documents, each in an order of its own. @defaultValue 5 */
  epochs?: number | undefined;
  /** Initial learning rate; it falls linearly to 0. @defaultValue 0.5 */
  alpha?: number | undefined;
  /** The same of the vectors; 0 leaves them as they are given (then words without a given vector, and n-grams, are left out). @defaultValue alpha */
  vectorAlpha?: number | undefined;
  /** Threads; more than one make runs differ. @defaultValue all processors */
  threads?: number | undefined;
  /** Start of the random numbers; with one thread, the same seed gives the same bytes. @defaultValue 1 */
  seed?: number | undefined;
  /**
   * How much a label's documents weigh: `balanced`, documents / (labels · documents of the label), or a number for each label that is not to weigh
   * 1. One-vs-all: of the label's own positive documents. @defaultValue all 1 */
  classWeights?: 'balanced' | Readonly<Record<string, number>> | undefined;
  /** Epochs without a better micro F1 on validation, after which training ends; the best epoch's weights are kept. Needs `validation`. @defaultValue none: all epochs */
  patience?: number | undefined;
  /** With a share as `validation`: train again on all documents, with the number of epochs and the thresholds that validation found. @defaultValue false */
  refit?: boolean | undefined;
}

/** How a training runs, beside {@link ClassifierOptions}: what it begins with, what it is measured on, and how it is watched and ended. */
export interface ClassifierRun {
  /** Word vectors to begin with; all their words are known afterwards. */
  vectors?: KeyedVectors | undefined;
  /**
   * Documents that are not learned from, or the share of the training documents that are drawn for it (a label keeps one for training). Micro F1 is
   * measured on them after each epoch, and with the loss `ova` the thresholds are tuned on them. @defaultValue none */
  validation?: number | LabelledSource | undefined;
  /** Words that begin so are labels, in files and streams. @defaultValue `__label__` */
  labelPrefix?: string | undefined;
  /** Cancels: the promise rejects with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Ends the training early, with what is learned so far. */
  stopSignal?: AbortSignal | undefined;
  /** Called a few times a second. */
  onProgress?: ((progress: ClassifierProgress) => void) | undefined;
}

/** How far a training is. */
export interface ClassifierProgress {
  /** `reading`: the documents are read, and later, with the loss `ova`, thresholds are tuned on those of the validation; `training`: all else. */
  phase: 'reading' | 'training';
  /** Of the phase, from 0 to 1; null where that is unknown. */
  fraction: number | null;
  /** Current learning rate; 0 before the first epoch. */
  alpha: number;
  /** From 1; 0 while the phase is `reading`. */
  epoch: number;
  /** Of the last epoch; null before its end. */
  loss: number | null;
}

/** How a training went. */
export interface ClassifierReport {
  /** Training documents; without those that were drawn for validation, but for `refit`. */
  documents: number;
  /** Words in them, known or not. */
  words: number;
  /** Different labels that they have. */
  labels: number;
  /** Documents that validation measured on; 0 without. */
  validationDocuments: number;
  /** Documents without a word that is known: nothing is learned of them, but how frequent labels are. */
  emptyDocuments: number;
  /** Different words of the documents that began with a given vector. */
  pretrainedWords: number;
  /** For each epoch: the mean of −log p of what is right, over every 16th document, before it was learned from. */
  losses: number[];
  /** For each epoch, on validation; empty without. */
  validationMicroF1: number[];
  /** The epoch, from 1, whose weights the classifier has. */
  bestEpoch: number;
  /** `stopSignal` ended it; false where `patience` did. */
  stoppedEarly: boolean;
  /** Words gone through in all epochs, those of both trainings with `refit`. */
  trainedWords: number;
  /** trainedWords / trainSeconds. */
  wordsPerSecond: number;
  /** Wall time of learning; reading and validation apart. */
  trainSeconds: number;
  /** CPU time of learning, all threads together. */
  trainCpuSeconds: number;
  /** What the user should know about the documents: labels with one of them, labels that only validation has, documents without a known word. */
  warnings: string[];
}

/** A label and how likely it is. */
export interface PredictedLabel {
  /** As the training documents have it; in files, what follows the prefix. */
  label: string;
  /** From 0 to 1; softmax and hs: of all labels together, 1; ova: of each by itself. */
  probability: number;
}

/** How labels are predicted, and which of them are. */
export interface PredictOptions {
  /** Labels at most. @defaultValue softmax and hs: 1; ova: any number */
  topN?: number | undefined;
  /**
   * Labels from this probability on. @defaultValue ova: each label's own threshold (0.5, or tuned on validation); where every training document had a label,
   * the likeliest one is predicted at any rate */
  threshold?: number | undefined;
  /** Threads. @defaultValue all processors */
  threads?: number | undefined;
  /** Cancels: the promise rejects, or the iteration throws, with ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** Of {@link TextClassifier.test}. */
export interface TestOptions extends PredictOptions {
  /** Words that begin so are labels, in files and streams; a classifier does not know the one of its training. @defaultValue `__label__` */
  labelPrefix?: string | undefined;
}

/** How well one label is predicted. */
export interface LabelScore {
  /** Which one; in files, what follows the prefix. */
  label: string;
  /** Documents that have it. */
  support: number;
  /** Documents it was predicted for. */
  predicted: number;
  /** Of the predicted ones, those that have it; 0 where it is never predicted. */
  precision: number;
  /** Of those that have it, the predicted ones; 0 where none has it. */
  recall: number;
  /** The harmonic mean of precision and recall; 0 where no prediction is right. */
  f1: number;
}

/** Predictions against what is right. */
export interface ClassifierEvaluation {
  /** Documents that were tested, those without words included. */
  documents: number;
  /** The share of the documents whose labels are all predicted and no others. */
  accuracy: number;
  /** Of the labels that were predicted, over all documents, those that are right; 0 where none was predicted. */
  precision: number;
  /** Of the labels that the documents have, those that were predicted; 0 where they have none. */
  recall: number;
  /** The harmonic mean of these two; 0 where no prediction is right. */
  microF1: number;
  /** The mean over the labels that documents have or that were predicted. */
  macroF1: number;
  /** Labels that documents have or that were predicted: the most frequent of the training first, then those that training did not have. */
  perLabel: LabelScore[];
  /** Labels that the training did not have: they count as missed. */
  unseenLabels: string[];
  /** Of the documents with one label: how many have `labels[i]` while `labels[j]` is the likeliest, at `[i][j]`. */
  confusionMatrix: {
    /** Those that such documents have or that are likeliest for one, in the order of `perLabel`. */
    labels: string[];
    /** Documents, a row for the label that they have, a column for the likeliest one, whatever the thresholds. */
    counts: number[][];
  };
}

type SpecName = Exclude<keyof ClassifierOptions, 'classWeights'>;

/** Every option but `classWeights`; see {@link ClassifierOptions} for the full meanings. */
export const classifierOptionSpecs: Record<SpecName, OptionSpec> = {
  loss: {
    type: 'choice',
    choices: ['softmax', 'ova', 'hs'],
    default: 'softmax',
    help: 'one label by softmax, any number one-vs-all, or one of many by hierarchical softmax',
  },
  vectorSize: {
    type: 'integer',
    unit: 'dimensions',
    default: 100,
    min: 1,
    max: 65536,
    help: 'size of the vectors',
  },
  wordNgrams: {
    type: 'integer',
    unit: 'words',
    default: 1,
    min: 1,
    max: 64,
    help: 'longest n-gram that is a feature; 1 for words alone',
  },
  buckets: {
    type: 'integer',
    default: 2_000_000,
    min: 1,
    max: 0xffffffff,
    help: 'n-grams share a vector by their hash modulo this',
  },
  minCount: {
    type: 'integer',
    unit: 'occurrences',
    default: 1,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    help: 'leave out words that are less frequent',
  },
  epochs: { type: 'integer', default: 5, min: 1, max: 1_000_000, help: 'passes over the documents' },
  alpha: {
    type: 'number',
    default: 0.5,
    min: 0,
    aboveMin: true,
    max: 100,
    help: 'initial learning rate; it falls linearly to 0',
  },
  vectorAlpha: {
    type: 'number',
    defaultText: 'alpha',
    min: 0,
    max: 100,
    help: 'the same of the vectors; 0 leaves given ones as they are',
  },
  ...runOptionSpecs,
  patience: {
    type: 'integer',
    unit: 'epochs',
    defaultText: 'all epochs',
    min: 1,
    max: 1_000_000,
    help: 'end after so many epochs without a better validation',
  },
  refit: {
    type: 'boolean',
    default: false,
    help: 'after validation on a share of the documents, train again on all of them',
  },
};

/** The options of a training: those given, checked, and the defaults of the others. */
export type ResolvedClassifierOptions = Required<{
  [K in Exclude<keyof ClassifierOptions, 'classWeights' | 'patience'>]: NonNullable<ClassifierOptions[K]>;
}> &
  Pick<ClassifierOptions, 'patience' | 'classWeights'>;

interface Notes {
  options: ResolvedClassifierOptions;
  report: ClassifierReport;
}

/**
 * Predicts the labels of texts: a linear classifier over the mean of the vectors of a document's words and n-grams (Joulin, Grave, Bojanowski, Mikolov 2017,
 * arXiv:1607.01759). What is not known is left out of the mean; a document without anything known gets each label's share of the training documents as its probability.
 */
export class TextClassifier {
  readonly #native: NativeClassifier;
  readonly #notes: Notes;
  #labels: string[] | undefined;

  private constructor(native: NativeClassifier, notes: Notes) {
    this.#native = native;
    this.#notes = notes;
  }

  /**
   * Trains a classifier, on native threads.
   *
   * A label with one document is learned from (with a warning); a document without labels is an error, but with the loss `ova`; one without words
   * counts for how frequent its labels are, and nothing else is learned of it (with a warning).
   *
   * @throws ERR_W2V_OPTION (also where the learning rate makes it diverge), ERR_W2V_ARGUMENT, ERR_W2V_LABELLED_TEXT, ERR_W2V_TEXT_ENCODING, ERR_W2V_CORPUS_BINARY (these with file and
   * line, or the number of the document), ERR_W2V_CORPUS_ITEM (a malformed document of an iterable), ERR_W2V_WORD_TOO_LONG, ERR_W2V_CORPUS_EMPTY, ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_MEMORY, ERR_W2V_CANCELLED
   */
  static async train(
    source: LabelledSource,
    given: ClassifierOptions & ClassifierRun = {},
  ): Promise<TextClassifier> {
    expectOptions(given);
    const { vectors, validation, labelPrefix, signal, stopSignal, onProgress, ...rest } = given;
    const options = resolve(rest, vectors, validation);
    const prefix = checkPrefix(labelPrefix);
    const reading = onProgress && ((fraction: number | null) => onProgress({ ...before, fraction }));
    const training = await readLabelled(source, prefix, signal, reading);
    const share = typeof validation === 'number' ? validation : 0;
    const heldOut =
      validation === undefined || typeof validation === 'number'
        ? undefined
        : await readLabelled(validation, prefix, signal, reading);
    if (heldOut?.words === 0)
      throw new W2VError(
        'ERR_W2V_CORPUS_EMPTY',
        'Expected words in the documents of the validation but found none',
      );
    const { classWeights, patience, ...numbers } = options;
    const weights = typeof classWeights === 'object' ? classWeights : {};
    const store = vectors && KeyedVectors.storeOf(vectors);
    const { classifier, report } = await runJob(
      () =>
        binding.trainClassifier(training, heldOut, store, {
          ...numbers,
          balanced: classWeights === 'balanced',
          weightedLabels: Object.keys(weights),
          labelWeights: Float64Array.from(Object.values(weights)),
          validation: share,
          patience: patience ?? 0,
        }),
      { signal, stopSignal, onProgress: onProgress && ((progress) => onProgress(toProgress(progress))) },
    );
    return new TextClassifier(classifier, { options, report: toReport(report, classifier.size, options) });
  }

  /**
   * Loads what {@link TextClassifier.save} wrote.
   *
   * @throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM, ERR_W2V_CANCELLED
   */
  static async load(path: string, options: Pick<ClassifierRun, 'signal'> = {}): Promise<TextClassifier> {
    expectPath(path);
    checkNames(options, ['signal']);
    const { signal } = options;
    const { classifier, notes } = await runJob(() => binding.loadClassifier(path), { signal });
    return new TextClassifier(classifier, toNotes(notes, path));
  }

  /**
   * Writes it to a temporary name, then renames that. `precision`: of the vectors, `int8` takes about a quarter of the bytes.
   *
   * @throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED
   */
  async save(
    path: string,
    options: { precision?: 'float32' | 'bf16' | 'int8' | undefined } & Pick<ClassifierRun, 'signal'> = {},
  ): Promise<void> {
    expectPath(path);
    checkNames(options, ['precision', 'signal']);
    const { precision = 'float32', signal } = options;
    if (!['float32', 'bf16', 'int8'].includes(precision))
      throw notA("precision to be 'float32', 'bf16' or 'int8'", precision, 'ERR_W2V_OPTION');
    await runJob(() => this.#native.save(path, precision, JSON.stringify(this.#notes)), {
      signal,
    });
  }

  /** The labels, the most frequent of the training first. */
  get labels(): readonly string[] {
    this.#labels ??= callNative(() => this.#native.labels(0, this.#native.size));
    return this.#labels;
  }

  /** Dimensions of its vectors. */
  get vectorSize(): number {
    return this.#native.vectorSize;
  }

  /** The vectors of its words as they are after the training: a view, not a copy. */
  get vectors(): KeyedVectors {
    return KeyedVectors.fromStore(callNative(() => this.#native.vectors()));
  }

  /** The options that it was trained with. */
  get options(): Readonly<ResolvedClassifierOptions> {
    return this.#notes.options;
  }

  /** How its training went. */
  get report(): Readonly<ClassifierReport> {
    return this.#notes.report;
  }

  /**
   * The labels of a document, the likeliest first, with their probabilities.
   *
   * @throws ERR_W2V_CORPUS_ITEM (a malformed document), ERR_W2V_WORD_TOO_LONG, ERR_W2V_OPTION, ERR_W2V_CANCELLED
   */
  async predict(document: Document, options: PredictOptions = {}): Promise<PredictedLabel[]> {
    const [labels] = await this.predictMany([document], options);
    return labels!;
  }

  /** The same of many documents at once. */
  async predictMany(
    documents: Iterable<Document>,
    options: PredictOptions = {},
  ): Promise<PredictedLabel[][]> {
    const all: PredictedLabel[][] = [];
    for await (const labels of this.predictAll(documents, options)) all.push(labels);
    return all;
  }

  /**
   * The same of a source of any size, one after the other: an iterable of documents, or files of which each line is one (words that begin with
   * `__label__` are left aside; lines without anything are skipped).
   */
  async *predictAll(
    source: string | CorpusFiles | Iterable<Document> | AsyncIterable<Document>,
    options: PredictOptions & Pick<TestOptions, 'labelPrefix'> = {},
  ): AsyncGenerator<PredictedLabel[]> {
    const { topN, threshold, threads } = checkPredictOptions(options, ['labelPrefix']);
    const { signal } = options;
    const text = callNative(() => binding.createLabelledText(checkPrefix(options.labelPrefix)));
    const batches = new BatchQueue<PredictedLabel[][]>();
    const predict = async () => {
      const found = await runJob(() => this.#native.predict(text, topN, threshold, threads), { signal });
      const labels = this.labels;
      let from = 0;
      let batch: PredictedLabel[][] = [];
      for (const end of found.ends) {
        const document: PredictedLabel[] = [];
        for (; from < end; ++from)
          document.push({ label: labels[found.labels[from]!]!, probability: found.probabilities[from]! });
        batch.push(document);
        if (!turnIsOver()) continue;
        await batches.put(batch);
        batch = [];
        await nextTurn();
      }
      await batches.put(batch);
    };
    const reading = readInto(text, source, signal, undefined, predict);
    reading.then(
      () => batches.end(),
      (error: unknown) => batches.fail(error),
    );
    try {
      for await (const batch of batches) yield* batch;
    } finally {
      batches.close();
    }
  }

  /**
   * Predicts the labels of documents and compares them with what they have.
   *
   * @throws as {@link TextClassifier.train} for the source
   */
  async test(source: LabelledSource, options: TestOptions = {}): Promise<ClassifierEvaluation> {
    const { topN, threshold, threads } = checkPredictOptions(options, ['labelPrefix']);
    const { signal } = options;
    const text = await readLabelled(source, checkPrefix(options.labelPrefix), signal, undefined);
    const evaluation = await runJob(() => this.#native.evaluate(text, topN, threshold, threads), { signal });
    if (evaluation.documents === 0)
      throw new W2VError('ERR_W2V_CORPUS_EMPTY', 'Expected documents to test with but there is none');
    return toEvaluation(evaluation, this.labels);
  }
}

// ---- reading ----

const before: ClassifierProgress = { phase: 'reading', fraction: null, alpha: 0, epoch: 0, loss: null };

async function readLabelled(
  source: LabelledSource,
  prefix: string,
  signal: AbortSignal | undefined,
  tell: ((fraction: number | null) => void) | undefined,
): Promise<NativeLabelledText> {
  const text = callNative(() => binding.createLabelledText(prefix));
  await readInto(text, source, signal, tell);
  return text;
}

/** Documents of any source; `consume` is called now and then, when some are complete. */
async function readInto(
  text: NativeLabelledText,
  source: unknown,
  signal: AbortSignal | undefined,
  tell: ((fraction: number | null) => void) | undefined,
  consume?: () => Promise<void>,
): Promise<void> {
  const files = isFiles(source as string);
  const bytes = !files && isByteStream(source);
  const readable = files || bytes ? (source as string) : (asSentences(source) as CorpusSource);
  const name = files || bytes ? undefined : 'the documents';
  await readSource(
    readable,
    {
      append: async (chunk, framing, given) => {
        await runJob(() => text.append(chunk, framing, name ?? given), { signal });
        await consume?.();
      },
      endSource: async () => {
        callNative(() => text.endSource());
        await consume?.();
      },
      get words() {
        return text.words;
      },
    },
    { signal, onProgress: tell && (({ fraction }) => tell(fraction)) },
  );
}

/** Node's streams of bytes or text, and those of the web. */
function isByteStream(source: unknown): boolean {
  return (
    typeof source === 'object' &&
    source !== null &&
    (('readableObjectMode' in source && source.readableObjectMode === false) || 'getReader' in source)
  );
}

/** Documents as sentences of words: the number of labels, those, and the words. */
function asSentences(
  source: unknown,
): AsyncIterable<Sentence | WordsInParts> | Iterable<Sentence | WordsInParts> {
  if (typeof source !== 'object' || source === null)
    throw notA('the path of a file, {files}, or an iterable of documents', source);
  if (Symbol.asyncIterator in source)
    return (async function* () {
      let index = 0;
      for await (const document of asyncItemsOf(source as AsyncIterable<unknown>))
        yield toSentence(document, index++);
    })();
  if (Symbol.iterator in source)
    return (function* () {
      let index = 0;
      for (const document of itemsOf(source as Iterable<unknown>)) yield toSentence(document, index++);
    })();
  throw notA('the path of a file, {files}, or an iterable of documents', source);
}

function toSentence(document: unknown, index: number): string[] | WordsInParts {
  const fail = (expected: string, received: unknown) =>
    new W2VError(
      'ERR_W2V_CORPUS_ITEM',
      `Expected document ${index + 1} ${expected} but received ${describe(received)}`,
    );
  const plain =
    typeof document === 'string'
      ? { text: document }
      : Array.isArray(document)
        ? { tokens: document as string[] }
        : document;
  if (typeof plain !== 'object' || plain === null)
    throw fail('to be {text, labels} or {tokens, labels}', document);
  const { text, tokens, categories = [], labels = categories } = plain as Record<string, unknown>;
  if ('label' in plain && !('labels' in plain)) throw fail('to have labels, one or a list of them,', 'label');
  if (text !== undefined && tokens !== undefined) throw fail('to have text or tokens', 'both');
  if (text === undefined && tokens === undefined) throw fail('to have text or tokens', 'neither');
  if (text !== undefined && typeof text !== 'string') throw fail('to have text that is a string', text);
  if (tokens !== undefined && !Array.isArray(tokens))
    throw fail('to have tokens that are an array of words', tokens);
  const names: unknown[] = Array.isArray(labels) ? labels : [labels];
  for (const name of names)
    if (typeof name !== 'string' || name === '' || /[\0\n]/.test(name))
      throw fail('to have labels that are strings, not empty and of one line', name);
  const head = [String(names.length), ...(names as string[])];
  if (text === undefined) {
    const words = tokens as string[];
    return words.length > longDocument
      ? new WordsInParts(prefixed(head, partsOf(words)))
      : [...head, ...words];
  }
  if (text.length > longDocument) return new WordsInParts(prefixed(head, wordsInParts(text)));
  return [...head, ...text.split(blanks)];
}

const longDocument = 4096; // words, or UTF-16 units: beyond that they are taken in parts
const blanks = /[ \t\r\n]+/;

function* prefixed(head: string[], parts: Iterable<readonly string[]>): Generator<readonly string[]> {
  yield head;
  yield* parts;
}

/** The words of a long text, part by part: each ends at a blank. */
function* wordsInParts(text: string): Generator<readonly string[]> {
  const blank = /[ \t\r\n]/g;
  for (let from = 0, to; from < text.length; from = to) {
    blank.lastIndex = from + longDocument;
    to = (blank.exec(text)?.index ?? text.length - 1) + 1;
    yield text.slice(from, to).split(blanks);
  }
}

/** Batches on their way from the reader to who iterates: one at a time, so that neither is far ahead. */
class BatchQueue<T> implements AsyncIterable<T> {
  #waiting: T | undefined;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #error: { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  async put(batch: T): Promise<void> {
    while (this.#waiting !== undefined && this.#state === 'open') await this.#sleep();
    if (this.#state === 'closed') throw new W2VError('ERR_W2V_CANCELLED', 'No more predictions are wanted');
    this.#waiting = batch;
    this.#wakeUp();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wakeUp();
  }

  fail(error: unknown): void {
    this.#error = { error };
    this.end();
  }

  close(): void {
    this.#state = 'closed';
    this.#wakeUp();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const batch = this.#waiting;
      if (batch !== undefined) {
        this.#waiting = undefined;
        this.#wakeUp();
        yield batch;
      } else if (this.#state !== 'open') {
        if (this.#error) throw this.#error.error;
        return;
      } else {
        await this.#sleep();
      }
    }
  }

  #sleep(): Promise<void> {
    const previous = this.#wake;
    return new Promise((resolve) => {
      this.#wake = () => {
        previous();
        resolve();
      };
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = () => undefined;
    wake();
  }
}

// ---- options ----

function notA(
  expected: string,
  received: unknown,
  code: 'ERR_W2V_ARGUMENT' | 'ERR_W2V_OPTION' = 'ERR_W2V_ARGUMENT',
) {
  return new W2VError(code, `Expected ${expected} but received ${describe(received)}`);
}

function checkPrefix(prefix: unknown = '__label__'): string {
  if (typeof prefix !== 'string' || prefix === '' || /\s/.test(prefix))
    throw notA('labelPrefix to be a text without blanks', prefix, 'ERR_W2V_OPTION');
  return prefix;
}

function checkPredictOptions(options: PredictOptions, others: readonly string[] = []) {
  checkNames(options, ['topN', 'threshold', 'threads', 'signal', ...others]);
  const { topN, threshold, threads } = options;
  if (topN !== undefined) wholeNumber('topN', topN, 1, 0xffffffff);
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1))
    throw notA('threshold to be a number from 0 to 1', threshold, 'ERR_W2V_OPTION');
  return { topN: topN ?? 0, threshold, threads: resolveThreads(threads) };
}

function resolve(given: ClassifierOptions, vectors: unknown, validation: unknown): ResolvedClassifierOptions {
  const others = ['vectors', 'validation', 'labelPrefix', 'signal', 'stopSignal', 'onProgress'];
  const resolved = resolveOptions(classifierOptionSpecs, given, ['classWeights'], others);
  resolved.vectorAlpha ??= resolved.alpha;
  const options = resolved as unknown as ResolvedClassifierOptions;
  if (vectors !== undefined) {
    if (!(vectors instanceof KeyedVectors))
      throw notA('vectors to be KeyedVectors', vectors, 'ERR_W2V_OPTION');
    if (given.vectorSize !== undefined && given.vectorSize !== vectors.vectorSize)
      throw notA(
        `vectorSize to be that of the vectors (${vectors.vectorSize})`,
        given.vectorSize,
        'ERR_W2V_OPTION',
      );
    options.vectorSize = vectors.vectorSize;
  } else if (options.vectorAlpha === 0) {
    throw notA('vectors beside vectorAlpha 0 (random ones would stay random)', vectors, 'ERR_W2V_OPTION');
  }
  if (typeof validation === 'number' && !(validation > 0 && validation < 1))
    throw notA('a share above 0 and below 1 as validation', validation, 'ERR_W2V_OPTION');
  if (options.patience !== undefined && validation === undefined)
    throw notA('validation beside patience', validation, 'ERR_W2V_OPTION');
  if (options.refit && typeof validation !== 'number')
    throw notA('a share as validation beside refit', validation, 'ERR_W2V_OPTION');
  const { classWeights } = given;
  if (classWeights !== undefined) {
    const weights: unknown = classWeights;
    if (weights !== 'balanced' && !isRecord(weights))
      throw notA("classWeights to be 'balanced' or an object of numbers", weights, 'ERR_W2V_OPTION');
    for (const [label, weight] of weights === 'balanced' ? [] : Object.entries(weights))
      if (!(typeof weight === 'number' && weight > 0 && weight < Infinity))
        throw notA(`the classWeight of ${describe(label)} to be a number above 0`, weight, 'ERR_W2V_OPTION');
    options.classWeights = classWeights;
  }
  return options;
}

// ---- results ----

function toProgress({ phase, done, total, learningRate, epoch, loss }: JobProgress): ClassifierProgress {
  return {
    phase: 'training',
    fraction: total > 0 ? Math.min(1, done / total) : null,
    alpha: learningRate,
    epoch: phase === 'training' ? epoch + 1 : 0,
    loss: Number.isNaN(loss) ? null : loss,
  };
}

function toReport(
  report: NativeClassifierReport,
  labels: number,
  { vectorAlpha }: ResolvedClassifierOptions,
): ClassifierReport {
  const { singleLabels, unseenLabels, losses, validationMicroF1, ...rest } = report;
  const warnings: string[] = [];
  const many = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  if (singleLabels > 0)
    warnings.push(
      `${many(singleLabels, 'label')} with one document: hardly more than chance is learned of it`,
    );
  if (unseenLabels > 0)
    warnings.push(
      `${many(unseenLabels, 'label')} of the validation that training does not have: always missed`,
    );
  if (report.emptyDocuments > 0)
    warnings.push(
      `${many(report.emptyDocuments, 'document')} without a word that is known: nothing is learned of it but how frequent labels are`,
    );
  if (vectorAlpha === 0 && report.pretrainedWords === 0)
    warnings.push(
      'No word of the documents has a given vector, and vectorAlpha is 0: nothing can be told apart',
    );
  return {
    ...rest,
    labels,
    losses: [...losses],
    validationMicroF1: [...validationMicroF1].filter((value) => !Number.isNaN(value)),
    wordsPerSecond: report.trainedWords / Math.max(1e-9, report.trainSeconds),
    warnings,
  };
}

function toNotes(text: string, path: string): Notes {
  try {
    const notes = JSON.parse(text) as Partial<Notes> | null;
    if (typeof notes?.options === 'object' && typeof notes.report === 'object') return notes as Notes;
  } catch {
    // said below
  }
  throw new W2VError(
    'ERR_W2V_VECTOR_FORMAT',
    `'${path}': expected options and report in the section 'notes' but received ${describe(text)}`,
  );
}

function toEvaluation(found: NativeClassifierEvaluation, known: readonly string[]): ClassifierEvaluation {
  const { documents, exact, unseenLabels, right, wrong, missed, actual, predicted, confused } = found;
  const labels = [...known, ...unseenLabels];
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  const f1 = (r: number, w: number, m: number) => ratio(2 * r, 2 * r + w + m);
  const perLabel: LabelScore[] = [];
  const sum = { right: 0, wrong: 0, missed: 0 };
  for (const [i, label] of labels.entries()) {
    const [r, w, m] = [right[i]!, wrong[i]!, missed[i]!];
    if (r + w + m === 0) continue;
    perLabel.push({
      label,
      support: r + m,
      predicted: r + w,
      precision: ratio(r, r + w),
      recall: ratio(r, r + m),
      f1: f1(r, w, m),
    });
    sum.right += r;
    sum.wrong += w;
    sum.missed += m;
  }
  // Rows and columns of labels that are there: of many labels, most may not be.
  const present = [...new Set([...actual, ...predicted])].sort((a, b) => a - b);
  const place = new Map(present.map((label, i) => [label, i]));
  const counts = present.map(() => new Array<number>(present.length).fill(0));
  for (const [i, n] of confused.entries()) counts[place.get(actual[i]!)!]![place.get(predicted[i]!)!] = n;
  return {
    documents,
    accuracy: ratio(exact, documents),
    precision: ratio(sum.right, sum.right + sum.wrong),
    recall: ratio(sum.right, sum.right + sum.missed),
    microF1: f1(sum.right, sum.wrong, sum.missed),
    macroF1: ratio(
      perLabel.reduce((total, score) => total + score.f1, 0),
      perLabel.length,
    ),
    perLabel,
    unseenLabels,
    confusionMatrix: { labels: present.map((label) => labels[label]!), counts },
  };
}
