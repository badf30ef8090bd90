// What the commands share.
import { SingleBar } from 'cli-progress';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { W2VError } from '../errors.js';
import { KeyedVectors, type Neighbour } from '../keyed-vectors.js';
import { expectedValue, parseOption, type OptionSpec } from '../options.js';
import { vectorFormats, type LoadingOptions } from '../vector-file.js';

/** What every command that takes vectors reads. */
export const vectorsHelp =
  "a file in Google's binary or text format, GloVe's or fastText's text, or .w2v; plain or .gz";

/** Adds the help's examples. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`,
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON object as the last line of standard output');
}

/** An option that takes a whole number from 1. */
export function countOption(flags: string, help: string): Option {
  return new Option(flags, help).argParser((text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new InvalidArgumentError('Expected a whole number from 1.');
  });
}

/** A format that the user names; else that of the file name: .txt, .text and .vec are text, all others binary. */
export function formatOption(): Option {
  return new Option(
    '--format <format>',
    "Google's binary or text format, GloVe's text, or our own; default: w2v for .w2v, text for .txt and .vec, else bin; .gz is compressed",
  ).choices([...vectorFormats]);
}

export function printJson(object: unknown): void {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

export function warn(message: string): void {
  process.stderr.write(`w2v: ${message}\n`);
}

/** The neighbours as a table, or as JSON beside what was asked. */
export function printNeighbours(
  query: Record<string, unknown>,
  neighbours: Neighbour[],
  json: boolean | undefined,
): void {
  if (json) {
    printJson({ ...query, neighbours });
    return;
  }
  const width = Math.max(...neighbours.map(({ word }) => word.length), 0);
  for (const { word, score } of neighbours)
    process.stdout.write(`${word.padEnd(width)}  ${score.toFixed(4)}\n`);
}

/** A progress bar on stderr, on a terminal only. `show` makes it with its first call; `end` removes it. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined;
  #shown = false;

  /** @param detail a format of cli-progress after the bar, e.g. '{words}' */
  constructor(detail = '') {
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: `{title} {bar} {percentage}%${detail && ` ${detail}`}`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 24,
    });
  }

  show(title: string, fraction: number, details: Record<string, string> = {}): void {
    if (!this.#bar) return;
    if (!this.#shown) this.#bar.start(1, 0, { title, ...details });
    this.#shown = true;
    this.#bar.update(fraction, { title, ...details });
  }

  end(): void {
    if (this.#shown) this.#bar?.stop();
    this.#shown = false;
  }
}

/** Aborted by Ctrl-C or SIGTERM, so that what is under way ends and leaves no temporary file; the next one ends the process. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return controller.signal;
}

/** Runs work with a progress bar. */
export async function withProgress<T>(
  title: string,
  work: (onProgress: (progress: { fraction: number }) => void) => Promise<T>,
): Promise<T> {
  const bar = new ProgressBar();
  try {
    return await work(({ fraction }) => bar.show(title, fraction));
  } finally {
    bar.end();
  }
}

/** --vector-size <number>, --sg, --no-cbow-mean: the flag of an option of a table. Its default is only told: whoever takes the options adds it. */
export function optionFlag(name: string, spec: OptionSpec): Option {
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (spec.type === 'boolean') return new Option(`--${spec.default ? 'no-' : ''}${kebab}`, spec.help);
  const byDefault =
    spec.type === 'path' ? undefined : (spec.defaultText ?? ('default' in spec ? String(spec.default) : ''));
  const details = [expectedValue(spec), byDefault !== undefined && `default: ${byDefault}`]
    .filter(Boolean)
    .join('; ');
  const values: Partial<Record<typeof spec.type, string>> = {
    path: 'file',
    choice: 'choice',
    numbers: 'numbers',
  };
  return new Option(`--${kebab} <${values[spec.type] ?? 'number'}>`, `${spec.help} (${details})`).argParser(
    (text) => {
      try {
        return parseOption(spec, text);
      } catch (error) {
        throw error instanceof W2VError ? new InvalidArgumentError(error.message) : error;
      }
    },
  );
}

export type LoadingFlags = LoadingOptions;

/** How every command that takes vectors reads them. */
export function addLoadingOptions(command: Command): Command {
  return command
    .addOption(countOption('--limit <number>', 'read only so many vectors, the first ones'))
    .addOption(
      new Option(
        '--encoding-errors <how>',
        'words that are not UTF-8: an error, U+FFFD in place of what is not, or nothing',
      )
        .choices(['strict', 'replace', 'ignore'])
        .default('replace'),
    )
    .option('--strict', 'a vector with NaN or infinity is an error')
    .option('--allow-truncated', 'take the whole rows of a file that ends too early')
    .option('--no-mmap', 'copy the vectors to memory in place of reading them where they are in the file')
    .option(
      '--sidecar',
      "keep the index of a file in Google's binary format beside it: it opens in milliseconds then",
    );
}

export async function loadVectors(file: string, flags: LoadingFlags): Promise<KeyedVectors> {
  const { limit, encodingErrors, strict, allowTruncated, mmap, sidecar } = flags;
  const options = { limit, encodingErrors, strict, allowTruncated, mmap, sidecar };
  const vectors = await withProgress('loading', (onProgress) =>
    KeyedVectors.load(file, { ...options, onProgress }),
  );
  const { duplicateWords, invalidWords, nonFiniteRows, missingRows, sidecarProblem } = vectors.loadedFrom!;
  if (duplicateWords > 0)
    warn(`${duplicateWords} rows of '${file}' were left out: their words had come before`);
  if (invalidWords > 0)
    warn(
      `${invalidWords} words of '${file}' are not UTF-8: ` +
        (encodingErrors === 'ignore' ? 'what is not was left out' : 'U+FFFD stands for what is not'),
    );
  if (nonFiniteRows > 0)
    warn(`${nonFiniteRows} rows of '${file}' have NaN or infinity: they answer no query`);
  if (missingRows > 0) warn(`${missingRows} rows that '${file}' promises are not there`);
  if (sidecarProblem !== undefined) warn(sidecarProblem);
  return vectors;
}
