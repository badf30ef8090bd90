// Line charts as SVG, for pages without references to others.
import { escaped } from './markup.js';

export interface Series {
  name: string;
  points: { x: number; y: number }[];
}

export interface Chart {
  title: string;
  xLabel: string;
  series: readonly Series[];
  /** The vertical axis begins at 0. @defaultValue false: where the values do */
  fromZero?: boolean;
}

const width = 960;
const height = 320;
const margin = { top: 34, right: 20, bottom: 44, left: 76 };
const mostPoints = 2000; // more are not seen
// Of several series, told apart in a legend; readable on white and on black. More series than these repeat them.
const colors = ['#3182ce', '#dd6b20', '#38a169', '#d53f8c', '#805ad5', '#718096'];

export async function drawChart({ title, xLabel, series, fromZero = false }: Chart): Promise<string> {
  const { ticks } = await import('d3-array');
  const drawn = series.map(({ name, points }) => {
    const step = Math.max(1, Math.ceil(points.length / mostPoints));
    return { name, points: points.filter((_, i) => i % step === 0 || i === points.length - 1) };
  });
  const all = drawn.flatMap(({ points }) => points);
  const range = (values: number[], from: number[]) => {
    const [low, high] = [Math.min(...values, ...from), Math.max(...values, ...from)];
    return all.length === 0 ? [0, 1] : low === high ? [low - 0.5, high + 0.5] : [low, high];
  };
  const [x0, x1] = range(
    all.map(({ x }) => x),
    [],
  ) as [number, number];
  const [y0, y1] = range(
    all.map(({ y }) => y),
    fromZero ? [0] : [],
  ) as [number, number];
  const x = (value: number) =>
    margin.left + ((value - x0) / (x1 - x0)) * (width - margin.left - margin.right);
  const y = (value: number) =>
    height - margin.bottom - ((value - y0) / (y1 - y0)) * (height - margin.top - margin.bottom);
  const number = (value: number) => value.toFixed(1);
  const label = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 6 });
  const several = drawn.length > 1;
  const color = (i: number) => colors[i % colors.length]!;
  const inColor = (property: string, i: number) => (several ? ` style="${property}: ${color(i)}"` : '');
  const legend = drawn.map(
    ({ name }, i) =>
      `<rect x="${margin.left + i * 200}" y="${height - 17}" width="12" height="10" fill="${color(i)}"/><text x="${margin.left + i * 200 + 18}" y="${height - 8}">${escaped(name)}</text>`,
  );
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">
<style>text { fill: #1a202c } .grid { stroke: #cbd5e0; stroke-width: .6 } path { fill: none; stroke: #2b6cb0; stroke-width: 1.8 } circle { fill: #2b6cb0 }
@media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } .grid { stroke: #4a5568 } path { stroke: #63b3ed } circle { fill: #63b3ed } }</style>
<text x="${margin.left}" y="20" font-weight="bold">${escaped(title)}</text>
${ticks(y0, y1, 5)
  .map(
    (tick) =>
      `<line class="grid" x1="${margin.left}" x2="${right}" y1="${number(y(tick))}" y2="${number(y(tick))}"/><text x="${margin.left - 8}" y="${number(y(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
  )
  .join('\n')}
${ticks(x0, x1, 8)
  .map((tick) => `<text x="${number(x(tick))}" y="${bottom + 18}" text-anchor="middle">${label(tick)}</text>`)
  .join('\n')}
<text x="${right}" y="${height - 8}" text-anchor="end">${escaped(xLabel)}</text>
${all.length === 0 ? `<text x="${width / 2}" y="${height / 2}" text-anchor="middle">nothing measured</text>` : ''}
${several ? `${legend.join('')}\n` : ''}${drawn
    .map(({ name, points }, i) => {
      const places = points.map((point) => `${number(x(point.x))},${number(y(point.y))}`);
      const dots = points.length > 30 ? [] : points;
      return `<path data-series="${escaped(name)}"${inColor('stroke', i)} d="${places.length > 1 ? `M${places.join('L')}` : ''}"/>${dots.map((point) => `<circle${inColor('fill', i)} cx="${number(x(point.x))}" cy="${number(y(point.y))}" r="3"><title>${label(point.x)}: ${label(point.y)}</title></circle>`).join('')}`;
    })
    .join('\n')}
</svg>`;
}
