import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CheckedDecoder, DataFolder } from '../lib/corpora/folder.js';
import { refusalOf, rejectionOf, temporaryFolder, wrong } from './helpers.js';
import { writeZip } from './make-zip.js';

const temporary = temporaryFolder();

function writeFolder(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

const long = 'zwölf Boxkämpfer '.repeat(20_000);
const files = {
  'b/2.txt': 'two',
  'a.txt': 'naïve',
  'b/10.txt': long,
  README: '',
  'b/.hidden': 'x',
  '.git/x': 'x',
};

describe('a folder and its zip', () => {
  const folder = temporary('corpus');
  writeFolder(folder, files);
  writeZip(temporary('flat.zip'), { ...files, '__MACOSX/._a.txt': 'x' });
  writeZip(
    temporary('top.zip'),
    Object.fromEntries(Object.entries(files).map(([name, content]) => [`corpus/${name}`, content])),
  );

  it.each(['corpus', 'flat.zip', 'top.zip'])('are the same: %s', async (name) => {
    const data = await DataFolder.open(temporary(name));
    expect(data.names).toEqual(['README', 'a.txt', 'b/10.txt', 'b/2.txt']);
    expect(await data.text('a.txt')).toBe('naïve');
    expect(await data.text('b/10.txt')).toBe(long);
    expect((await data.bytes('b/2.txt')).toString()).toBe('two');
    expect(await data.text('README')).toBe('');
    const missing = await rejectionOf(data.text('b/1.txt'));
    expect(missing).toMatchObject({ code: 'ERR_W2V_FILE_NOT_FOUND' });
    expect(missing.message).toMatch(/'b\/1\.txt' in '.*': did you mean 'b\/10\.txt'/);
    await data.close();
    await data.close();
  });

  it('links are followed, but not in circles', async () => {
    writeFolder(temporary('links'), { 'a/1.txt': 'one', 'b.txt': 'two' });
    symlinkSync(temporary('corpus/b'), temporary('links/c'));
    symlinkSync('..', temporary('links/a/up'));
    symlinkSync('b.txt', temporary('links/d.txt'));
    const data = await DataFolder.open(temporary('links'));
    expect(data.names).toEqual(['a/1.txt', 'b.txt', 'c/10.txt', 'c/2.txt', 'd.txt']);
    expect(await data.text('c/2.txt')).toBe('two');
    await data.close();
  });

  it('a file has a name', async () => {
    const data = await DataFolder.open(temporary('corpus'));
    for (const name of [undefined, 5, null]) {
      for (const read of [() => data.bytes(wrong(name)), () => data.text(wrong(name))]) {
        const error = await refusalOf(read);
        expect(error).toMatchObject({ code: 'ERR_W2V_ARGUMENT' });
        expect(error.message).toBe(`Expected the name of a file but received ${name}`);
      }
    }
    await data.close();
  });

  it('many files are read at once', async () => {
    const data = await DataFolder.open(temporary('top.zip'));
    const texts = await Promise.all(Array.from({ length: 50 }, (_, i) => data.text(data.names[i % 4]!)));
    expect(texts.map((text) => text.length).slice(0, 4)).toEqual([0, 5, long.length, 3]);
    await data.close();
    expect(await rejectionOf(data.text('a.txt'))).toMatchObject({ code: 'ERR_W2V_FILE_READ' });
  });
});

describe('what cannot be opened', () => {
  it('tells why', async () => {
    const open = (name: string) => rejectionOf(DataFolder.open(name));
    expect(await open(temporary('nowhere'))).toMatchObject({ code: 'ERR_W2V_FILE_NOT_FOUND' });
    writeFileSync(temporary('text.zip'), 'no zip');
    expect(await open(temporary('text.zip'))).toMatchObject({ code: 'ERR_W2V_FILE_READ' });
    expect(await open('')).toMatchObject({ code: 'ERR_W2V_ARGUMENT' });
  });

  it('a zip with a broken file', async () => {
    writeZip(temporary('good.zip'), { a: 'deflated text', b: 'stored text' });
    const bytes = readFileSync(temporary('good.zip'));
    bytes[bytes.indexOf('stored text')]! ^= 1;
    writeFileSync(temporary('bad.zip'), bytes);
    const data = await DataFolder.open(temporary('bad.zip'));
    expect(await data.text('a')).toBe('deflated text');
    const error = await rejectionOf(data.text('b'));
    expect(error).toMatchObject({ code: 'ERR_W2V_FILE_READ' });
    expect(error.message).toMatch(/bad\.zip\/b': its bytes do not match the checksum/);
    await data.close();
    writeFileSync(temporary('cut.zip'), bytes.subarray(0, bytes.length - 30));
    expect(await rejectionOf(DataFolder.open(temporary('cut.zip')))).toMatchObject({
      code: 'ERR_W2V_FILE_READ',
    });
  });
});

describe('encodings', () => {
  const folder = temporary('encodings');
  writeFolder(folder, {
    'utf8.txt': '\ufeffein \ufffd Märchen',
    'latin1.txt': Buffer.from('ein \xe4rgerliches M\xe4rchen', 'latin1'),
    'utf16.txt': Buffer.from('\ufeffMärchen', 'utf16le'),
    'ascii16.txt': Buffer.from('abc', 'utf16le'),
    'late.txt': Buffer.concat([Buffer.from('ä'.repeat(100_001)), Buffer.from([0x80])]),
    'cut.txt': Buffer.from('abc€').subarray(0, 5),
    'gb.txt': Buffer.from([0xd6, 0xd0, 0xce, 0xc4]),
    'bad-gb.txt': Buffer.from([0xd6, 0xd0, 0x20, 0xff, 0x20]),
  });
  const open = () => DataFolder.open(folder);

  it('are what is asked for', async () => {
    const data = await open();
    expect(await data.text('utf8.txt')).toBe('ein \ufffd Märchen');
    expect(await data.text('latin1.txt', 'latin1')).toBe('ein ärgerliches Märchen');
    expect(await data.text('utf16.txt', 'utf-16le')).toBe('Märchen');
    expect(await data.text('gb.txt', 'gb18030')).toBe('中文');
    const encoding = (name: string) => (name.startsWith('latin1') ? 'latin1' : 'utf-8');
    expect(await data.text('latin1.txt', encoding)).toMatch(/Märchen/);
    expect(await data.text('utf8.txt', encoding)).toMatch(/Märchen/);
  });

  it.each([
    ['latin1.txt', 'utf-8', '0xe4 at byte 4'],
    ['utf16.txt', 'utf-8', 'a NUL byte (of UTF-16?) at byte 3'],
    ['ascii16.txt', 'utf-8', 'a NUL byte (of UTF-16?) at byte 1'],
    ['late.txt', 'utf-8', '0x80 at byte 200002'],
    ['cut.txt', 'utf-8', '0xe2 at byte 3'],
    ['bad-gb.txt', 'gb18030', '0xff at byte 3'],
  ])('what is not of it: %s as %s', async (name, encoding, where) => {
    const error = await rejectionOf((await open()).text(name, encoding));
    expect(error).toMatchObject({ code: 'ERR_W2V_TEXT_ENCODING' });
    expect(error.message).toContain(`'${folder}/${name}' but received ${where}`);
  });

  it('that do not exist', async () => {
    expect(await rejectionOf((await open()).text('utf8.txt', 'utf-9'))).toMatchObject({
      code: 'ERR_W2V_OPTION',
    });
  });

  it('do not depend on where pieces end', () => {
    const bytes = Buffer.concat([Buffer.from('aä€😀\ufffd'), Buffer.from([0xe2, 0x82]), Buffer.from('z')]);
    for (let size = 1; size <= bytes.length; ++size) {
      const decoder = new CheckedDecoder('utf-8', 'x');
      const decode = () => {
        for (let from = 0; from < bytes.length; from += size)
          decoder.decode(bytes.subarray(from, from + size));
        decoder.end();
      };
      expect(decode).toThrow('0xe2 at byte 13');
    }
  });
});
