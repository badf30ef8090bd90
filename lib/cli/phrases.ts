import { Command, InvalidArgumentError, Option } from 'commander';
import { W2VError } from '../errors.js';
import {
  FrozenPhrases,
  Phrases,
  applyPasses,
  englishConnectorWords,
  type PhraseOptions,
} from '../phrases.js';
import { checkOutputs } from '../output-file.js';
import {
  ProgressBar,
  countOption,
  interruption,
  jsonOption,
  printJson,
  warn,
  withExamples,
} from './common.js';

interface PhrasesFlags {
  minCount?: number;
  threshold?: number;
  scoring?: 'default' | 'npmi' | 'word2phrase';
  delimiter?: string;
  connectorWords?: string;
  maxVocabSize?: number;
  passes: number;
  threads?: number;
  load?: string;
  save?: string;
  list?: number;
  json?: boolean;
}

export function phrasesCommand(): Command {
  const command = new Command('phrases')
    .description('Finds words that belong together and joins them: new york times → new_york_times.')
    .argument('<in>', 'a file (plain or .gz), folder, glob; a line is a sentence')
    .argument('[out]', 'the file to write, with the phrases joined; .gz is compressed')
    .addOption(
      countOption('--min-count <number>', 'pairs that occur fewer times are no phrases (default: 5)'),
    )
    .addOption(
      new Option(
        '--threshold <number>',
        'pairs with a higher score are phrases (default: 10; npmi 0.5, word2phrase 100)',
      ).argParser(toNumber),
    )
    .addOption(
      new Option('--scoring <name>', "gensim's default and npmi, or Google's word2phrase")
        .choices(['default', 'npmi', 'word2phrase'])
        .default('default'),
    )
    .option('--delimiter <text>', 'stands between the words of a phrase (default: _)')
    .option(
      '--connector-words <list>',
      'words that may stand within a phrase, separated by commas; english for a list of those',
    )
    .addOption(
      countOption(
        '--max-vocab-size <number>',
        'words and pairs held in memory, beyond which the rarer half is dropped (default: 40000000)',
      ),
    )
    .addOption(countOption('--passes <number>', 'passes, each over what the last one joined').default(1))
    .addOption(countOption('--threads <number>', 'threads (default: all processors)'))
    .option('--load <file>', 'join the phrases that --save wrote; learn nothing')
    .option('--save <file>', 'save the phrases of the last pass')
    .addOption(countOption('--list <number>', 'print the best phrases with their scores'))
    .addOption(jsonOption())
    .action(phrases);
  return withExamples(
    command,
    'w2v phrases corpus.txt joined.txt --passes 2',
    'w2v phrases corpus.txt joined.txt --scoring npmi --connector-words english',
    'w2v phrases corpus.txt --list 20',
  );
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

async function phrases(input: string, output: string | undefined, flags: PhrasesFlags): Promise<void> {
  const { passes, threads, load, save, list, json, connectorWords, ...rest } = flags;
  if (output === undefined && save === undefined && list === undefined && !json)
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected a file to write, or --save, --list or --json');
  await checkOutputs([output, save], [input, load]);
  const options: PhraseOptions = { ...rest, connectorWords: toList(connectorWords) };
  const bar = new ProgressBar();
  const signal = interruption();
  const run = (title: string) => ({
    threads,
    signal,
    onProgress: ({ fraction }: { fraction: number | null }) => bar.show(title, fraction ?? 0),
  });
  try {
    const source = { files: [input] };
    const found: FrozenPhrases[] = load === undefined ? [] : [await FrozenPhrases.load(load)];
    for (let pass = 1; load === undefined && pass <= passes; ++pass) {
      const learned = await Phrases.learn(applyPasses(found, source), {
        ...options,
        ...run(`counting (${pass} of ${passes})`),
      });
      for (const warning of learned.warnings) warn(warning);
      found.push(await learned.freeze());
    }
    const last = found.at(-1)!;
    if (output !== undefined)
      await last.applyToFile(applyPasses(found.slice(0, -1), source), output, run('joining'));
    if (save !== undefined) await last.save(save);
    bar.end();
    tell(found, output, list, json);
  } finally {
    bar.end();
  }
}

function toList(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text === 'english' ? englishConnectorWords : text.split(',').filter((word) => word !== '');
}

function tell(
  found: readonly FrozenPhrases[],
  output: string | undefined,
  list: number | undefined,
  json: boolean | undefined,
): void {
  const last = found.at(-1)!;
  const best = list === undefined ? [] : [...last].slice(0, list);
  for (const { phrase, score, count } of json ? [] : best)
    process.stdout.write(`${phrase}  ${score.toPrecision(5)}  ${count}\n`);
  const sizes = found.map(({ size }) => size);
  if (output !== undefined)
    process.stderr.write(`${sizes.join(' and then ')} phrases; '${output}' has them joined.\n`);
  if (json) printJson({ phrases: sizes, ...(output !== undefined && { output }), ...(list && { best }) });
}
