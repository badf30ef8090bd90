// Sources of text as sentences and tokens, as they come.
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expectOptions } from '../arguments.js';
import { CheckedDecoder } from '../corpora/folder.js';
import { readSource, type CorpusSource, type Sentence, type TextSink } from '../text-source.js';
import { pieceEnd } from './pieces.js';
import { SentenceSegmenter } from './segmenter.js';
import { nextTurn, turnIsOver } from '../turn.js';
import { Tokenizer, checkSentenceOptions, type SentenceOptions, type TokenizeOptions } from './tokenize.js';

/** How {@link tokenStream} and {@link sentenceStream} read, beside how they cut. */
export interface StreamOptions {
  /** Ends the reading: the iteration throws ERR_W2V_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** Of one line, beyond which it is taken for several, cut at white space. */
const mostLineUnits = 1 << 18;

/**
 * The tokens of a source, a line, or item, after the other: a corpus for training. Items that are arrays of words are not cut again; lower case and stop-words hold for
 * them too. A line of more than 262,144 characters becomes several. It reads when it is iterated, and again each time where the
 * source can be read again.
 *
 * @throws ERR_W2V_OPTION as {@link Tokenizer}; while it is iterated ERR_W2V_TEXT_ENCODING (bytes that are not UTF-8), and what reading throws
 */
export function tokenStream(
  source: CorpusSource,
  options: TokenizeOptions & StreamOptions = {},
): AsyncIterable<string[]> {
  expectOptions(options);
  const { signal, ...tokenizing } = options;
  const tokenizer = new Tokenizer(tokenizing);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const line of lines(source, signal)) {
        if (typeof line !== 'string') {
          yield tokenizer.filter(line);
          continue;
        }
        const tokens: string[] = [];
        for (const piece of tokenizer.pieces(line)) {
          for (const token of piece) tokens.push(token);
          if (turnIsOver()) await nextTurn();
        }
        yield tokens;
      }
    },
  };
}

/**
 * The sentences of a source of text, in order; of lines that are wrapped with `wrapped`. Iterated as {@link tokenStream}.
 *
 * @throws ERR_W2V_OPTION; while it is iterated ERR_W2V_TEXT_ENCODING, and what reading throws
 */
export function sentenceStream(
  source: CorpusSource,
  options: SentenceOptions & StreamOptions = {},
): AsyncIterable<string> {
  expectOptions(options);
  const { signal, ...cutting } = options;
  const { locale, wrapped } = checkSentenceOptions(cutting);
  const segmenter = SentenceSegmenter.of(locale);
  return {
    async *[Symbol.asyncIterator]() {
      let paragraph = '';
      const flush = async function* () {
        const text = paragraph;
        paragraph = '';
        for (const sentence of segmenter.sentences(text, wrapped)) {
          yield sentence;
          if (turnIsOver()) await nextTurn();
        }
      };
      for await (const item of lines(source, signal)) {
        const line = typeof item === 'string' ? item : item.join(' ');
        if (line.trim() !== '') paragraph += `${line}\n`;
        if (!wrapped || line.trim() === '' || paragraph.length > mostLineUnits) yield* flush();
      }
      yield* flush();
    },
  };
}

/**
 * The lines of files and streams; the items of iterables of strings or words.
 *
 * @throws ERR_W2V_TEXT_ENCODING, and what reading throws
 */
export async function* lines(source: CorpusSource, signal?: AbortSignal): AsyncGenerator<Sentence> {
  const batches = new PassThrough({ objectMode: true, highWaterMark: 4 });
  const ending = new AbortController();
  const both = AbortSignal.any([ending.signal, ...(signal ? [signal] : [])]);
  const sink = new LineSink(async (batch) => {
    if (!batches.write(batch)) await once(batches, 'drain', { signal: both });
  });
  const reading = readSource(source, sink, { signal: both }).then(
    () => batches.end(),
    (error: unknown) => batches.destroy(error as Error),
  );
  try {
    for await (const batch of batches as AsyncIterable<Sentence[]>) {
      for (const line of batch) {
        yield line;
        if (turnIsOver()) await nextTurn();
      }
    }
  } finally {
    ending.abort();
    await reading;
  }
}

const bytesAtATime = 1 << 16;

/** What readSource() gives, as lines. */
class LineSink implements TextSink {
  readonly words = 0;
  readonly #consume: (batch: Sentence[]) => Promise<void>;
  #decoder: CheckedDecoder | undefined; // of the source that is open
  #open = ''; // a line that has no end yet

  constructor(consume: (batch: Sentence[]) => Promise<void>) {
    this.#consume = consume;
  }

  async append(bytes: Uint8Array, framing: 'lines' | 'tokens', name: string): Promise<void> {
    if (framing === 'tokens') {
      this.#open += Buffer.from(bytes).toString();
      const complete = this.#open.split('\n');
      this.#open = complete.pop()!;
      await this.#consume(complete.map((line) => line.split('\0').slice(0, -1)));
      return;
    }
    this.#decoder ??= new CheckedDecoder('utf-8', name);
    for (let from = 0; from < bytes.length; from += bytesAtATime) {
      await this.#addText(this.#decoder.decode(bytes.subarray(from, from + bytesAtATime)));
      if (turnIsOver()) await nextTurn();
    }
  }

  async endSource(): Promise<void> {
    if (this.#decoder) await this.#addText(this.#decoder.end());
    if (this.#open !== '') await this.#consume([withoutReturn(this.#open)]);
    this.#open = '';
    this.#decoder = undefined;
  }

  async #addText(text: string): Promise<void> {
    const batch = text.split('\n');
    batch[0] = this.#open + batch[0]!;
    this.#open = batch.pop()!;
    while (this.#open.length > mostLineUnits) {
      const end = pieceEnd(this.#open, 0, mostLineUnits);
      batch.push(this.#open.slice(0, end));
      this.#open = this.#open.slice(end);
    }
    await this.#consume(batch.map(withoutReturn));
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
