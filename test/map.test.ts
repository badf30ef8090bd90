// The map of words: where they lie, and how they are drawn.
import { existsSync, readFileSync } from 'node:fs';
import { KeyedVectors } from '../lib/index.js';
import { drawHtml, drawSvg, layOut } from '../lib/plot/map.js';
import { escaped } from '../lib/plot/markup.js';
import { projectWords } from '../lib/plot/project.js';
import { rejectionOf, runCli, temporaryFolder } from './helpers.js';

const file = temporaryFolder();

/** Words a0, a1, … and b0, b1, … around two directions. */
async function twoGroups(size: number): Promise<KeyedVectors> {
  const words = ['a', 'b'].flatMap((group) => Array.from({ length: size }, (_, i) => `${group}${i}`));
  const rows = words.map((word, i) =>
    Array.from({ length: 8 }, (_, d) => (word.startsWith('a') ? d : 7 - d) + Math.sin(i * (d + 1.7))),
  );
  return KeyedVectors.fromVectors(words, rows);
}

describe('places', () => {
  test.each(['umap', 'pca'] as const)(
    '%s keeps two groups apart, and is the same each time',
    async (method) => {
      const vectors = await twoGroups(40);
      const fractions: number[] = [];
      const words = await projectWords(vectors, [...vectors], method, {
        onProgress: ({ fraction }) => fractions.push(fraction),
      });
      expect(words).toHaveLength(80);
      const middle = (group: string) => {
        const own = words.filter(({ word }) => word.startsWith(group));
        const mean = (of: (word: { x: number; y: number }) => number) =>
          own.reduce((sum, word) => sum + of(word), 0) / own.length;
        return { x: mean((word) => word.x), y: mean((word) => word.y) };
      };
      const [a, b] = [middle('a'), middle('b')];
      for (const { word, x, y } of words) {
        const nearA = Math.hypot(x - a.x, y - a.y) < Math.hypot(x - b.x, y - b.y);
        expect(nearA).toBe(word.startsWith('a'));
      }
      expect(await projectWords(vectors, [...vectors], method)).toEqual(words);
      if (method === 'umap') expect(fractions.length).toBeGreaterThan(3);
    },
  );

  test('principal components: the first direction has the largest variance, both are uncorrelated', async () => {
    const vectors = await twoGroups(30);
    const words = await projectWords(vectors, [...vectors], 'pca');
    const product = (of: (word: { x: number; y: number }) => number) =>
      words.reduce((sum, word) => sum + of(word), 0) / words.length;
    const [xx, yy, xy] = [product(({ x }) => x * x), product(({ y }) => y * y), product(({ x, y }) => x * y)];
    expect(xx).toBeGreaterThan(yy);
    expect(Math.abs(xy)).toBeLessThan(1e-6 * xx);
  });

  test('few words, equal words, zeros; too few, and a cancelled projection', async () => {
    const vectors = await KeyedVectors.fromVectors(['p', 'q', 'r', 'zero'], [[1, 1], [1, 1], [2, 2], [0, 0]]); // prettier-ignore
    for (const method of ['umap', 'pca'] as const) {
      const words = await projectWords(vectors, [...vectors], method);
      for (const { x, y } of words) expect([x, y].every(Number.isFinite)).toBe(true);
    }
    expect((await rejectionOf(projectWords(vectors, ['p', 'q'], 'umap'))).code).toBe('ERR_W2V_ARGUMENT');
    const signal = AbortSignal.abort();
    expect((await rejectionOf(projectWords(vectors, [...vectors], 'umap', { signal }))).code).toBe(
      'ERR_W2V_CANCELLED',
    );
  });
});

describe('pictures', () => {
  const many = Array.from({ length: 400 }, (_, i) => ({
    word: `word${i}`,
    x: Math.sin(i * 7),
    y: Math.cos(i * 3),
  }));

  test('labels stay within the picture and off each other; the first words have theirs first', () => {
    const { points, labels } = layOut(many);
    expect(points).toHaveLength(400);
    expect(labels.length).toBeGreaterThan(50);
    expect(labels[0]!.word).toBe('word0');
    labels.forEach((a, i) => {
      expect(a.left >= 0 && a.top >= 0 && a.right <= 1200 && a.bottom <= 900).toBe(true);
      for (const b of labels.slice(0, i)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart).toBe(true);
      }
    });
  });

  test('equal places are no division by zero', () => {
    const { points } = layOut([1, 2, 3].map((i) => ({ word: `w${i}`, x: 5, y: 5 })));
    expect(points.every(({ x, y }) => x === 600 && y === 450)).toBe(true);
  });

  test('words are text, whatever they hold', () => {
    const evil = `<script>alert("1")</script>&'\u0000\ud800`;
    expect(escaped(evil)).not.toMatch(/[<>"']/);
    expect(escaped(evil)).toContain('\ufffd\ufffd');
    const layout = layOut([evil, 'b', 'c'].map((word, i) => ({ word, x: i, y: i * i })));
    for (const text of [drawSvg(layout), drawHtml(layout, evil)]) expect(text).not.toContain('<script>alert');
    expect(drawSvg(layout)).not.toMatch(/(href|src)=/);
  });
});

test('w2v plot writes a picture, and tells what is wrong', async () => {
  const vectors = await twoGroups(30);
  await vectors.save(file('v.bin'));
  const html = await runCli(['plot', file('v.bin'), '--top', '50', '--output', file('map.html'), '--json']);
  expect(html.code).toBe(0);
  expect(JSON.parse(html.stdout)).toMatchObject({ words: 50, method: 'umap' });
  expect(readFileSync(file('map.html'), 'utf8')).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  const svg = await runCli([
    'plot',
    file('v.bin'),
    'a1',
    'a2',
    'b1',
    'nowhere',
    '--method',
    'pca',
    '--output',
    file('map.svg'),
  ]);
  expect(svg.code).toBe(0);
  expect(svg.stderr).toContain('nowhere');
  expect(readFileSync(file('map.svg'), 'utf8').match(/<circle/g)).toHaveLength(3);
  expect((await runCli(['plot', file('v.bin'), '--output', file('map.png')])).code).toBe(2);
  expect((await runCli(['plot', file('v.bin'), 'a1', 'b1', '--output', file('none.svg')])).code).toBe(2);
  expect((await runCli(['plot', file('v.bin'), '--top', '6000', '--output', file('none.svg')])).code).toBe(2);
  expect(existsSync(file('none.svg'))).toBe(false);
});
