// Draws SVG pictures from the packages themselves: paths of the variants on a surface, balls of the metrics.
import * as tf from '@tensorflow/tfjs-core';
import { makeOracle } from '@tfjs-sam/core';
import { contours } from 'd3-contour';
import { surfaces } from '../surfaces/surfaces.mjs';

const [WIDTH, COLUMNS] = [960, 64];

/** Values of a loss on a grid, row by row from the lowest y. */
function valuesOf({ x, y }, value, columns, rows) {
  return tf.tidy(() => {
    const xs = tf.tile(tf.reshape(tf.linspace(x[0], x[1], columns), [1, columns]), [rows, 1]);
    const ys = tf.tile(tf.reshape(tf.linspace(y[0], y[1], rows), [rows, 1]), [1, columns]);
    return value(xs, ys).dataSync();
  });
}

/** Scales and contour lines of a surface. */
function frame(surface, value) {
  const span = ([low, high]) => high - low;
  const height = Math.round((WIDTH * span(surface.y)) / span(surface.x));
  const rows = Math.round((COLUMNS * height) / WIDTH);
  const values = [...valuesOf(surface, value, COLUMNS, rows)];
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const levels = Array.from(
    { length: 10 },
    (_, i) => sorted[Math.floor(((i + 0.5) / 11) * (sorted.length - 1))],
  );
  const toX = (x) => (WIDTH * (x - surface.x[0])) / span(surface.x);
  const toY = (y) => height - (height * (y - surface.y[0])) / span(surface.y);
  const lines = contours()
    .size([COLUMNS, rows])
    .thresholds([...new Set(levels)])(values)
    .flatMap(({ coordinates }) => coordinates.flat())
    .map((ring) =>
      path(
        ring.map(([i, j]) => [
          (WIDTH * (i - 0.5)) / (COLUMNS - 1),
          height - (height * (j - 0.5)) / (rows - 1),
        ]),
      ),
    );
  return { height, toX, toY, contour: `<path class="contour" d="${lines.join('')}"/>` };
}

const path = (points) =>
  points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(0)} ${y.toFixed(0)}`).join('');

function svg(height, title, content) {
  return `<svg class="picture" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}" xmlns="http://www.w3.org/2000/svg"><title>${escaped(title)}</title>${content}</svg>`;
}

const escaped = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

/**
 * The points that an optimizer visits on a surface.
 *
 * @param name - The surface's.
 * @param problem - How the method sees it: of `problemOf`.
 * @param make - Makes the optimizer; it is given what the problem offers.
 */
export function trajectory(name, problem, make, steps = 150) {
  const surface = surfaces[name];
  const at = problem.start(surface.start);
  const optimizer = make(at);
  const loss = 'rule' in optimizer ? at.loss : at.mean;
  const points = [surface.start];
  try {
    for (let step = 0; step < steps; step++) {
      optimizer.minimize(loss, false, at.variables);
      points.push(at.read());
    }
    return points;
  } finally {
    at.dispose();
    optimizer.dispose();
  }
}

/**
 * A surface with the paths of several optimizers.
 *
 * @param name - The surface's.
 * @param problem - How the methods see it: of `problemOf`.
 * @param paths - The points of each optimizer, by its label: of `trajectory`.
 */
export function pathsPicture(name, problem, paths) {
  const surface = surfaces[name];
  const { height, toX, toY, contour } = frame(surface, problem.value);
  const drawn = Object.entries(paths).map(([label, points], i) => {
    if (!points.flat().every(Number.isFinite)) throw new Error(`expected a finite path of ${label}`);
    const places = points.map(([x, y]) => [toX(x), toY(y)]);
    const [x, y] = places.at(-1);
    return `<path class="path path-${i}" d="${path(places)}"/><circle class="end path-${i}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="8"/><text class="label path-${i}" x="16" y="${36 + 36 * i}">${escaped(label)}</text>`;
  });
  const title = `${Object.keys(paths).join(' and ')} on the surface "${name}"`;
  return svg(height, title, contour + drawn.join(''));
}

/** The balls of a metric, or of an ascent step, of radius ρ at several places of a surface, with the step to the worst point. */
export function ballsPicture(name, title, problem, make, rho, places) {
  const surface = surfaces[name];
  const { height, toX, toY, contour } = frame(surface, problem.value);
  const balls = places.map((place) => {
    const { outline, step } = ball(problem, make, rho, place);
    const around = outline.map(([dx, dy]) => [toX(place[0] + dx), toY(place[1] + dy)]);
    const tip = [toX(place[0] + step[0]), toY(place[1] + step[1])];
    const centre = [toX(place[0]), toY(place[1])];
    return `<path class="ball" d="${path(around)}Z"/><path class="step" d="${path([centre, tip])}"/><circle class="centre" cx="${centre[0].toFixed(1)}" cy="${centre[1].toFixed(1)}" r="5"/>`;
  });
  return svg(height, title, contour + balls.join(''));
}

const turn = Array.from({ length: 180 }, (_, i) => [
  Math.cos(((i + 0.5) * Math.PI) / 90),
  Math.sin(((i + 0.5) * Math.PI) / 90),
]);

/** Outline and ascent step at a place, from the metric's own maps, or from the ascent step itself. */
function ball(problem, make, rho, place) {
  const at = problem.start(place);
  try {
    return tf.tidy(() => {
      const metric = make(at);
      const oracle = makeOracle(at.loss, at.variables);
      const { gradient } = oracle.evaluate();
      return typeof metric.at === 'function'
        ? ellipse(metric.at(gradient, oracle), at, gradient, rho)
        : reached(metric, at, oracle, gradient, rho);
    });
  } finally {
    at.dispose();
  }
}

/** { δ : δᵀGδ = ρ² }. */
function ellipse(inner, { lift, plane }, gradient, rho) {
  const column = (point) => plane(inner.apply(lift(point)));
  const [[a, b], [, c]] = [column([1, 0]), column([0, 1])];
  const outline = turn.map(([x, y]) => {
    const length = rho / Math.sqrt(a * x * x + 2 * b * x * y + c * y * y);
    return [length * x, length * y];
  });
  const solved = plane(inner.solve(gradient));
  const along = plane(gradient).reduce((sum, g, i) => sum + g * solved[i], 0);
  return { outline, step: solved.map((s) => (along > 0 ? (rho * s) / Math.sqrt(along) : 0)) };
}

/** What the step reaches as a gradient of this length turns. */
function reached(metric, { lift, plane }, oracle, gradient, rho) {
  const length = Math.hypot(...plane(gradient));
  const outline = turn.map(([x, y]) => plane(metric.step(lift([length * x, length * y]), rho, oracle)));
  return { outline, step: plane(metric.step(gradient, rho, oracle)) };
}
