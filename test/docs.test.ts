// What the guides say of names: the code blocks are run by npm run check:docs.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FrozenPhrases, KeyedVectors, Phrases, Word2Vec } from '../lib/index';
import { trainingOptionSpecs } from '../lib/options';
import { root } from './helpers';

const read = (...names: string[]) => readFileSync(path.join(root, ...names), 'utf8');
const headings = (page: string) => [...read('docs', page).matchAll(/^### (.+)$/gm)].map(([, text]) => text!);

test('troubleshooting has every error code and no other', () => {
  const type = /export type ErrorCode =([^;]*);/.exec(read('lib', 'errors.ts'))![1]!;
  const codes = [...type.matchAll(/'(ERR_W2V_\w+)'/g)].map(([, code]) => code!);
  expect(codes.length).toBeGreaterThan(20);
  expect(headings('troubleshooting.md').sort()).toEqual(codes.sort());
});

test('tuning has every training option', () => {
  const page = read('docs', 'tuning.md');
  const named = new Set([...page.matchAll(/`(\w+)[:`]|^## (\w+)/gm)].flat());
  expect(Object.keys(trainingOptionSpecs).filter((name) => !named.has(name))).toEqual([]);
});

test('the methods that guides name are there', () => {
  const classes: Record<string, object[]> = {
    vectors: [KeyedVectors.prototype],
    model: [Word2Vec.prototype],
    phrases: [Phrases.prototype, FrozenPhrases.prototype],
    frozen: [FrozenPhrases.prototype],
    KeyedVectors: [KeyedVectors],
    Word2Vec: [Word2Vec],
    Phrases: [Phrases],
  };
  const pages = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => path.join('docs', name))];
  const unknown = pages
    .filter((page) => page.endsWith('.md') && page !== path.join('docs', 'from-npm-word2vec.md'))
    .flatMap((page) =>
      [
        ...read(page).matchAll(
          /\b(vectors|model|phrases|frozen|KeyedVectors|Word2Vec|Phrases)\.([a-zA-Z]+)\(/g,
        ),
      ].map(([, object, name]) => ({ page, object: object!, name: name! })),
    )
    .filter(({ object, name }) => !classes[object]!.some((each) => name in each));
  expect(unknown).toEqual([]);
});

/** As GitHub and typedoc make them of headings. */
function anchorOf(heading: string): string {
  const plain = heading.replace(/[`*]|\]\([^)]*\)|\[/g, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

test('links between pages lead to files and headings that are there', () => {
  const folder = path.join(root, 'docs');
  const pages = [path.join(root, 'README.md'), ...readdirSync(folder).map((name) => path.join(folder, name))];
  const broken = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        ([, file, anchor]) => ({
          page,
          target: file ? path.resolve(path.dirname(page), file) : page,
          anchor,
        }),
      ),
    )
    .filter(({ target, anchor }) => {
      if (!existsSync(target)) return true;
      if (anchor === undefined) return false;
      const anchors = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
        anchorOf(text!),
      );
      return !anchors.includes(anchor);
    });
  expect(broken).toEqual([]);
});
