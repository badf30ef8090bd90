// Fails when binding.d.ts and the built addon differ: each interface is compared, member by member and in both
// directions, with a real instance. For the training options the addon itself says which members it reads.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(import.meta.dirname, '..');
const bindingFile = path.join(root, 'binding.d.ts');

/** What typeof says of a value of that type: 'function', 'number', 'string', 'boolean' or 'object'. */
function kindOfType(type) {
  if (type.isUnion()) {
    const kinds = new Set(type.types.map(kindOfType));
    kinds.delete('undefined');
    return [...kinds].join(' | ');
  }
  if (type.getCallSignatures().length > 0) return 'function';
  const kinds = [
    [ts.TypeFlags.NumberLike, 'number'],
    [ts.TypeFlags.StringLike, 'string'],
    [ts.TypeFlags.BooleanLike, 'boolean'],
    [ts.TypeFlags.Undefined, 'undefined'],
  ];
  return kinds.find(([flags]) => type.flags & flags)?.[1] ?? 'object';
}

/** Interface name → member name → { kind, optional }. */
function readContract() {
  const program = ts.createProgram([bindingFile], {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const errors = ts.getPreEmitDiagnostics(program);
  if (errors.length > 0) {
    throw new Error(
      ts.formatDiagnostics(errors, {
        ...ts.sys,
        getCanonicalFileName: (name) => name,
        getNewLine: () => '\n',
      }),
    );
  }
  const checker = program.getTypeChecker();
  const contract = new Map();
  for (const statement of program.getSourceFile(bindingFile).statements.filter(ts.isInterfaceDeclaration)) {
    const members = new Map();
    for (const property of checker.getTypeAtLocation(statement).getProperties()) {
      const kind = kindOfType(checker.getTypeOfSymbol(property));
      members.set(property.name, { kind, optional: Boolean(property.flags & ts.SymbolFlags.Optional) });
    }
    contract.set(statement.name.text, members);
  }
  return contract;
}

/** Member name → what typeof says, own and inherited. */
function membersOf(instance) {
  const members = new Map();
  for (let level = instance; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name !== 'constructor') members.set(name, typeof instance[name]);
    }
  }
  return members;
}

const options = {
  vectorSize: 4,
  window: 2,
  sg: true,
  hs: true,
  negative: 2,
  negatives: 'per-pair',
  nsExponent: 0.75,
  cbowMean: true,
  sample: 0,
  epochs: 1,
  alpha: 0.025,
  minAlpha: undefined,
  threads: 1,
  seed: 1,
  maxSentenceLength: 1000,
  shrinkWindows: true,
  computeLoss: true,
  epochsBefore: 0,
  backend: 'cpu',
  devices: new Uint32Array(0),
};

const loading = {
  mmap: true,
  limit: 1,
  encodingErrors: 'replace',
  sidecar: false,
  strict: false,
  allowTruncated: false,
};

const vocabulary = {
  minCount: 1,
  maxFinalVocab: 0,
  readVocab: undefined,
  stopWords: undefined,
  rules: undefined,
};

/** The object, and the members that are read of it. */
function watched(object) {
  const read = new Map();
  const note = (target, name) => typeof name === 'string' && read.set(name, typeof target[name]);
  const proxy = new Proxy(object, {
    get: (target, name) => (note(target, name), target[name]),
    has: (target, name) => (note(target, name), name in target),
  });
  return [proxy, read];
}

/** Goes through the addon once; interface name → members of an instance. */
async function readAddon(addon, folder) {
  const [watchedStorage, storageRead] = watched({ spool: undefined, bytesInMemory: 0, vocabularyBytes: 0 });
  const read = async () => {
    const corpus = addon.createCorpus(watchedStorage);
    const job = corpus.append(
      Buffer.from('the cat and the dog\nthe dog and the cat\n'),
      'lines',
      'check-binding',
    );
    const progress = job.progress();
    await job.promise;
    corpus.endSource();
    return { corpus, job, progress };
  };
  const { corpus, job, progress } = await read();
  const cache = await addon.createCorpus(watchedStorage).openCache(folder, [], vocabulary, 1).promise;
  const [watchedVocabulary, vocabularyRead] = watched(vocabulary);
  const prepared = await corpus.prepare(watchedVocabulary, 1).promise;
  const [watchedOptions, optionsRead] = watched(options);
  const corpusMembers = membersOf(corpus); // before a training consumes it
  const { model } = await addon.createModel(corpus, watchedOptions).promise;
  const training = await model.startTraining(corpus, watchedOptions, 0, false).promise;
  const status = await training.run(1).promise;
  const cudaDevices = await addon.cudaDevices().promise;
  const vectors = model.vectors();
  const [watchedClusters, clustersRead] = watched({
    classes: 2,
    asWord2vec: false,
    iterations: 5,
    seed: 1,
    threads: 1,
  });
  const clusters = await vectors.cluster(watchedClusters).promise;
  const [watchedRules, rulesRead] = watched({ connectors: [], delimiter: '_', mostEntries: 1000 });
  const phrases = addon.createPhrases(watchedRules);
  await phrases.append(Buffer.from('new york new york'), 'lines', 'check-binding').promise;
  phrases.endSource();
  const statistics = await phrases.merge().promise;
  const frozen = await phrases.freeze('default', 1, 0, undefined).promise;
  const taggedText = addon.createTaggedText(2);
  await taggedText.append(Buffer.from('the\0A\0cat\0B\0\n')).promise;
  const [watchedTable, tableRead] = watched({ size: 4, minCount: 1 });
  const [watchedTagger, taggerRead] = watched({
    tables: [watchedTable],
    columns: Uint32Array.of(0),
    window: 1,
    hidden: 2,
    seed: 1,
  });
  const tagger = await addon.createTagger(taggedText, undefined, watchedTagger).promise;
  const [watchedEpoch, epochRead] = watched({
    epoch: 0,
    rate: 0.1,
    dropout: 0,
    weightDecay: 0,
    tuneWords: true,
    threads: 1,
  });
  await tagger.learn(taggedText, watchedEpoch).promise;
  const labelled = addon.createLabelledText('__label__');
  await labelled.append(Buffer.from('__label__a x y\n__label__b y z\n'), 'lines', 'check-binding').promise;
  labelled.endSource();
  const [watchedClassifier, classifierRead] = watched({
    loss: 'softmax',
    vectorSize: 4,
    wordNgrams: 1,
    buckets: 10,
    minCount: 1,
    epochs: 1,
    alpha: 0.1,
    vectorAlpha: 0.1,
    threads: 1,
    seed: 1,
    balanced: false,
    weightedLabels: [],
    labelWeights: new Float64Array(0),
    validation: 0,
    refit: false,
    patience: 0,
  });
  const { classifier, report } = await addon.trainClassifier(labelled, undefined, undefined, watchedClassifier)
    .promise;
  const evaluation = await classifier.evaluate(labelled, 0, undefined, 1).promise;
  const query = vectors.rows(Uint32Array.of(0));
  const [watchedSearch, searchRead] = watched({
    queries: query,
    topN: 1,
    excludeOffsets: Uint32Array.of(0, 0),
    excludeIds: new Uint32Array(0),
    filter: undefined,
    from: 0,
    to: vectors.size,
    threads: 1,
    cosmulPositives: 1,
  });
  const found = await vectors.search(watchedSearch).promise;
  const [watchedIndex, indexRead] = watched({ connectivity: 4, expansion: 4, threads: 1 });
  const index = await addon.buildIndex(vectors, watchedIndex).promise;
  const file = path.join(folder, 'vectors.bin');
  await vectors.save(file, 'bin', ['float32']).promise;

  const buffer = addon.createBuffer();
  const bufferMembers = membersOf(buffer);
  buffer.append(readFileSync(file));
  const [watchedLoading, loadingRead] = watched(loading);
  const loaded = await addon.loadVectors(buffer, 'bytes', watchedLoading).promise;

  return new Map([
    ['Binding', membersOf(addon)],
    ['Corpus', corpusMembers],
    ['Job', membersOf(job)],
    ['JobProgress', membersOf(progress)],
    ['VocabularySource', vocabularyRead],
    ['CorpusStorage', storageRead],
    ['CacheResult', membersOf(cache)],
    ['PrepareResult', membersOf(prepared)],
    ['NativeTrainingOptions', optionsRead],
    ['VectorIndex', membersOf(index)],
    ['IndexOptions', indexRead],
    ['Model', membersOf(model)],
    ['Training', membersOf(training)],
    ['TrainingStatus', membersOf(status)],
    ['CudaDevices', membersOf(cudaDevices)],
    ['ClusterRequest', clustersRead],
    ['ClusterResult', membersOf(clusters)],
    ['PhraseRules', rulesRead],
    ['PhraseStatistics', membersOf(statistics)],
    ['PhraseCounts', membersOf(phrases)],
    ['FrozenPhrases', membersOf(frozen)],
    ['PhraseJoiner', membersOf(frozen.joiner())],
    ['TaggedText', membersOf(taggedText)],
    ['SequenceTagger', membersOf(tagger)],
    ['ValueTable', tableRead],
    ['NativeTaggerOptions', taggerRead],
    ['TaggerEpoch', epochRead],
    ['LabelledText', membersOf(labelled)],
    ['NativeClassifierOptions', classifierRead],
    ['NativeClassifierReport', membersOf(report)],
    ['NativeClassifierEvaluation', membersOf(evaluation)],
    ['Classifier', membersOf(classifier)],
    ['VectorStore', membersOf(vectors)],
    ['SearchRequest', searchRead],
    ['SearchResult', membersOf(found)],
    ['ByteBuffer', bufferMembers],
    ['NativeLoadOptions', loadingRead],
    ['LoadResult', membersOf(loaded)],
  ]);
}

/** Objects that the addon reads: it must know every member. */
const inputs = new Set([
  'NativeClassifierOptions',
  'NativeTrainingOptions',
  'VocabularySource',
  'NativeLoadOptions',
  'SearchRequest',
  'CorpusStorage',
  'ClusterRequest',
  'PhraseRules',
  'ValueTable',
  'NativeTaggerOptions',
  'TaggerEpoch',
]);

function compare(name, declared, actual) {
  if (!declared) return [`${name}: the addon has one, binding.d.ts declares none`];
  if (!actual)
    return [`${name}: declared, but scripts/check-binding.mjs makes no instance to compare it with`];
  const differences = [];
  for (const [member, { kind, optional }] of declared) {
    const actualKind = actual.get(member);
    if (actualKind === undefined) {
      if (!optional || inputs.has(name))
        differences.push(`${name}.${member}: declared, the addon does not know it`);
    } else if (actualKind !== kind && !(optional && actualKind === 'undefined')) {
      differences.push(`${name}.${member}: declared as ${kind}, the addon has ${actualKind}`);
    }
  }
  for (const member of actual.keys()) {
    if (!declared.has(member))
      differences.push(`${name}.${member}: the addon knows it, binding.d.ts does not declare it`);
  }
  return differences;
}

const contract = readContract();
const addon = createRequire(import.meta.url)('node-gyp-build')(root);
const folder = mkdtempSync(path.join(tmpdir(), 'check-binding-'));
let instances;
try {
  instances = await readAddon(addon, folder);
} finally {
  rmSync(folder, { recursive: true });
}
const names = new Set([...contract.keys(), ...instances.keys()]);
const differences = [...names].flatMap((name) => compare(name, contract.get(name), instances.get(name)));

for (const difference of differences) console.error(difference);
const members = [...contract.values()].reduce((sum, declared) => sum + declared.size, 0);
console.log(`binding: ${contract.size} interfaces, ${members} members, ${differences.length} differences`);
process.exitCode = differences.length > 0 ? 1 : 0;
