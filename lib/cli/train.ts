import { Command, InvalidArgumentError, Option } from 'commander';
import { W2VError } from '../errors.js';
import { expectedValue, parseOption, trainingOptionSpecs, type TrainingOptions } from '../options.js';
import { formatOfName, type VectorFormat } from '../vector-file.js';
import { Word2Vec, type TrainingProgress } from '../word2vec.js';
import {
  ProgressBar,
  checkWritable,
  formatOption,
  jsonOption,
  printJson,
  warn,
  withExamples,
  withProgress,
} from './common.js';

interface TrainFlags extends TrainingOptions {
  output: string;
  format?: VectorFormat;
  saveVocab?: string;
  spool?: boolean | string;
  cache?: string;
  json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description("Trains vectors on text and saves them in Google's format.")
    .argument(
      '<inputs...>',
      'files (plain or .gz), folders, globs, or - for standard input; a line is a sentence',
    )
    .requiredOption('-o, --output <file>', 'where to save the vectors')
    .addOption(formatOption())
    .option('--save-vocab <file>', 'also save the vocabulary: lines of word and count');
  for (const name of Object.keys(trainingOptionSpecs) as (keyof TrainingOptions)[])
    command.addOption(toFlag(name));
  command
    .option('--spool [folder]', 'keep the encoded text in a temporary file instead of memory')
    .option('--cache <folder>', 'keep the encoded text there for the next training on the same files')
    .addOption(jsonOption())
    .action(train);
  return withExamples(
    command,
    'w2v train corpus.txt --output vectors.bin',
    'w2v train texts/ more.txt.gz --output vectors.bin --sg --vector-size 300 --epochs 10',
    'zcat *.gz | w2v train - --output vectors.txt --format text --save-vocab vocab.txt',
  );
}

/** --vector-size <number>, --sg, --no-cbow-mean: the flag of a training option. */
function toFlag(name: keyof TrainingOptions): Option {
  const spec = trainingOptionSpecs[name];
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (spec.type === 'boolean') {
    return new Option(`--${spec.default ? 'no-' : ''}${kebab}`, spec.help);
  }
  // The default stays with resolveTrainingOptions(): here it is only told.
  const byDefault =
    spec.type === 'path' ? undefined : (spec.defaultText ?? ('default' in spec ? String(spec.default) : ''));
  const details = [expectedValue(spec), byDefault !== undefined && `default: ${byDefault}`]
    .filter(Boolean)
    .join('; ');
  const placeholder = spec.type === 'path' ? 'file' : spec.type === 'choice' ? 'choice' : 'number';
  return new Option(`--${kebab} <${placeholder}>`, `${spec.help} (${details})`).argParser((text) => {
    try {
      return parseOption(name, text);
    } catch (error) {
      throw error instanceof W2VError ? new InvalidArgumentError(error.message) : error;
    }
  });
}

async function train(inputs: string[], flags: TrainFlags): Promise<void> {
  const { output, format, saveVocab, spool, cache, json, ...options } = flags;
  await checkWritable(output);
  if (saveVocab !== undefined) await checkWritable(saveVocab);

  const bar = new ProgressBar('{words} words/s, {left} left');
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
    const model = await Word2Vec.train(
      { files: inputs },
      {
        ...options,
        spool,
        cache,
        stopSignal: interruption.signal,
        onProgress: (progress) => show(bar, progress),
      },
    );
    bar.end();
    await save(model, output, format ?? formatOfName(output), saveVocab);
    tell(model, output, json);
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

function show(
  bar: ProgressBar,
  { phase, fraction, wordsPerSecond, etaSeconds, alpha }: TrainingProgress,
): void {
  const left = etaSeconds === null ? '?' : `${Math.ceil(etaSeconds)} s`;
  const title = phase === 'training' ? `training (alpha ${alpha.toFixed(4)})` : 'reading';
  bar.show(title, fraction ?? 0, { words: Math.round(wordsPerSecond).toLocaleString('en'), left });
}

async function save(
  model: Word2Vec,
  output: string,
  format: VectorFormat,
  saveVocab?: string,
): Promise<void> {
  await withProgress('saving', (onProgress) => model.vectors.save(output, { format, onProgress }));
  if (saveVocab !== undefined) await model.vectors.saveVocabulary(saveVocab);
}

function tell({ vectors, report, options }: Word2Vec, output: string, json: boolean | undefined): void {
  for (const warning of report.warnings) warn(warning);
  const number = (value: number) => Math.round(value).toLocaleString('en');
  process.stderr.write(
    `${number(report.words)} words${report.cache === 'reused' ? ' from the cache' : ''}, vocabulary ${number(report.vocabulary)}; trained ${number(report.trainedWords)} words in ` +
      `${report.trainSeconds.toFixed(1)} s (${number(report.wordsPerSecond)} words/s, ${report.threads} threads, ${report.isa}). ` +
      `Saved ${vectors.size} × ${vectors.vectorSize} vectors as '${output}'.\n`,
  );
  if (report.stoppedEarly) {
    warn(`interrupted: '${output}' holds what was learned so far`);
    process.exitCode = 1;
  }
  if (json) printJson({ ...report, options, output });
}
