import { Command, InvalidArgumentError, Option } from 'commander';
import { readTagged, type TaggedSentence } from '../corpora/tagged.js';
import { lines } from '../text/stream.js';
import {
  SequenceTagger,
  taggerOptionSpecs,
  type TaggerEvaluation,
  type TaggerOptions,
} from '../sequence-tagger.js';
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
  'a file (plain or .gz) of columns, the token first, its tag last, an empty line after each sentence; or CoNLL-U (.conllu); also - for standard input, a folder, a zip, or archive.zip/name';

export function tagCommand(): Command {
  const command = new Command('tag').description(
    'Trains, tests and uses taggers of tokens: chunks, names, parts of speech, roles.',
  );
  for (const subcommand of [trainCommand(), testCommand(), predictCommand()])
    command.addCommand(subcommand.exitOverride());
  return command;
}

// ---- train ----

interface TrainFlags extends LoadingFlags, TaggerOptions {
  output: string;
  development?: string;
  vectors?: string;
  frozen?: boolean;
  encoding?: string;
  json?: boolean;
}

function trainCommand(): Command {
  const command = new Command('train')
    .description('Trains a tagger.')
    .argument('<file>', fileHelp)
    .requiredOption('-o, --output <file>', 'where to save it')
    .option('--development <file>', 'sentences that decide which epoch is kept, and when to end')
    .option('--vectors <file>', "word vectors to begin with: Google's, GloVe's, fastText's, .w2v")
    .option('--frozen', 'leave those vectors as they are')
    .option('--encoding <label>', 'of the files, as utf-8, latin1, gb18030 (default: utf-8)');
  for (const [name, spec] of Object.entries(taggerOptionSpecs)) command.addOption(optionFlag(name, spec));
  command
    .addOption(
      listOption('--suffixes <lengths>', 'lengths of suffixes that are features (default: 2,3,4)', toLengths),
    )
    .addOption(
      listOption('--prefixes <lengths>', 'lengths of prefixes that are features (default: 3)', toLengths),
    )
    .addOption(
      listOption('--word-columns <names>', 'further columns that hold words (default: predicate)', toNames),
    )
    .addOption(
      listOption('--ignore-columns <names>', 'further columns to leave aside: column2, column3, …', toNames),
    )
    .addOption(jsonOption())
    .action(train);
  return withExamples(
    addLoadingOptions(command),
    'w2v tag train train.txt --output chunks.tagger --development dev.txt',
    'w2v tag train conll2002.zip/esp.train --output names.tagger --ignore-columns column2 --vectors es.bin',
  );
}

function listOption(flags: string, help: string, toList: (text: string) => unknown[]): Option {
  return new Option(flags, help).argParser(toList);
}

function toNames(text: string): string[] {
  return text.split(',').filter((name) => name !== '');
}

function toLengths(text: string): number[] {
  const lengths = toNames(text).map(Number);
  if (lengths.every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 100)) return lengths;
  throw new InvalidArgumentError('Expected whole numbers from 1 to 100, separated by commas.');
}

async function train(file: string, flags: TrainFlags): Promise<void> {
  const { output, development, vectors, frozen, encoding, json, ...rest } = flags;
  const { limit, encodingErrors, strict, allowTruncated, mmap, sidecar, ...options } = rest;
  await checkOutputs([output], [file, development, vectors]);
  const given =
    vectors === undefined
      ? undefined
      : await loadVectors(vectors, { limit, encodingErrors, strict, allowTruncated, mmap, sidecar });
  const bar = new ProgressBar('{speed} tokens/s');
  try {
    const tagger = await SequenceTagger.train(readTagged(file, { encoding }), {
      ...options,
      ...(development !== undefined && { development: readTagged(development, { encoding }) }),
      vectors: given,
      frozen,
      onProgress: ({ fraction, epoch, loss, developmentF1, tokensPerSecond }) => {
        const measured = [
          loss !== null && `loss ${loss.toFixed(3)}`,
          developmentF1 !== null && `F1 ${(100 * developmentF1).toFixed(2)}`,
        ].filter(Boolean);
        bar.show(`epoch ${epoch}${measured.length > 0 ? ` (${measured.join(', ')})` : ''}`, fraction, {
          speed: Math.round(tokensPerSecond).toLocaleString('en'),
        });
      },
    });
    bar.end();
    await tagger.save(output);
    tell(tagger, output, json);
  } finally {
    bar.end();
  }
}

function tell({ report, columns, options }: SequenceTagger, output: string, json: boolean | undefined): void {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  for (const warning of report.warnings) warn(warning);
  if (report.brokenSpans > 0)
    warn(`${report.brokenSpans} spans begin with I- where no span goes on: they count as if it were B-`);
  const best = report.developmentF1[report.bestEpoch - 1];
  process.stderr.write(
    `${number(report.sentences)} sentences, ${number(report.tokens)} tokens, ${report.tags} tags; ${report.epochs} epochs in ${report.trainSeconds.toFixed(1)} s ` +
      `(${number(report.tokensPerSecond)} tokens/s; loss ${report.losses.at(-1)!.toFixed(3)}` +
      `${best === undefined ? '' : `; F1 ${(100 * best).toFixed(2)} on the development set after epoch ${report.bestEpoch}, which is kept`}). Saved as '${output}'.\n`,
  );
  if (json) printJson({ ...report, columns, options, output });
}

// ---- test ----

interface TestFlags {
  encoding?: string;
  threads?: number;
  json?: boolean;
}

function testCommand(): Command {
  const command = new Command('test')
    .description('Scores the tags that a tagger gives: spans as conlleval does, labels token by token.')
    .argument('<tagger>', 'a file that w2v tag train wrote')
    .argument('<file>', fileHelp)
    .option('--encoding <label>', 'of the file (default: utf-8)')
    .addOption(countOption('--threads <number>', 'threads (default: those of the training)'))
    .addOption(jsonOption())
    .action(test);
  return withExamples(command, 'w2v tag test chunks.tagger test.txt --json');
}

async function test(model: string, file: string, { encoding, threads, json }: TestFlags): Promise<void> {
  const tagger = await SequenceTagger.load(model);
  const start = performance.now();
  const result = await tagger.test(readTagged(file, { encoding }), { threads });
  const tokensPerSecond = Math.round(result.tokens / ((performance.now() - start) / 1000));
  if (result.unseenTags > 0)
    warn(`${result.unseenTags} tokens have tags that the training text has not: they cannot be right`);
  if (json) printJson({ ...result, tokensPerSecond });
  else printScores(result);
}

function printScores(result: TaggerEvaluation): void {
  const percent = (value: number) => (100 * value).toFixed(2).padStart(7);
  const { metric, accuracy, tokens, perType } = result;
  const rows = [...Object.entries(perType), ['total', result] as const];
  const width = Math.max(12, ...rows.map(([name]) => name.length + 2));
  process.stdout.write(
    `${metric.padEnd(width)}${['F1', 'precis.', 'recall'].map((name) => name.padStart(8)).join('')}\n`,
  );
  for (const [name, { f1, precision, recall, correct, predicted, expected }] of rows) {
    process.stdout.write(
      `${name.padEnd(width)} ${percent(f1)} ${percent(precision)} ${percent(recall)}  ${correct} right of ${predicted} given, ${expected} there\n`,
    );
  }
  process.stdout.write(`accuracy ${percent(accuracy).trim()} % of ${tokens} tokens\n`);
}

// ---- predict ----

interface PredictFlags {
  encoding?: string;
  threads?: number;
  json?: boolean;
}

function predictCommand(): Command {
  const command = new Command('predict')
    .description(
      'Tags sentences: prints token and tag in two columns, an empty line after each sentence. Of a tagger with further columns, the file has them as when it was trained; its last column, the tag, may be left out.',
    )
    .argument('<tagger>', 'a file that w2v tag train wrote')
    .argument(
      '[file]',
      'lines of tokens separated by blanks, - for standard input; or a file as for w2v tag test',
      '-',
    )
    .option('--columns', 'the file has columns, as for w2v tag test, not lines of tokens')
    .option('--encoding <label>', 'of a file with columns (default: utf-8)')
    .addOption(countOption('--threads <number>', 'threads (default: those of the training)'))
    .addOption(new Option('--json', 'print one JSON object a sentence: tokens and tags'))
    .action(predict);
  return withExamples(
    command,
    'echo "He reckons the deficit will narrow" | w2v tag predict chunks.tagger',
    'w2v tag predict names.tagger test.txt --columns',
  );
}

const sentencesAtATime = 1000;

async function predict(
  model: string,
  file: string,
  { columns, encoding, threads, json }: PredictFlags & { columns?: boolean },
): Promise<void> {
  const tagger = await SequenceTagger.load(model);
  const inColumns = columns === true || file.endsWith('.conllu') || tagger.columns.length > 0;
  let batch: TaggedSentence[] = [];
  const flush = async () => {
    const tags = await tagger.tag(batch, { threads });
    for (const [i, { tokens }] of batch.entries()) {
      if (json) printJson({ tokens, tags: tags[i] });
      else process.stdout.write(`${tokens.map((token, t) => `${token}\t${tags[i]![t]}\n`).join('')}\n`);
    }
    batch = [];
  };
  for await (const sentence of inColumns ? readTagged(file, { encoding }) : readLines(file)) {
    batch.push(inColumns ? withLastColumn(sentence, tagger.columns) : sentence);
    if (batch.length === sentencesAtATime) await flush();
  }
  await flush();
}

/** Of a file without tags, what was read as the tag is the last column. */
function withLastColumn(sentence: TaggedSentence, wanted: readonly string[]): TaggedSentence {
  const { columns = {}, tags } = sentence;
  const last = `column${Object.keys(columns).length + 2}`;
  return tags && wanted.includes(last) ? { ...sentence, columns: { ...columns, [last]: tags } } : sentence;
}

async function* readLines(file: string): AsyncGenerator<TaggedSentence> {
  for await (const line of lines({ files: [file] })) {
    const tokens = (line as string).split(/[ \t]+/).filter((token) => token !== '');
    if (tokens.length > 0) yield { tokens };
  }
}
