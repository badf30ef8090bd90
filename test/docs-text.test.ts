// The code of the documentation, run as it stands on a small corpus in NLTK's layout.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, runNode, temporaryFolder } from './helpers.js';
import { writeZip } from './make-zip.js';

const temporary = temporaryFolder();
jest.setTimeout(60_000);

const folder = temporary('work');
beforeAll(() => {
  mkdirSync(folder);
  const files: Record<string, string> = { README: 'made by a test' };
  const categories: string[] = [];
  for (let i = 1; i <= 40; ++i) {
    const [category, words] = i % 2 ? ['cocoa', 'cocoa zone rose'] : ['coffee', 'coffee harvest fell'];
    const name = `${i % 4 === 0 ? 'test' : 'training'}/${i}`;
    files[name] =
      `${category.toUpperCase()} PRICES\n  The price of ${words}\n  again, they said. Rates rose.\n      It is hot.\n`;
    categories.push(`${name} ${category}`);
  }
  files['cats.txt'] = `${categories.sort().join('\n')}\n`;
  writeZip(path.join(folder, 'reuters.zip'), files);
  writeFileSync(path.join(folder, 'raw.txt'), 'The first line\nis wrapped.\n\nAnother.\n');
});

const blocks = (file: string) =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm)].map(
    ([, code]) => code!,
  );
const cases = ['README.md', 'docs/text.md'].flatMap((file) =>
  blocks(file).map((code, i) => [file, i, code] as const),
);

it('there is code to run', () => expect(cases.length).toBeGreaterThan(4));

it.each(cases)('%s, block %i', async (_file, _i, code) => {
  const library = pathToFileURL(path.join(root, 'dist', 'index.mjs')).href;
  writeFileSync(
    path.join(folder, 'block.mjs'),
    code.replaceAll("'word2vec-native'", JSON.stringify(library)),
  );
  const { code: status, stderr } = await runNode(['block.mjs'], { cwd: folder });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it("the article's example leaves a model", () =>
  expect(existsSync(path.join(folder, 'reuters.w2v'))).toBe(true));
