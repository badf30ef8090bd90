/**
 * word2vec for Node.js: trains word vectors, loads them and searches them.
 *
 * @packageDocumentation
 */
import { binding, callNative } from './native.js';

export type { CacheUse, TrimDecision, TrimRule } from './corpus.js';
export { devices, type CudaDevice, type Devices } from './devices.js';
export { UnknownWordError, W2VError, type ErrorCode } from './errors.js';
export type {
  AnalogyEvaluation,
  AnalogyScore,
  AnalogySection,
  EvaluationOptions,
  WordPairsEvaluation,
  WordPairsOptions,
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
export { DataFolder, type TextEncoding } from './corpora/folder.js';
export {
  TaggedCorpus,
  brown,
  categorized,
  movieReviews,
  plainText,
  reuters,
  type BrownOptions,
  type TaggedWord,
} from './corpora/layouts.js';
export {
  TextCorpus,
  type CorpusDocument,
  type CorpusLayout,
  type CorpusOptions as TextCorpusOptions,
  type FileSelection,
} from './corpora/text-corpus.js';
export {
  FrequencyDistribution,
  associationScore,
  collocations,
  type AssociationMeasure,
  type Collocation,
  type CollocationOptions,
  type CountOptions,
} from './text/frequencies.js';
export {
  TextIndex,
  TextVectorizer,
  textSimilarity,
  type TextAnswer,
  type TextMetric,
  type TextSearchOptions,
  type TextVectorOptions,
  type TextWeighting,
} from './text-similarity.js';
export { sentenceStream, tokenStream, type StreamOptions } from './text/stream.js';
export { stopWordLanguages, stopWords } from './text/stop-words.js';
export {
  Tokenizer,
  sentences,
  tokenize,
  type SentenceOptions,
  type TokenizeOptions,
  type TokenizerName,
} from './text/tokenize.js';
export { wordPunctuation } from './text/word-punctuation.js';
export { estimateMemory, type MemoryEstimate } from './memory.js';
export type { ResolvedTrainingOptions, TrainingOptions } from './options.js';
export type { CorpusFiles, CorpusProgress, CorpusSource, Sentence } from './text-source.js';
export {
  TextClassifier,
  type ClassifierEvaluation,
  type ClassifierOptions,
  type ClassifierProgress,
  type ClassifierReport,
  type ClassifierRun,
  type Document,
  type LabelScore,
  type LabelledDocument,
  type LabelledSource,
  type PredictOptions,
  type PredictedLabel,
  type ResolvedClassifierOptions,
  type TestOptions,
} from './text-classifier.js';
export {
  readColumns,
  readConllu,
  readPropositions,
  readSinica,
  readTagged,
  readTaggedWords,
  type ConlluColumn,
  type ConlluOptions,
  type TaggedReadOptions,
  type TaggedSentence,
} from './corpora/tagged.js';
export {
  SequenceTagger,
  type ResolvedTaggerOptions,
  type SentenceToTag,
  type TaggedSource,
  type TaggerEvaluation,
  type TaggerOptions,
  type TaggerProgress,
  type TaggerReport,
  type TaggerRun,
} from './sequence-tagger.js';
export { spansOf, tagsOf, type Span, type TagScore, type TaggingEvaluation } from './span-evaluation.js';
export type {
  CheckpointOptions,
  EarlyStopping,
  RunOptions,
  TrainingCallback,
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
  type TrainedWord2Vec,
  type TrainingReport,
  type Validation,
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
