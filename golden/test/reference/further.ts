import * as tf from '@tensorflow/tfjs-core';
import { byObjective, type Sampler } from '@tfjs-sam/core';
import type { Golden, GoldenRun, StoredVector } from '@tfjs-sam/testing/trajectories';
import * as sam from 'tfjs-sam';
import { eigenvector, filterNoise } from './formulas.js';
import { crossEntropy, logSumExp } from './networks.js';
import type { Formula, Session } from './session.js';
import { add, along, axpy, combine, dot, each, norm, scale, sub, top, type Vec, zeros } from './vector.js';

/** A method without published trajectories: its formula, and how it is made here. */
export interface Further extends GoldenRun {
  readonly formula: Formula;
  readonly hyper: Readonly<Record<string, unknown>>;
  /** How far float32 may be off. Default as the base optimizer's case says. */
  readonly tolerance?: number;
}

const RHO = 0.1;
const sum = (a: number, b: number) => a + b;
const climbed = (s: Session, g: Vec) => s.gradient(add(s.theta, along(RHO, g)));
const losses: GoldenRun['closure'] =
  (model, { batch }) =>
  () =>
    model.losses(batch!);
const vector = ({ initial }: Golden, values: StoredVector) =>
  Object.entries(initial).map(([name, { shape }]) => tf.tensor(values[name]!, shape));
const injected =
  (golden: Golden, key: string): Sampler =>
  (_shapes, step, index) => {
    const held = golden.steps[step]![key] as StoredVector | StoredVector[];
    return vector(golden, Array.isArray(held) ? (held[index] as StoredVector) : (held as StoredVector));
  };

/** A step of SAM, or of the base optimizer. */
const sometimes =
  (acts: (s: Session) => boolean): Formula =>
  (s) => {
    const g = s.gradient();
    s.descend(acts(s) ? climbed(s, g) : g);
  };

/** U Vᵀ of a matrix with `width` columns, by Newton's iteration in float64. */
function polar(flat: readonly number[], width: number): number[] {
  const rows = flat.length / width;
  let x = [...along(1, [[...flat]])[0]!];
  for (let step = 0; step < 60; step++) {
    const gram = Array.from({ length: width * width }, (_, at) => {
      const [i, j] = [Math.floor(at / width), at % width];
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += x[row * width + i]! * x[row * width + j]!;
      return sum;
    });
    x = x.map((value, at) => {
      const [row, j] = [Math.floor(at / width), at % width];
      let sum = 0;
      for (let k = 0; k < width; k++) sum += x[row * width + k]! * gram[k * width + j]!;
      return 1.5 * value - 0.5 * sum;
    });
  }
  return x;
}

/** φ = t², ψ = tanh(t/10): neither of the named members of the class. */
const universal: Formula = (s) => {
  const { loss, gradient: g } = s.at(s.theta);
  const points = s.directions(2).map((z) => s.at(axpy(RHO, z, s.theta)));
  const psi = points.map((point) => Math.tanh((point.loss - loss) / RHO ** 2 / 10));
  const outer = 0.3 * 2 * (psi.reduce(sum) / points.length);
  s.descend(
    points.reduce(
      (v, { gradient }, i) => axpy((outer * (1 - psi[i]! ** 2)) / 10 / points.length, sub(gradient, g), v),
      g,
    ),
  );
};

/** The methods of the wider family, each written from its formula. */
export const further: Readonly<Record<string, Further>> = {
  'sam-polyak': {
    hyper: {},
    formula: (s) => {
      const d = along(RHO, s.gradient());
      const { loss, gradient: gp } = s.at(add(s.theta, d));
      const step = Math.max(0, loss - 0.2 - dot(gp, d)) / dot(gp, gp);
      s.descend(scale(Math.min(1, step / s.base.lr), gp));
    },
    create: (base) => sam.samPolyak(base, { rho: RHO, lowerBound: 0.2 }),
  },
  'polar-sam': {
    hyper: {},
    formula: (s) => {
      const d = s
        .gradient()
        .map((tensor, i) =>
          s.shape(i).length < 2
            ? along(RHO, [tensor])[0]!
            : scale(RHO, [polar(tensor, s.shape(i).at(-1)!)])[0]!,
        );
      s.descend(s.gradient(add(s.theta, d)));
    },
    create: (base) => sam.polarSam(base, { rho: RHO, iterations: 16 }),
  },
  'preconditioned-sam': {
    hyper: {},
    formula: (s) => {
      const g = s.gradient();
      const own = s.memory.get('moment') as Vec | undefined;
      const moment = s.base.second() ?? own;
      if (!s.base.second())
        s.keep(
          'moment',
          each((v, x) => 0.9 * v + 0.1 * x * x, own ?? zeros(g), g),
        );
      s.descend(climbed(s, moment ? each((x, v) => x / (Math.sqrt(v) + 1e-3), g, moment) : g));
    },
    create: (base) => sam.preconditionedSam(base, { rho: RHO, beta2: 0.9, epsilon: 1e-3 }),
  },
  'async-sam': {
    hyper: {},
    formula: (s) => {
      const g = s.gradient();
      const previous = s.recall('previous', () => g);
      s.keep('previous', g);
      s.descend(climbed(s, previous));
    },
    create: (base) => sam.asyncSam(base, { rho: RHO }),
  },
  'layer-sam': {
    hyper: {},
    formula: (s) => {
      const g = s.gradient();
      s.descend(
        s.gradient(
          add(
            s.theta,
            g.map((tensor) => along(RHO, [tensor])[0]!),
          ),
        ),
      );
    },
    create: (base) => sam.layerSam(base, { rho: RHO }),
  },
  'x-sam': {
    hyper: {},
    // Power iterations pile up what differences of float32 gradients lose.
    tolerance: 2e-4,
    formula: (s) => {
      const gp = climbed(s, s.gradient());
      const u = along(1, gp);
      const v = eigenvector(s, 2, 4);
      s.descend(v ? axpy(-0.7 * dot(u, v), v, u) : u);
    },
    create: (base, golden) =>
      sam.explicitSam(base, {
        ...{ rho: RHO, alpha: 0.7, refreshEvery: 2, powerSteps: 4 },
        sampler: injected(golden, 'initial_vector'),
      }),
  },
  'functional-sam': {
    hyper: {},
    formula: (s) => {
      const head = crossEntropy(s.golden.data.label_smoothing ?? 0);
      const { gradient: g, logits } = s.at(s.theta);
      const { labels } = s.golden.data.batches![s.batch]!;
      const slopes = logits.map((z, i) => head(z, labels[i]!).slope);
      let example = 0;
      s.descend(
        s.gradient(add(s.theta, along(RHO, g)), {
          head: () => ({ loss: 0, slope: slopes[example++]! }),
        }),
      );
    },
    create: (base, golden, model) =>
      sam.functionalSam(base, {
        rho: RHO,
        parts: (step) => {
          const batch = golden.steps[step]!.batch!;
          return {
            outputs: () => model.logits(batch),
            lossOf: (logits) => model.lossOf(logits as tf.Tensor2D, batch),
          };
        },
      }),
  },
  'periodic-sam': {
    hyper: {},
    formula: sometimes(({ t }) => t >= 1 && (t - 1) % 2 === 0),
    create: (base) => sam.periodicSam(base, { rho: RHO, every: 2, from: 1 }),
  },
  'rst-sam': {
    hyper: {},
    formula: sometimes((s) => s.drawn('coin', (draw) => draw()) < 0.5),
    create: (base, golden) =>
      sam.rstSam(base, { rho: RHO, draw: (step) => golden.steps[step]!.coin as number }),
  },
  'focal-sam': {
    hyper: {},
    formula: (s) => {
      const at = s.at(s.theta);
      const weights = at.losses.map((loss) => (1 - Math.exp(-loss)) ** 0.8 / s.size);
      const focal = s.gradient(s.theta, { weights });
      const beside = s.gradient(add(s.theta, along(RHO, focal)), { weights });
      s.descend(axpy(0.6, sub(beside, focal), at.gradient));
    },
    create: (base) => sam.focalSam(base, { rho: RHO, gamma: 0.8, lambda: 0.6 }),
    closure: losses,
  },
  'k-sam': {
    hyper: {},
    formula: (s) => {
      const count = Math.floor(s.size * 0.5);
      const weights = top(count, [s.at(s.theta).losses])[0]!.map((kept) => kept / count);
      const g = s.gradient(s.theta, { weights });
      s.descend(s.gradient(add(s.theta, along(RHO, g)), { weights }));
    },
    create: (base) => sam.kSam(base, { rho: RHO, share: 0.5 }),
    closure: losses,
  },
  'rw-sam': {
    hyper: {},
    formula: (s) => {
      const { gradient: g, losses: before } = s.at(s.theta);
      const at = add(s.theta, along(RHO, g));
      const rise = s.at(at).losses.map((loss, i) => 3 * (loss - before[i]!));
      s.descend(s.gradient(at, { weights: logSumExp(rise).shares }));
    },
    create: (base) => sam.rwSam(base, { rho: RHO, tilt: 3 }),
    closure: losses,
  },
  arwp: {
    hyper: {},
    formula: (s) => {
      const squares = s.recall('squares', () => zeros(s.theta));
      const noise = filterNoise(s);
      const d = noise.map((tensor, i) => {
        const width = s.shape(i).length > 1 ? s.shape(i).at(-1)! : tensor.length;
        const sums = Array<number>(width).fill(0);
        for (const [j, x] of squares[i]!.entries()) sums[j % width]! += x;
        return tensor.map((x, j) => x / Math.sqrt(1 + 3 * sums[j % width]!));
      });
      const g = s.gradient(add(s.theta, d));
      s.keep(
        'squares',
        each((v, x) => 0.8 * v + x * x, squares, g),
      );
      s.descend(g);
    },
    create: (base, golden) =>
      sam.arwp(base, {
        ...{ gamma: 0.1, eta: 3, decay: 0.8 },
        sampler: injected(golden, 'noise_standard_normal'),
      }),
    reportsLossAtTheta: false,
  },
  'lookahead-sam': {
    hyper: {},
    formula: (s) => {
      const last = s.recall('last', () => zeros(s.theta));
      const y = axpy(-0.5 * s.base.lr, last, s.theta);
      const d = s.gradient(add(y, along(RHO, s.gradient(y))));
      s.keep('last', d);
      s.descend(d);
    },
    create: (base) => sam.lookaheadSam(base, { rho: RHO, lookahead: 0.5 }),
    reportsLossAtTheta: false,
  },
  'sl-sam': {
    hyper: {},
    formula: (s) => {
      const g = s.gradient();
      const n = g.length;
      const count = Math.ceil(0.6 * n);
      const scores = s.recall('scores', () => Array<number>(n).fill(0));
      const p = logSumExp(scores).shares.map((share) => 0.8 * share + 0.2 / n);
      const draws = s.drawn('coins', (draw) => g.map(() => Math.fround(draw())));
      const gumbel = p.map((chance, i) => Math.log(chance) - Math.log(-Math.log(draws[i]!)));
      const mask = top(count, [gumbel])[0]!;
      const masked = (v: Vec) => v.map((tensor, i) => tensor.map((x) => mask[i]! * x));
      s.descend(masked(s.gradient(add(s.theta, along(RHO, masked(g))))));
      const lengths = masked(g).map((tensor) => norm([tensor]));
      const largest = Math.max(...lengths);
      s.keep(
        'scores',
        scores.map((score, i) => score + (0.5 * lengths[i]!) / largest / (count * p[i]!)),
      );
    },
    create: (base, golden) =>
      sam.slSam(base, {
        ...{ rho: RHO, share: 0.6, exploration: 0.2, rate: 0.5 },
        sampler: (_shapes, step) => (golden.steps[step]!.coins as number[]).map((coin) => tf.scalar(coin)),
      }),
  },
  'entropy-sgd': {
    hyper: {},
    formula: (s) => {
      const noise = s.directions(4);
      let [x, mu] = [s.theta, s.theta];
      for (const z of noise) {
        const pull = sub(x, s.theta);
        x = combine([1, x], [-0.2, s.gradient(x)], [-0.2 * 0.3, pull], [0.05 * Math.sqrt(2 * 0.2), z]);
        mu = combine([0.25, mu], [0.75, x]);
      }
      s.descend(sub(s.theta, mu));
    },
    create: (base, golden) =>
      sam.entropySgd(base, {
        ...{ gamma: 0.3, steps: 4, walkRate: 0.2, noise: 0.05 },
        sampler: injected(golden, 'directions'),
      }),
  },
  'agnostic-sam': {
    hyper: {},
    formula: (s) => {
      const validation = s.gradient(s.theta, { batch: 0 });
      const climb = s.gradient(axpy(-1, along(0.05, validation), s.theta));
      s.descend(climbed(s, climb));
    },
    create: (base) => sam.agnosticSam(base, { rho: RHO, validationRho: 0.05 }),
    closure: (model, { batch }) =>
      byObjective({ ascent: () => model.loss(0), descent: () => model.loss(batch!) }),
    reportsLossAtTheta: false,
  },
  'modality-sam': {
    hyper: {},
    // The dominant share: the loss of the batch's first half.
    formula: (s) => {
      const half = Array.from({ length: s.size }, (_, i) => (i < s.size / 2 ? 0.7 / (s.size / 2) : 0));
      const g = s.gradient();
      const dominant = s.gradient(s.theta, { weights: half });
      const beside = s.gradient(add(s.theta, along(RHO, dominant)), { weights: half });
      s.descend(combine([1, g], [-1, dominant], [1, beside]));
    },
    create: (base) => sam.modalitySam(base, { rho: RHO }),
    closure: (model, { batch }) =>
      byObjective({
        ascent: () => {
          const each = model.losses(batch!);
          return tf.mul(0.7, tf.mean(tf.slice(each, [0], [each.size / 2]))) as tf.Scalar;
        },
        descent: () => model.loss(batch!),
      }),
  },
  sassha: {
    hyper: {},
    // Kinks are held at θ, where the reference takes those of θ + δ; and roots of differences of float32 gradients.
    tolerance: 4e-3,
    formula: (s) => {
      const d = along(RHO, s.gradient());
      const gp = s.gradient(add(s.theta, d));
      const m = axpy(
        0.9,
        s.recall('m', () => zeros(s.theta)),
        scale(0.1, gp),
      );
      s.keep('m', m);
      if (s.t % 2 === 0) {
        const z = each((x) => (x < 0 ? -1 : 1), s.noise('probe'));
        const [theta, at] = [s.theta, add(s.theta, d)];
        s.theta = at;
        const hz = s.hessian(z);
        s.theta = theta;
        const before = s.recall('d', () => zeros(s.theta));
        s.keep(
          'd',
          each((old, a, b) => 0.7 * old + 0.3 * Math.abs(a * b), before, z, hz),
        );
        s.keep('correction', Math.sqrt(1 - 0.7 ** (s.t + 1)));
      }
      const [curvature, second] = [s.memory.get('d') as Vec, s.memory.get('correction') as number];
      const first = 1 - 0.9 ** (s.t + 1);
      s.theta = each(
        (x, a, b) => x * (1 - 0.02 * 0.1) - (0.02 * (a / first)) / (Math.sqrt(b) / second + 0.05),
        s.theta,
        m,
        curvature,
      );
    },
    create: (_base, golden) =>
      sam.sassha({
        ...{ learningRate: 0.02, rho: RHO, beta2: 0.7, epsilon: 0.05, weightDecay: 0.1, refreshEvery: 2 },
        sampler: (shapes, step) => {
          const probe = golden.steps[step]!.probe as StoredVector;
          return Object.values(probe).map((values, i) =>
            tf.tensor(
              values.map((x) => (x < 0 ? -1 : 1)),
              shapes[i]!,
            ),
          );
        },
      }),
  },
  'lpf-sgd': {
    hyper: {},
    formula: (s) => {
      const points = s.directions(3).map((z) => s.gradient(add(s.theta, filterNoise(s, z))));
      s.descend(scale(1 / 3, points.reduce(add)));
    },
    create: (base, golden) =>
      sam.lpfSgd(base, { gamma: 0.1, samples: 3, sampler: injected(golden, 'directions') }),
    reportsLossAtTheta: false,
  },
  'r-sam': {
    hyper: {},
    formula: (s) => {
      s.descend(climbed(s, s.gradient(add(s.theta, filterNoise(s)))));
    },
    create: (base, golden) =>
      sam.rSam(base, { rho: RHO, gamma: 0.1, sampler: injected(golden, 'noise_standard_normal') }),
    reportsLossAtTheta: false,
  },
  'universal-sam': {
    hyper: {},
    formula: universal,
    create: (base, golden) =>
      sam.universalSam(base, {
        ...{ rho: RHO, lambda: 0.3, samples: 2 },
        phi: (t) => tf.square(t),
        phiDerivative: (t) => tf.mul(t, 2),
        psi: (t) => tf.tanh(tf.div(t, 10)),
        psiDerivative: (t) => tf.div(tf.sub(1, tf.square(tf.tanh(tf.div(t, 10)))), 10),
        sampler: injected(golden, 'directions'),
      }),
  },
};

/** p-norm balls and other compositions of parts. */
export const compositions: Readonly<Record<string, Further>> = {
  'lookahead SAM without a look ahead is SAM': {
    hyper: {},
    formula: (s) => s.descend(climbed(s, s.gradient())),
    create: (base) => sam.lookaheadSam(base, { rho: RHO, lookahead: 0 }),
  },
  'SL-SAM of all variables is SAM': {
    hyper: {},
    formula: (s) => s.descend(climbed(s, s.gradient())),
    create: (base) => sam.slSam(base, { rho: RHO, share: 1 }),
  },
  'Agnostic-SAM without a step on validation data is SAM': {
    hyper: {},
    formula: (s) => s.descend(climbed(s, s.gradient())),
    create: (base) => sam.agnosticSam(base, { rho: RHO, validationRho: 0 }),
    reportsLossAtTheta: false,
  },
  'modality-aware SAM of one modality is SAM': {
    hyper: {},
    formula: (s) => s.descend(climbed(s, s.gradient())),
    create: (base) => sam.modalitySam(base, { rho: RHO }),
  },
  'adaptive RWP of η = 0 is RWP': {
    hyper: {},
    formula: (s) => s.descend(s.gradient(add(s.theta, filterNoise(s)))),
    create: (base, golden) =>
      sam.arwp(base, { gamma: 0.1, eta: 0, sampler: injected(golden, 'noise_standard_normal') }),
    reportsLossAtTheta: false,
  },
  'Entropy-SGD of one step without noise is gradient descent': {
    hyper: {},
    formula: (s) => s.descend(scale(0.75 * 0.4, s.gradient())),
    create: (base) => sam.entropySgd(base, { steps: 1, noise: 0, walkRate: 0.4 }),
  },
  'lookbehind of one step is a share of SAM’s': {
    hyper: {},
    formula: (s) => {
      const from = s.theta;
      s.descend(climbed(s, s.gradient()));
      s.theta = combine([0.7, from], [0.3, s.theta]);
    },
    create: (base) => sam.lookbehindSam(base, { rho: RHO, k: 1, alpha: 0.3 }),
  },
  'groups of variables': {
    hyper: {},
    formula: (s) => {
      // In the coordinates F⁻¹θ the gradient is F g, and its step F times as long in θ.
      const factors = s.names.map((name) => (/bias|beta/.test(name) ? 0.5 : 1));
      const scaled = s.gradient().map((tensor, i) => tensor.map((x) => factors[i]! * x));
      const length = norm(scaled);
      s.descend(
        s.gradient(
          add(
            s.theta,
            scaled.map((tensor, i) => tensor.map((x) => (RHO * factors[i]! * x) / length)),
          ),
        ),
      );
    },
    create: (base) => sam.sam(base, { rho: RHO, groups: [{ match: /bias|beta/, rho: 0.5 }] }),
  },
};
