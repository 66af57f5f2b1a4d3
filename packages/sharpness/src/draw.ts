import { contours } from 'd3-contour';
import type { Landscape } from './landscape.js';

/** x, y, loss: a line for each point. */
export function landscapeCsv({ x, y, z }: Landscape): string {
  const rows = y.flatMap((v, row) => x.map((u, column) => `${u},${v},${z[row]![column]}`));
  return ['x,y,loss', ...rows, ''].join('\n');
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

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

/** A landscape of the CSV that `landscapeCsv` wrote, an unfinished one too. @throws SyntaxError for another text. */
export function parseLandscape(csv: string): Landscape {
  const [head, ...lines] = csv.trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  if (
    head?.trim() !== 'x,y,loss' ||
    rows.some((row) => row.length !== 3 || row.slice(0, 2).some(Number.isNaN))
  )
    throw new SyntaxError('parseLandscape: expected the lines x,y,loss of landscapeCsv, got another text');
  const [x, y] = [0, 1].map((k) => [...new Set(rows.map((row) => row[k]!))]) as [number[], number[]];
  const z = y.map(() => x.map(() => Number.NaN));
  for (const [u, v, loss] of rows) z[y.indexOf(v!)]![x.indexOf(u!)] = loss!;
  return { x, y, z };
}

/**
 * A landscape as an SVG: a curve along a line, over a plane a coloured map of log loss; of loss where it is not above zero.
 *
 * @param kind - Of a plane: 'contour' (default), a map with lines of equal loss, or 'surface', seen from above its corner.
 */
export function landscapeSvg(
  landscape: Landscape,
  title = 'Loss landscape',
  kind: 'contour' | 'surface' = 'contour',
): string {
  const plane = kind === 'surface' ? surface : map;
  const inner = landscape.y.length === 1 ? curve(landscape) : plane(landscape);
  const name = escaped(title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE + 2 * MARGIN} ${SIZE + 2 * MARGIN}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${name}</title><text x="${MARGIN}" y="24">${name}</text>`,
    inner,
    '</svg>',
    '',
  ].join('\n');
}

const span = (values: readonly number[]): [number, number] => {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? [0, 0] : [Math.min(...finite), Math.max(...finite)];
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

/** Losses as they are drawn. */
interface Heights {
  readonly logs: number[][];
  /** Of what is finite. */
  readonly range: [number, number];
  /** The loss at a height. */
  lossAt(height: number): number;
  readonly scale: 'logarithmic' | 'linear';
}

/** Logarithms of the losses; losses that are not all above zero as they are. */
function heights({ z }: Landscape): Heights {
  if (z.flat().some((loss) => loss <= 0))
    return { logs: z, range: span(z.flat()), lossAt: (loss) => loss, scale: 'linear' };
  const logs = z.map((row) => row.map((loss) => Math.log(loss)));
  return { logs, range: span(logs.flat()), lossAt: Math.exp, scale: 'logarithmic' };
}

function map(landscape: Landscape): string {
  const { x, y, z } = landscape;
  const shown = heights(landscape);
  const { logs, range } = shown;
  const [width, height] = [SIZE / x.length, SIZE / y.length];
  const cells = logs.flatMap((row, r) =>
    row.map((value, c) => {
      const fill = Number.isFinite(value) ? colour(place(value, range) / SIZE) : 'none';
      const left = (MARGIN + c * width).toFixed(1);
      const top = (MARGIN + SIZE - (r + 1) * height).toFixed(1);
      return `<rect x="${left}" y="${top}" width="${(width + 0.3).toFixed(1)}" height="${(height + 0.3).toFixed(1)}" fill="${fill}"><title>${z[r]![c]}</title></rect>`;
    }),
  );
  return cells.join('') + lines(shown, width, height) + axis(span(x), span(y));
}

/** The number of lines of equal loss. */
const LEVELS = 12;

/** Lines of equal loss, evenly spaced on its scale. */
function lines({ logs, range: [low, high], lossAt }: Heights, width: number, height: number): string {
  const [rows, columns] = [logs.length, logs[0]!.length];
  if (!(high > low) || rows < 2 || columns < 2) return '';
  const values = logs.flat().map((value) => (Number.isFinite(value) ? value : high));
  const levels = Array.from({ length: LEVELS - 1 }, (_, i) => low + ((i + 1) * (high - low)) / LEVELS);
  const at = ([c, r]: number[]) =>
    `${(MARGIN + c! * width).toFixed(1)},${(MARGIN + SIZE - r! * height).toFixed(1)}`;
  const paths = contours().size([columns, rows]).thresholds(levels)(values);
  return paths
    .map(({ coordinates, value }) => {
      const d = coordinates
        .flat()
        .map((ring) => `M${ring.map(at).join('L')}Z`)
        .join('');
      const loss = Number(lossAt(value).toPrecision(3));
      return `<path d="${d}" fill="none" stroke="#fff" stroke-opacity=".7"><title>${loss}</title></path>`;
    })
    .join('');
}

/** A surface in a parallel projection, painted from the back. */
function surface(landscape: Landscape): string {
  const { x, y } = landscape;
  const { logs, range, lossAt, scale } = heights(landscape);
  const [columns, rows] = [x.length - 1, y.length - 1];
  const high = (r: number, c: number) => {
    const value = logs[r]![c]!;
    return Number.isFinite(value) ? place(value, range) / SIZE : 1;
  };
  // The corner of the largest coordinates is at the back.
  const at = (r: number, c: number) => {
    const [u, v] = [c / columns, r / rows];
    const left = MARGIN + (SIZE / 2) * (1 + u - v);
    const top = MARGIN + SIZE * (1 - 0.3 * (u + v) - 0.35 * high(r, c));
    return `${left.toFixed(1)},${top.toFixed(1)}`;
  };
  const quads: string[] = [];
  for (let depth = rows + columns - 2; depth >= 0; depth--)
    for (let r = Math.max(0, depth - columns + 1); r <= Math.min(depth, rows - 1); r++) {
      const c = depth - r;
      const corners = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)];
      const mean = (high(r, c) + high(r, c + 1) + high(r + 1, c + 1) + high(r + 1, c)) / 4;
      quads.push(
        `<polygon points="${corners.join(' ')}" fill="${colour(mean)}" stroke="#0004" stroke-width=".5"/>`,
      );
    }
  const [low, top] = range.map((value) => Number(lossAt(value).toPrecision(3)));
  return `${quads.join('')}<text x="${MARGIN}" y="${SIZE + 2 * MARGIN - 8}">loss ${low} to ${top}, on a ${scale} scale</text>`;
}

/** A page of its own with a landscape, as a map and a surface, and its numbers. */
export function landscapeHtml(landscape: Landscape, title = 'Loss landscape'): string {
  const svg = (kind: 'contour' | 'surface') => landscapeSvg(landscape, title, kind);
  const both = landscape.y.length === 1 ? svg('contour') : svg('contour') + svg('surface');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><body style="max-width:48rem;margin:auto;font-family:sans-serif">${both}<details><summary>Numbers (CSV)</summary><pre>${landscapeCsv(landscape)}</pre></details></body></html>\n`;
}
