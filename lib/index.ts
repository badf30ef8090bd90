/**
 * word2vec for Node.js: trains word vectors, loads them and searches them.
 *
 * @packageDocumentation
 */
import { binding, callNative } from './native.js';

export { devices, type CudaDevice, type Devices } from './devices.js';
export type { TrimDecision, TrimRule } from './corpus.js';
export { UnknownWordError, W2VError, type ErrorCode } from './errors.js';
export type {
  AnalogyEvaluation,
  AnalogySection,
  EvaluationOptions,
  WordPairsEvaluation,
} from './evaluation.js';
export {
  KeyedVectors,
  noAnswer,
  type AddVectorsOptions,
  type BatchAnswers,
  type BatchSearchOptions,
  type ClusterOptions,
  type Clusters,
  type IndexOptions,
  type JobOptions,
  type LoadOptions,
  type LoadedFrom,
  type MeanVectorOptions,
  type Neighbour,
  type Progress,
  type SaveOptions,
  type SearchOptions,
  type VectorRows,
} from './keyed-vectors.js';
export {
  FrozenPhrases,
  Phrases,
  applyPasses,
  englishConnectorWords,
  type PairCounts,
  type Phrase,
  type PhraseOptions,
  type PhraseRunOptions,
  type PhraseScoring,
} from './phrases.js';
export type { Combination, Weighted, WordOrVector } from './query.js';
export type { LoadedFormat, LoadingOptions, Precision, VectorFormat, VectorStream } from './vector-file.js';
export { estimateMemory, type MemoryEstimate } from './memory.js';
export type { ResolvedTrainingOptions, TrainingOptions } from './options.js';
export type { CorpusFiles, CorpusSource, Sentence } from './text-source.js';
export type {
  CheckpointOptions,
  EarlyStopping,
  RunOptions,
  TrainingEvent,
  TrainingProgress,
} from './training-run.js';
export {
  Word2Vec,
  type ContinueOptions,
  type CorpusOptions,
  type ModelLoadOptions,
  type Placement,
  type PredictedWord,
  type TrainOptions,
  type TrainingReport,
  type VocabularyOptions,
} from './word2vec.js';

/**
 * The instruction set that the kernels run on: the best of {@link availableIsas}, or the one that the environment
 * variable `W2V_FORCE_ISA` names.
 *
 * @throws ERR_W2V_ISA if that one is unknown or not of this machine
 */
export function isa(): string {
  return callNative(() => binding.isa());
}

/** The instruction sets that this build and this processor can run (`avx512vnni`, `avx512`, `avx2`, `neon`, `scalar`), best first. */
export function availableIsas(): string[] {
  return binding.availableIsas();
}
