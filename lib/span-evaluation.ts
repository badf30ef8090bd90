// How good tags are: spans as conlleval scores them, or labels token by token.
import { expectArgument, expectList, expectWords, isRecord, isWhole } from './arguments.js';

/** A stretch of tokens that belong together: [begin, end), with what they are. */
export interface Span {
  /** Position of its first token in the sentence, from 0. */
  begin: number;
  /** Position after its last token. */
  end: number;
  /** What its tags have after `B-` and the like. */
  type: string;
}

/** Shares from 0 to 1, which are 0 where there is nothing to divide by, and the counts that they are made of. */
export interface TagScore {
  /** correct / predicted. */
  precision: number;
  /** correct / expected. */
  recall: number;
  /** 2 · correct / (predicted + expected). */
  f1: number;
  /** Spans (labels) that were predicted and are right: a span with both its ends and its type. */
  correct: number;
  /** Spans (labels) that were predicted. */
  predicted: number;
  /** Spans (labels) that should have been predicted. */
  expected: number;
}

/** How well tags were given: over all types of spans (labels) together, and for each. */
export interface TaggingEvaluation extends TagScore {
  /** What was counted: spans of B- and I- tags as conlleval does, or the labels of tokens other than O. */
  metric: 'spans' | 'labels';
  /** Tokens whose tag is right, those with O included, of all. */
  accuracy: number;
  /** The score of each type of span, or of each label but O, that was predicted or expected. */
  perType: Record<string, TagScore>;
  /** Sentences that were scored: all that have tokens. */
  sentences: number;
  /** Tokens in them, those with O included. */
  tokens: number;
}

const spanTag = /^(?:O|[BIES]-.+)$/s;

/** Tags apart: those that can be of spans (O, B-… and I-…, E-… and S-… too), and others. */
export function partSpanTags(tags: Iterable<string>): { spanTags: string[]; others: string[] } {
  const [spanTags, others]: [string[], string[]] = [[], []];
  for (const tag of tags) (spanTag.test(tag) ? spanTags : others).push(tag);
  return { spanTags, others };
}

/** Whether tags name spans: all can, and not all are O. */
export function areSpanTags(tags: Iterable<string>): boolean {
  const { spanTags, others } = partSpanTags(tags);
  return others.length === 0 && spanTags.some((tag) => tag !== 'O');
}

/**
 * The spans of a sentence's tags by conlleval's rules, which accept any sequence: B and S begin a span, E and S end one; I or E after O, after the end of a span or after another type begins
 * one too.
 */
export function spansOf(tags: readonly string[]): Span[] {
  expectWords(tags, 'an array of tags');
  const spans: Span[] = [];
  let open: Span | undefined;
  let before = 'O';
  for (const [i, tag] of tags.entries()) {
    const kind = tag[0]!;
    const type = tag === 'O' ? '' : tag.slice(2);
    const goesOn = open?.type === type && (kind === 'I' || kind === 'E') && !/^[ESO]/.test(before);
    if (tag === 'O') open = undefined;
    else if (goesOn) open!.end = i + 1;
    else spans.push((open = { begin: i, end: i + 1, type }));
    before = tag;
  }
  return spans;
}

/** Whether no span goes on over the beginning of this tag: what comes before it is seen to by itself. */
export function beginsAnew(tag: string): boolean {
  return !tag.startsWith('I') && !tag.startsWith('E');
}

/** Spans as tags: B-, I- and O, or B-, I-, E-, S- and O. @throws ERR_W2V_ARGUMENT: spans that are not within the `length` tokens */
export function tagsOf(spans: readonly Span[], length: number, scheme: 'BIO' | 'BIOES'): string[] {
  expectArgument(isWhole(length, 0, mostTokens), 'a number of tokens, whole, from 0,', length);
  expectArgument(['BIO', 'BIOES'].includes(scheme), "'BIO' or 'BIOES'", scheme);
  expectList(spans, 'an array of spans');
  const tags = new Array<string>(length).fill('O');
  for (const span of spans) {
    expectSpan(span, length);
    const { begin, end, type } = span;
    for (let i = begin; i < end; ++i) {
      const last = i === end - 1;
      const kind =
        i === begin ? (last && scheme === 'BIOES' ? 'S' : 'B') : last && scheme === 'BIOES' ? 'E' : 'I';
      tags[i] = `${kind}-${type}`;
    }
  }
  return tags;
}

const mostTokens = 2 ** 32 - 1; // that an array can have

function expectSpan(span: unknown, length: number): asserts span is Span {
  const expected = `spans {begin, end, type} with whole numbers 0 ≤ begin < end ≤ ${length}`;
  expectArgument(isRecord(span), expected, span);
  const { begin, end, type } = span;
  expectArgument(isWhole(begin, 0, length - 1), expected, begin);
  expectArgument(isWhole(end, begin + 1, length), expected, end);
  expectArgument(typeof type === 'string', expected, type);
}

/** Counts sentence by sentence. */
export class TaggingScorer {
  readonly #metric: 'spans' | 'labels';
  readonly #types = new Map<string, { correct: number; predicted: number; expected: number }>();
  #tokens = 0;
  #right = 0;
  #sentences = 0;

  constructor(metric: 'spans' | 'labels') {
    this.#metric = metric;
  }

  /** @param goesOn - a further part of the sentence before; both begin anew there */
  add(expected: readonly string[], predicted: readonly string[], goesOn = false): void {
    if (!goesOn) ++this.#sentences;
    this.#tokens += expected.length;
    for (const [i, tag] of expected.entries()) if (tag === predicted[i]) ++this.#right;
    if (this.#metric === 'labels') {
      for (const [i, tag] of expected.entries()) {
        const other = predicted[i]!;
        if (tag !== 'O') ++this.#of(tag).expected;
        if (other !== 'O') ++this.#of(other).predicted;
        if (tag !== 'O' && tag === other) ++this.#of(tag).correct;
      }
      return;
    }
    const key = ({ begin, end, type }: Span) => `${begin} ${end} ${type}`;
    const spans = spansOf(expected);
    const known = new Set(spans.map(key));
    for (const { type } of spans) ++this.#of(type).expected;
    for (const span of spansOf(predicted)) {
      ++this.#of(span.type).predicted;
      if (known.has(key(span))) ++this.#of(span.type).correct;
    }
  }

  result(): TaggingEvaluation {
    const total = { correct: 0, predicted: 0, expected: 0 };
    for (const { correct, predicted, expected } of this.#types.values()) {
      total.correct += correct;
      total.predicted += predicted;
      total.expected += expected;
    }
    const types = [...this.#types].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...score(total),
      metric: this.#metric,
      accuracy: ratio(this.#right, this.#tokens),
      perType: Object.fromEntries(types.map(([type, counts]) => [type, score(counts)])),
      sentences: this.#sentences,
      tokens: this.#tokens,
    };
  }

  #of(type: string) {
    let counts = this.#types.get(type);
    if (!counts) this.#types.set(type, (counts = { correct: 0, predicted: 0, expected: 0 }));
    return counts;
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function score({
  correct,
  predicted,
  expected,
}: {
  correct: number;
  predicted: number;
  expected: number;
}): TagScore {
  return {
    precision: ratio(correct, predicted),
    recall: ratio(correct, expected),
    f1: ratio(2 * correct, predicted + expected),
    correct,
    predicted,
    expected,
  };
}
