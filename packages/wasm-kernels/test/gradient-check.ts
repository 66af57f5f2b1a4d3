import * as tf from '@tensorflow/tfjs';
import type { Differentiable } from './differentiable.js';
import { values as drawn, uniform } from './random.js';

/** What a gradient is against differences of the function. */
export type Verdict = 'right' | 'wrong' | 'throws';

/** A function of several tensors whose value is a number, and its derivative along directions. */
interface Slope {
  readonly value: (x: tf.Tensor[]) => number;
  readonly along: (x: tf.Tensor[], directions: tf.Tensor[]) => { slope: number; size: number };
}

const numbers = (seed: number, size: number): Float32Array => drawn(uniform(seed), size);

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Points with steps, so that no step of the differences crosses a tie or a bound. */
export function inputsOf({ shapes, range: [low, high] }: Differentiable, seed: number): tf.Tensor[] {
  const sizes = shapes.map((shape) => shape.reduce((n, length) => n * length, 1));
  const total = sizes.reduce((n, size) => n + size, 0);
  const order = numbers(seed, total);
  const ranks = Array.from(order.keys()).sort((i, j) => order[i]! - order[j]!);
  const values = new Float32Array(total);
  const offset = total % 2 ? 0.25 : 0.5;
  for (const [rank, i] of ranks.entries()) values[i] = low + ((high - low) * (rank + offset)) / total;
  let from = 0;
  return shapes.map((shape, i) => {
    from += sizes[i]!;
    return tf.tensor(values.slice(from - sizes[i]!, from), shape);
  });
}

const random = (seed: number, like: readonly tf.Tensor[]): tf.Tensor[] =>
  like.map(({ shape, size }, i) => tf.tensor(numbers(seed + i, size), shape));

/** Moves every input along its direction. */
const moved = (x: tf.Tensor[], directions: tf.Tensor[], h: number): tf.Tensor[] =>
  x.map((t, i) =>
    tf.tensor(
      t.dataSync().map((value, j) => value + h * directions[i]!.dataSync()[j]!),
      t.shape,
    ),
  );

/** The derivative of a function by differences, to fourth order. */
function difference({ value }: Slope, x: tf.Tensor[], directions: tf.Tensor[], h: number): number {
  const by = (step: number): number =>
    tf.tidy(() => (value(moved(x, directions, step)) - value(moved(x, directions, -step))) / (2 * step));
  return (4 * by(h) - by(2 * h)) / 3;
}

/** Σ c·f(x), its value summed in float64. */
function projection(f: Differentiable['f'], c: tf.Tensor): Slope {
  const loss = (...x: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(f(...x), c)) as tf.Scalar;
  return slopeOf(loss, (x) => dot(f(...x).dataSync(), c.dataSync()));
}

/** A loss with its gradient as tensor operations. Half the sum of squares is added: what is constant has a gradient, too. */
function slopeOf(loss: (...x: tf.Tensor[]) => tf.Scalar, value: Slope['value']): Slope {
  const whole = (...x: tf.Tensor[]): tf.Scalar =>
    tf.addN([loss(...x), ...x.map((t) => tf.mul(0.5, tf.sum(tf.square(t))))]) as tf.Scalar;
  return {
    value,
    along: (x, directions) => {
      const gradients = tf
        .grads(whole)(x)
        .map((g, i) => {
          const [own, values] = [x[i]!.dataSync<'float32'>(), g.dataSync<'float32'>()];
          if (values.length !== own.length) throw new Error('expected a gradient of the shape of its input');
          return values.map((entry, j) => entry - own[j]!);
        });
      const terms = gradients.map((g, i) => dot(g, directions[i]!.dataSync()));
      const size = gradients.reduce((sum, g, i) => {
        const d = directions[i]!.dataSync();
        return sum + g.reduce((part, entry, j) => part + Math.abs(entry * d[j]!), 0);
      }, 0);
      return { slope: terms.reduce((sum, term) => sum + term, 0), size };
    },
  };
}

/** The gradient of Σ c·f(x) along u as a function of x, whose derivative is the second one. */
function secondOf(f: Differentiable['f'], c: tf.Tensor, u: tf.Tensor[]): Slope {
  const loss = (...x: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(f(...x), c)) as tf.Scalar;
  const whole = (...x: tf.Tensor[]): tf.Scalar =>
    tf.addN([loss(...x), ...x.map((t) => tf.mul(0.5, tf.sum(tf.square(t))))]) as tf.Scalar;
  const along = (...x: tf.Tensor[]): tf.Scalar =>
    tf.addN(
      tf
        .grads(whole)(x)
        .map((g, i) => tf.sum(tf.mul(tf.sub(g, x[i]!), u[i]!))),
    ) as tf.Scalar;
  return slopeOf(along, (x) => along(...x).dataSync()[0]!);
}

/** Compares a slope with differences along three directions. */
function verdictOf(slope: Slope, x: tf.Tensor[], h: number): Verdict {
  for (let seed = 0; seed < 3; seed++) {
    const directions = random(100 + 10 * seed, x);
    try {
      const { slope: got, size } = slope.along(x, directions);
      const want = difference(slope, x, directions, h);
      if (!(Math.abs(got - want) <= 0.01 * size + 2e-3)) return 'wrong';
    } catch {
      return 'throws';
    }
  }
  return 'right';
}

/** Whether the first and the second gradient of an operation are right on the active backend. */
export function check(operation: Differentiable): { first: Verdict; second: Verdict } {
  return tf.tidy(() => {
    const x = inputsOf(operation, 7);
    let c: tf.Tensor;
    try {
      [c] = random(50, [operation.f(...x)]) as [tf.Tensor];
    } catch {
      return { first: 'throws', second: 'throws' };
    }
    const first = verdictOf(projection(operation.f, c), x, 0.002);
    const second =
      first === 'right' ? verdictOf(secondOf(operation.f, c, random(80, x)), x, 0.002) : 'throws';
    return { first, second };
  });
}
