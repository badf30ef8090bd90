import { Command, InvalidArgumentError, Option } from 'commander';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { W2VError, fileError } from '../errors.js';
import { checkOutputs, replaceByBytes } from '../output-file.js';
import type { CorpusSource } from '../text-source.js';
import { checkLocale } from '../text/segmenter.js';
import { sentenceStream, tokenStream } from '../text/stream.js';
import { stopWords } from '../text/stop-words.js';
import type { TokenizeOptions, TokenizerName } from '../text/tokenize.js';
import { interruption, jsonOption, printJson, withExamples } from './common.js';

interface TokenizeFlags extends TokenizerFlags {
  output?: string;
  locale: string;
  sentences?: boolean;
  wrapped?: boolean;
  stopWords?: string;
  json?: boolean;
}

/** How text is tokenised, beside its locale. */
export interface TokenizerFlags {
  tokenizer?: TokenizerName;
  lowercase?: boolean;
}

export function addTokenizerOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--tokenizer <name>',
        "Unicode's and the locale's rules (the default); words and punctuation, as NLTK's WordPunctTokenizer; or for Chinese the package @node-rs/jieba",
      ).choices(['segmenter', 'word-punctuation', 'jieba']),
    )
    .option('--lowercase', 'tokens in lower case');
}

/** A language tag, as an argument of an option. */
export function toLocale(text: string): string {
  try {
    return checkLocale(text);
  } catch (error) {
    throw error instanceof W2VError ? new InvalidArgumentError(`${error.message}.`) : error;
  }
}

/** The words of a file, or the list of a language. */
export async function stopWordsOf(fileOrLanguage: string): Promise<string[]> {
  try {
    return (await readFile(fileOrLanguage, 'utf8')).split(/\s+/).filter((word) => word !== '');
  } catch (error) {
    if (/^[a-z]{2}$/.test(fileOrLanguage)) return [...stopWords(fileOrLanguage)];
    throw fileError('read', fileOrLanguage, error);
  }
}

export function tokenizeCommand(): Command {
  const command = new Command('tokenize')
    .description('Cuts text into tokens, with spaces between them; a line, or sentence, a line.')
    .argument('<inputs...>', 'files (plain or .gz) in UTF-8, folders, globs, or - for standard input')
    .option('-o, --output <file>', 'where to write (default: standard output); .gz is compressed')
    .addOption(
      new Option('-l, --locale <locale>', 'the language of the text: en, zh, de-CH')
        .argParser(toLocale)
        .default('en'),
    );
  addTokenizerOptions(command)
    .option('--stop-words <list>', 'leave out the words in this file, or those of a language: en, zh')
    .option('--sentences', 'a sentence a line, in place of a line of the text')
    .option('--wrapped', 'with --sentences: sentences go on over line ends, to an empty line')
    .addOption(jsonOption())
    .action(tokenize);
  return withExamples(
    command,
    'w2v tokenize raw.txt --lowercase --output corpus.txt',
    'w2v tokenize zh.txt.gz --locale zh --tokenizer jieba --output zh-words.txt.gz',
    'w2v tokenize book.txt --sentences --wrapped --stop-words en',
  );
}

async function tokenize(inputs: string[], flags: TokenizeFlags): Promise<void> {
  const { output, locale, tokenizer, lowercase, sentences, wrapped, stopWords: list, json } = flags;
  if (wrapped && !sentences) throw new W2VError('ERR_W2V_OPTION', 'Expected --sentences beside --wrapped');
  await checkOutputs([output], inputs);
  const options: TokenizeOptions = {
    locale,
    tokenizer,
    lowercase,
    ...(list !== undefined && { stopWords: await stopWordsOf(list) }),
  };
  const files: CorpusSource = { files: inputs };
  const source = sentences ? sentenceStream(files, { locale, wrapped }) : files;
  const counts = { lines: 0, tokens: 0 };
  const signal = interruption();
  const writeTokens = async (write: (bytes: Uint8Array) => Promise<void>) => {
    let batch: string[] = [];
    let units = 0;
    for await (const tokens of tokenStream(source, { ...options, signal })) {
      counts.lines += 1;
      counts.tokens += tokens.length;
      const line = `${tokens.join(' ')}\n`;
      batch.push(line);
      units += line.length;
      if (units < 1 << 16) continue;
      await write(Buffer.from(batch.join('')));
      batch = [];
      units = 0;
    }
    await write(Buffer.from(batch.join('')));
  };
  if (output === undefined) await writeTokens(toStandardOutput);
  else await replaceByBytes(output, writeTokens);
  const number = (value: number) => value.toLocaleString('en');
  if (output !== undefined)
    process.stderr.write(
      `${number(counts.tokens)} tokens in ${number(counts.lines)} lines, as '${output}'.\n`,
    );
  if (json) printJson({ ...counts, ...(output !== undefined && { output }) });
}

async function toStandardOutput(bytes: Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}
