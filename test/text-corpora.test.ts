import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  TextClassifier,
  TextCorpus,
  Word2Vec,
  brown,
  categorized,
  movieReviews,
  plainText,
  reuters,
} from '../lib/index.js';
import { describeWithShared, rejectionOf, sharedData, temporaryFolder } from './helpers.js';
import { writeZip } from './make-zip.js';

const temporary = temporaryFolder();
jest.setTimeout(30_000);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

type Files = Record<string, string | Buffer>;

/** The files as a folder, and as a zip with and without a top folder. */
function writeCorpus(name: string, files: Files): string[] {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(temporary(name), file)), { recursive: true });
    writeFileSync(path.join(temporary(name), file), content);
  }
  writeZip(temporary(`${name}.zip`), files);
  const inTop = Object.entries(files).map(([file, content]) => [`${name}/${file}`, content]);
  writeZip(temporary(`${name}-top.zip`), Object.fromEntries(inTop) as Files);
  return [temporary(name), temporary(`${name}.zip`), temporary(`${name}-top.zip`)];
}

const reutersFiles = {
  README: 'about',
  stopwords: 'a\n',
  'cats.txt': 'test/14826 trade\ntraining/1 cocoa\ntraining/10 acq ship\ntraining/9 acq\n',
  'test/14826': 'ASIAN EXPORTERS FEAR DAMAGE\n  Mounting trade friction between the\n  U.S. And Japan.\n',
  'training/1':
    'BAHIA COCOA REVIEW\n  Showers continued throughout the week in\n  the Bahia cocoa zone. Prices\n  rose.\n' +
    '      The dry period means 3.5 mln less.\n  It is late.\n',
  'training/10': 'TITLE ONLY\n',
  'training/9': 'CHAMPION PRODUCTS <CH>\n  Champion Products Inc said its board\n  approved.\n',
};

describe('reuters', () => {
  it.each(writeCorpus('reuters', reutersFiles))('from %s', async (file) => {
    const corpus = await reuters(file);
    expect(corpus.fileIds()).toEqual(['test/14826', 'training/1', 'training/10', 'training/9']);
    expect(corpus.categories()).toEqual(['acq', 'cocoa', 'ship', 'trade']);
    expect(corpus.fileIds('acq')).toEqual(['training/10', 'training/9']);
    expect(corpus.fileIds(['acq', 'trade'])).toEqual(['test/14826', 'training/10', 'training/9']);
    expect(corpus.categories('training/10')).toEqual(['acq', 'ship']);
    expect(corpus.categories(['training/9', 'training/1'])).toEqual(['acq', 'cocoa']);
    expect(await corpus.raw('training/10')).toBe('TITLE ONLY\n');
    expect(await corpus.raw({ categories: 'acq' })).toBe(
      reutersFiles['training/10'] + reutersFiles['training/9'],
    );
    expect(await all(corpus.paragraphs('training/1'))).toEqual([
      [['BAHIA', 'COCOA', 'REVIEW']],
      ['Showers continued throughout the week in the Bahia cocoa zone .'.split(' '), ['Prices', 'rose', '.']],
      ['The dry period means 3 . 5 mln less .'.split(' '), ['It', 'is', 'late', '.']],
    ]);
    expect(await all(corpus.sentences('training/9'))).toEqual([
      ['CHAMPION', 'PRODUCTS', '<', 'CH', '>'],
      'Champion Products Inc said its board approved .'.split(' '),
    ]);
    expect(await all(corpus.words({ categories: ['ship'] }))).toEqual(['TITLE', 'ONLY']);
    const documents = await all(corpus.documents());
    expect(documents.map(({ fileId, categories, tokens }) => [fileId, categories, tokens.length])).toEqual([
      ['test/14826', ['trade'], 16],
      ['training/1', ['cocoa'], 31],
      ['training/10', ['acq', 'ship'], 2],
      ['training/9', ['acq'], 13],
    ]);
    expect((await all(corpus)).length).toBe(11);
    expect(await all(corpus)).toEqual(await all(corpus.sentences()));
    await corpus.close();
  });

  it('trains: the example of the article', async () => {
    const sentences = await reuters(temporary('reuters.zip'), { lowercase: true });
    const model = await Word2Vec.train(sentences, { vectorSize: 100, window: 5, minCount: 1, threads: 4 });
    await model.save(temporary('reuters.w2v'));
    await sentences.close();
    const words = new Set(await all((await reuters(temporary('reuters'), { lowercase: true })).words()));
    expect(model.vectors.size).toBe(words.size + 1);
    expect(model.vectors.vectorSize).toBe(100);
    expect((await Word2Vec.load(temporary('reuters.w2v'))).vectors.has('cocoa')).toBe(true);
  });

  it('takes options of the tokenizer', async () => {
    const corpus = await reuters(temporary('reuters'), {
      tokenizer: 'segmenter',
      lowercase: true,
      stopWords: true,
    });
    expect(await all(corpus.words('test/14826'))).toEqual(
      'asian exporters fear damage mounting trade friction u.s japan'.split(' '),
    );
  });

  it('reads files of the old encoding', async () => {
    const [file] = writeCorpus('old', { ...reutersFiles, 'training/10': Buffer.from('\xbeivot', 'latin1') });
    expect(await (await reuters(file!)).raw('training/10')).toBe('život');
    expect(await rejectionOf((await reuters(file!, { encoding: 'utf-8' })).raw('training/10'))).toMatchObject(
      {
        code: 'ERR_W2V_TEXT_ENCODING',
      },
    );
  });

  it.each<[string, Files, RegExp]>([
    ['no file of categories', { 'cats.txt': '' }, /the file 'cats\.txt' with the categories/],
    [
      'a line without category',
      { 'cats.txt': 'training/1 cocoa\ntraining/10\n' },
      /in line 2 of '.*cats\.txt' but received 'training\/10'/,
    ],
    [
      'a file that is not there',
      { 'cats.txt': 'training/1 cocoa\n\ntraining/7 a\n' },
      /in line 3 of .* received 'training\/7'/,
    ],
    [
      'a file without category',
      { 'cats.txt': 'training/1 cocoa\n' },
      /a category for 'test\/14826' in '.*cats\.txt'/,
    ],
  ])('refuses %s', async (name, change, message) => {
    const files: Files = { ...reutersFiles, ...change };
    if (files['cats.txt'] === '') delete files['cats.txt'];
    for (const file of writeCorpus(`bad ${name}`, files)) {
      const error = await rejectionOf(reuters(file));
      expect(error).toMatchObject({ code: 'ERR_W2V_CORPUS_FORMAT' });
      expect(error.message).toMatch(message);
    }
  });

  it('refuses folders of another layout, unknown files, categories and options', async () => {
    mkdirSync(temporary('other'));
    writeFileSync(temporary('other/a.txt'), 'x');
    const error = await rejectionOf(reuters(temporary('other')));
    expect(error).toMatchObject({ code: 'ERR_W2V_CORPUS_FORMAT' });
    expect(error.message).toMatch(/found none \(it has 1 others, such as 'a\.txt'\)/);
    expect(await rejectionOf(reuters(temporary('nowhere')))).toMatchObject({
      code: 'ERR_W2V_FILE_NOT_FOUND',
    });
    const corpus = await reuters(temporary('reuters'));
    expect(() => corpus.fileIds('acqu')).toThrow(/a category of .* received 'acqu': did you mean 'acq'/);
    expect(() => corpus.sentences('training/2')).toThrow(/did you mean 'training\/1'/);
    expect(await rejectionOf(reuters(temporary('reuters'), { tokeniser: 'x' } as object))).toMatchObject({
      code: 'ERR_W2V_OPTION',
    });
  });
});

describe('other layouts', () => {
  it('documents can be learned from as they are', async () => {
    const [file] = writeCorpus('learned', { 'x/a.txt': 'oil wheat', 'y/b.txt': 'gold' });
    const corpus = await categorized(file!);
    const classifier = await TextClassifier.train(corpus.documents(), { epochs: 1 });
    expect([...classifier.labels].sort()).toEqual(['x', 'y']);
    expect((await classifier.test(corpus.documents())).documents).toBe(2);
  });

  it('what is no selection and no layout is refused', async () => {
    const [file] = writeCorpus('selections', { 'x/a.txt': 'a', 'y/b.txt': 'b' });
    const corpus = await categorized(file!);
    for (const selection of [{ category: 'x' }, {}, 5])
      expect(() => corpus.words(selection as unknown as string)).toThrow(
        /names of files, or \{categories\},/,
      );
    expect(() => corpus.words('x/c.txt')).toThrow(/did you mean 'x\/a.txt'/);
    expect(() => corpus.words('nosuch')).toThrow(/received 'nosuch'$/);
    for (const layout of [
      { files: '*.txt' },
      { categories: 'folder' },
      { lines: 'all' },
      { encoding: 'latin-77' },
      { paragraphBreak: '\n' },
    ])
      expect(await rejectionOf(TextCorpus.open(file!, layout as object))).toMatchObject({
        code: 'ERR_W2V_OPTION',
      });
    const none = await rejectionOf(plainText(file!, { files: /\.txt$/ }));
    expect(none.message).toContain('whose whole names match');
  });

  it('movie_reviews and categorised folders', async () => {
    const files = {
      README: 'about',
      'neg/cv000.txt': "it's bad . \nreally .\n",
      'neg/cv001.txt': '',
      'pos/cv000.txt': 'good film !\n',
    };
    for (const file of writeCorpus('movie_reviews', files)) {
      const corpus = await movieReviews(file);
      expect(corpus.categories()).toEqual(['neg', 'pos']);
      expect(await all(corpus.sentences('neg/cv000.txt'))).toEqual([
        ['it', "'", 's', 'bad', '.'],
        ['really', '.'],
      ]);
      expect((await all(corpus.documents({ categories: 'neg' }))).map(({ tokens }) => tokens.length)).toEqual(
        [7, 0],
      );
      expect((await categorized(file)).fileIds('pos')).toEqual(['pos/cv000.txt']);
    }
    expect(await rejectionOf(categorized(temporary('reuters'), { files: /.*/ }))).toMatchObject({
      code: 'ERR_W2V_CORPUS_FORMAT',
    });
  });

  it('categories in names', async () => {
    const [file] = writeCorpus('rt', { 'rt-polarity.neg': 'bad .\nworse .\n', 'rt-polarity.pos': 'good .' });
    const corpus = await TextCorpus.open(file!, { categories: /\.(neg|pos)$/, lines: 'sentences' });
    expect(await all(corpus.sentences({ categories: 'neg' }))).toEqual([
      ['bad', '.'],
      ['worse', '.'],
    ]);
    expect(corpus.categories()).toEqual(['neg', 'pos']);
  });

  it('plain text, whatever its line ends, however long', async () => {
    const long = `${'word '.repeat(80_000)}\nthe end.`;
    const files = { 'a.txt': 'One\r\nsentence. Two.\r\n\r\nThree', 'b.txt': '', 'c/long.txt': long };
    for (const file of writeCorpus('plain', files)) {
      const corpus = await plainText(file, { tokenizer: 'segmenter' });
      expect(corpus.categories()).toEqual([]);
      expect(await all(corpus.paragraphs('a.txt'))).toEqual([[['One', 'sentence'], ['Two']], [['Three']]]);
      expect(await all(corpus.sentences('b.txt'))).toEqual([]);
      expect((await all(corpus.words('c/long.txt'))).length).toBe(80_002);
      await corpus.close();
    }
  });

  it('brown', async () => {
    const files = {
      README: 'about',
      CONTENTS: 'what',
      'cats.txt': 'ca01 news\ncb01 editorial\n',
      ca01: '\n\n\tThe/at Fulton/np-tl said/vbd 1/2/cd ./.\nNo/at one/nn ,/,\n\n\n\tNew/jj\n',
      cb01: '``/`` It/pps\n',
    };
    for (const file of writeCorpus('brown', files)) {
      const corpus = await brown(file);
      expect(corpus.fileIds('news')).toEqual(['ca01']);
      expect(await all(corpus.words('ca01'))).toEqual('The Fulton said 1/2 . No one , New'.split(' '));
      expect(await all(corpus.taggedSentences('ca01'))).toEqual([
        [
          ['The', 'AT'],
          ['Fulton', 'NP-TL'],
          ['said', 'VBD'],
          ['1/2', 'CD'],
          ['.', '.'],
        ],
        [
          ['No', 'AT'],
          ['one', 'NN'],
          [',', ','],
        ],
        [['New', 'JJ']],
      ]);
      expect((await all(corpus.taggedParagraphs())).map((paragraph) => paragraph.length)).toEqual([2, 1, 1]);
      expect(await all(corpus.taggedWords('cb01'))).toEqual([
        ['``', '``'],
        ['It', 'PPS'],
      ]);
      expect(
        (await all((await brown(file, { lowercase: true, stopWords: true })).words('ca01'))).slice(0, 2),
      ).toEqual(['fulton', '1/2']);
      await corpus.close();
    }
    const [bad] = writeCorpus('bad brown', { ...files, cb01: 'It/pps\nis here/rb\n' });
    const error = await rejectionOf(all((await brown(bad!)).words()));
    expect(error).toMatchObject({ code: 'ERR_W2V_CORPUS_FORMAT' });
    expect(error.message).toMatch(/'word\/tag' in line 2 of '.*cb01' but received 'is'/);
  });

  it('a file of another encoding is an error that names it and the byte', async () => {
    const [file] = writeCorpus('mixed', { 'a.txt': 'schön', 'b.txt': Buffer.from('sch\xf6n', 'latin1') });
    const corpus = await plainText(file!);
    const error = await rejectionOf(all(corpus.words()));
    expect(error).toMatchObject({ code: 'ERR_W2V_TEXT_ENCODING' });
    expect(error.message).toMatch(/mixed\/b\.txt' but received 0xf6 at byte 3/);
    const encoding = (name: string) => (name === 'b.txt' ? 'latin1' : 'utf-8');
    expect(await all((await plainText(file!, { encoding })).words())).toEqual(['schön', 'schön']);
  });
});

describeWithShared('nlp')('movie_reviews of NLTK', () => {
  it('is read from its zip', async () => {
    const corpus = await movieReviews(sharedData('nlp', 'movie_reviews.zip'));
    expect(corpus.fileIds().length).toBe(2000);
    expect(corpus.fileIds('pos').length).toBe(1000);
    let words = 0;
    for await (const { tokens } of corpus.documents()) words += tokens.length;
    expect(words).toBe(1_583_820); // what nltk.corpus.movie_reviews.words() has
    await corpus.close();
  });
});
