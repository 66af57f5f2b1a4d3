import * as tf from '@tensorflow/tfjs';
import { type Checked, definePart, integer, type LossClosure, list, number, oneOf } from '@tfjs-sam/core';
import { seededRandom } from '@tfjs-sam/datasets';
import type { Figure, Metrics } from '../results.js';
import { hashOf } from '../study/identity.js';
import type { LoadedTask, Problem, Split, StepBatch } from './task.js';

/** A loss of two weights. */
interface Surface {
  readonly formula: string;
  readonly loss: (x: tf.Scalar, y: tf.Scalar) => tf.Tensor;
  /** Points that a training may end at, by name: the nearest one is told. */
  readonly points: Readonly<Record<string, readonly [number, number]>>;
  /** Half the side of the square of starts, around the origin. */
  readonly side: number;
}

const square = (x: tf.Tensor): tf.Tensor => tf.mul(x, x);

const surfaces = {
  banana: {
    formula: '(1 − x)² + 10 (y − x²)² (Rosenbrock 1960, with 10 in place of 100)',
    loss: (x, y) => tf.add(square(tf.sub(1, x)), tf.mul(10, square(tf.sub(y, square(x))))),
    points: { minimum: [1, 1] },
    side: 1.5,
  },
  saddle: {
    formula: '¼ x⁴ − ½ x² + ½ y²: a saddle at the origin between two minima',
    loss: (x, y) =>
      tf.add(tf.sub(tf.mul(0.25, square(square(x))), tf.mul(0.5, square(x))), tf.mul(0.5, square(y))),
    points: { saddle: [0, 0], right: [1, 0], left: [-1, 0] },
    side: 0.5,
  },
  product: {
    formula: '(1 − x y)²: a valley of minima that is flattest at x = y, and a saddle at the origin',
    loss: (x, y) => square(tf.sub(1, tf.mul(x, y))),
    points: { saddle: [0, 0], 'flattest +': [1, 1], 'flattest −': [-1, -1] },
    side: 2,
  },
  sinc: {
    formula: '1 − sinc(r), r = √(x² + y² + 10⁻⁶): rings of minima around the deepest one',
    loss: (x, y) => {
      const r = tf.sqrt(tf.add(tf.add(square(x), square(y)), 1e-6));
      return tf.sub(1, tf.div(tf.sin(tf.mul(Math.PI, r)), tf.mul(Math.PI, r)));
    },
    points: { deepest: [0, 0] },
    side: 3,
  },
  'two-well': {
    formula: '1 − e^(−20 ((x + 1)² + y²)) − 0.95 e^(−((x − 1)² + y²)): a deep sharp well and a flat one',
    loss: (x, y) => {
      const well = (at: number, width: number): tf.Tensor =>
        tf.exp(tf.mul(-width, tf.add(square(tf.sub(x, at)), square(y))));
      return tf.sub(tf.sub(1, well(-1, 20)), tf.mul(0.95, well(1, 1)));
    },
    points: { sharp: [-1, 0], flat: [1, 0] },
    side: 1.5,
  },
} as const satisfies Readonly<Record<string, Surface>>;

const names = Object.keys(surfaces) as (keyof typeof surfaces)[];

const options = {
  surface: oneOf(names, { doc: 'The loss' }),
  start: list(number({ doc: 'A weight' }), {
    min: 2,
    max: 2,
    optional: 'drawn by its seed from a square around the origin',
    doc: 'Point where every training begins',
  }),
  noise: number({
    min: 0,
    default: 0,
    doc: 'Deviation of a Gaussian slope that every step adds to the loss, as batches do',
  }),
  epochs: integer({ min: 1, default: 10, doc: 'Times that the loss is looked at' }),
  steps: integer({ min: 1, default: 50, doc: 'Steps of an epoch' }),
};
type Options = Checked<typeof options>;

class SurfaceProblem implements Problem {
  /** The path belongs to the result, and a training is short. */
  readonly resumable = false;
  readonly variables: tf.Variable[];
  readonly state: { readonly name: string; readonly variable: tf.Variable }[];
  readonly #options: Options;
  readonly #seed: number;
  readonly #path: [number, number][] = [];

  constructor(given: Options, seed: number) {
    const { side } = surfaces[given.surface];
    const random = seededRandom(seed, 11);
    const start = given.start ?? [side * (2 * random() - 1), side * (2 * random() - 1)];
    this.variables = [tf.variable(tf.tensor1d([...start]))];
    this.state = [{ name: 'w0', variable: this.variables[0]! }];
    this.#options = given;
    this.#seed = seed;
    this.#path.push(this.#point());
  }

  *batches(epoch: number): Generator<StepBatch, void> {
    const { steps, noise } = this.#options;
    const random = seededRandom(this.#seed, 12, epoch);
    for (let step = 0; step < steps; step++) {
      // Box and Muller: two normal numbers of two uniform ones.
      const length = noise * Math.sqrt(-2 * Math.log(1 - random()));
      const angle = 2 * Math.PI * random();
      const slope = tf.tensor1d([length * Math.cos(angle), length * Math.sin(angle)]);
      yield {
        loss: () => tf.add(this.#loss(), tf.sum(tf.mul(slope, this.variables[0]!))) as tf.Scalar,
        dispose: () => {
          slope.dispose();
          this.#path.push(this.#point());
        },
      };
    }
  }

  losses(): LossClosure[] {
    return [() => this.#loss()];
  }

  *evaluate(split: Split): Generator<void, Metrics, void> {
    const loss = tf.tidy(() => this.#loss().dataSync()[0]!);
    const [x, y] = this.#point();
    if (split === 'train') return { loss: Number.isFinite(loss) ? loss : null };
    const distances = Object.entries(surfaces[this.#options.surface].points).map(([name, [a, b]]) => [
      `distance to ${name}`,
      finite(Math.hypot(x - a, y - b)),
    ]);
    return { loss: finite(loss), ...Object.fromEntries(distances) };
  }

  figures(): Figure[] {
    return [{ kind: 'line', title: 'path of the two weights', points: this.#path }];
  }

  dispose(): void {
    tf.dispose(this.variables);
  }

  #point(): [number, number] {
    const [x, y] = this.variables[0]!.dataSync();
    return [x!, y!];
  }

  #loss(): tf.Scalar {
    const [x, y] = tf.unstack(this.variables[0]!) as [tf.Scalar, tf.Scalar];
    return surfaces[this.#options.surface].loss(x, y) as tf.Scalar;
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Walks on a loss of two weights: seeds are independent runs. */
export const surface = definePart({
  kind: 'task',
  name: 'surface',
  doc: 'Walks on a loss of two weights; every seed is an independent run',
  options,
  create: (given) => ({
    async load(): Promise<LoadedTask> {
      const { formula, side } = surfaces[given.surface];
      return {
        checksum: hashOf([formula, side]),
        summary: `${given.surface}: ${formula}`,
        metric: 'loss',
        better: 'lower',
        epochs: given.epochs,
        stepsPerEpoch: given.steps,
        examples: 1,
        // Nothing is held out of a formula: what chooses is what is compared.
        validation: true,
        problem: async (seed) => new SurfaceProblem(given, seed),
      };
    },
  }),
});
