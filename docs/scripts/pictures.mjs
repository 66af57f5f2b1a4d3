// Draws SVG pictures from the packages themselves: paths of the variants on a surface, balls of the metrics.
import * as tf from '@tensorflow/tfjs-core';
import { contours } from 'd3-contour';
import { lossOf } from '../surfaces/formula.mjs';
import { surfaces } from '../surfaces/surfaces.mjs';

const [WIDTH, COLUMNS] = [960, 64];

/** Values of a loss on a grid, row by row from the lowest y. */
function valuesOf({ x, y, formula }, columns, rows) {
  return tf.tidy(() => {
    const xs = tf.tile(tf.reshape(tf.linspace(x[0], x[1], columns), [1, columns]), [rows, 1]);
    const ys = tf.tile(tf.reshape(tf.linspace(y[0], y[1], rows), [rows, 1]), [1, columns]);
    return lossOf(formula)(xs, ys).dataSync();
  });
}

/** The loss at a variable of two weights. */
const lossAt = ({ formula }, weights) => {
  const loss = lossOf(formula);
  return () => loss(tf.gather(weights, 0), tf.gather(weights, 1));
};

/** Scales and contour lines of a surface. */
function frame(surface) {
  const span = ([low, high]) => high - low;
  const height = Math.round((WIDTH * span(surface.y)) / span(surface.x));
  const rows = Math.round((COLUMNS * height) / WIDTH);
  const values = [...valuesOf(surface, COLUMNS, rows)];
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

/** The points that an optimizer visits on a surface. */
export function trajectory(surface, optimizer, steps) {
  const weights = tf.variable(tf.tensor1d(surface.start));
  const loss = lossAt(surface, weights);
  const points = [surface.start];
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(loss, false, [weights]);
    points.push([...weights.dataSync()]);
  }
  weights.dispose();
  optimizer.dispose();
  return points;
}

/** A surface with the paths of several optimizers: `{ name: optimizer }`. */
export function pathsPicture(name, optimizers, steps = 150) {
  const surface = surfaces[name];
  const { height, toX, toY, contour } = frame(surface);
  const drawn = Object.entries(optimizers).map(([label, optimizer], i) => {
    const points = trajectory(surface, optimizer, steps).filter((point) => point.every(Number.isFinite));
    const places = points.map(([x, y]) => [toX(x), toY(y)]);
    const [x, y] = places.at(-1);
    return `<path class="path path-${i}" d="${path(places)}"/><circle class="end path-${i}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="8"/><text class="label path-${i}" x="16" y="${36 + 36 * i}">${escaped(label)}</text>`;
  });
  return svg(
    height,
    `${Object.keys(optimizers).join(' and ')} on the surface "${name}"`,
    contour + drawn.join(''),
  );
}

/** The balls of a metric of radius ρ at several places of a surface, each with the step to its worst point. */
export function ballsPicture(name, title, metric, rho, places) {
  const surface = surfaces[name];
  const { height, toX, toY, contour } = frame(surface);
  const balls = places.map((place) => {
    const { ellipse, step } = ball(surface, metric, rho, place);
    const around = ellipse.map(([dx, dy]) => [toX(place[0] + dx), toY(place[1] + dy)]);
    const tip = [toX(place[0] + step[0]), toY(place[1] + step[1])];
    const centre = [toX(place[0]), toY(place[1])];
    return `<path class="ball" d="${path(around)}Z"/><path class="step" d="${path([centre, tip])}"/><circle class="centre" cx="${centre[0].toFixed(1)}" cy="${centre[1].toFixed(1)}" r="5"/>`;
  });
  return svg(height, title, contour + balls.join(''));
}

/** The boundary { δ : δᵀGδ = ρ² } of a metric at a place, and its ascent step, from the metric's own two maps. */
function ball(surface, metric, rho, place) {
  return tf.tidy(() => {
    const weights = tf.variable(tf.tensor1d(place));
    const loss = lossAt(surface, weights);
    const { grads } = tf.variableGrads(loss, [weights]);
    const gradient = [grads[weights.name]];
    const inner = metric(weights, gradient, loss);
    const column = (v) => [...inner.apply([tf.tensor1d(v)])[0].dataSync()];
    const [[a, b], [, c]] = [column([1, 0]), column([0, 1])];
    const ellipse = Array.from({ length: 90 }, (_, i) => {
      const [x, y] = [Math.cos((i * Math.PI) / 45), Math.sin((i * Math.PI) / 45)];
      const length = rho / Math.sqrt(a * x * x + 2 * b * x * y + c * y * y);
      return [length * x, length * y];
    });
    const solved = [...inner.solve(gradient)[0].dataSync()];
    const along = gradient[0].dataSync().reduce((sum, g, i) => sum + g * solved[i], 0);
    weights.dispose();
    return { ellipse, step: solved.map((s) => (along > 0 ? (rho * s) / Math.sqrt(along) : 0)) };
  });
}
