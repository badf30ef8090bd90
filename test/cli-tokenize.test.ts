import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors } from '../lib/index.js';
import { lastJson, runCli, temporaryFolder } from './helpers.js';

const temporary = temporaryFolder();
jest.setTimeout(30_000); // a process for each command

describe('w2v tokenize', () => {
  const input = temporary('raw.txt');
  writeFileSync(input, "It's a wrapped\nline. The NEXT one!\n\nDas schöne Märchen.\n");

  it('writes a line a line', async () => {
    const { code, stdout } = await runCli(['tokenize', input]);
    expect(code).toBe(0);
    expect(stdout).toBe("It's a wrapped\nline The NEXT one\n\nDas schöne Märchen\n");
  });

  it('takes options', async () => {
    const run = async (...options: string[]) => (await runCli(['tokenize', input, ...options])).stdout;
    expect(await run('--sentences', '--wrapped', '--lowercase')).toBe(
      "it's a wrapped line\nthe next one\ndas schöne märchen\n",
    );
    expect(await run('--tokenizer', 'word-punctuation')).toMatch(
      /^It ' s a wrapped\nline \. The NEXT one !\n/,
    );
    expect(await run('--stop-words', 'de')).toContain('\nschöne Märchen\n');
    writeFileSync(temporary('stop.txt'), 'the\none\n');
    expect(await run('--stop-words', temporary('stop.txt'))).toContain('\nline NEXT\n');
  });

  it('reads standard input and writes files, compressed too', async () => {
    const output = temporary('out.txt.gz');
    const result = await runCli(['tokenize', '-', '-l', 'zh', '-o', output, '--json'], {
      input: '我们学习中文。\n',
    });
    expect(lastJson(result)).toEqual({ lines: 1, tokens: 3, output });
    expect(gunzipSync(readFileSync(output)).toString()).toBe('我们 学习 中文\n');
  });

  it('tells what is wrong', async () => {
    const failed = async (...args: string[]) => {
      const { code, stderr } = await runCli(['tokenize', ...args]);
      return `${code} ${stderr}`;
    };
    expect(await failed(input, '--locale', 'xx-nothing')).toMatch(/^2 [\s\S]*language tag/);
    expect(await failed(input, '--wrapped')).toMatch(/^2 .*--sentences/);
    expect(await failed(input, '--stop-words', 'xx')).toMatch(/^2 .*list of stop-words/);
    expect(await failed(temporary('none.txt'))).toMatch(/^1 .*ERR_W2V_FILE_NOT_FOUND/);
    writeFileSync(temporary('latin1.txt'), Buffer.from('sch\xf6n\n', 'latin1'));
    expect(await failed(temporary('latin1.txt'), '-o', temporary('never.txt'))).toMatch(
      /^1 .*0xf6 at byte 3.*ERR_W2V_TEXT_ENCODING/,
    );
    expect(() => readFileSync(temporary('never.txt'))).toThrow(/ENOENT/);
  });
});

describe('w2v train --tokenize', () => {
  it('trains on Chinese text as it is', async () => {
    const input = temporary('zh.txt');
    writeFileSync(input, '我们在北京大学学习中文，中文很有用。\n'.repeat(50));
    for (const options of [[], ['--tokenizer', 'jieba']]) {
      const output = temporary('zh.bin');
      const { code } = await runCli([
        'train',
        input,
        '-o',
        output,
        '--tokenize',
        'zh',
        '--vector-size',
        '10',
        '--epochs',
        '1',
        ...options,
      ]);
      expect(code).toBe(0);
      const vectors = await KeyedVectors.load(output);
      for (const word of ['我们', '学习', '中文']) expect(vectors.has(word)).toBe(true);
      expect(vectors.has('。')).toBe(false);
    }
  });

  it('asks for the locale', async () => {
    const { code, stderr } = await runCli([
      'train',
      temporary('zh.txt'),
      '-o',
      temporary('x.bin'),
      '--lowercase',
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Expected --tokenize beside/);
  });
});
