import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { blocksOf, processorOf, sectionsOf, withSection } from './results.js';

const { document: page } = parseHTML('<!doctype html><html><body></body></html>');

/** A ratio of a table with its quartiles, as it is printed. */
const spread = /^(\d[\d.]*) \((\d[\d.]*)–(\d[\d.]*)\)$/;

interface Point {
  readonly ratio: string;
  readonly model: string;
  readonly side: string;
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The table of a block: its columns, and its rows. */
function tableOf(block: string): { readonly columns: string[]; readonly rows: string[][] } {
  const [columns = [], , ...rows] = block
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf);
  return { columns, rows };
}

/** The ratios of a block with their quartiles: columns that hold no times. */
function ratiosOf(block: string): Point[] {
  const { columns, rows } = tableOf(block);
  // Names stand before numbers; a table without a second name has one side.
  const named = rows.every((row) => !spread.test(row[1] ?? ''));
  return columns.flatMap((ratio, at) =>
    /\b(ms|s)\b/.test(ratio)
      ? []
      : rows.flatMap((row) => {
          const [, middle, low, high] = spread.exec(row[at]!) ?? [];
          if (middle === undefined) return [];
          const side = named && at > 1 ? row[1]! : '';
          return { ratio, model: row[0]!, side, middle: +middle, low: +low!, high: +high! };
        }),
  );
}

/** Medians and quartiles: models below one another, ratios side by side. */
function drawn(title: string, points: readonly Point[]): string {
  const values = points.flatMap(({ low, high }) => [low, high]);
  const isWide = Math.max(...values) > 20 * Math.min(...values) && Math.min(...values) > 0;
  const [models, sides, ratios] = (['model', 'side', 'ratio'] as const).map((key) => [
    ...new Set(points.map((point) => point[key])),
  ]) as [string[], string[], string[]];
  const svg = Plot.plot({
    document: page as never,
    width: 400 + Math.max(300, 190 * ratios.length),
    height: 80 + models.length * (14 + 14 * sides.length),
    marginTop: 40,
    marginLeft: sides.length > 1 ? 250 : 20,
    marginRight: 130,
    style: { background: '#fff', color: '#1b1f24', fontSize: '11px' },
    x: { type: isWide ? 'log' : 'linear', label: null, grid: true },
    fx: { label: null, domain: ratios },
    y: { label: null, domain: sides },
    fy: { label: null, domain: models },
    marks: [
      Plot.ruleX([1], { stroke: '#888' }),
      Plot.link(points, {
        x1: 'low',
        x2: 'high',
        y1: 'side',
        y2: 'side',
        fx: 'ratio',
        fy: 'model',
        stroke: '#0969da',
      }),
      Plot.dot(points, { x: 'middle', y: 'side', fx: 'ratio', fy: 'model', fill: '#0969da', r: 3 }),
    ],
    figure: false,
  }) as unknown as { readonly outerHTML: string };
  return svg.outerHTML
    .replace(
      /<style>[^<]*<\/style>/,
      `<title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>`,
    )
    .replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" role="img" ')
    .replace(/ class="[^"]*"/, '')
    .replaceAll(/-?\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toFixed(2))));
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/\(r\)|\(tm\)/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** A document of results in which every block with ratios shows a picture of them, and the pictures by file name. */
export function withPlots(
  document: string,
  names: readonly string[],
): { readonly document: string; readonly pictures: ReadonlyMap<string, string> } {
  const pictures = new Map<string, string>();
  let changed = document;
  for (const [name, section] of sectionsOf(document, names))
    for (const block of blocksOf(section)) {
      const points = ratiosOf(block);
      if (points.length === 0) continue;
      const [, heading = name] = /^## (.*)/.exec(block) ?? [];
      const file = `${name}-${slug(processorOf(block))}.svg`;
      pictures.set(file, drawn(heading, points));
      const link = `![${heading}](plots/${file})`;
      const bare = block.replace(/\n\n!\[[^\n]*\]\(plots\/[^\n]*\)/, '');
      changed = withSection(changed, name, bare.replace(/\n\n(?=\| )/, `\n\n${link}\n\n`), names);
    }
  return { document: changed, pictures };
}
