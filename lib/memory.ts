// How much memory a training takes, before it takes it.
import { expectOption, expectOptions, wholeNumber } from './arguments.js';
import { resolveTrainingOptions, type TrainingOptions } from './options.js';

/** Bytes. */
export interface MemoryEstimate {
  /** The word vectors: words × vectorSize, rows padded to 64 bytes. */
  inputs: number;
  /** Output vectors (negative sampling) and tree nodes (hierarchical softmax). */
  targets: number;
  /** Words, counts, their index. */
  vocabulary: number;
  /** Sampling tables, tree paths. */
  tables: number;
  /** The encoded corpus, 4 bytes a word, where it is in memory. */
  corpus: number;
  /** All of these together. */
  total: number;
}

/**
 * Estimates the memory of a training, beyond Node.js itself and the tables of words while they are counted (`maxVocabMemory`).
 *
 * @param given - the options of the training, with the size of its vocabulary, and of its corpus where that is to be in memory
 * @throws ERR_W2V_OPTION
 */
export function estimateMemory(
  given: TrainingOptions & {
    /** Words in the vocabulary, `</s>` included. */
    vocabularySize: number;
    /** Words of the corpus and sentence ends. @defaultValue 0 */
    corpusWords?: number | undefined;
    /** Bytes of a word in UTF-8, on average. @defaultValue 8 */
    wordBytes?: number | undefined;
  },
): MemoryEstimate {
  expectOptions(given);
  const { vocabularySize, corpusWords = 0, wordBytes = 8, ...training } = given;
  wholeNumber('vocabularySize', vocabularySize, 1);
  wholeNumber('corpusWords', corpusWords, 0);
  expectOption(Number.isFinite(wordBytes) && wordBytes >= 0, 'wordBytes to be a number from 0', wordBytes);
  const options = resolveTrainingOptions(training, ['vocabularySize', 'corpusWords', 'wordBytes']);
  const { vectorSize, negative, negatives, hs, sample } = options;
  const rowBytes = Math.ceil(vectorSize / 16) * 64;
  const inputs = vocabularySize * rowBytes;
  const targets = vocabularySize * rowBytes * ((negative > 0 ? 1 : 0) + (hs ? 1 : 0));
  // Slots of 8 bytes, a power of two, at most half full; ends and counts of 8 bytes each.
  const slots = 2 ** Math.ceil(Math.log2(Math.max(1024, 2 * vocabularySize)));
  const vocabulary = 8 * slots + vocabularySize * (16 + wordBytes);
  const noise = negative === 0 ? 0 : negatives === 'shared' ? 8 * vocabularySize : 4 * vocabularySize;
  // A Huffman path is about as long as the entropy of the words, some 11 bits in natural text, more for the many rare words.
  const path = Math.ceil(Math.log2(vocabularySize + 1)) + 2;
  const tree = hs ? vocabularySize * (8 + 8 * path) : 0;
  const tables = noise + tree + (sample > 0 ? 4 * vocabularySize : 0);
  const corpus = 4 * corpusWords;
  return {
    inputs,
    targets,
    vocabulary,
    tables,
    corpus,
    total: inputs + targets + vocabulary + tables + corpus,
  };
}
