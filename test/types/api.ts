// The public types as users meet them. Nothing here runs: `npm run typecheck` compiles it, and fails where a type is no
// longer what is written, or where a mistake that must be found is not (@ts-expect-error).
import { expectTypeOf } from 'expect-type';
import {
  KeyedVectors,
  SequenceTagger,
  TextClassifier,
  UnknownWordError,
  W2VError,
  Word2Vec,
  type BatchAnswers,
  type CorpusSource,
  type ErrorCode,
  type Neighbour,
  type PredictedLabel,
  type ResolvedTrainingOptions,
  type Sentence,
  type TrainOptions,
  type TrainingOptions,
  type TrainingReport,
} from '../../lib/index.js';
import { loadModel, word2vec, type Model, type WordDistance } from '../../lib/npm-word2vec.js';

export async function train(source: CorpusSource, signal: AbortSignal): Promise<void> {
  const model = await Word2Vec.train(source, {
    sg: true,
    vectorSize: 50,
    negatives: 'per-pair',
    signal,
    onProgress: ({ phase, fraction, loss }) => {
      expectTypeOf(phase).toEqualTypeOf<'vocabulary' | 'training'>();
      expectTypeOf(fraction).toEqualTypeOf<number | null>();
      expectTypeOf(loss).toEqualTypeOf<number | null>();
    },
    onEpochEnd: async ({ model }) => model.vectors.save('vectors.bin'),
    earlyStopping: { metric: (model) => model.vectors.size },
  });
  expectTypeOf(model.report).toEqualTypeOf<TrainingReport>();
  expectTypeOf(model.vectors).toEqualTypeOf<KeyedVectors>();
  expectTypeOf(model.report.backend).toEqualTypeOf<'cpu' | 'cuda'>();
  // A model that was loaded has no report of a training.
  const loaded = await Word2Vec.load('model.w2v');
  // @ts-expect-error: it may be undefined
  loaded.report.seconds.toFixed();

  // @ts-expect-error: no such option
  await Word2Vec.train(source, { vectorsize: 50 });
  // @ts-expect-error: a number is expected
  await Word2Vec.train(source, { vectorSize: '50' });
  // @ts-expect-error: one of two strings is expected
  await Word2Vec.train(source, { negatives: 'all' });
  // @ts-expect-error: numbers are no sentences
  await Word2Vec.train([1, 2, 3]);
  // @ts-expect-error: the report is not to be written to
  model.report = undefined;
}

export async function ask(vectors: KeyedVectors): Promise<void> {
  const neighbours = await vectors.mostSimilar({ positive: ['king', ['crown', 0.5]], negative: 'man' });
  expectTypeOf(neighbours).toEqualTypeOf<Neighbour[]>();
  const row = vectors.get('king');
  expectTypeOf(row).toExtend<Float32Array>();
  const batch = await vectors.search(row, {
    metric: 'dot',
    filter: (word, index) => word !== '' && index > 0,
  });
  expectTypeOf(batch).toEqualTypeOf<BatchAnswers>();
  const count = vectors.count('king');
  expectTypeOf(count).toEqualTypeOf<number | undefined>();
  for (const word of vectors) expectTypeOf(word).toEqualTypeOf<string>();

  // @ts-expect-error: rows are not made by hand
  new KeyedVectors();
  // @ts-expect-error: the size is not to be written to
  vectors.size = 3;
  // @ts-expect-error: a weight is a number
  await vectors.mostSimilar({ positive: [['king', '0.5']] });
  // @ts-expect-error: cosmul takes words, positive and negative
  await vectors.mostSimilarCosmul('king');
  // @ts-expect-error: one of three precisions is expected
  await vectors.save('vectors.w2v', { precision: 'float16' });
}

export async function classifyAndTag(signal: AbortSignal): Promise<void> {
  const classifier = await TextClassifier.train([{ text: 'good', labels: ['positive'] }], {
    loss: 'ova',
    signal,
  });
  const label = await classifier.predict({ tokens: ['good'] }, { topN: 1 });
  expectTypeOf(label).toEqualTypeOf<PredictedLabel[]>();
  const tagger = await SequenceTagger.train([{ tokens: ['Rome'], tags: ['B-LOC'] }], { window: 3 });
  const tags = await tagger.tag([['in', 'Rome']]);
  expectTypeOf(tags).toEqualTypeOf<string[][]>();

  // @ts-expect-error: a document to learn from has labels
  await TextClassifier.train([{ text: 'good' }]);
  // @ts-expect-error: no such loss
  await TextClassifier.train('reviews.txt', { loss: 'hinge' });
  // @ts-expect-error: one sentence is an array of tokens, not a string
  await tagger.tag(['in Rome']);
}

export function handle(error: unknown): void {
  if (error instanceof UnknownWordError) {
    const nothing: W2VError = error;
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
    handle(nothing);
  }
  if (error instanceof W2VError && error.code === 'ERR_W2V_CANCELLED') handle(error.cause);
  // @ts-expect-error: no such code
  if (error instanceof W2VError && error.code === 'ERR_W2V_NONE') handle(error.cause);
}

export function asTheOtherPackage(): void {
  word2vec('corpus.txt', 'vectors.txt', { size: 50, minCount: 1 }, (exitCode, error) => {
    expectTypeOf(exitCode).toEqualTypeOf<number>();
    expectTypeOf(error).toEqualTypeOf<Error | undefined>();
  });
  loadModel('vectors.txt', (error, model) => {
    // @ts-expect-error: there may be none
    model.words.toFixed();
    if (error) return;
    expectTypeOf(model).toEqualTypeOf<Model>();
    const rows = model.mostSimilar('new york');
    expectTypeOf(rows).toEqualTypeOf<WordDistance[] | null>();
    // @ts-expect-error: a pair is two words
    model.analogy('man', ['king']);
  });
  // @ts-expect-error: the original's names are camelCase here
  word2vec('corpus.txt', 'vectors.txt', { 'min-count': 1 });
}

// Options may be given as undefined, and are whole once they are resolved.
export const given: TrainOptions = { vectorSize: undefined, devices: undefined, signal: undefined };
expectTypeOf<ResolvedTrainingOptions['vectorSize']>().toEqualTypeOf<number>();
expectTypeOf<keyof ResolvedTrainingOptions>().toEqualTypeOf<keyof TrainingOptions>();
// What is iterated is sentences, never `any`.
expectTypeOf<Sentence>().not.toBeAny();
expectTypeOf<CorpusSource>().not.toBeAny();
