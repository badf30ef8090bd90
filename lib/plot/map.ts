// The picture of a map: points with labels, in one file without references to others.
import { escaped } from './markup.js';
import type { PlacedWord } from './project.js';

const width = 1200;
const height = 900;
const margin = 60;
const fontSize = 13;
const letterWidth = 0.58 * fontSize; // of the fonts below, on average
const wideLetterWidth = 1.05 * fontSize;
const gap = 5; // from a point to its label

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Label extends Box {
  word: string;
}

/** Points in the picture; a label for each that has room for one, the first words first. */
export interface Layout {
  points: { word: string; x: number; y: number }[];
  labels: Label[];
}

const overlap = (a: Box, b: Box) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function labelWidth(word: string): number {
  return Array.from(word).reduce(
    (sum, letter) => sum + (letter.codePointAt(0)! >= 0x1100 ? wideLetterWidth : letterWidth),
    0,
  );
}

export function layOut(words: readonly PlacedWord[]): Layout {
  // Of the middle 98%: a few words far from all others would squeeze the picture. They are drawn at its border.
  const span = (values: number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    const low = sorted[Math.floor(0.01 * sorted.length)]!;
    const high = sorted[Math.ceil(0.99 * sorted.length) - 1]!;
    return { middle: (low + high) / 2, size: high - low };
  };
  const [x, y] = [span(words.map((word) => word.x)), span(words.map((word) => word.y))];
  // One scale for both directions: distances mean something.
  const scale = Math.min((width - 2 * margin) / (x.size || 1), (height - 2 * margin) / (y.size || 1));
  const within = (value: number, size: number) => Math.min(Math.max(value, margin / 4), size - margin / 4);
  const points = words.map((word) => ({
    word: word.word,
    x: within(width / 2 + (word.x - x.middle) * scale, width),
    y: within(height / 2 - (word.y - y.middle) * scale, height),
  }));
  const labels: Label[] = [];
  for (const { word, x, y } of points) {
    const [w, h] = [labelWidth(word), fontSize];
    const places: [left: number, top: number][] = [
      [x + gap, y - h / 2],
      [x - gap - w, y - h / 2],
      [x - w / 2, y - gap - h],
      [x - w / 2, y + gap],
    ];
    const boxes = places.map(([left, top]) => ({ left, top, right: left + w, bottom: top + h }));
    const free = boxes.find(
      (box) =>
        box.left >= 0 &&
        box.right <= width &&
        box.top >= 0 &&
        box.bottom <= height &&
        !labels.some((other) => overlap(box, other)),
    );
    if (free) labels.push({ ...free, word });
  }
  return { points, labels };
}

export function drawSvg({ points, labels }: Layout): string {
  const number = (value: number) => value.toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif" font-size="${fontSize}">
<style>.background { fill: #fff } circle { fill: #2b6cb0; fill-opacity: .7 } text { fill: #1a202c } .found circle { fill: #dd6b20 } .found text { font-weight: bold }
@media (prefers-color-scheme: dark) { .background { fill: #171923 } circle { fill: #63b3ed } text { fill: #e2e8f0 } }</style>
<rect class="background" x="-100%" y="-100%" width="300%" height="300%"/>
${points.map(({ word, x, y }) => `<circle cx="${number(x)}" cy="${number(y)}" r="3" data-word="${escaped(word)}"><title>${escaped(word)}</title></circle>`).join('\n')}
${labels.map(({ word, left, bottom }) => `<text x="${number(left)}" y="${number(bottom - 0.2 * fontSize)}">${escaped(word)}</text>`).join('\n')}
</svg>
`;
}

/** The picture with zoom, by wheel and dragging, and a search box. */
export function drawHtml(layout: Layout, title: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; overflow: hidden }
svg { width: 100vw; height: 100vh; display: block; cursor: grab }
input { position: fixed; top: 1em; left: 1em; font: inherit; padding: .3em .6em }
</style>
<input type="search" placeholder="Find a word" aria-label="Find a word">
${drawSvg(layout)}<script>
const svg = document.querySelector('svg'), view = svg.viewBox.baseVal;
svg.addEventListener('wheel', (event) => {
  event.preventDefault();
  const factor = Math.exp(event.deltaY / 500), box = svg.getBoundingClientRect();
  const x = view.x + ((event.clientX - box.left) / box.width) * view.width, y = view.y + ((event.clientY - box.top) / box.height) * view.height;
  view.x = x + (view.x - x) * factor; view.y = y + (view.y - y) * factor;
  view.width *= factor; view.height *= factor;
}, { passive: false });
svg.addEventListener('pointermove', (event) => {
  if (event.buttons !== 1) return;
  view.x -= (event.movementX / svg.clientWidth) * view.width; view.y -= (event.movementY / svg.clientHeight) * view.height;
});
document.querySelector('input').addEventListener('input', ({ target }) => {
  for (const circle of document.querySelectorAll('circle')) {
    const found = target.value !== '' && circle.dataset.word.includes(target.value);
    circle.setAttribute('r', found ? 7 : 3);
    circle.style.fill = found ? '#dd6b20' : '';
  }
});
</script>
</html>
`;
}
