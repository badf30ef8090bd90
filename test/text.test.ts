import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { sentenceStream, tokenStream } from '../lib/text/stream.js';
import { SentenceSegmenter, WordSegmenter } from '../lib/text/segmenter.js';
import { stopWordLanguages, stopWords } from '../lib/text/stop-words.js';
import { Tokenizer, sentences, tokenize } from '../lib/text/tokenize.js';
import { wordPunctuation } from '../lib/text/word-punctuation.js';
import { refusalOf, rejectionOf, root, runNode, temporaryFolder, wrong } from './helpers.js';

const temporary = temporaryFolder();

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Text of the characters that the rules are about. */
const text = (characters: string) =>
  fc.array(fc.constantFrom(...Array.from(characters)), { maxLength: 40 }).map((list) => list.join(''));

describe('the word–punctuation tokenizer', () => {
  it("gives what NLTK's documentation shows", () => {
    const example = 'Good muffins cost $3.88\nin New York.  Please buy me\ntwo of them.\n\nThanks.';
    expect(wordPunctuation(example)).toEqual(
      'Good muffins cost $ 3 . 88 in New York . Please buy me two of them . Thanks .'.split(' '),
    );
    expect(wordPunctuation("They'll save (and invest) more.")).toEqual([
      'They',
      "'",
      'll',
      'save',
      '(',
      'and',
      'invest',
      ')',
      'more',
      '.',
    ]);
    expect(wordPunctuation('')).toEqual([]);
    expect(wordPunctuation(' \n')).toEqual([]);
  });

  it("has the classes of Python's regular expressions", () => {
    // In Python, \w is str.isalnum() or _, without combining marks; \s has U+001C to U+001F and U+0085, not U+FEFF.
    expect(wordPunctuation('e\u0301a')).toEqual(['e', '\u0301', 'a']);
    expect(wordPunctuation('a\x1cb\x85c\u3000d')).toEqual(['a', 'b', 'c', 'd']);
    expect(wordPunctuation('a\ufeffb')).toEqual(['a', '\ufeff', 'b']);
    expect(wordPunctuation('x²½Ⅷ٣_ 中文，𝒳𐍈😀😀!')).toEqual(['x²½Ⅷ٣_', '中文', '，', '𝒳𐍈', '😀😀!']);
  });

  it('is the regular expression', () => {
    const expression =
      /[\p{L}\p{N}_]+|[^\p{L}\p{N}_\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu; // eslint-disable-line no-control-regex
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (given) => {
        expect(wordPunctuation(given)).toEqual(given.match(expression) ?? []);
      }),
    );
  });
});

describe('the segmenter', () => {
  const european = 'éßÀÉıİŁłđǅƻªºͰ;·ΆΈΩΣςωЯяЁѐҁ҂ӀԯḀẞỹἈᾳᾼ¡£§«°»¿×÷‐‑‒–—―‘’‚“”„†‡•‥…\u202f‰′″‹›‽€−²½©\u00ad';
  const reference = (given: string, locale: string) =>
    Array.from(new Intl.Segmenter(locale, { granularity: 'word' }).segment(given))
      .filter(({ isWordLike }) => isWordLike)
      .map(({ segment }) => segment);

  it.each(['en', 'fi', 'fr', 'de', 'el'])('gives the words of Intl.Segmenter: %s', (locale) => {
    const segmenter = WordSegmenter.of(locale);
    const same = (given: string) => expect(segmenter.words(given)).toEqual(reference(given, locale));
    fc.assert(fc.property(text('ab1 2_.,;:\'"-\n\t!@/Z9'), same), { numRuns: 300 });
    fc.assert(fc.property(text("aé1 2_.’:'-\n\u0301中文，カら😀\u00a0\u3000\u200d٣ก"), same), {
      numRuns: 300,
    });
    fc.assert(fc.property(text(`ab1 _.'\u0301中\u00a0${european}`), same), { numRuns: 300 });
    fc.assert(fc.property(fc.string({ unit: 'binary-ascii' }), same));
  });

  it('gives the same words of a long text, however it is cut', () => {
    const long = "It wasn't in the U.S.: 3,000.5 naïve_users said “don’t”. ".repeat(300);
    expect(tokenize(long)).toEqual(reference(long, 'en'));
    const chinese = '我们在北京大学学习自然语言处理，词向量很有用。\n'.repeat(200);
    expect(tokenize(chinese, { locale: 'zh' })).toEqual(reference(chinese, 'zh'));
    expect(tokenize('字'.repeat(3000), { locale: 'zh' }).join('')).toHaveLength(3000);
    expect(tokenize('😀a'.repeat(5000)).join('')).toHaveLength(5000);
  });

  it('gives sentences', () => {
    const given = 'The first one. Is this the second? Yes!\nA line\n\n  Another  ';
    expect(sentences(given)).toEqual(['The first one.', 'Is this the second?', 'Yes!', 'A line', 'Another']);
    expect(sentences('It is\nwrapped here. And\n  here.\n\nA title\n\n\nThe end', { wrapped: true })).toEqual(
      ['It is wrapped here.', 'And here.', 'A title', 'The end'],
    );
    expect(sentences('今天天气很好。我们去公园吧！', { locale: 'zh' })).toEqual([
      '今天天气很好。',
      '我们去公园吧！',
    ]);
    expect(sentences('')).toEqual([]);
    expect(sentences(' \n\n ', { wrapped: true })).toEqual([]);
  });

  it('gives the sentences of Intl.Segmenter', () => {
    for (const locale of ['en', 'el', 'de']) {
      const segmenter = new Intl.Segmenter(locale, { granularity: 'sentence' });
      const same = (given: string) => {
        const reference = Array.from(segmenter.segment(given), ({ segment }) => segment.trim()).filter(
          Boolean,
        );
        expect(sentences(given, { locale })).toEqual(reference);
      };
      fc.assert(fc.property(text('..!?;,:\'")( []{}-  \tabAB19#*_~é'), same), { numRuns: 300 });
      fc.assert(fc.property(text('.!? aA1") é’”\u0301。中😀\u00a0'), same), { numRuns: 300 });
      fc.assert(fc.property(text(`.... !? aA1\u0301中\u00a0${european}`), same), { numRuns: 300 });
    }
  });

  it('gives the sentences of long paragraphs', () => {
    const list = Array.from(
      { length: 300 },
      (_, i) => `Sentence ${i} ${'word '.repeat((i * 7) % 300)}ends here.`,
    );
    expect(sentences(list.join(' '))).toEqual(list);
    const [endless] = [...SentenceSegmenter.of('en').sentences('word '.repeat(50_000), false)];
    expect(endless!.length).toBeGreaterThan(60_000);
  });
});

describe('tokenize', () => {
  it('takes options', () => {
    const given = 'The QUICK Iğdır, and the FOX.';
    expect(tokenize(given)).toEqual(['The', 'QUICK', 'Iğdır', 'and', 'the', 'FOX']);
    expect(tokenize(given, { lowercase: true })).toEqual(['the', 'quick', 'iğdır', 'and', 'the', 'fox']);
    expect(tokenize('ISI', { lowercase: true, locale: 'tr' })).toEqual(['ısı']);
    expect(tokenize(given, { stopWords: true })).toEqual(['QUICK', 'Iğdır', 'FOX']);
    expect(tokenize(given, { stopWords: ['Fox'], tokenizer: 'word-punctuation' })).toEqual([
      'The',
      'QUICK',
      'Iğdır',
      ',',
      'and',
      'the',
      '.',
    ]);
    expect(tokenize('我们在北京大学学习', { locale: 'zh', stopWords: true })).not.toContain('在');
    expect(tokenize('')).toEqual([]);
    const turkish = new Tokenizer({ locale: 'tr', stopWords: ['ısı'] });
    expect(turkish.tokens('ISI var')).toEqual(['var']);
    expect(turkish.filter(['ISI', 'var'])).toEqual(['var']);
  });

  it('with jieba', () => {
    expect(tokenize('我们在北京大学学习，好。', { locale: 'zh', tokenizer: 'jieba' })).toEqual([
      '我们',
      '在',
      '北京大学',
      '学习',
      '好',
    ]);
  });

  it('without jieba tells how to get it', async () => {
    const script = `const { Module } = require('module');
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => { if (name.includes('jieba')) throw new Error('Cannot find module'); return resolve(name, ...rest); };
      const { tokenize } = require(${JSON.stringify(path.join(root, 'dist', 'text', 'tokenize.js'))});
      try { tokenize('x', { tokenizer: 'jieba' }); } catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = await runNode(['-e', script]);
    expect(stdout).toMatch(/^ERR_W2V_OPTION .*npm install @node-rs\/jieba/);
  });

  it.each([
    [{ locale: 'not a locale' }, /language tag/],
    [{ locale: 'tlh' }, /language tag/],
    [{ tokenizer: 'spaces' }, /'segmenter', 'word-punctuation' or 'jieba' but received 'spaces'/],
    [{ lowerCase: true }, /did you mean 'lowercase'/],
    [{ stopWords: 'en' }, /stopWords to be true or a list of words but received 'en'/],
    [{ locale: 'km', stopWords: true }, /a list of stop-words/],
  ])('refuses %j', (options, message) => {
    expect(() => tokenize('x', options as object)).toThrow(message);
  });

  it('refuses what is no text', () => {
    expect(() => tokenize(1 as unknown as string)).toThrow(/Expected a text/);
    expect(() => sentences(undefined as unknown as string)).toThrow(/Expected a text/);
    expect(() => sentences('', { wrap: true } as object)).toThrow(/did you mean 'wrapped'/);
  });
});

describe('stop-words', () => {
  it('are of English, Chinese and more than thirty others', () => {
    expect(stopWordLanguages.length).toBeGreaterThan(32);
    for (const language of stopWordLanguages) expect(stopWords(language).length).toBeGreaterThan(10);
    expect(stopWords('en')).toContain('the');
    expect(stopWords('zh-Hans')).toContain('的');
    expect(() => stopWords('xx')).toThrow(/but received 'xx'/);
  });
});

describe('arguments', () => {
  const lists = 'a language with a list of stop-words';
  it.each<[call: () => unknown, code: string, message: string]>([
    [() => stopWords('constructor'), 'OPTION', lists],
    [() => stopWords('__proto__-x'), 'OPTION', lists],
    [() => new Tokenizer({ locale: 'constructor', stopWords: true }), 'OPTION', lists],
    [() => new Tokenizer({ locale: 'tr-!', tokenizer: 'word-punctuation' }), 'OPTION', 'a language tag'],
    [() => new Tokenizer({ locale: wrong(5), tokenizer: 'word-punctuation' }), 'OPTION', 'a language tag'],
    [() => new Tokenizer({ lowercase: wrong('yes') }), 'OPTION', 'lowercase to be true or false'],
    [() => new Tokenizer({ stopWords: wrong([1]) }), 'OPTION', 'stopWords to be true or a list of words'],
    [() => new Tokenizer({ stopWords: wrong(null) }), 'OPTION', 'stopWords to be true or a list of words'],
    [() => new Tokenizer().filter(wrong([null])), 'ARGUMENT', 'tokens but received null as item 0'],
    [() => new Tokenizer().filter(wrong('a')), 'ARGUMENT', "an array of tokens but received 'a'"],
    [() => [...new Tokenizer().pieces(wrong(5))], 'ARGUMENT', 'a text (a string) but received 5'],
    [() => wordPunctuation(wrong(undefined)), 'ARGUMENT', 'a text (a string) but received undefined'],
    [() => sentences('a', { wrapped: wrong(1) }), 'OPTION', 'wrapped to be true or false'],
  ])('%s', async (call, code, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual([`ERR_W2V_${code}`, expect.stringContaining(message)]);
  });
});

describe('streams', () => {
  it('give the tokens of lines, files and items', async () => {
    writeFileSync(temporary('a.txt'), 'The first line.\r\n\nDer zweite — naïve – Satz\n');
    const expected = [['the', 'first', 'line'], [], ['der', 'zweite', 'naïve', 'satz']];
    const options = { lowercase: true };
    const stream = tokenStream(temporary('a.txt'), options);
    expect(await all(stream)).toEqual(expected);
    expect(await all(stream)).toEqual(expected); // again
    const bytes = Buffer.from('The first line.\n\nDer zweite — naïve – Satz');
    for (const size of [1, 2, 3, 7]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await all(tokenStream(Readable.from(pieces, { objectMode: false }), options))).toEqual(expected);
    }
    expect(await all(tokenStream(['The first line.', '', 'Der zweite naïve Satz'], options))).toEqual(
      expected,
    );
    const words = [['The', 'New York'], []];
    expect(await all(tokenStream(words, { lowercase: true, stopWords: true }))).toEqual([['new york'], []]);
  });

  it('give sentences, and their tokens', async () => {
    writeFileSync(temporary('wrapped.txt'), 'A title\n\nThe first\nsentence. The\nsecond.\n');
    const stream = sentenceStream(temporary('wrapped.txt'), { wrapped: true });
    expect(await all(stream)).toEqual(['A title', 'The first sentence.', 'The second.']);
    expect(await all(tokenStream(stream))).toEqual([
      ['A', 'title'],
      ['The', 'first', 'sentence'],
      ['The', 'second'],
    ]);
    expect(await all(sentenceStream(['One. Two.', 'Three']))).toEqual(['One.', 'Two.', 'Three']);
  });

  it('cut a line without end, and let others have their turn', async () => {
    const line = 'some words again '.repeat(200_000); // 3.4 million characters
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 0);
    let tokens = 0;
    let sentencesSeen = 0;
    for await (const sentence of tokenStream(Readable.from([Buffer.from(line)], { objectMode: false }))) {
      tokens += sentence.length;
      sentencesSeen += 1;
    }
    clearInterval(timer);
    expect(tokens).toBe(600_000);
    expect(sentencesSeen).toBe(13); // of 262,144 characters
    expect(longest).toBeGreaterThan(0);
  });

  it('tell what is wrong', async () => {
    writeFileSync(temporary('latin1.txt'), Buffer.from('gut\nsch\xf6n\n', 'latin1'));
    const error = await rejectionOf(all(tokenStream(temporary('latin1.txt'))));
    expect(error).toMatchObject({ code: 'ERR_W2V_TEXT_ENCODING' });
    expect(error.message).toMatch(/latin1\.txt' but received 0xf6 at byte 7/);
    expect(await rejectionOf(all(tokenStream(temporary('none.txt'))))).toMatchObject({
      code: 'ERR_W2V_FILE_NOT_FOUND',
    });
    const abort = AbortSignal.abort();
    expect(await rejectionOf(all(tokenStream(['x'], { signal: abort })))).toMatchObject({
      code: 'ERR_W2V_CANCELLED',
    });
  });

  it('can be left', async () => {
    for await (const tokens of tokenStream(Array.from({ length: 10_000 }, () => 'a b'))) {
      expect(tokens).toEqual(['a', 'b']);
      break;
    }
  });
});
