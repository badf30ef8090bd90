// What a training reads: text, counted and encoded by the addon as it comes.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { W2VError, describe } from './errors.js';
import {
  binding,
  callNative,
  runJob,
  type NativeCorpus,
  type NativeModel,
  type PrepareResult,
  type VocabularySource,
} from './native.js';
import {
  isFiles,
  nameOf,
  readSource,
  type CorpusSource,
  type SourceOptions,
  type TextFile,
  type TextSink,
} from './text-source.js';
import { nextTurn, turnIsOver } from './turn.js';

// Of ids of sentences and streams, which may have no end in sight, before they go to a temporary file.
const bytesInMemory = 64 * 2 ** 20;

/** What becomes of a word: kept or left out whatever its count, or `minCount` decides. */
export type TrimDecision = 'keep' | 'discard' | 'default';

/**
 * Asked for each different word of a corpus, in no particular order, with its number of occurrences.
 * @returns undefined is `default`
 */
export type TrimRule = (word: string, count: number, minCount: number) => TrimDecision | undefined;

export interface ReadingOptions extends SourceOptions {
  threads: number;
  /** Keep the encoded words in a temporary file: true for the system's folder, or a folder; false: in memory. */
  spool?: boolean | string | undefined;
  /** A folder for the encoded corpus, which the next reading of the same files takes from there. */
  cache?: string | undefined;
  /** Bytes that the table of words may take. */
  maxVocabMemory?: number | undefined;
}

export interface VocabularyChoice {
  vocabulary: VocabularySource;
  trimRule?: TrimRule | undefined;
}

/** A corpus that is ready for training. */
export interface PreparedCorpus {
  corpus: NativeCorpus;
  words: number;
  /** Those of the vocabulary, sentence ends included. */
  corpusWords: number;
  /** What became of the cache; null where none was asked for. */
  cache: CacheUse | null;
  /** What the user should know of the corpus and the cache. */
  warnings: string[];
}

/** `reused`: the text was not read; `written`: the next training can reuse it; `failed`: it could not be written. */
export type CacheUse = 'reused' | 'written' | 'failed';

/**
 * Reads a source to its end and encodes it with the vocabulary that it is found to have.
 * @throws the errors that Word2Vec.train() documents
 */
export async function readCorpus(
  source: CorpusSource,
  choice: VocabularyChoice,
  options: ReadingOptions,
): Promise<PreparedCorpus> {
  if (options.cache !== undefined && (choice.trimRule ?? options.maxVocabMemory) !== undefined)
    throw uncacheable(choice.trimRule ? 'a trimRule' : 'maxVocabMemory');
  const reader = await read(source, options, choice.vocabulary);
  return reader.prepare(choice);
}

/** Reads a source to its end and encodes it with the vocabulary of a model. @throws the same */
export async function encodeCorpus(
  source: CorpusSource,
  model: NativeModel,
  options: ReadingOptions,
): Promise<PreparedCorpus> {
  if (options.cache !== undefined) throw uncacheable('a model that has its vocabulary already');
  return (await read(source, options)).encode(model);
}

/** Reads a source to its end, to be counted. @throws the same */
export async function countCorpus(
  source: CorpusSource,
  options: ReadingOptions,
): Promise<{ corpus: NativeCorpus; words: number; differentWords: number; sentences: number }> {
  const reader = await read(source, options);
  return reader.count();
}

/** What `rules` of a vocabulary source are, by a trim rule. The corpus has been counted. */
export async function rulesOf(
  corpus: NativeCorpus,
  differentWords: number,
  minCount: number,
  trimRule: TrimRule,
): Promise<Uint8Array> {
  const numbers = new Map<string, number>([
    ['default', 0],
    ['keep', 1],
    ['discard', 2],
  ]);
  const rules = new Uint8Array(differentWords);
  for (let from = 0; from < differentWords;) {
    const { words, counts } = corpus.countedWords(from, from + 256);
    for (const [i, word] of words.entries()) {
      const decision = trimRule(word, counts[i]!, minCount) ?? 'default';
      const number = numbers.get(decision);
      if (number === undefined) {
        throw new W2VError(
          'ERR_W2V_ARGUMENT',
          `Expected trimRule to return 'keep', 'discard' or 'default' but received ${describe(decision)} for the word ${describe(word)}`,
        );
      }
      rules[from + i] = number;
    }
    from += words.length;
    if (turnIsOver()) await nextTurn();
  }
  return rules;
}

function uncacheable(received: string): W2VError {
  return new W2VError(
    'ERR_W2V_OPTION',
    `Expected files to go with the option 'cache', which knows them by size, time and content, but received ${received}`,
  );
}

async function read(
  source: CorpusSource,
  options: ReadingOptions,
  cacheKey?: VocabularySource,
): Promise<CorpusReader> {
  const reader = new CorpusReader(source, options, cacheKey);
  if (options.cache !== undefined && !isFiles(source)) throw uncacheable('sentences');
  await readSource(source, reader, options);
  return reader;
}

/** Text into a native corpus. */
class CorpusReader implements TextSink {
  readonly #corpus: NativeCorpus;
  readonly #options: ReadingOptions;
  readonly #name: string;
  readonly #cacheKey: VocabularySource | undefined;
  #reused = false;
  readonly #cacheProblems: string[] = [];

  constructor(source: CorpusSource, options: ReadingOptions, cacheKey: VocabularySource | undefined) {
    this.#options = options;
    this.#name = nameOf(source);
    this.#cacheKey = cacheKey;
    const { spool, cache, maxVocabMemory } = options;
    if (spool !== undefined && typeof spool !== 'boolean' && typeof spool !== 'string') {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected spool to be true, false or a folder but received ${describe(spool)}`,
      );
    }
    if (cache !== undefined && (typeof cache !== 'string' || cache === '')) {
      throw new W2VError(
        'ERR_W2V_OPTION',
        `Expected cache to be the path of a folder but received ${describe(cache)}`,
      );
    }
    const spills = spool === undefined && !isFiles(source) && process.platform !== 'win32';
    const folder = spool === true || spills ? tmpdir() : spool === false ? undefined : spool;
    this.#corpus = callNative(() =>
      binding.createCorpus({
        ...(folder !== undefined && { spool: folder }),
        bytesInMemory: spills ? bytesInMemory : 0,
        vocabularyBytes: maxVocabMemory ?? 0,
      }),
    );
  }

  get words(): number {
    return this.#corpus.words;
  }

  append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Promise<void> {
    return runJob(() => this.#corpus.append(bytes, framing, name), { signal: this.#options.signal });
  }

  async appendFiles(paths: string[], onBytes: (bytes: number) => void): Promise<void> {
    const { threads, signal, onProgress } = this.#options;
    await runJob(() => this.#corpus.appendFiles(paths, threads), {
      signal,
      onProgress: onProgress && (({ done }) => onBytes(done)),
    });
  }

  endSource(): void {
    callNative(() => this.#corpus.endSource());
  }

  /** Whether the files are in the cache. */
  readonly open = async (files: readonly TextFile[]): Promise<boolean> => {
    const { cache, threads, signal } = this.#options;
    const vocabulary = this.#cacheKey;
    if (cache === undefined || vocabulary === undefined) return false;
    const stream = files.find(({ size }) => size === null);
    if (stream) throw uncacheable(stream.path === '-' ? 'standard input' : `'${stream.path}'`);
    // A folder that cannot be made is no error: prepare() tells that the cache cannot be written.
    await mkdir(cache, { recursive: true }).catch(() => undefined);
    const paths = files.map(({ path }) => path);
    const { reused, problem } = await runJob(
      () => this.#corpus.openCache(cache, paths, vocabulary, threads),
      { signal },
    );
    if (problem !== '') this.#cacheProblems.push(`${problem}. It is made anew`);
    this.#reused = reused;
    return reused;
  };

  /** After reading. */
  async prepare({ vocabulary, trimRule }: VocabularyChoice): Promise<PreparedCorpus> {
    const { cache, threads, signal } = this.#options;
    if (!this.#reused) this.#checkWords();
    let source = vocabulary;
    if (trimRule) {
      const { words } = await runJob(() => this.#corpus.count(), { signal });
      source = { ...vocabulary, rules: await rulesOf(this.#corpus, words, vocabulary.minCount, trimRule) };
    }
    const result = await runJob(() => this.#corpus.prepare(source, threads), { signal });
    if (result.problem !== '') this.#cacheProblems.push(`The corpus is not cached: ${result.problem}`);
    const written = result.problem === '' ? 'written' : 'failed';
    return this.#prepared(result, cache === undefined ? null : this.#reused ? 'reused' : written);
  }

  async encode(model: NativeModel): Promise<PreparedCorpus> {
    const { threads, signal } = this.#options;
    this.#checkWords();
    return this.#prepared(await runJob(() => this.#corpus.encode(model, threads), { signal }), null);
  }

  async count() {
    this.#checkWords();
    const { words: differentWords, sentences } = await runJob(() => this.#corpus.count(), {
      signal: this.#options.signal,
    });
    return { corpus: this.#corpus, words: this.#corpus.words, differentWords, sentences };
  }

  #checkWords(): void {
    if (this.#corpus.words > 0) return;
    throw new W2VError('ERR_W2V_CORPUS_EMPTY', `Expected words in ${this.#name} but found none`);
  }

  #prepared(result: PrepareResult, cache: CacheUse | null): PreparedCorpus {
    const { words, corpusWords, invalidUtf8Words, prunedWords, prunedOccurrences, prunedUpTo } = result;
    const warnings = [...this.#cacheProblems];
    if (invalidUtf8Words > 0) {
      warnings.push(
        `${invalidUtf8Words} words of the corpus are not valid UTF-8; their bytes were kept as they are`,
      );
    }
    if (prunedWords > 0) {
      warnings.push(
        `The table of words outgrew maxVocabMemory (${this.#options.maxVocabMemory} bytes): ${prunedWords} times a word was dropped while counting, ` +
          `with ${prunedUpTo} occurrences or fewer, ${prunedOccurrences} in all; counts of rare words are too low`,
      );
    }
    return { corpus: this.#corpus, words, corpusWords, cache, warnings };
  }
}
