import { Command, InvalidArgumentError, Option } from 'commander';
import { readFile } from 'node:fs/promises';
import { W2VError, fileError } from '../errors.js';
import {
  TextClassifier,
  classifierOptionSpecs,
  type ClassifierEvaluation,
  type ClassifierOptions,
  type PredictOptions,
} from '../text-classifier.js';
import { checkOutputs } from '../output-file.js';
import {
  ProgressBar,
  addLoadingOptions,
  countOption,
  jsonOption,
  loadVectors,
  optionFlag,
  printJson,
  warn,
  withExamples,
  type LoadingFlags,
} from './common.js';

const fileHelp =
  "files in fastText's format (plain or .gz), folders or globs, or - for standard input: a document is a line, its labels begin with __label__";

export function classifyCommand(): Command {
  const command = new Command('classify').description('Trains, tests and uses classifiers of texts.');
  for (const subcommand of [trainCommand(), testCommand(), predictCommand()])
    command.addCommand(subcommand.exitOverride());
  return command;
}

function prefixOption(): Option {
  return new Option('--label-prefix <text>', 'words that begin so are labels (default: __label__)');
}

// ---- train ----

interface TrainFlags extends LoadingFlags, Omit<ClassifierOptions, 'classWeights'> {
  output: string;
  precision?: 'float32' | 'bf16' | 'int8';
  vectors?: string;
  validation?: string;
  classWeights?: string;
  labelPrefix?: string;
  json?: boolean;
}

function trainCommand(): Command {
  const command = new Command('train')
    .description('Trains a classifier.')
    .argument('<files...>', fileHelp)
    .requiredOption('-o, --output <file>', 'where to save it')
    .addOption(
      new Option('--precision <name>', 'of the saved vectors: int8 takes about a quarter of the bytes')
        .choices(['float32', 'bf16', 'int8'])
        .default('float32'),
    )
    .option('--vectors <file>', "word vectors to begin with: Google's, GloVe's, fastText's, .w2v")
    .option(
      '--validation <file or share>',
      'documents to validate on, or the share of the training documents that are drawn for it (0.2)',
    )
    .option('--class-weights <weights>', 'balanced, or a JSON file: {label: weight}')
    .addOption(prefixOption());
  for (const [name, spec] of Object.entries(classifierOptionSpecs)) command.addOption(optionFlag(name, spec));
  command.addOption(jsonOption()).action(train);
  return withExamples(
    addLoadingOptions(command),
    'w2v classify train reviews.txt --output reviews.classifier --word-ngrams 2 --epochs 10',
    'w2v classify train news.txt --output news.classifier --loss ova --validation 0.2 --refit',
    'w2v classify train news.txt --output news.classifier --vectors vectors.bin --vector-alpha 0.05',
  );
}

async function train(files: string[], flags: TrainFlags): Promise<void> {
  const { output, precision, vectors, validation, classWeights, labelPrefix, json, ...rest } = flags;
  const { limit, encodingErrors, strict, allowTruncated, mmap, sidecar, ...options } = rest;
  await checkOutputs([output], [...files, vectors, validation]);
  const given =
    vectors === undefined
      ? undefined
      : await loadVectors(vectors, { limit, encodingErrors, strict, allowTruncated, mmap, sidecar });
  const bar = new ProgressBar();
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(1);
    interruption.abort();
    bar.end();
    warn('interrupted: training ends here (interrupt again to give up)');
  };
  process.on('SIGINT', interrupt);
  try {
    const classifier = await TextClassifier.train(
      { files },
      {
        ...options,
        labelPrefix,
        vectors: given,
        validation: toValidation(validation),
        classWeights: await toWeights(classWeights),
        stopSignal: interruption.signal,
        onProgress: ({ phase, fraction, alpha, epoch, loss }) =>
          bar.show(
            phase === 'reading'
              ? 'reading'
              : `epoch ${epoch} (alpha ${alpha.toFixed(4)}${loss === null ? '' : `, loss ${loss.toFixed(3)}`})`,
            fraction ?? 0,
          ),
      },
    );
    bar.end();
    await classifier.save(output, { precision });
    tell(classifier, output, json);
  } finally {
    bar.end();
    process.off('SIGINT', interrupt);
  }
}

function toValidation(text: string | undefined): number | { files: string } | undefined {
  if (text === undefined) return undefined;
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : { files: text };
}

async function toWeights(text: string | undefined): Promise<ClassifierOptions['classWeights']> {
  if (text === undefined || text === 'balanced') return text;
  const json = await readFile(text, 'utf8').catch((error: unknown) => {
    throw fileError('read', text, error);
  });
  try {
    return JSON.parse(json) as Record<string, number>;
  } catch (error) {
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected class weights as JSON in '${text}': ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function tell(classifier: TextClassifier, output: string, json: boolean | undefined): void {
  const { report, options } = classifier;
  for (const warning of report.warnings) warn(warning);
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const validated = report.validationMicroF1[report.bestEpoch - 1];
  process.stderr.write(
    `${number(report.documents)} documents, ${number(report.words)} words, ${number(report.labels)} labels; trained ${number(report.trainedWords)} words in ` +
      `${report.trainSeconds.toFixed(1)} s (${number(report.wordsPerSecond)} words/s; loss ${report.losses.at(-1)?.toFixed(3) ?? '-'}` +
      `${validated === undefined ? '' : `; micro F1 ${validated.toFixed(4)} on ${number(report.validationDocuments)} validation documents`}). Saved as '${output}'.\n`,
  );
  if (report.stoppedEarly) {
    warn(`interrupted: '${output}' holds what was learned so far`);
    process.exitCode = 1;
  }
  if (json) printJson({ ...report, options, output });
}

// ---- test ----

interface TestFlags extends PredictOptions {
  labelPrefix?: string;
  json?: boolean;
}

function askingOptions(command: Command): Command {
  return command
    .addOption(
      countOption('--top-n <number>', 'labels at most (default: 1; of an ova classifier, any number)'),
    )
    .addOption(
      new Option(
        '--threshold <number>',
        'labels from this probability on (default: of an ova classifier, its own thresholds)',
      ).argParser((text) => {
        const value = text.trim() === '' ? NaN : Number(text);
        if (value >= 0 && value <= 1) return value;
        throw new InvalidArgumentError('Expected a number from 0 to 1.');
      }),
    )
    .addOption(countOption('--threads <number>', 'threads (default: all processors)'))
    .addOption(prefixOption())
    .addOption(jsonOption());
}

function testCommand(): Command {
  const command = askingOptions(
    new Command('test')
      .description('Compares what a classifier predicts with the labels that documents have.')
      .argument('<classifier>', 'what w2v classify train wrote')
      .argument('<files...>', fileHelp),
  ).action(test);
  return withExamples(
    command,
    'w2v classify test reviews.classifier test.txt',
    'w2v classify test news.classifier test.txt --threshold 0.5 --json',
  );
}

async function test(file: string, files: string[], { json, ...options }: TestFlags): Promise<void> {
  const classifier = await TextClassifier.load(file);
  const evaluation = await classifier.test({ files }, options);
  if (evaluation.unseenLabels.length > 0)
    warn(
      `labels that training did not have, always missed: ${evaluation.unseenLabels.slice(0, 10).join(', ')}${evaluation.unseenLabels.length > 10 ? ' …' : ''}`,
    );
  if (json) printJson(evaluation);
  else printEvaluation(evaluation);
}

function printEvaluation(evaluation: ClassifierEvaluation): void {
  const { documents, accuracy, precision, recall, microF1, macroF1, perLabel } = evaluation;
  const number = (value: number) => value.toFixed(4).padStart(10);
  const width = Math.max(5, ...perLabel.map(({ label }) => label.length));
  process.stdout.write(`${'label'.padEnd(width)} precision    recall        F1   support\n`);
  for (const score of perLabel)
    process.stdout.write(
      `${score.label.padEnd(width)}${number(score.precision)}${number(score.recall)}${number(score.f1)}${String(score.support).padStart(10)}\n`,
    );
  process.stdout.write(
    `\n${documents.toLocaleString('en')} documents: accuracy ${accuracy.toFixed(4)}, precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}, ` +
      `micro F1 ${microF1.toFixed(4)}, macro F1 ${macroF1.toFixed(4)}\n`,
  );
}

// ---- predict ----

function predictCommand(): Command {
  const command = askingOptions(
    new Command('predict')
      .description(
        'Predicts the labels of documents: for each, a line of label and probability, tab-separated.',
      )
      .argument('<classifier>', 'what w2v classify train wrote')
      .argument('[files...]', `${fileHelp}; default: standard input`),
  ).action(predict);
  return withExamples(
    command,
    'w2v classify predict reviews.classifier new.txt',
    'echo "a fine film" | w2v classify predict reviews.classifier --top-n 2',
  );
}

async function predict(file: string, files: string[], { json, ...options }: TestFlags): Promise<void> {
  const classifier = await TextClassifier.load(file);
  const all = [];
  for await (const labels of classifier.predictAll({ files: files.length > 0 ? files : ['-'] }, options)) {
    if (json) all.push(labels);
    else
      process.stdout.write(
        `${labels.map(({ label, probability }) => `${label}\t${probability.toFixed(6)}`).join('\t')}\n`,
      );
  }
  if (json) printJson({ predictions: all });
}
