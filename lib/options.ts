// The training options: one table for the API, the command line and its help.
import { availableParallelism } from 'node:os';
import { expectOption, expectOptions } from './arguments.js';
import { W2VError, describe } from './errors.js';
import type { NativeTrainingOptions, VocabularySource } from './native.js';
import { near } from './spelling.js';

/** What a training computes. Names and meanings follow gensim 4. */
export interface TrainingOptions {
  /** Dimensions of the vectors. @defaultValue 100 */
  vectorSize?: number | undefined;
  /** Words to either side that a word is trained with, at most. @defaultValue 5 */
  window?: number | undefined;
  /** Skip-gram: each context word predicts the center; else CBOW: their mean does. @defaultValue false */
  sg?: boolean | undefined;
  /** Hierarchical softmax; with `negative` above 0 both objectives are trained. @defaultValue false */
  hs?: boolean | undefined;
  /** Negative samples per prediction; 0 for none (then `hs` is needed). @defaultValue 5 */
  negative?: number | undefined;
  /**
   * Which predictions share negative samples. `shared`: those of a window, which is several times faster and no worse
   * (Ji, Satish, Li, Dubey 2016, arXiv:1604.04661; docs/benchmarks.md). `per-pair`: none; the loop, the draws and the
   * tabulated logistic of word2vec.c. @defaultValue shared */
  negatives?: 'per-pair' | 'shared' | undefined;
  /** Exponent of the noise distribution: 1 samples words by frequency, 0 all alike. @defaultValue 0.75 */
  nsExponent?: number | undefined;
  /** CBOW: the mean of the context vectors; false: their sum, its error divided among them as gensim does. @defaultValue true */
  cbowMean?: boolean | undefined;
  /** Threshold of subsampling, a share of all words: more frequent ones are left out at random; 0 keeps all. @defaultValue 0.001 */
  sample?: number | undefined;
  /** Words that occur fewer times are left out. @defaultValue 5 */
  minCount?: number | undefined;
  /** Raises `minCount` until the vocabulary has at most so many words (`</s>` apart); no limit if not given. */
  maxFinalVocab?: number | undefined;
  /** Passes over the corpus. @defaultValue 5 */
  epochs?: number | undefined;
  /** Initial learning rate. @defaultValue 0.025, CBOW 0.05 */
  alpha?: number | undefined;
  /** Given: the learning rate falls linearly to it (gensim). Not given: towards 0, with alpha · 0.0001 as floor (word2vec.c). */
  minAlpha?: number | undefined;
  /** Threads; more than one make runs differ (docs/reproducibility.md). @defaultValue all processors */
  threads?: number | undefined;
  /** Start of the random numbers: the initial vectors from it, thread t from seed − 1 + t; 1 gives word2vec.c's. @defaultValue 1 */
  seed?: number | undefined;
  /** Words (that subsampling kept) after which a longer sentence is split. @defaultValue 1000 */
  maxSentenceLength?: number | undefined;
  /** Draw each window's radius from 1 … window; false: always the whole window. @defaultValue true */
  shrinkWindows?: boolean | undefined;
  /** A vocabulary file (`word count` lines, as `saveVocabulary` writes) to use in place of counting. */
  readVocab?: string | undefined;
  /**
   * Bytes that the tables of words may take while they are counted: beyond, the rarer half is dropped (counts of rare words are too low then, with a warning). No
   * limit if not given.
   */
  maxVocabMemory?: number | undefined;
  /** Measure the loss, by samples: every 256th window of each thread, before it is learned from. @defaultValue true */
  computeLoss?: boolean | undefined;
  /**
   * What trains: `cpu`, the processor; `cuda`, NVIDIA GPUs, which must be there then; `auto`, a GPU where one is usable and the model fits, else the
   * processor. GPUs work on thousands of places at once: runs differ, as with several threads (docs/cuda.md).
   * With `devices` and without this: `cuda`. @defaultValue auto */
  backend?: 'auto' | 'cpu' | 'cuda' | undefined;
  /** The numbers of the GPUs to train on, as {@link devices} lists them. @defaultValue the first usable one */
  devices?: readonly number[] | undefined;
}

interface Common {
  /** One line of help; ranges and defaults are added to it. */
  readonly help: string;
  /** The default in words, where it is not one value. */
  readonly defaultText?: string;
}
interface NumberSpec extends Common {
  readonly type: 'integer' | 'number';
  readonly unit?: string;
  readonly default?: number | (() => number);
  readonly min: number;
  /** `min` itself is out of range. */
  readonly aboveMin?: boolean;
  readonly max: number;
}
interface BooleanSpec extends Common {
  // Its help tells what the flag does: of an option that is on by default, what --no-… does.
  readonly type: 'boolean';
  readonly default: boolean;
}
interface ChoiceSpec extends Common {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}
interface PathSpec extends Common {
  readonly type: 'path';
}
interface NumbersSpec extends Common {
  readonly type: 'numbers';
}
export type OptionSpec = NumberSpec | BooleanSpec | ChoiceSpec | PathSpec | NumbersSpec;

/** The options that every training has: of word vectors, classifiers and taggers. */
export const runOptionSpecs = {
  threads: {
    type: 'integer',
    default: availableParallelism,
    defaultText: 'all processors',
    min: 1,
    max: 4096,
    help: 'threads',
  },
  seed: {
    type: 'integer',
    default: 1,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    help: 'start of the random numbers',
  },
} satisfies Record<string, OptionSpec>;

/** Every training option; see {@link TrainingOptions} for the full meanings. */
export const trainingOptionSpecs: Record<keyof TrainingOptions, OptionSpec> = {
  vectorSize: {
    type: 'integer',
    unit: 'dimensions',
    default: 100,
    min: 1,
    max: 65536,
    help: 'size of the vectors',
  },
  window: {
    type: 'integer',
    unit: 'words',
    default: 5,
    min: 1,
    max: 1_000_000,
    help: 'context to either side of a word',
  },
  sg: { type: 'boolean', default: false, help: 'skip-gram instead of CBOW' },
  hs: {
    type: 'boolean',
    default: false,
    help: 'hierarchical softmax (beside negative sampling, unless --negative 0)',
  },
  negative: {
    type: 'integer',
    unit: 'words',
    default: 5,
    min: 0,
    max: 1000,
    help: 'negative samples per prediction; 0 for none',
  },
  negatives: {
    type: 'choice',
    choices: ['per-pair', 'shared'],
    default: 'shared',
    help: 'what shares negative samples',
  },
  nsExponent: {
    type: 'number',
    default: 0.75,
    min: -10,
    max: 10,
    help: 'exponent of the noise distribution',
  },
  cbowMean: {
    type: 'boolean',
    default: true,
    help: 'CBOW: the sum of the context vectors instead of their mean',
  },
  sample: {
    type: 'number',
    unit: 'share of all words',
    default: 1e-3,
    min: 0,
    max: 1,
    help: 'threshold of subsampling frequent words; 0 for none',
  },
  minCount: {
    type: 'integer',
    unit: 'occurrences',
    default: 5,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    help: 'leave out words that are less frequent',
  },
  maxFinalVocab: {
    type: 'integer',
    unit: 'words',
    defaultText: 'no limit',
    min: 1,
    max: 0xfffffffd,
    help: 'raise the minimum count until the vocabulary has no more words',
  },
  epochs: { type: 'integer', default: 5, min: 1, max: 1_000_000, help: 'passes over the corpus' },
  alpha: {
    type: 'number',
    defaultText: '0.025, CBOW 0.05',
    min: 0,
    aboveMin: true,
    max: 100,
    help: 'initial learning rate',
  },
  minAlpha: {
    type: 'number',
    defaultText: 'towards 0, with alpha · 0.0001 as floor',
    min: 0,
    max: 100,
    help: 'final learning rate of a linear fall',
  },
  ...runOptionSpecs,
  maxSentenceLength: {
    type: 'integer',
    unit: 'words',
    default: 1000,
    min: 2,
    max: 1_000_000,
    help: 'split longer sentences',
  },
  shrinkWindows: {
    type: 'boolean',
    default: true,
    help: 'always the whole window instead of drawing its size from 1 to --window',
  },
  readVocab: {
    type: 'path',
    help: 'use the vocabulary in this file (lines of word and count) instead of counting',
  },
  maxVocabMemory: {
    type: 'integer',
    unit: 'bytes',
    defaultText: 'no limit',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    help: 'drop rare words while counting, beyond so much memory for them',
  },
  computeLoss: { type: 'boolean', default: true, help: 'do not measure the loss' },
  backend: {
    type: 'choice',
    choices: ['auto', 'cpu', 'cuda'],
    default: 'auto',
    help: 'what trains: a GPU where one is usable, the processor, or a GPU',
  },
  devices: {
    type: 'numbers',
    defaultText: 'the first usable one',
    help: 'GPUs to train on (w2v info --devices lists them)',
  },
};

/** How other programs call an option. */
const otherNames: Record<string, keyof TrainingOptions> = {
  size: 'vectorSize',
  iter: 'epochs',
  workers: 'threads',
  skipgram: 'sg',
  startalpha: 'alpha',
  endalpha: 'minAlpha',
  maxvocabsize: 'maxFinalVocab',
};

/** ERR_W2V_OPTION, suggesting the nearest of the known names. */
function unknownOption(name: string, known: readonly string[], of?: string): W2VError {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const other = Object.hasOwn(otherNames, plain(name)) ? otherNames[plain(name)] : undefined;
  const suggestion =
    known.find((candidate) => plain(candidate) === plain(name)) ??
    (other && known.includes(other) ? other : near(name, known));
  const hint = suggestion === undefined ? `expected ${known.join(', ')}` : `did you mean '${suggestion}'?`;
  const where = of === undefined ? '' : ` of ${of}`;
  return new W2VError('ERR_W2V_OPTION', `Unknown option ${describe(name)}${where}: ${hint}`);
}

/**
 * Refuses what is no object of options, and options that are not there.
 *
 * @param of - an option, whose own options they are
 * @param suggested - names that are only suggested for an unknown one
 * @throws ERR_W2V_OPTION
 */
export function checkNames(
  options: unknown,
  known: readonly string[],
  { of, suggested = [] }: { of?: string; suggested?: readonly string[] } = {},
): void {
  expectOptions(options, of);
  for (const name of Object.keys(options as object))
    if (!known.includes(name)) throw unknownOption(name, [...known, ...suggested], of);
}

/** The values that an option takes, in words. */
export function expectedValue(spec: OptionSpec): string {
  switch (spec.type) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return spec.choices.map((choice) => `'${choice}'`).join(' or ');
    case 'path':
      return 'the path of a file';
    case 'numbers':
      return 'different whole numbers from 0, one at least';
    default: {
      const kind = spec.type === 'integer' ? 'a whole number' : 'a number';
      const range = spec.aboveMin
        ? `above ${spec.min}, at most ${spec.max}`
        : `from ${spec.min} to ${spec.max}`;
      return `${kind} ${range}${spec.unit ? ` (${spec.unit})` : ''}`;
    }
  }
}

export function isValid(spec: OptionSpec, value: unknown): boolean {
  switch (spec.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return spec.choices.includes(value as string);
    case 'path':
      return typeof value === 'string' && value !== '';
    case 'numbers':
      return (
        Array.isArray(value) &&
        value.length > 0 &&
        new Set(value).size === value.length &&
        value.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 31)
      );
    default:
      return (
        typeof value === 'number' &&
        (spec.type === 'integer' ? Number.isInteger(value) : !Number.isNaN(value)) &&
        (spec.aboveMin ? value > spec.min : value >= spec.min) &&
        value <= spec.max
      );
  }
}

function defaultOf(spec: OptionSpec): unknown {
  if (!('default' in spec)) return undefined;
  return typeof spec.default === 'function' ? spec.default() : spec.default;
}

/** The options of one training: those given, checked, and the defaults of all others. */
export type ResolvedTrainingOptions = {
  [
    K in Exclude<
      keyof TrainingOptions,
      'devices' | 'maxFinalVocab' | 'maxVocabMemory' | 'minAlpha' | 'readVocab'
    >
  ]-?: NonNullable<TrainingOptions[K]>;
} & Pick<TrainingOptions, 'devices' | 'maxFinalVocab' | 'maxVocabMemory' | 'minAlpha' | 'readVocab'>;

/**
 * Checks the options given against a table of them and adds the defaults.
 *
 * @param others names of options that are given beside those, checked by the caller
 * @param suggested names that are only suggested for an unknown one
 * @throws ERR_W2V_OPTION: unknown, of the wrong type or out of range
 */
export function resolveOptions(
  specs: Readonly<Record<string, OptionSpec>>,
  given: object,
  others: readonly string[] = [],
  suggested: readonly string[] = [],
): Record<string, unknown> {
  checkNames(given, [...Object.keys(specs), ...others], { suggested });
  const resolved: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const { [name]: value = defaultOf(spec) } = given as Record<string, unknown>;
    if (value !== undefined && !isValid(spec, value)) throw invalidOption(name, expectedValue(spec), value);
    resolved[name] = value;
  }
  return resolved;
}

/**
 * How many threads, where it is an option by itself.
 *
 * @throws ERR_W2V_OPTION
 */
export function resolveThreads(given?: number, byDefault = availableParallelism()): number {
  const { threads = byDefault } = { threads: given };
  return resolveOptions({ threads: runOptionSpecs.threads }, { threads }).threads as number;
}

/** ERR_W2V_OPTION for the value of an option. */
export function invalidOption(name: string, expected: string, value: unknown): W2VError {
  return new W2VError('ERR_W2V_OPTION', `Expected ${name} to be ${expected} but received ${describe(value)}`);
}

/**
 * Checks the options given and adds the defaults.
 *
 * @param suggested names of options that the caller has beside these
 * @throws ERR_W2V_OPTION: unknown, of the wrong type, out of range, or not fitting together
 */
export function resolveTrainingOptions(
  given: TrainingOptions,
  suggested: readonly string[] = [],
): ResolvedTrainingOptions {
  const resolved = resolveOptions(trainingOptionSpecs, given, [], suggested);
  resolved.alpha ??= resolved.sg ? 0.025 : 0.05;
  // Who names a GPU wants one.
  if (given.devices !== undefined && given.backend === undefined) resolved.backend = 'cuda';
  const options = resolved as unknown as ResolvedTrainingOptions;

  if (!options.hs && options.negative === 0) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      'Expected negative above 0 or hs: true but received negative 0 and hs false: nothing would be trained',
    );
  }
  expectFall(options, 'alpha', 'minAlpha');
  return options;
}

/**
 * The learning rates of a further training, under its names for them.
 *
 * @throws ERR_W2V_OPTION
 */
export function resolveRates(
  given: { startAlpha?: number | undefined; endAlpha?: number | undefined },
  { alpha, minAlpha }: Pick<ResolvedTrainingOptions, 'alpha' | 'minAlpha'>,
): Pick<ResolvedTrainingOptions, 'alpha' | 'minAlpha'> {
  const specs = { startAlpha: trainingOptionSpecs.alpha, endAlpha: trainingOptionSpecs.minAlpha };
  const { startAlpha = alpha, endAlpha = minAlpha } = given;
  resolveOptions(specs, { startAlpha, endAlpha });
  expectFall({ alpha: startAlpha, minAlpha: endAlpha }, 'startAlpha', 'endAlpha');
  return { alpha: startAlpha, minAlpha: endAlpha };
}

function expectFall(
  { alpha, minAlpha }: Pick<ResolvedTrainingOptions, 'alpha' | 'minAlpha'>,
  from: string,
  to: string,
): void {
  const falls = minAlpha === undefined || minAlpha <= alpha;
  expectOption(falls, `${to} to be at most ${from} (${alpha})`, minAlpha);
}

/** As the addon takes them: what decides the vocabulary, and what training computes. */
export function toNative({
  minCount,
  maxFinalVocab,
  readVocab,
  minAlpha,
  devices,
  ...options
}: ResolvedTrainingOptions): {
  vocabulary: VocabularySource;
  training: NativeTrainingOptions;
} {
  return {
    vocabulary: {
      minCount,
      maxFinalVocab: maxFinalVocab ?? 0,
      ...(readVocab !== undefined && { readVocab }),
    },
    training: {
      ...options,
      ...(minAlpha !== undefined && { minAlpha }),
      devices: Uint32Array.from(devices ?? []),
      epochsBefore: 0,
    },
  };
}

/** The value of an option as the command line gives it. @throws ERR_W2V_OPTION */
export function parseOption(spec: OptionSpec, text: string): number | string | number[] {
  const isNumber = spec.type === 'integer' || spec.type === 'number';
  const toNumber = (digits: string) => (digits.trim() === '' ? NaN : Number(digits));
  const value =
    spec.type === 'numbers'
      ? text.split(',').map(toNumber)
      : isNumber && text.trim() !== ''
        ? Number(text)
        : text;
  if (isValid(spec, value)) return value;
  throw new W2VError('ERR_W2V_OPTION', `Expected ${expectedValue(spec)}.`);
}
