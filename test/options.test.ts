import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { W2VError } from '../lib/errors.js';
import {
  parseOption,
  resolveTrainingOptions,
  toNative,
  trainingOptionSpecs,
  type TrainingOptions,
} from '../lib/options.js';
import { root } from './helpers.js';

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
