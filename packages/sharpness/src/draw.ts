import type { Landscape } from './landscape.js';

/** x, y, loss: a line for each point. */
export function landscapeCsv({ x, y, z }: Landscape): string {
  const rows = y.flatMap((v, row) => x.map((u, column) => `${u},${v},${z[row]![column]}`));
  return ['x,y,loss', ...rows, ''].join('\n');
}

const SIZE = 480;
const MARGIN = 48;

/** Dark blue to yellow over [0, 1], of even steps in lightness. */
function colour(t: number): string {
  const stops = [
    [68, 1, 84],
    [59, 82, 139],
    [33, 145, 140],
    [94, 201, 98],
    [253, 231, 37],
  ] as const;
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const [low, share] = [
    Math.min(Math.floor(at), stops.length - 2),
    at - Math.min(Math.floor(at), stops.length - 2),
  ];
  return `rgb(${stops[low]!.map((c, i) => Math.round(c + share * (stops[low + 1]![i]! - c))).join(',')})`;
}

/** A landscape as an SVG: a curve along a line, a coloured map of log loss over a plane. */
export function landscapeSvg(landscape: Landscape, title = 'Loss landscape'): string {
  const inner = landscape.y.length === 1 ? curve(landscape) : heat(landscape);
  const escaped = title.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE + 2 * MARGIN} ${SIZE + 2 * MARGIN}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped}</title><text x="${MARGIN}" y="24">${escaped}</text>`,
    inner,
    '</svg>',
    '',
  ].join('\n');
}

const span = (values: readonly number[]): [number, number] => {
  const finite = values.filter(Number.isFinite);
  return [Math.min(...finite), Math.max(...finite)];
};

const place = (value: number, [low, high]: readonly [number, number]) =>
  high > low ? ((value - low) / (high - low)) * SIZE : SIZE / 2;

function axis(x: readonly [number, number], y: readonly [number, number]): string {
  const bottom = SIZE + MARGIN;
  const number = (value: number) => Number(value.toPrecision(3));
  return [
    `<text x="${MARGIN}" y="${bottom + 18}">${number(x[0])}</text>`,
    `<text x="${bottom}" y="${bottom + 18}" text-anchor="end">${number(x[1])}</text>`,
    `<text x="${MARGIN - 6}" y="${bottom}" text-anchor="end">${number(y[0])}</text>`,
    `<text x="${MARGIN - 6}" y="${MARGIN + 10}" text-anchor="end">${number(y[1])}</text>`,
  ].join('');
}

function curve({ x, z }: Landscape): string {
  const [xs, ys] = [span(x), span(z[0]!)];
  const points = x.flatMap((u, i) =>
    Number.isFinite(z[0]![i]!)
      ? `${(MARGIN + place(u, xs)).toFixed(1)},${(MARGIN + SIZE - place(z[0]![i]!, ys)).toFixed(1)}`
      : [],
  );
  return `<polyline fill="none" stroke="#3b528b" stroke-width="2" points="${points.join(' ')}"/>${axis(xs, ys)}`;
}

function heat({ x, y, z }: Landscape): string {
  const logs = z.map((row) => row.map((loss) => Math.log(Math.max(loss, 1e-12))));
  const range = span(logs.flat());
  const [width, height] = [SIZE / x.length, SIZE / y.length];
  const cells = logs.flatMap((row, r) =>
    row.map((value, c) => {
      const fill = Number.isFinite(value) ? colour(place(value, range) / SIZE) : 'none';
      const left = (MARGIN + c * width).toFixed(1);
      const top = (MARGIN + SIZE - (r + 1) * height).toFixed(1);
      return `<rect x="${left}" y="${top}" width="${(width + 0.3).toFixed(1)}" height="${(height + 0.3).toFixed(1)}" fill="${fill}"><title>${z[r]![c]}</title></rect>`;
    }),
  );
  return cells.join('') + axis(span(x), span(y));
}

/** A page of its own with a landscape and its numbers. */
export function landscapeHtml(landscape: Landscape, title = 'Loss landscape'): string {
  const svg = landscapeSvg(landscape, title);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Loss landscape</title><body style="max-width:48rem;margin:auto">${svg}<details><summary>Numbers (CSV)</summary><pre>${landscapeCsv(landscape)}</pre></details></body></html>\n`;
}
