import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { KeyedVectors, TextClassifier, type LabelledDocument } from '../lib/index';
import { lastJson, rejectionOf, runCli, temporaryFolder } from './helpers';

const file = temporaryFolder();

/** Documents of labels a, b, c: some words tell them, others do not. The same ones every time. */
function madeDocuments(n: number, seed = 1): { tokens: string[]; labels: string[] }[] {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: n }, () => {
    const label = 'abc'[Math.floor(3 * random())]!;
    const tokens = Array.from({ length: 8 }, () =>
      random() < 0.5 ? `${label}${Math.floor(10 * random())}` : `any${Math.floor(30 * random())}`,
    );
    return { tokens, labels: [label] };
  });
}

const toLines = (documents: { tokens: string[]; labels: string[] }[]) =>
  documents
    .map(({ tokens, labels }) => [...labels.map((label) => `__label__${label}`), ...tokens].join(' ') + '\n')
    .join('');

const training = madeDocuments(400);
const heldOut = madeDocuments(200, 2);
const options = { vectorSize: 16, epochs: 8, threads: 1 } as const;

const lines = file('training.txt');
writeFileSync(lines, toLines(training));
const testLines = file('test.txt');
writeFileSync(testLines, toLines(heldOut));

test.each(['softmax', 'ova', 'hs'] as const)(
  '%s: trains, predicts, tests, is saved and loaded',
  async (loss) => {
    const classifier = await TextClassifier.train(training, { ...options, loss });
    expect([...classifier.labels].sort()).toEqual(['a', 'b', 'c']);
    expect(classifier.report).toMatchObject({ documents: 400, words: 3200, labels: 3, trainedWords: 25600 });
    expect(classifier.report.losses.at(-1)).toBeLessThan(classifier.report.losses[0]! / 2);
    const [best] = await classifier.predict('a1 a2 any3');
    expect(best).toMatchObject({ label: 'a' });
    expect(best!.probability).toBeGreaterThan(0.5);
    const evaluation = await classifier.test(heldOut);
    expect(evaluation.documents).toBe(200);
    expect(evaluation.microF1).toBeGreaterThan(0.95);
    for (const precision of ['float32', 'bf16', 'int8'] as const) {
      const path = file(`${loss}-${precision}`);
      await classifier.save(path, { precision });
      const loaded = await TextClassifier.load(path);
      expect(loaded.options).toEqual(classifier.options);
      expect(loaded.report).toEqual(classifier.report);
      expect((await loaded.test(heldOut)).microF1).toBeCloseTo(evaluation.microF1, 1);
      if (precision === 'float32') expect(await loaded.test(heldOut)).toEqual(evaluation);
    }
  },
);

test('files, gzip, streams and iterables of the same documents give the same bytes', async () => {
  writeFileSync(file('training.txt.gz'), gzipSync(toLines(training)));
  const sources = [
    training,
    training.map(({ tokens, labels }) => ({ text: tokens.join(' '), labels: labels[0]! })),
    Readable.from(training),
    lines,
    { files: file('training.txt.gz') },
    Readable.from([Buffer.from(toLines(training))], { objectMode: false }),
  ];
  const bytes = [];
  for (const [i, source] of sources.entries()) {
    const classifier = await TextClassifier.train(source as LabelledDocument[], {
      ...options,
      wordNgrams: 2,
    });
    (classifier.report as { trainSeconds: number }).trainSeconds = 0;
    Object.assign(classifier.report, { wordsPerSecond: 0, trainCpuSeconds: 0 });
    await classifier.save(file(`source-${i}`));
    bytes.push(readFileSync(file(`source-${i}`)));
  }
  for (const each of bytes.slice(1)) expect(each.equals(bytes[0]!)).toBe(true);
});

test('long documents are what their words say, as texts and as tokens', async () => {
  const tokens = Array.from({ length: 30_000 }, (_, i) => `w${(i * i) % 613}`);
  const blanks = [' ', '\n', '\t \r\n'];
  const text = ` ${tokens.map((word, i) => word + blanks[i % 3]!).join('')}`;
  const few = { tokens: ['w1', 'other'], labels: ['b'] };
  const options = { epochs: 2, vectorSize: 4, threads: 1, wordNgrams: 2 };
  const [asTokens, asText] = [
    await TextClassifier.train([{ tokens, labels: ['a', 'c'] }, few], options),
    await TextClassifier.train([few, { text, labels: ['a', 'c'] }].reverse(), options),
  ];
  expect(asText.report).toMatchObject({ documents: 2, words: 30_002, labels: 3 });
  expect(asText.vectors.getVectors([...asText.vectors])).toEqual(
    asTokens.vectors.getVectors([...asTokens.vectors]),
  );
  expect(await asText.predict(text, { topN: 3 })).toEqual(await asTokens.predict(tokens, { topN: 3 }));
  const error = await rejectionOf(asText.predict([...tokens, 'a\nb']));
  expect(error.code).toBe('ERR_W2V_CORPUS_ITEM');
});

test('the figures of a test are what their definitions say', async () => {
  const classifier = await TextClassifier.train(training, { ...options, epochs: 2, loss: 'ova' });
  const documents = [...heldOut, { tokens: ['a1', 'b2'], labels: ['a', 'b', 'new'] }];
  const evaluation = await classifier.test(documents);
  const predicted = await classifier.predictMany(documents.map(({ tokens }) => tokens));
  const names = ['a', 'b', 'c', 'new'];
  const count = (f: (has: boolean, says: boolean) => boolean, label: string) =>
    documents.filter(({ labels }, i) =>
      f(
        labels.includes(label),
        predicted[i]!.some((each) => each.label === label),
      ),
    ).length;
  const scores = names.map((label) => {
    const right = count((has, says) => has && says, label);
    const [support, all] = [count((has) => has, label), count((_, says) => says, label)];
    return {
      label,
      right,
      support,
      predicted: all,
      f1: support + all === 0 ? 0 : (2 * right) / (support + all),
    };
  });
  const sum = (name: 'right' | 'support' | 'predicted' | 'f1') =>
    scores.reduce((total, score) => total + score[name], 0);
  expect(evaluation.precision).toBeCloseTo(sum('right') / sum('predicted'), 12);
  expect(evaluation.recall).toBeCloseTo(sum('right') / sum('support'), 12);
  expect(evaluation.microF1).toBeCloseTo((2 * sum('right')) / (sum('support') + sum('predicted')), 12);
  expect(evaluation.macroF1).toBeCloseTo(sum('f1') / 4, 12);
  expect(evaluation.unseenLabels).toEqual(['new']);
  for (const { label, support, predicted: all, f1 } of evaluation.perLabel)
    expect(scores.find((score) => score.label === label)).toMatchObject({ support, predicted: all, f1 });
  const exact = documents.filter(
    ({ labels }, i) =>
      [...labels].sort().join() ===
      predicted[i]!.map(({ label }) => label)
        .sort()
        .join(),
  ).length;
  expect(evaluation.accuracy).toBeCloseTo(exact / documents.length, 12);
  const { counts } = evaluation.confusionMatrix;
  expect(counts.flat().reduce((a, b) => a + b)).toBe(200); // documents with one label
});

test('probabilities add up to one, fall, and topN and threshold choose among them', async () => {
  const softmax = await TextClassifier.train(training, options);
  const word = fc.constantFrom('a1', 'b2', 'c3', 'any1', 'nowhere');
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 12 }), fc.nat(3), async (tokens, least) => {
      const all = await softmax.predict({ tokens }, { topN: 3 });
      expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 4);
      expect(all.map(({ probability }) => probability)).toEqual(
        all.map(({ probability }) => probability).sort((x, y) => y - x),
      );
      const threshold = least / 4;
      expect(await softmax.predict(tokens, { topN: 3, threshold })).toEqual(
        all.filter(({ probability }) => probability >= threshold),
      );
    }),
    { numRuns: 30 },
  );
});

test('one-vs-all: several labels, none, thresholds tuned on validation', async () => {
  const several = training.map(({ tokens, labels }, i) => ({
    tokens: i % 3 === 0 ? [...tokens, 'extra'] : tokens,
    labels: i % 3 === 0 ? [...labels, 'more'] : i % 7 === 0 ? [] : labels,
  }));
  const classifier = await TextClassifier.train(several, {
    ...options,
    loss: 'ova',
    validation: several,
    patience: 3,
  });
  expect(classifier.report.validationMicroF1.length).toBe(classifier.report.losses.length);
  expect(classifier.report.validationDocuments).toBe(400);
  const labels = (await classifier.predict('a1 a2 a3 extra')).map(({ label }) => label);
  expect(labels).toEqual(expect.arrayContaining(['a', 'more']));
  expect(await classifier.predict('any1', { threshold: 0.99 })).toEqual([]);
  const error = await rejectionOf(TextClassifier.train(several, options));
  expect(error).toMatchObject({ code: 'ERR_W2V_LABELLED_TEXT' });
  expect(error.message).toMatch(/^document \d+ of the documents: expected a label/);
});

test('validation by a share, refit, and what the report warns of', async () => {
  const documents = [...training, { tokens: ['a1'], labels: ['once'] }, { tokens: [], labels: ['a'] }];
  const { report } = await TextClassifier.train(documents, { ...options, validation: 0.25, refit: true });
  expect(report).toMatchObject({ documents: 402, validationDocuments: 100, emptyDocuments: 1 });
  expect(report.warnings).toHaveLength(2);
  expect(report.warnings[0]).toMatch(/^1 label with one document/);
  expect(report.warnings[1]).toMatch(/^1 document without a word/);
});

test('vectors: frozen ones stay as they are, fine-tuned ones move, and the classifier gives them back', async () => {
  const words = [...new Set(training.flatMap(({ tokens }) => tokens))].filter(
    (word) => !word.startsWith('any'),
  );
  const given = await KeyedVectors.fromVectors(
    words,
    words.map((word) => ['a', 'b', 'c'].map((label) => (word.startsWith(label) ? 1 : 0))),
  );
  const frozen = await TextClassifier.train(training, {
    epochs: 8,
    threads: 1,
    vectors: given,
    vectorAlpha: 0,
  });
  expect(frozen.vectorSize).toBe(3);
  expect(frozen.vectors.get('a1')).toEqual(Float32Array.of(1, 0, 0));
  expect(frozen.vectors.has('any1')).toBe(false);
  expect((await frozen.test(heldOut)).accuracy).toBeGreaterThan(0.95);
  const tuned = await TextClassifier.train(training, {
    epochs: 8,
    threads: 1,
    vectors: given,
    vectorAlpha: 0.1,
  });
  expect(tuned.vectors.get('a1')[0]).toBeGreaterThan(1);
  expect(tuned.report.pretrainedWords).toBe(words.length);
  const ofOthers = await KeyedVectors.fromVectors(['elsewhere'], [[1, 0, 0]]);
  const { report } = await TextClassifier.train(training, { epochs: 1, vectors: ofOthers, vectorAlpha: 0 });
  expect(report.pretrainedWords).toBe(0);
  expect(report.warnings.at(-1)).toMatch(/^No word of the documents has a given vector/);
});

test('class weights shift what is predicted', async () => {
  const documents = Array.from({ length: 200 }, (_, i) => ({
    text: 'the same words',
    labels: i % 10 === 0 ? 'rare' : 'often',
  }));
  const rare = async (classWeights?: 'balanced' | Record<string, number>) => {
    const classifier = await TextClassifier.train(documents, { ...options, alpha: 0.1, classWeights });
    const all = await classifier.predict('the same words', { topN: 2 });
    return all.find(({ label }) => label === 'rare')!.probability;
  };
  const plain = await rare();
  expect(plain).toBeLessThan(0.3);
  expect(await rare('balanced')).toBeGreaterThan(plain + 0.1);
  expect(await rare({ rare: 9 })).toBeGreaterThan(plain + 0.1);
});

describe('what is wrong is told', () => {
  const train = (source: unknown, given: object = {}) =>
    TextClassifier.train(source as LabelledDocument[], { ...options, ...given });
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(file(name), content);
    return file(name);
  };

  test.each([
    [{ alpha: -1 }, 'ERR_W2V_OPTION', /^Expected alpha to be a number above 0/],
    [{ los: 'ova' }, 'ERR_W2V_OPTION', /did you mean 'loss'/],
    [{ loss: 'ns' }, 'ERR_W2V_OPTION', /'softmax' or 'ova' or 'hs'/],
    [{ vectorAlpha: 0 }, 'ERR_W2V_OPTION', /^Expected vectors beside vectorAlpha 0/],
    [{ patience: 2 }, 'ERR_W2V_OPTION', /^Expected validation beside patience/],
    [{ refit: true }, 'ERR_W2V_OPTION', /^Expected a share as validation beside refit/],
    [{ validation: 1 }, 'ERR_W2V_OPTION', /^Expected a share above 0 and below 1/],
    [{ classWeights: { a: 0 } }, 'ERR_W2V_OPTION', /^Expected the classWeight of 'a' to be a number above 0/],
    [{ classWeights: { d: 2 } }, 'ERR_W2V_OPTION', /'d'/],
    [{ classWeights: [] }, 'ERR_W2V_OPTION', /^Expected classWeights to be 'balanced' or an object/],
    [{ validation: [] }, 'ERR_W2V_CORPUS_EMPTY', /documents of the validation/],
    [{ validation: [].values() }, 'ERR_W2V_CORPUS_EMPTY', /documents of the validation/],
    [{ alpha: 100, loss: 'ova', epochs: 30 }, 'ERR_W2V_OPTION', /^Expected a smaller alpha/],
  ])('option %p', async (given, code, message) => {
    const error = await rejectionOf(train(training, given));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  test.each([
    ['a text', 'ERR_W2V_FILE_NOT_FOUND', /a text/],
    [5, 'ERR_W2V_ARGUMENT', /^Expected the path of a file/],
    [[], 'ERR_W2V_CORPUS_EMPTY', /there is none/],
    [['text'], 'ERR_W2V_LABELLED_TEXT', /^document 1 of the documents: expected a label/],
    [
      [{ labels: 'a' }],
      'ERR_W2V_CORPUS_ITEM',
      /^Expected document 1 to have text or tokens but received 'neither'/,
    ],
    [[{ text: 'x', label: 'a' }], 'ERR_W2V_CORPUS_ITEM', /^Expected document 1 to have labels/],
    [[{ text: 'x', labels: [''] }], 'ERR_W2V_CORPUS_ITEM', /^Expected document 1 to have labels/],
    [[{ tokens: ['x\n'], labels: 'a' }], 'ERR_W2V_CORPUS_ITEM', /line feeds/],
    [[null], 'ERR_W2V_CORPUS_ITEM', /null/],
    [[{ text: 'x', labels: 'a' }], 'ERR_W2V_LABELLED_TEXT', /one: 'a'/],
  ])('source %p', async (source, code, message) => {
    const error = await rejectionOf(train(source));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  test.each([
    [
      'latin1',
      Buffer.from('__label__a x\n__label__b caf\xe9\n', 'latin1'),
      'ERR_W2V_TEXT_ENCODING',
      /line 2: expected UTF-8/,
    ],
    ['utf16', Buffer.from('__label__a x\n', 'utf16le'), 'ERR_W2V_CORPUS_BINARY', /NUL/],
    ['unlabelled', '__label__a x\n\nnothing\n', 'ERR_W2V_LABELLED_TEXT', /line 3: expected a label/],
    ['nameless', '__label__a x\n__label__ y\n', 'ERR_W2V_LABELLED_TEXT', /line 2: expected the name/],
  ])('file %s', async (name, content, code, message) => {
    const error = await rejectionOf(train(write(name, content)));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  test('options of what is not training', async () => {
    const classifier = await train(training);
    const calls: [Promise<unknown>, string][] = [
      [classifier.predict('a', { topn: 2 } as object), 'topN'],
      [classifier.predictMany(['a'], { treshold: 0.5 } as object), 'threshold'],
      [classifier.test(training, { treshold: 0.5 } as object), 'threshold'],
      [classifier.save(file('unknown'), { precison: 'int8' } as object), 'precision'],
      [TextClassifier.load(file('unknown'), { signals: undefined } as object), 'signal'],
    ];
    for (const [call, meant] of calls) {
      const error = await rejectionOf(call);
      expect(error).toMatchObject({ code: 'ERR_W2V_OPTION' });
      expect(error.message).toContain(`did you mean '${meant}'?`);
    }
  });

  test('signals', async () => {
    expect(await rejectionOf(train(training, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ERR_W2V_CANCELLED',
    });
    const stop = new AbortController();
    const classifier = await train(training, {
      epochs: 1_000_000,
      stopSignal: stop.signal,
      onProgress: ({ epoch }: { epoch: number }) => epoch > 1 && stop.abort(),
    });
    expect(classifier.report.stoppedEarly).toBe(true);
  });
});

test('predictAll reads as it is iterated, and can be left', async () => {
  const classifier = await TextClassifier.train(training, options);
  let given = 0;
  const endless = (function* () {
    for (;;) yield `a1 a2 any${given++ % 30}`;
  })();
  let seen = 0;
  for await (const [best] of classifier.predictAll(endless)) {
    expect(best!.label).toBe('a');
    if (++seen === 5) break;
  }
  const labels = [];
  for await (const [best] of classifier.predictAll(testLines)) labels.push(best!.label);
  expect(labels.length).toBe(200);
  const same = await classifier.predictMany(heldOut.map(({ tokens }) => tokens));
  expect(labels).toEqual(same.map(([best]) => best!.label));
});

test('w2v classify train, test, predict', async () => {
  const model = file('cli.classifier');
  const trained = await runCli([
    ...['classify', 'train', lines, '--output', model, '--epochs', '8', '--vector-size', '16'],
    ...['--loss', 'ova', '--validation', '0.2', '--refit', '--threads', '1', '--precision', 'int8', '--json'],
  ]);
  expect(trained.stderr).toMatch(/^400 documents, 3,200 words, 3 labels/);
  expect(lastJson(trained)).toMatchObject({ documents: 400, output: model, options: { loss: 'ova' } });
  const tested = await runCli(['classify', 'test', model, testLines, '--json']);
  const evaluation = lastJson<Record<string, unknown>>(tested);
  for (const name of ['accuracy', 'microF1', 'macroF1', 'precision', 'recall', 'perLabel'])
    expect(evaluation).toHaveProperty(name);
  expect(evaluation.microF1).toBeGreaterThan(0.9);
  const table = await runCli(['classify', 'test', model, testLines]);
  expect(table.stdout).toMatch(/200 documents: accuracy [01]\.\d{4}/);
  const predicted = await runCli(['classify', 'predict', model, '--top-n', '1'], { input: 'a1 a2\nb1 b3\n' });
  expect(predicted.stdout).toMatch(/^a\t[01]\.\d+\nb\t[01]\.\d+\n$/);
  const wrong = await runCli(['classify', 'train', lines, '--output', model, '--loss', 'ns']);
  expect(wrong.code).toBe(2);
}, 30_000);
