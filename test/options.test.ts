import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { W2VError } from '../lib/errors.js';
import {
  parseOption,
  resolveTrainingOptions,
  toNative,
  trainingOptionSpecs,
  type TrainingOptions,
} from '../lib/options.js';
import * as w2v from '../lib/index.js';
import { madeSentences, refusalOf, root, temporaryFolder, wrong } from './helpers.js';

type Name = keyof TrainingOptions;
const names = Object.keys(trainingOptionSpecs) as Name[];

function errorOf(options: object): W2VError {
  try {
    resolveTrainingOptions(options);
  } catch (error) {
    return error as W2VError;
  }
  throw new Error('Expected an error');
}

test('the defaults are those of the documentation', () => {
  const { threads, ...defaults } = resolveTrainingOptions({});
  expect(defaults).toEqual({
    vectorSize: 100,
    window: 5,
    sg: false,
    hs: false,
    negative: 5,
    negatives: 'shared',
    nsExponent: 0.75,
    cbowMean: true,
    sample: 1e-3,
    minCount: 5,
    maxFinalVocab: undefined,
    epochs: 5,
    alpha: 0.05,
    minAlpha: undefined,
    seed: 1,
    maxSentenceLength: 1000,
    shrinkWindows: true,
    readVocab: undefined,
    maxVocabMemory: undefined,
    computeLoss: true,
    backend: 'auto',
    devices: undefined,
  });
  expect(threads).toBeGreaterThanOrEqual(1);
  expect(resolveTrainingOptions({ sg: true }).alpha).toBe(0.025);
  expect(resolveTrainingOptions({ sg: true, alpha: 0.1 }).alpha).toBe(0.1);
  expect(resolveTrainingOptions({ window: undefined }).window).toBe(5);
});

test('the doc comments tell the defaults of the table', () => {
  const source = readFileSync(path.join(root, 'lib', 'options.ts'), 'utf8');
  for (const name of names) {
    const spec = trainingOptionSpecs[name];
    const documented = new RegExp(`@defaultValue ([^*]*?) \\*/\\s+${name}\\?:`).exec(source)?.[1];
    const inTable =
      'default' in spec && typeof spec.default !== 'function' ? String(spec.default) : undefined;
    if (inTable !== undefined) expect(`${name}: ${documented}`).toBe(`${name}: ${inTable}`);
  }
});

test.each([
  ['vectorSize', 0],
  ['vectorSize', 1e9],
  ['vectorSize', 1.5],
  ['vectorSize', '100'],
  ['window', 0],
  ['alpha', NaN],
  ['alpha', 0],
  ['alpha', Infinity],
  ['minAlpha', -1],
  ['sample', NaN],
  ['sample', 2],
  ['negative', -1],
  ['threads', 0],
  ['epochs', 0],
  ['seed', -1],
  ['sg', 1],
  ['negatives', 'shared-by-all'],
  ['minCount', 2 ** 60],
  ['maxFinalVocab', 0],
  ['readVocab', ''],
  ['maxSentenceLength', 1],
  ['backend', 'gpu'],
])('%s %p is out of range and the message says what is expected and received', (name, value) => {
  const error = errorOf({ [name]: value });
  expect(error).toBeInstanceOf(W2VError);
  expect(error.code).toBe('ERR_W2V_OPTION');
  expect(error.message).toContain(name);
  expect(error.message).toContain(String(value));
});

test.each([
  ['vectorsize', 'vectorSize'],
  ['vector_size', 'vectorSize'],
  ['size', 'vectorSize'],
  ['iter', 'epochs'],
  ['workers', 'threads'],
  ['min-count', 'minCount'],
  ['widnow', 'window'],
])('%s is unknown: did you mean %s?', (given, meant) => {
  const error = errorOf({ [given]: 5 });
  expect(error.code).toBe('ERR_W2V_OPTION');
  expect(error.message).toBe(`Unknown option '${given}': did you mean '${meant}'?`);
});

test('options that do not fit together', () => {
  expect(errorOf({ negative: 0 }).message).toContain('hs');
  expect(errorOf({ alpha: 0.01, minAlpha: 0.02 }).message).toContain('minAlpha');
  expect(resolveTrainingOptions({ negative: 0, hs: true }).negative).toBe(0);
});

test('any number is accepted exactly when it is in range, from the API and from the command line', () => {
  const numeric = names.filter((name) => ['integer', 'number'].includes(trainingOptionSpecs[name].type));
  fc.assert(
    fc.property(
      fc.constantFrom(...numeric),
      fc.oneof(fc.double(), fc.integer({ min: -10, max: 2000 })),
      (name, value) => {
        const spec = trainingOptionSpecs[name] as {
          type: string;
          min: number;
          max: number;
          aboveMin?: boolean;
        };
        const inRange =
          (spec.type === 'number' || Number.isInteger(value)) &&
          (spec.aboveMin ? value > spec.min : value >= spec.min) &&
          value <= spec.max;
        const accepts = (call: () => unknown) => {
          try {
            call();
            return true;
          } catch (error) {
            expect((error as W2VError).code).toBe('ERR_W2V_OPTION');
            return false;
          }
        };
        const others = { hs: true, alpha: name === 'minAlpha' ? 100 : 1 };
        expect(accepts(() => resolveTrainingOptions({ ...others, [name]: value }))).toBe(inRange);
        expect(accepts(() => parseOption(trainingOptionSpecs[name], String(value)))).toBe(inRange);
      },
    ),
  );
});

test.each(['', ' ', 'five', '5x', '0x'])('the command line refuses %p as a number', (text) => {
  expect(() => parseOption(trainingOptionSpecs.window, text)).toThrow(
    expect.objectContaining({ code: 'ERR_W2V_OPTION' }),
  );
});

test('the addon gets every option, absent ones as it wants them', () => {
  const native = toNative(resolveTrainingOptions({ sg: true, readVocab: 'v.txt', minAlpha: 0.001 }));
  expect(native.vocabulary).toEqual({ minCount: 5, maxFinalVocab: 0, readVocab: 'v.txt' });
  expect(native.training).toMatchObject({ sg: true, minAlpha: 0.001, vectorSize: 100 });
  expect('minAlpha' in toNative(resolveTrainingOptions({})).training).toBe(false);
});

describe('of every call', () => {
  const file = temporaryFolder();
  const sentences = madeSentences(300, 20);
  const small = { vectorSize: 4, minCount: 1, threads: 1, epochs: 1 };
  const labelled = [
    { text: 'good day', labels: 'good' },
    { text: 'bad day', labels: 'bad' },
  ];
  const tagged = [{ tokens: ['a', 'b'], tags: ['X', 'Y'] }];
  let model: w2v.Word2Vec;
  let vectors: w2v.KeyedVectors;
  let phrases: w2v.Phrases;
  let frozen: w2v.FrozenPhrases;
  let classifier: w2v.TextClassifier;
  let tagger: w2v.SequenceTagger;
  let vectorizer: w2v.TextVectorizer;
  let texts: w2v.TextIndex;
  beforeAll(async () => {
    model = await w2v.Word2Vec.train(sentences, { ...small, hs: true });
    vectors = await w2v.KeyedVectors.fromVectors(
      ['a', 'b'],
      [
        [1, 0],
        [0, 1],
      ],
      { counts: [2, 1] },
    );
    phrases = await w2v.Phrases.learn(sentences, { minCount: 1 });
    frozen = await phrases.freeze();
    classifier = await w2v.TextClassifier.train(labelled, { epochs: 1, threads: 1, vectorSize: 4 });
    tagger = await w2v.SequenceTagger.train(tagged, { epochs: 1, threads: 1, hiddenSize: 4 });
    vectorizer = await w2v.TextVectorizer.fit(vectors, ['a b', 'b']);
    texts = await w2v.TextIndex.build(vectors, ['a b', 'b']);
    await model.save(file('model.w2v'));
    await vectors.save(file('v.bin'));
    await classifier.save(file('classifier'));
    await tagger.save(file('tagger'));
    await w2v.Word2Vec.train(sentences, {
      ...small,
      epochs: 2,
      checkpoint: { path: file('run.w2v'), everyEpochs: 1 },
    });
    await vectors.buildIndex().catch(() => undefined);
    writeFileSync(file('tagged.txt'), 'a X\nb Y\n');
    writeFileSync(file('analogies.txt'), ': x\na b a b\n');
    writeFileSync(file('pairs.txt'), 'a b 1\n');
  });

  /** Calls by what they are given as options. */
  const withSignal: [name: string, call: (options: never) => unknown][] = [
    ['Word2Vec.train', (o) => w2v.Word2Vec.train(sentences, o)],
    ['Word2Vec.buildVocabulary', (o) => w2v.Word2Vec.buildVocabulary(sentences, o)],
    ['Word2Vec.fromFrequencies', (o) => w2v.Word2Vec.fromFrequencies({ a: 9 }, o)],
    ['Word2Vec.fromVectors', (o) => w2v.Word2Vec.fromVectors(vectors, o)],
    ['Word2Vec.load', (o) => w2v.Word2Vec.load(file('model.w2v'), o)],
    ['Word2Vec.resume', (o) => w2v.Word2Vec.resume(file('run.w2v'), sentences, o)],
    ['Word2Vec#train', (o) => model.train(sentences, o)],
    ['Word2Vec#save', (o) => model.save(file('again.w2v'), o)],
    ['Word2Vec#intersectVectors', (o) => model.intersectVectors(model.vectors, o)],
    ['Word2Vec#validate', (o) => model.validate(sentences, o)],
    ['Word2Vec#score', (o) => model.score(sentences, o)],
    ['Word2Vec#predictOutputWord', (o) => model.predictOutputWord(['w1'], o)],
    ['KeyedVectors.load', (o) => w2v.KeyedVectors.load(file('v.bin'), o)],
    ['KeyedVectors.fromVectors', (o) => w2v.KeyedVectors.fromVectors(['a'], [[1]], o)],
    ['KeyedVectors#cluster', (o) => vectors.cluster(1, o)],
    ['KeyedVectors#save', (o) => vectors.save(file('saved.bin'), o)],
    ['KeyedVectors#saveVocabulary', (o) => vectors.saveVocabulary(file('saved.txt'), o)],
    ['KeyedVectors#buildIndex', (o) => vectors.buildIndex(o)],
    ['KeyedVectors#saveIndex', (o) => vectors.saveIndex(file('saved.hnsw'), o)],
    ['KeyedVectors#loadIndex', (o) => vectors.loadIndex(file('saved.hnsw'), o)],
    ['KeyedVectors#verify', (o) => vectors.verify(o)],
    ['KeyedVectors#mostSimilar', (o) => vectors.mostSimilar('a', o)],
    ['KeyedVectors#mostSimilarCosmul', (o) => vectors.mostSimilarCosmul({ positive: 'a' }, o)],
    ['KeyedVectors#similarByWord', (o) => vectors.similarByWord('a', o)],
    ['KeyedVectors#similarByVector', (o) => vectors.similarByVector([1, 0], o)],
    ['KeyedVectors#search', (o) => vectors.search(['a'], o)],
    ['KeyedVectors#analogy', (o) => vectors.analogy('a', 'b', 'a', o)],
    ['KeyedVectors#distances', (o) => vectors.distances('a', undefined, o)],
    ['KeyedVectors#wmDistance', (o) => vectors.wmDistance(['a'], ['b'], o)],
    ['KeyedVectors#closerThan', (o) => vectors.closerThan('a', 'b', o)],
    ['KeyedVectors#rank', (o) => vectors.rank('a', 'b', o)],
    ['KeyedVectors#addVectors', (o) => vectors.addVectors(['a'], [[1, 0]], o)],
    ['KeyedVectors#addVector', (o) => vectors.addVector('a', [1, 0], o)],
    ['KeyedVectors#vectorsForAll', (o) => vectors.vectorsForAll(['a'], o)],
    ['KeyedVectors#sortByDescendingFrequency', (o) => vectors.sortByDescendingFrequency(o)],
    ['KeyedVectors#unitNormalizeAll', (o) => vectors.unitNormalizeAll(o)],
    ['KeyedVectors#intersectWord2VecFormat', (o) => vectors.intersectWord2VecFormat(file('v.bin'), o)],
    ['KeyedVectors#evaluateWordAnalogies', (o) => vectors.evaluateWordAnalogies(file('analogies.txt'), o)],
    ['KeyedVectors#evaluateWordPairs', (o) => vectors.evaluateWordPairs(file('pairs.txt'), o)],
    ['Phrases.learn', (o) => w2v.Phrases.learn(sentences, o)],
    ['Phrases.learnPasses', (o) => w2v.Phrases.learnPasses(sentences, 1, o)],
    ['Phrases#add', (o) => phrases.add(sentences, o)],
    ['Phrases#apply', (o) => phrases.apply(sentences, o)],
    ['Phrases#applyToFile', (o) => phrases.applyToFile(sentences, file('joined.txt'), o)],
    ['FrozenPhrases#apply', (o) => frozen.apply(sentences, o)],
    ['FrozenPhrases#applyToFile', (o) => frozen.applyToFile(sentences, file('joined.txt'), o)],
    ['applyPasses', (o) => w2v.applyPasses([frozen], sentences, o)],
    ['FrequencyDistribution.of', (o) => w2v.FrequencyDistribution.of(sentences, o)],
    ['collocations', (o) => w2v.collocations(sentences, o)],
    ['TextVectorizer.fit', (o) => w2v.TextVectorizer.fit(vectors, ['a'], o)],
    ['TextVectorizer#vectors', (o) => vectorizer.vectors(['a'], o)],
    ['TextIndex.build', (o) => w2v.TextIndex.build(vectors, ['a'], o)],
    ['TextIndex#search', (o) => texts.search('a', o)],
    ['TextIndex#searchAll', (o) => texts.searchAll(['a'], o)],
    ['textSimilarity', (o) => w2v.textSimilarity(vectors, 'a', 'b', o)],
    ['tokenStream', (o) => w2v.tokenStream(['a'], o)],
    ['sentenceStream', (o) => w2v.sentenceStream(['a'], o)],
    ['TextClassifier.train', (o) => w2v.TextClassifier.train(labelled, o)],
    ['TextClassifier.load', (o) => w2v.TextClassifier.load(file('classifier'), o)],
    ['TextClassifier#save', (o) => classifier.save(file('again'), o)],
    ['TextClassifier#predict', (o) => classifier.predict('good', o)],
    ['TextClassifier#predictMany', (o) => classifier.predictMany(['good'], o)],
    ['TextClassifier#predictAll', (o) => classifier.predictAll(['good'], o)],
    ['TextClassifier#test', (o) => classifier.test(labelled, o)],
    ['SequenceTagger.train', (o) => w2v.SequenceTagger.train(tagged, o)],
    ['SequenceTagger.load', (o) => w2v.SequenceTagger.load(file('tagger'), o)],
    ['SequenceTagger#save', (o) => tagger.save(file('again'), o)],
    ['SequenceTagger#tag', (o) => tagger.tag([['a']], o)],
    ['SequenceTagger#test', (o) => tagger.test(tagged, o)],
    ['readTagged', (o) => w2v.readTagged(file('tagged.txt'), o)],
    ['readColumns', (o) => w2v.readColumns(file('tagged.txt'), o)],
    ['readConllu', (o) => w2v.readConllu(file('tagged.txt'), o)],
    ['readPropositions', (o) => w2v.readPropositions(file('tagged.txt'), o)],
    ['readTaggedWords', (o) => w2v.readTaggedWords(file('tagged.txt'), o)],
    ['readSinica', (o) => w2v.readSinica(file('tagged.txt'), o)],
  ];
  const others: typeof withSignal = [
    ['KeyedVectors#getMeanVector', (o) => vectors.getMeanVector(['a'], o)],
    ['KeyedVectors#getVector', (o) => vectors.getVector('a', o)],
    ['KeyedVectors#rankByCentrality', (o) => vectors.rankByCentrality(['a'], o)],
    ['FrequencyDistribution#zipfPlot', (o) => w2v.FrequencyDistribution.fromCounts([['a', 1]]).zipfPlot(o)],
    ['tokenize', (o) => w2v.tokenize('a', o)],
    ['Tokenizer', (o) => new w2v.Tokenizer(o)],
    ['sentences', (o) => w2v.sentences('a', o)],
    ['estimateMemory', (o) => w2v.estimateMemory(o)],
    ['TextCorpus.open', (o) => w2v.TextCorpus.open(file(''), o)],
    ['plainText', (o) => w2v.plainText(file(''), o)],
    ['categorized', (o) => w2v.categorized(file(''), o)],
    ['movieReviews', (o) => w2v.movieReviews(file(''), o)],
    ['reuters', (o) => w2v.reuters(file(''), o)],
    ['brown', (o) => w2v.brown(file(''), o)],
    ['TaggedCorpus.openTagged', (o) => w2v.TaggedCorpus.openTagged(file(''), o)],
    ['Word2Vec#buildVocabulary', (o) => model.buildVocabulary(sentences, o)],
  ];

  test.each([...withSignal, ...others])('%s refuses what are no options', async (_, call) => {
    const signal = new AbortController().signal;
    const iterable = { [Symbol.iterator]: () => [].values() };
    const wrongOnes = [null, 5, 'sg', [], new Float32Array(2), new Map(), iterable, signal, () => true];
    for (const options of wrongOnes) {
      const error = await refusalOf(() => call(wrong(options)));
      expect(error).toMatchObject({ name: 'W2VError', code: 'ERR_W2V_OPTION' });
      expect(error.message).toMatch(/^Expected options \(an object\) but received /);
    }
  });

  test.each(withSignal)('%s refuses what is no signal before it starts', async (_, call) => {
    for (const signal of [null, {}, new AbortController(), 'stop']) {
      const error = await refusalOf(() => call(wrong({ signal })));
      expect(error).toMatchObject({ name: 'W2VError', code: 'ERR_W2V_OPTION' });
      expect(error.message).toMatch(/^Expected signal to be an AbortSignal but received /);
    }
  });

  const callbacks = ['onProgress', 'onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd'];
  test.each([
    ...callbacks.map((name) => ({ [name]: true })),
    ...[null, {}, new AbortController()].map((stopSignal) => ({ stopSignal })),
    ...[null, [], 'run.w2v'].flatMap((value) => [{ checkpoint: value }, { earlyStopping: value }]),
    { checkpoint: { path: file('x'), everyEpoch: 1 } },
    { earlyStopping: { metric: () => 1, paitence: 3 } },
    { earlyStopping: { metric: () => 1, minDelta: '1' } },
    { checkpoint: { path: file('x'), everySeconds: '1' } },
  ])('no training starts with %p', async (run: object) => {
    const [name] = Object.keys(run) as [string];
    const started = jest.fn();
    const options = { onTrainBegin: started, ...run };
    const trainings = [
      () => w2v.Word2Vec.train(sentences, { ...small, ...options }),
      () => w2v.Word2Vec.resume(file('run.w2v'), sentences, options),
      () => model.train(sentences, options),
    ];
    for (const training of trainings) {
      const error = await refusalOf(training);
      expect(error.code).toBe('ERR_W2V_OPTION');
      expect(error.message).toContain(name);
    }
    expect(started).not.toHaveBeenCalled();
  });

  test.each<[name: string, call: (items: never) => unknown]>([
    ['Word2Vec.train', (items) => w2v.Word2Vec.train(items)],
    ['predictOutputWord', (items) => model.predictOutputWord(items)],
    ['vectorsForAll', (items) => vectors.vectorsForAll(items)],
    ['FrequencyDistribution.fromCounts', (items) => w2v.FrequencyDistribution.fromCounts(items)],
    ['TextClassifier.train', (items) => w2v.TextClassifier.train(items)],
    ['TextClassifier#predictMany', (items) => classifier.predictMany(items)],
    ['SequenceTagger.train', (items) => w2v.SequenceTagger.train(items)],
    ['SequenceTagger#tag', (items) => tagger.tag(items)],
  ])('%s refuses a broken iterable', async (_, call) => {
    for (const iterator of [null, {}, { next: () => undefined }]) {
      const error = await refusalOf(() => call(wrong({ [Symbol.iterator]: () => iterator })));
      expect(error).toMatchObject({ name: 'W2VError', code: 'ERR_W2V_ARGUMENT' });
    }
  });

  test('nested options are suggested', async () => {
    const checkpoint = wrong<w2v.CheckpointOptions>({ path: file('x'), everyEpoch: 1 });
    const error = await refusalOf(() => w2v.Word2Vec.train(sentences, { ...small, checkpoint }));
    expect(error.message).toBe("Unknown option 'everyEpoch' of checkpoint: did you mean 'everyEpochs'?");
  });

  test('undefined is as if it were not there', async () => {
    const run = { signal: undefined, stopSignal: undefined, onProgress: undefined, checkpoint: undefined };
    await w2v.Word2Vec.train(sentences, { ...small, ...run, earlyStopping: undefined });
    expect(await vectors.mostSimilar('a', undefined)).toHaveLength(1);
    expect(await vectors.mostSimilar('a', { signal: undefined, topN: undefined })).toHaveLength(1);
  });
});
