import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Width of a drawing in CSS pixels; it scales with the page. */
const drawingWidth = 460;

/** Members of the DOM that are used here; Node has none, and neither do the compiler's libraries. */
interface DrawnElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<{ remove(): void }>;
}

const label = (text: string): string => text.replaceAll(/\s+/g, ' ');

/**
 * Draws marks as an SVG element, without a browser; text and axes take the colour of the page.
 *
 * @param title - For those who do not see it.
 */
export function draw(title: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    document: document as never,
    width: drawingWidth,
    height: 280,
    marginLeft: 52,
    marginBottom: 40,
    style: { background: 'none', fontSize: '11px' },
    ...options,
    // A drawing with a colour legend of its own would become a figure element: the page has one for all.
    figure: false,
  }) as unknown as DrawnElement;
  // Its style sheet would stand in the page once per drawing, and sets what the page sets for all.
  for (const style of svg.querySelectorAll('style')) style.remove();
  svg.removeAttribute('class');
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label(title));
  return svg.outerHTML.replaceAll(/\s?xmlns(:\w+)?="[^"]*"/g, '').replaceAll(coordinates, shortened);
}

/** Attributes that hold positions: text keeps its digits. */
const coordinates = / (?:d|transform|[xy][12]?|c[xy]|width|height)="[^"<>]*"/g;

/** Hundredths of a pixel are enough, and a third of the bytes. */
const shortened = (attribute: string): string =>
  attribute.replaceAll(/-?\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toFixed(2))));

/** A drawing as a file of its own, on white, in the place of the style that it has in a page. */
export function standalone(svg: string): string {
  const style = 'background:#fff;color:#1b1f24;font:11px sans-serif';
  return svg
    .replace(/^(<svg [^>]*?) ?style="[^"]*"/, '$1')
    .replace(/^<svg /, `<svg xmlns="http://www.w3.org/2000/svg" style="${style}" `);
}

/** Logarithmic where positive values span more than a factor of four. */
export function scaleOf(values: readonly number[]): 'log' | 'linear' {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low > 4 ? 'log' : 'linear';
}
