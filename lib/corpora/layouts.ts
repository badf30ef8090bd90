// The corpora of NLTK's data, by name.
import { expectOptions } from '../arguments.js';
import { W2VError, describe } from '../errors.js';
import {
  TextCorpus,
  flat,
  openCorpus,
  type CorpusLayout,
  type CorpusOptions,
  type FileSelection,
} from './text-corpus.js';

/**
 * Reuters-21578 as NLTK has it (ModApte): `training/ID`, `test/ID`, and `cats.txt`. A paragraph is the title, or begins with a line that is indented
 * further. Files that are not UTF-8 are ISO 8859-2, unless `encoding` is given.
 *
 * @param path - the folder or its zip
 * @throws as {@link TextCorpus.open}
 */
export async function reuters(path: string, options: CorpusOptions = {}): Promise<TextCorpus> {
  expectOptions(options);
  const layout = {
    files: /(?:training|test)\/.*/,
    categories: { file: 'cats.txt' },
    paragraphBreak: /\n(?:(?= {4}|[^\S\n]*\n)|(?<=(?:^|\n)\S[^\n]*\n)(?=[^\S\n]))/,
    fallbackEncoding: 'iso-8859-2',
  };
  return TextCorpus.open(path, { ...layout, ...options });
}

/**
 * Texts in folders that are their categories: `category/name`. For a file of categories, or categories in the names: {@link TextCorpus.open}.
 *
 * @throws as {@link TextCorpus.open}
 */
export async function categorized(
  path: string,
  options: Omit<CorpusLayout, 'categories'> & CorpusOptions = {},
): Promise<TextCorpus> {
  expectOptions(options);
  return TextCorpus.open(path, { files: /.+\/.+/, ...options, categories: 'folders' });
}

/** NLTK's movie_reviews: `neg/…` and `pos/…`, a sentence a line. @throws as {@link TextCorpus.open} */
export async function movieReviews(path: string, options: CorpusOptions = {}): Promise<TextCorpus> {
  expectOptions(options);
  return TextCorpus.open(path, {
    files: /(?:neg|pos)\/.*/,
    categories: 'folders',
    lines: 'sentences',
    ...options,
  });
}

/** Texts without categories. @throws as {@link TextCorpus.open} */
export async function plainText(
  path: string,
  options: Omit<CorpusLayout, 'categories'> & CorpusOptions = {},
): Promise<TextCorpus> {
  return TextCorpus.open(path, options);
}

/**
 * The Brown corpus as NLTK has it: files of `word/tag` tokens, a sentence a line, an empty line between paragraphs, and `cats.txt`.
 *
 * @throws as {@link TextCorpus.open}
 */
export async function brown(path: string, options: BrownOptions = {}): Promise<TaggedCorpus> {
  expectOptions(options);
  return TaggedCorpus.openTagged(path, {
    files: /c[a-z]\d\d/,
    categories: { file: 'cats.txt' },
    ...options,
  });
}

/** Words are as the files have them: there is no tokenizer. */
export type BrownOptions = Pick<CorpusOptions, 'encoding' | 'lowercase' | 'stopWords' | 'locale'>;

/** A token and its tag, in upper case. */
export type TaggedWord = readonly [word: string, tag: string];

/**
 * A corpus of tokens `word/tag`, a sentence a line: its words are those before the last slash of each. `lowercase` and `stopWords` hold for its words, not for
 * words with tags.
 */
export class TaggedCorpus extends TextCorpus {
  /**
   * Opens a corpus of such files, of any layout.
   *
   * @throws as {@link TextCorpus.open}
   */
  static async openTagged(
    path: string,
    options: Pick<CorpusLayout, 'files' | 'categories'> & BrownOptions = {},
  ): Promise<TaggedCorpus> {
    expectOptions(options);
    return new TaggedCorpus(await openCorpus(path, { ...options, lines: 'sentences' }));
  }

  /** @internal */
  protected override tokensOf(sentence: string, place: string): string[] {
    return this.filter(parseTagged(sentence, place).map(([word]) => word));
  }

  /** Paragraphs: arrays of sentences, which are arrays of words with tags, as the files have them: `lowercase` and `stopWords` are for words without. @throws ERR_W2V_ARGUMENT */
  taggedParagraphs(selection?: FileSelection): AsyncIterable<TaggedWord[][]> {
    return this.paragraphsBy(selection, parseTagged);
  }

  /** Sentences: arrays of words with tags. @throws ERR_W2V_ARGUMENT */
  taggedSentences(selection?: FileSelection): AsyncIterable<TaggedWord[]> {
    return flat(this.taggedParagraphs(selection));
  }

  /** Words with tags, one after the other. @throws ERR_W2V_ARGUMENT */
  taggedWords(selection?: FileSelection): AsyncIterable<TaggedWord> {
    return flat(this.taggedSentences(selection));
  }
}

function parseTagged(sentence: string, place: string): TaggedWord[] {
  return sentence.split(/\s+/).map((token) => {
    const slash = token.lastIndexOf('/');
    if (slash > 0) return [token.slice(0, slash), token.slice(slash + 1).toUpperCase()];
    throw new W2VError(
      'ERR_W2V_CORPUS_FORMAT',
      `Expected tokens like 'word/tag' in ${place} but received ${describe(token)}`,
    );
  });
}
