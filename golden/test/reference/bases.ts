import type { GoldenBase } from '@tfjs-sam/testing/trajectories';
import { axpy, each, scale, type Vec, zeros } from './vector.js';

/** A base optimizer in float64, PyTorch's semantics. */
export interface Base {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** The weights after an update. */
  step(theta: Vec, gradient: Vec): Vec;
  /** The momentum buffer; undefined before the first update and without momentum. */
  buffer(): Vec | undefined;
  /** The buffer, Adam's uncorrected first moment, or the last decayed gradient. */
  memory(): Vec | undefined;
  /** Adam's uncorrected second moment. */
  second(): Vec | undefined;
}

export function makeBase(base: GoldenBase): Base {
  return base.type === 'adam' || base.type === 'adamw' ? adam(base) : sgd(base);
}

function sgd({ type, lr, momentum = 0, nesterov = type === 'nesterov', weight_decay = 0 }: GoldenBase): Base {
  let buffer: Vec | undefined;
  let last: Vec | undefined;
  return {
    ...{ lr, momentum, weightDecay: weight_decay },
    step: (theta, gradient) => {
      last = axpy(weight_decay, theta, gradient);
      buffer = buffer ? axpy(momentum, buffer, last) : last;
      return axpy(-lr, nesterov ? axpy(momentum, buffer, last) : momentum ? buffer : last, theta);
    },
    buffer: () => (momentum ? buffer : undefined),
    memory: () => (momentum ? buffer : last),
    second: () => undefined,
  };
}

function adam(base: GoldenBase): Base {
  const { type, lr, weight_decay = 0, eps = 1e-7, amsgrad = false } = base;
  const [beta1, beta2] = [base.beta1 ?? base.betas?.[0] ?? 0.9, base.beta2 ?? base.betas?.[1] ?? 0.999];
  let [m, v, largest]: (Vec | undefined)[] = [];
  let t = 0;
  return {
    ...{ lr, momentum: 0, weightDecay: 0 },
    step: (theta, gradient) => {
      t += 1;
      const g = type === 'adam' ? axpy(weight_decay, theta, gradient) : gradient;
      const start = type === 'adamw' ? scale(1 - lr * weight_decay, theta) : theta;
      m = each((old, x) => beta1 * old + (1 - beta1) * x, m ?? zeros(g), g);
      v = each((old, x) => beta2 * old + (1 - beta2) * x * x, v ?? zeros(g), g);
      largest = amsgrad ? each(Math.max, largest ?? zeros(g), v) : v;
      const [c1, c2] = [1 - beta1 ** t, 1 - beta2 ** t];
      return each((p, a, b) => p - (lr * (a / c1)) / (Math.sqrt(b / c2) + eps), start, m, largest);
    },
    buffer: () => undefined,
    memory: () => m,
    second: () => v,
  };
}
