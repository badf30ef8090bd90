import { Command, InvalidArgumentError, Option } from 'commander';
import { readFile } from 'node:fs/promises';
import { W2VError, fileError } from '../errors.js';
import { trainingOptionSpecs, type TrainingOptions } from '../options.js';
import type { CheckpointOptions, TrainingProgress } from '../training-run.js';
import { tokenStream } from '../text/stream.js';
import { formatOfName, type VectorFormat } from '../vector-file.js';
import { Word2Vec, type Placement, type TrainingReport } from '../word2vec.js';
import { checkOutputs } from '../output-file.js';
import {
  ProgressBar,
  countOption,
  formatOption,
  jsonOption,
  optionFlag,
  printJson,
  warn,
  withExamples,
  withProgress,
} from './common.js';
import { MetricsLog } from './metrics-log.js';
import { addTokenizerOptions, toLocale, type TokenizerFlags } from './tokenize.js';

interface TrainFlags extends TrainingOptions, TokenizerFlags {
  tokenize?: string;
  output: string;
  format?: VectorFormat;
  saveVocab?: string;
  saveModel?: string;
  stopWords?: string;
  spool?: boolean | string;
  cache?: string;
  checkpoint?: string;
  checkpointEvery?: Pick<CheckpointOptions, 'everySeconds' | 'everyEpochs'>;
  checkpointKeep?: number;
  resume?: string;
  log?: string;
  json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description("Trains vectors on text and saves them in Google's format.")
    .argument(
      '[inputs...]',
      'files (plain or .gz), folders, globs, or - for standard input; a line is a sentence',
    )
    .requiredOption('-o, --output <file>', 'where to save the vectors')
    .addOption(formatOption())
    .option('--save-vocab <file>', 'also save the vocabulary: lines of word and count')
    .option('--save-model <file>', 'also save the whole model, to train it further');
  command.addOption(
    new Option(
      '--tokenize <locale>',
      'the text is no list of words with spaces yet: tokenise it by the rules of its language (en, zh, de-CH)',
    ).argParser(toLocale),
  );
  addTokenizerOptions(command);
  addVocabularyOptions(command, Object.keys(trainingOptionSpecs) as (keyof TrainingOptions)[])
    .option('--spool [folder]', 'keep the encoded text in a temporary file instead of memory')
    .option('--cache <folder>', 'keep the encoded text there for the next training on the same files')
    .option('--checkpoint <file>', 'save there, now and then and when interrupted, what --resume needs')
    .addOption(
      new Option('--checkpoint-every <interval>', 'seconds, minutes, hours or epochs: 30s, 10m, 2h, 1e')
        .argParser(toInterval)
        .default({ everySeconds: 600 }, '10m'),
    )
    .addOption(countOption('--checkpoint-keep <number>', 'checkpoints kept (default: 1)'))
    .option('--resume <checkpoint>', 'go on with the training of a checkpoint, with its options')
    .option('--log <file>', 'write loss, learning rate and speed as lines of JSON, for w2v report')
    .addOption(jsonOption())
    .action(train);
  return withExamples(
    command,
    'w2v train corpus.txt --output vectors.bin',
    'w2v train texts/ more.txt.gz --output vectors.bin --sg --vector-size 300 --epochs 10',
    'zcat *.gz | w2v train - --output vectors.txt --format text --save-vocab vocab.txt',
    'w2v train zh-wiki.txt.gz --output zh.bin --tokenize zh',
    'w2v train corpus.txt --output vectors.bin --checkpoint run.w2v --checkpoint-every 30s',
    'w2v train --resume run.w2v --output vectors.bin',
  );
}

/** The flags of training options, and those of which words there are. */
export function addVocabularyOptions(command: Command, names: (keyof TrainingOptions)[]): Command {
  for (const name of names) command.addOption(optionFlag(name, trainingOptionSpecs[name]));
  return command.option('--stop-words <file>', 'leave out the words in this file, one per line');
}

export async function readStopWords(file: string | undefined): Promise<{ stopWords?: string[] }> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError('read', file, error);
  });
  return { stopWords: text.split(/\s+/).filter((word) => word !== '') };
}

function toInterval(text: string): Pick<CheckpointOptions, 'everySeconds' | 'everyEpochs'> {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)([smhe]?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (unit === 'e' && Number.isSafeInteger(value) && value > 0) return { everyEpochs: value };
  if (unit !== 'e' && value > 0) return { everySeconds: value * { s: 1, m: 60, h: 3600 }[unit]! };
  throw new InvalidArgumentError('Expected seconds, minutes, hours or epochs, as 30s, 10m, 2h or 1e.');
}

async function train(inputs: string[], flags: TrainFlags, command: Command): Promise<void> {
  const { output, format, saveVocab, saveModel, stopWords, spool, cache, resume, log, json, ...rest } = flags;
  const {
    checkpoint = resume,
    checkpointEvery,
    checkpointKeep,
    tokenize,
    tokenizer,
    lowercase,
    ...options
  } = rest;
  checkUsage(inputs, command, resume);
  if (tokenize === undefined && (tokenizer ?? lowercase) !== undefined)
    throw new W2VError('ERR_W2V_OPTION', 'Expected --tokenize beside --tokenizer and --lowercase');
  if (tokenize !== undefined && cache !== undefined)
    throw new W2VError(
      'ERR_W2V_OPTION',
      'Expected no --cache beside --tokenize: it is kept of files as they are',
    );
  await checkOutputs(
    [output, saveVocab, saveModel, log, checkpoint === resume ? undefined : checkpoint],
    [...inputs, resume],
  );

  const bar = new ProgressBar('{words} words/s, {left} left');
  const metrics = log === undefined ? undefined : new MetricsLog(log, { inputs, ...options });
  const interruption = new AbortController();
  let interruptedAt = -Infinity;
  const interrupt = () => {
    // npm, npx and timeout send on what the terminal has sent already: two at once are one.
    if (performance.now() - interruptedAt < 1000) return;
    if (interruption.signal.aborted) process.exit(1);
    interruptedAt = performance.now();
    interruption.abort();
    bar.end();
    warn('interrupted: training ends here (interrupt again to give up)');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const run = {
      spool,
      stopSignal: interruption.signal,
      onProgress: (progress: TrainingProgress) => {
        metrics?.progress(progress);
        show(bar, progress);
      },
      ...(checkpoint !== undefined && {
        checkpoint: { path: checkpoint, ...checkpointEvery, keep: checkpointKeep },
      }),
    };
    const files = inputs.length > 0 ? { files: inputs } : undefined;
    const source =
      files && tokenize !== undefined
        ? tokenStream(files, { locale: tokenize, tokenizer, lowercase, signal: interruption.signal })
        : files;
    const model =
      resume !== undefined
        ? await Word2Vec.resume(resume, source, { ...run, ...placementOf(options) })
        : await Word2Vec.train(source!, {
            ...options,
            ...(await readStopWords(stopWords)),
            cache,
            ...run,
          });
    bar.end();
    await save(model, output, format ?? formatOfName(output), saveVocab, saveModel);
    tell(model, output, checkpoint, json);
    await metrics?.end(model.report);
  } catch (error) {
    if (!interruption.signal.aborted || !(error instanceof W2VError) || error.code !== 'ERR_W2V_CANCELLED')
      throw error;
    throw new W2VError(
      'ERR_W2V_CANCELLED',
      `Interrupted before anything was learned: '${output}' was not written`,
    );
  } finally {
    bar.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function placementOf({ backend, devices }: TrainingOptions): Placement {
  return { ...(backend && { backend }), ...(devices && { devices }) };
}

function checkUsage(inputs: string[], command: Command, resume: string | undefined): void {
  if (resume === undefined) {
    if (inputs.length > 0) return;
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected files to train on, or --resume with a checkpoint');
  }
  // A corpus that was tokenised is to be tokenised again, in the same way; a checkpoint may go on on another device.
  const kept = [
    ...['tokenize', 'tokenizer', 'lowercase', 'backend', 'devices'],
    ...['output', 'format', 'saveVocab', 'saveModel', 'spool', 'resume', 'log', 'json'],
  ];
  for (const option of command.options) {
    const name = option.attributeName();
    if (kept.includes(name) || name.startsWith('checkpoint')) continue;
    if (command.getOptionValueSource(name) !== 'cli') continue;
    throw new W2VError(
      'ERR_W2V_OPTION',
      `Expected no ${option.long} beside --resume: a training goes on with the options that it began with`,
    );
  }
}

function show(
  bar: ProgressBar,
  { phase, fraction, wordsPerSecond, etaSeconds, alpha, loss }: TrainingProgress,
): void {
  const left = etaSeconds === null ? '?' : `${Math.ceil(etaSeconds)} s`;
  const measured = loss === null ? '' : `, loss ${loss.toFixed(3)}`;
  const title = phase === 'training' ? `training (alpha ${alpha.toFixed(4)}${measured})` : 'reading';
  bar.show(title, fraction ?? 0, { words: Math.round(wordsPerSecond).toLocaleString('en'), left });
}

async function save(
  model: Word2Vec,
  output: string,
  format: VectorFormat,
  saveVocab: string | undefined,
  saveModel: string | undefined,
): Promise<void> {
  await withProgress('saving', (onProgress) => model.vectors.save(output, { format, onProgress }));
  if (saveVocab !== undefined) await model.vectors.saveVocabulary(saveVocab);
  if (saveModel !== undefined) await model.save(saveModel);
}

function tell(
  { vectors, report, options }: Word2Vec & { readonly report: TrainingReport },
  output: string,
  checkpoint: string | undefined,
  json: boolean | undefined,
): void {
  for (const warning of report.warnings) warn(warning);
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const loss = report.losses.findLast((value) => value !== null);
  process.stderr.write(
    `${number(report.words)} words${report.cache === 'reused' ? ' from the cache' : ''}, vocabulary ${number(report.vocabulary)}; trained ${number(report.trainedWords)} words in ` +
      `${report.trainSeconds.toFixed(1)} s (${number(report.wordsPerSecond)} words/s, ${report.backend === 'cuda' ? report.devices.join(' + ') : `${report.threads} threads, ${report.isa}`}${loss === undefined ? '' : `; loss ${loss.toFixed(3)}`}). ` +
      `Saved ${vectors.size} × ${vectors.vectorSize} vectors as '${output}'.\n`,
  );
  if (report.stoppedEarly) {
    warn(`interrupted: '${output}' holds what was learned so far`);
    if (checkpoint !== undefined) warn(`to go on: w2v train --resume ${checkpoint} --output ${output}`);
    process.exitCode = 1;
  }
  if (json) printJson({ ...report, options, output });
}
