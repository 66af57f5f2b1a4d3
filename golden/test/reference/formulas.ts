import { logSumExp } from './networks.js';
import type { Formula, Session } from './session.js';
import {
  add,
  along,
  axpy,
  combine,
  dot,
  each,
  mul,
  norm,
  perTensor,
  quantile,
  scale,
  sub,
  top,
  type Vec,
  zeros,
} from './vector.js';

const EPSILON = 1e-12;

/** SAM by a perturbation of its own: θ ← Base(θ, g(θ + δ)). */
const perturbed =
  (perturb: (s: Session, g: Vec) => Vec): Formula =>
  (s) => {
    const g = s.gradient();
    s.descend(s.gradient(add(s.theta, perturb(s, g))));
  };

/** Two passes and what is made of their gradients. */
const mixed =
  (perturb: (s: Session, g: Vec) => Vec, descend: (s: Session, g: Vec, gp: Vec) => Vec): Formula =>
  (s) => {
    const g = s.gradient();
    s.descend(descend(s, g, s.gradient(add(s.theta, perturb(s, g)))));
  };

const ascent = (s: Session, g: Vec) => s.ascent(s.number('rho'), g);

/** ρ T² g / (‖T g‖ + ε). */
function scaled(s: Session, g: Vec, t: Vec, epsilon: number): Vec {
  const tg = mul(t, g);
  return scale(s.number('rho') / (norm(tg) + epsilon), mul(t, tg));
}

const sizes = (s: Session, eta: number, all: boolean) =>
  s.theta.map((tensor, i) => tensor.map((x) => (all || s.isWeight(i) ? Math.abs(x) + eta : 1)));

/** The part of `a` across `b`. */
const across = (a: Vec, b: Vec): Vec => axpy(-dot(a, b) / dot(b, b), b, a);

const bisam =
  (surrogate: (s: Session, margin: number) => { value: number; slope: number }): Formula =>
  (s) => {
    const climbed = s.gradient(s.theta, {
      head: (logits, label) => {
        const terms = logits.map((z) => surrogate(s, z - logits[label]!));
        const { value, shares } = logSumExp(terms.map((term) => term.value));
        const slope = terms.map((term, j) => shares[j]! * term.slope);
        slope[label]! -= slope.reduce((a, b) => a + b);
        return { loss: value, slope };
      },
    });
    s.descend(s.gradient(add(s.theta, along(s.number('rho'), climbed))));
  };

function lookSam(s: Session, perVariable: boolean): void {
  const g = s.gradient();
  const parts = (f: (...vectors: Vec[]) => Vec, ...vectors: Vec[]): Vec =>
    perVariable ? vectors[0]!.map((_, i) => f(...vectors.map((vector) => [vector[i]!]))[0]!) : f(...vectors);
  if (s.t % s.number('k') === 0) {
    const gp = s.gradient(add(s.theta, along(s.number('rho'), g)));
    s.keep(
      'across',
      parts((a, b) => across(a!, b!), gp, g),
    );
    s.descend(gp);
    return;
  }
  const gv = s.recall<Vec>('across', () => zeros(g));
  const epsilon = perVariable ? 1e-8 : 0;
  s.descend(parts((a, b) => axpy((s.number('alpha') * norm(a!)) / (norm(b!) + epsilon), b!, a!), g, gv));
}

/** Points around θ with their losses and gradients. */
const sampled = (s: Session, directions: readonly Vec[]) =>
  directions.map((direction) => s.at(axpy(s.number('rho'), direction, s.theta)));

const cubes = (s: Session, count: number): Vec[] => {
  const half = s.number('half_cube');
  return s
    .drawn('directions', (draw) => Array.from({ length: count }, () => s.uniform(draw, -half, half)))
    .map((stored) => s.vector(stored));
};

/** γ s z: s is the norm of what leads to one output, of a vector its own. */
export function filterNoise(s: Session, z = s.noise('noise_standard_normal')): Vec {
  const gamma = s.number('gamma', 0.1);
  return s.theta.map((tensor, i) => {
    const shape = s.shape(i);
    const width = shape.length > 1 ? shape.at(-1)! : 1;
    const squares = Array<number>(width).fill(0);
    for (const [j, x] of tensor.entries()) squares[j % width]! += x * x;
    return tensor.map((_, j) => gamma * Math.sqrt(squares[j % width]!) * z[i]![j]!);
  });
}

/** The `count` examples whose loss rises most, as weights. */
function risen(s: Session, before: readonly number[], at: Vec): number[] {
  const after = s.at(at).losses;
  const rise = after.map((loss, i) => loss - before[i]!);
  const gamma = s.number('gamma');
  const count = gamma >= 0.99 ? s.size : Math.max(1, Math.floor(s.size * gamma + 1e-9));
  return top(count, [rise])[0]!.map((kept) => kept / count);
}

function esam(s: Session, elementwise: boolean): void {
  const beta = s.number('beta');
  const { losses, gradient } = s.at(s.theta);
  let mask: Vec;
  if (elementwise) {
    mask = each((u) => (u <= beta ? 1 : 0), s.vector(s.drawn('random_draws', (draw) => s.uniform(draw))));
  } else {
    const kept = s.recall('mask', () => s.names.map(() => 1));
    mask = s.theta.map((tensor, i) => tensor.map(() => kept[i]!));
    const draws = s.drawn('random_draws', (draw) => s.names.map(() => Math.fround(draw())));
    s.keep(
      'mask',
      draws.map((u) => (u <= beta ? 1 : 0)),
    );
  }
  const masked = mul(mask, gradient);
  const length = elementwise ? norm(gradient) + EPSILON : norm(masked) + 1e-7;
  const at = axpy(s.number('rho') / beta / length, masked, s.theta);
  s.descend(s.gradient(at, { weights: risen(s, losses, at) }));
}

const refreshes = (s: Session) => {
  const steps = s.number('steps_per_epoch');
  return s.t % steps === 0 && Math.floor(s.t / steps) % s.number('update_freq_epochs', 1) === 0;
};

const count = (s: Session) => s.theta.flat().length;

/** What a vector without its mean over all axes but the last is; vectors stay. */
const centred = (s: Session, g: Vec): Vec =>
  perTensor(([tensor], i) => {
    const shape = s.shape(i);
    if (shape.length < 2) return [tensor!];
    const width = shape.at(-1)!;
    const means = Array<number>(width).fill(0);
    for (const [j, x] of tensor!.entries()) means[j % width]! += (x * width) / tensor!.length;
    return [tensor!.map((x, j) => x - means[j % width]!)];
  }, g);

/** The entries whose z-score is among the largest, of tensors with two or more axes. */
const unusual = (s: Session, g: Vec): Vec =>
  perTensor(([tensor], i) => {
    if (s.shape(i).length < 2) return [tensor!];
    const mean = tensor!.reduce((a, b) => a + b) / tensor!.length;
    const variance = tensor!.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (tensor!.length - 1);
    const scores = tensor!.map((x) => Math.abs((x - mean) / (Math.sqrt(variance) + EPSILON)));
    const threshold = quantile(scores, s.number('percentile'));
    return [tensor!.map((x, j) => (scores[j]! > threshold ? x : 0))];
  }, g);

/** Every variant's step as FORMULAS state it. */
export const formulas: Readonly<Record<string, Formula>> = {
  sam: perturbed(ascent),
  asam: perturbed((s, g) => scaled(s, g, sizes(s, 0, true), EPSILON)),
  asam_eta: perturbed((s, g) => scaled(s, g, sizes(s, s.number('eta'), false), 1e-16)),
  asam_eta_all: perturbed((s, g) => scaled(s, g, sizes(s, s.number('eta'), true), 1e-7)),
  asam_layerwise: perturbed((s, g) =>
    scaled(
      s,
      g,
      s.theta.map((x, i) => x.map(() => (s.isWeight(i) ? norm([x]) + s.number('eta') : 1))),
      1e-16,
    ),
  ),
  asam_linf: perturbed((s, g) =>
    each((t, x) => s.number('rho') * t * Math.sign(x), sizes(s, s.number('eta'), false), g),
  ),
  gsam: mixed(
    (s, g) => {
      const [max, min, steps] = [s.word('rho_max'), s.word('rho_min'), s.word('rho_T')] as number[];
      return s.ascent(max === undefined ? s.number('rho') : max + ((min! - max) * s.t) / steps!, g);
    },
    (s, g, gp) => axpy(-s.number('alpha'), across(g, gp), gp),
  ),
  bisam_tanh: bisam((s, margin) => {
    const [mu, alpha] = [s.number('mu'), s.number('alpha')];
    const value = Math.tanh(alpha * margin);
    return { value: mu * value, slope: mu * alpha * (1 - value * value) };
  }),
  bisam_log: bisam((s, margin) => {
    const power = Math.exp(Math.log(Math.E - 1) - margin);
    return {
      value: s.number('mu') * (1 - Math.log1p(power)),
      slope: (s.number('mu') * power) / (1 + power),
    };
  }),
  sampa: (s) => {
    const { lr, momentum, weightDecay } = s.base;
    const lambda = s.number('lambda');
    const g = s.recall<Vec>('auxiliary', () => zeros(s.theta));
    const previous = s.recall('batch', () => s.batch);
    const buffer = s.base.buffer();
    const push = buffer ? combine([1, g], [weightDecay, s.theta], [momentum, buffer]) : g;
    const next = s.gradient(axpy(-lr, push, s.theta));
    const climbed = s.gradient(add(s.theta, along(s.number('rho'), g)), { batch: previous });
    s.keep('auxiliary', next);
    s.keep('batch', s.batch);
    s.descend(combine([1 - lambda, climbed], [lambda, next]));
  },
  bilateral_sam_restored: (s) => {
    const g = s.gradient();
    const gMax = s.gradient(add(s.theta, along(s.number('rho_max'), g)));
    const gMin = s.gradient(add(s.theta, along(-s.number('rho_min'), g)));
    s.descend(combine([1, gMax], [1, g], [-norm(gMax) / norm(gMin), gMin]));
  },
  trace_sam: (s) => {
    const g = s.gradient();
    const points = sampled(s, s.directions(s.number('n_samples')));
    const share = s.number('lambda') / points.length;
    s.descend(points.reduce((v, { gradient }) => axpy(share, sub(gradient, g), v), g));
  },
  det_sam: (s) => {
    const { loss, gradient: g } = s.at(s.theta);
    const points = sampled(s, cubes(s, s.number('n_samples')));
    const q = points.map((point) => Math.exp(-(point.loss - loss) / s.number('rho') ** 2 / 2));
    const mean = q.reduce((a, b) => a + b) / q.length;
    const share = s.number('lambda') / mean ** 3 / q.length;
    s.descend(points.reduce((v, { gradient }, i) => axpy(share * q[i]!, sub(gradient, g), v), g));
  },
  frob_sam: (s) => {
    const g = s.gradient();
    const points = sampled(s, s.directions(s.number('n_samples')));
    const mean = points.reduce((sum, { loss }) => sum + loss, 0) / points.length;
    const share = s.number('lambda') / s.number('rho') ** 2 / (points.length - 1);
    s.descend(points.reduce((v, { loss, gradient }) => axpy(share * (loss - mean), gradient, v), g));
  },
  ssam_f: (s) => {
    const g = s.gradient();
    const mask = s.recall<Vec>('mask', () => zeros(g));
    const step = scale(s.number('rho') / (norm(g) + 1e-7), mul(mask, g));
    s.descend(s.gradient(add(s.theta, step)));
    if (!refreshes(s)) return;
    const batches = s.word('fisher_batches') as number[];
    const fisher = batches.reduce(
      (sum, batch) =>
        s.golden.data.batches![batch]!.labels.reduce((inner, _, i) => {
          const one = s.exampleGradient(s.theta, batch, i);
          return add(inner, mul(one, one));
        }, sum),
      zeros(g),
    );
    s.keep('mask', top(Math.floor(count(s) * (1 - s.number('sparsity'))), fisher));
  },
  ssam_d: (s) => {
    const [n, sparsity] = [count(s), s.number('sparsity')];
    const mask = s.recall<Vec>('mask', () => {
      const holder = s.golden as unknown as { initial_mask?: Record<string, unknown> };
      holder.initial_mask ??= {};
      const scores = s.drawn('random_scores', (draw) => s.uniform(draw), holder.initial_mask);
      return top(n - Math.ceil(n * sparsity), s.vector(scores));
    });
    const g = s.gradient();
    const at = axpy(s.number('rho') / (norm(g) + 1e-7), mul(mask, g), s.theta);
    if (refreshes(s)) {
      const holder = (s.step.mask_update ?? {}) as Record<string, unknown>;
      (s.step as Record<string, unknown>).mask_update = holder;
      const score = (strategy: unknown): Vec => {
        if (strategy === 'gradient') return each(Math.abs, g);
        if (strategy === 'weight') return each(Math.abs, at);
        return s.vector(s.drawn('random_draws', (draw) => s.uniform(draw), holder));
      };
      const epoch = Math.floor(s.t / s.number('steps_per_epoch'));
      const rate = (s.number('drop_rate') * (1 + Math.cos((Math.PI * epoch) / s.number('epochs')))) / 2;
      const live = n - n * sparsity;
      const dropped = each((x, m) => (x + 1e-7) * m, score(s.word('drop_strategy')), mask);
      const grown = each((x, m) => (x + 1e-7) * (1 - m), score(s.word('growth_strategy')), mask);
      s.keep(
        'mask',
        add(
          top(Math.floor(live * (1 - rate)), dropped),
          top(Math.floor(Math.min(live * rate, n * sparsity)), grown),
        ),
      );
    }
    s.descend(s.gradient(at));
  },
  friendly_sam: (s) => {
    const g = s.gradient();
    const m = s.memory.get('average') as Vec | undefined;
    const lambda = s.number('lmbda');
    s.keep('average', m ? combine([lambda, m], [1 - lambda, g]) : g);
    s.descend(s.gradient(add(s.theta, s.ascent(s.number('rho'), m ? axpy(-s.number('sigma'), m, g) : g))));
  },
  wsam: (s) => {
    const g = s.gradient();
    const gp = s.gradient(add(s.theta, ascent(s, g)));
    const alpha = s.number('gamma') / (1 - s.number('gamma'));
    if (s.word('decouple')) {
      s.descend(g);
      s.theta = axpy(-s.base.lr * alpha, sub(gp, g), s.theta);
    } else s.descend(combine([alpha, gp], [1 - alpha, g]));
  },
  looksam: (s) => lookSam(s, true),
  looksam_global: (s) => lookSam(s, false),
  bsam_bayes: (s) => {
    const [lr, beta1, beta2] = [s.number('lr'), s.number('beta1'), s.number('beta2')];
    const [decay, rho] = [s.number('weight_decay'), s.number('rho')];
    const scales = s.recall<Vec>('s', () => each(() => s.number('s_init', 1), s.theta));
    const z = s.noise('noise_standard_normal');
    const g1 = s.gradient(
      each((x, noise, sc) => x + noise / Math.sqrt(s.number('num_data') * sc), s.theta, z, scales),
    );
    const g2 = s.gradient(each((x, g, sc) => x + (rho * g) / sc, s.theta, g1, scales));
    const old = s.recall<Vec>('m', () => zeros(g1));
    const m = each((a, g, x) => beta1 * a + (1 - beta1) * (g + decay * x), old, g2, s.theta);
    s.theta = each((x, a, sc) => x - (lr * a) / sc, s.theta, m, scales);
    s.keep('m', m);
    s.keep(
      's',
      each(
        (sc, g) => beta2 * sc + (1 - beta2) * (Math.sqrt(sc) * Math.abs(g) + s.number('damping') + decay),
        scales,
        g1,
      ),
    );
  },
  msam: perturbed((s, g) => scale(s.number('rho') / norm(g) / Math.sqrt(1 + dot(g, g)), g)),
  fisher_sam: perturbed((s, g) => {
    const f = each((x) => x / (1 + s.number('eta') * x * x), g);
    return scale(s.number('rho') / Math.sqrt(dot(g, f)), f);
  }),
  vasso: (s) => {
    const g = s.gradient();
    const old = s.memory.get('average') as Vec | undefined;
    const theta = s.number('theta');
    const m = old ? combine([1 - theta, old], [theta, g]) : g;
    s.keep('average', m);
    s.descend(s.gradient(add(s.theta, along(s.number('rho'), m, 1e-7))));
  },
  xsam: (s) => {
    const steps = s.number('steps');
    let at = s.theta;
    for (let i = 0; i < steps; i++) at = add(at, along(s.number('rho') / steps, s.gradient(at)));
    const q = s.gradient(at);
    const [v0, v1] = [along(1, sub(at, s.theta)), along(1, q)];
    const angle = Math.acos(Math.min(1, Math.max(-1, dot(v0, v1))));
    const between = (alpha: number) =>
      Math.sin(angle) < 1e-8
        ? combine([0.5, v0], [0.5, v1])
        : combine(
            [Math.sin((1 - alpha) * angle) / Math.sin(angle), v0],
            [Math.sin(alpha * angle) / Math.sin(angle), v1],
          );
    if (s.word('rho_max') === undefined) s.keep('alpha', s.number('alpha', 1));
    else if (s.t % s.number('steps_per_epoch') === 0) {
      const [limit, delta] = [s.number('alpha_max'), s.number('alpha_delta')];
      let [best, largest] = [0, 0];
      for (let i = 0; i * delta <= limit + 1e-9; i++) {
        const loss = s.loss(axpy(s.number('rho_max'), between(i * delta), s.theta));
        if (loss > largest) [best, largest] = [i * delta, loss];
      }
      s.keep('alpha', best);
    }
    s.descend(scale(norm(q), between(s.memory.get('alpha') as number)));
  },
  sagm: (s) => {
    const g = s.gradient();
    const a = s.word('adaptive') ? each(Math.abs, s.theta) : each(() => 1, g);
    const c = s.number('rho') / (norm(mul(a, g)) + EPSILON) - s.number('alpha');
    const gp = s.gradient(axpy(c, mul(mul(a, a), g), s.theta));
    s.descend(combine([0.5, g], [0.5, gp]));
  },
  lookbehind_sam: (s) => {
    const [rho, k, alpha] = [s.number('rho'), s.number('k'), s.number('alpha')];
    const slow = s.theta;
    let [y, g] = [slow, s.gradient()];
    let first: Vec | undefined;
    for (let i = 0; i < k; i++) {
      y = add(y, along(rho, g, 1e-16));
      g = s.gradient(y);
      s.descend(g);
      first ??= sub(s.theta, slow);
    }
    const move = sub(s.theta, slow);
    s.theta = slow.map((tensor, i) => {
      const [a, b] = [[first![i]!], [move[i]!]];
      const share = alpha === -1 ? (dot(a, b) / (norm(a) * norm(b)) + 1) / 2 : alpha;
      return tensor.map((x, j) => x + share * move[i]![j]!);
    });
  },
  gcsam: perturbed((s, g) => scale(s.number('rho') / (norm(g) + EPSILON), centred(s, g))),
  pgn: mixed(
    (s, g) => along(s.number('r'), g, 0),
    (s, g, gp) => combine([1 - s.number('alpha'), g], [s.number('alpha'), gp]),
  ),
  multistep_sam: (s) => {
    let at = s.theta;
    for (let i = 1; i < s.number('sync_period'); i++) at = add(at, along(s.number('rho'), s.gradient(at), 0));
    s.descend(s.gradient(at));
  },
  stable_sam: mixed(ascent, (_, g, gp) => scale(norm(g) / (norm(gp) + EPSILON), gp)),
  usam: perturbed((s, g) => scale(s.number('rho'), g)),
  stable_usam: mixed(
    (s, g) => scale(s.number('rho'), g),
    (_, g, gp) => scale(norm(g) / (norm(gp) + EPSILON), gp),
  ),
  esam: (s) => esam(s, false),
  esam_elementwise: (s) => esam(s, true),
  rwp: (s) => s.descend(s.gradient(add(s.theta, filterNoise(s)))),
  mrwp: mixed(
    (s) => filterNoise(s),
    (s, g, gp) => combine([1 - s.number('alpha'), g], [s.number('alpha'), gp]),
  ),
  gam: (s) => {
    const [rho, normRho] = [s.number('rho'), s.number('norm_rho')];
    const g = s.gradient();
    const g1 = s.gradient(add(s.theta, along(rho, g)));
    const e = along(normRho, sub(g1, g));
    const g2 = s.gradient(add(s.theta, e));
    const g3 = s.gradient(add(add(s.theta, e), along(rho, g2)));
    const m = axpy(Math.abs(1 - s.number('beta0')), g2, g);
    const k = combine([s.number('beta1'), g1], [1 - s.number('beta1'), g3]);
    s.descend(axpy(-s.number('gamma'), across(m, k), k));
  },
  crsam: (s) => {
    const [gamma, beta] = [s.number('gamma'), s.number('beta')];
    const g = s.gradient();
    const d = along(s.number('rho'), g);
    const [gp, gm] = [s.gradient(add(s.theta, d)), s.gradient(sub(s.theta, d))];
    s.descend(combine([1 + gamma + beta, gp], [gamma - beta, gm], [-2 * gamma, g]));
  },
  zsharp: perturbed((s, g) => along(s.number('rho'), unusual(s, g))),
  tsam: (s) => {
    const [radius, scaling] = [s.number('radius'), s.number('scaling')];
    const points = s.directions(s.number('num_samples')).map((z) => {
      const length = scaling * norm(z);
      const noise = scale((scaling * Math.min(length, radius)) / length, z);
      const climb = along(s.number('rho'), s.gradient(add(s.theta, noise)));
      return s.at(add(add(s.theta, noise), climb));
    });
    const { shares } = logSumExp(points.map(({ loss }) => s.number('tilt') * loss));
    s.descend(points.reduce((v, { gradient }, i) => axpy(shares[i]!, gradient, v), zeros(s.theta)));
  },
  momentum_sam: (s) => {
    const v = s.base.memory();
    s.descend(s.gradient(v ? add(s.theta, along(-s.number('rho'), v)) : s.theta));
  },
  sam_on: perturbed((s, g) =>
    along(
      s.number('rho'),
      g.map((tensor, i) => tensor.map((x) => (/bn|norm/.test(s.names[i]!) ? x : 0))),
      1e-16,
    ),
  ),
  ae_sam: (s) => {
    const delta = s.number('delta');
    const g = s.gradient();
    const q = dot(g, g);
    const mean = delta * s.recall('mean', () => 0) + (1 - delta) * q;
    const variance = delta * s.recall('variance', () => Math.exp(-10)) + (1 - delta) * (q - mean) ** 2;
    s.keep('mean', mean);
    s.keep('variance', variance);
    const share = s.t / s.number('total_steps');
    const c = share * s.number('lambda1') + (1 - share) * s.number('lambda2');
    const active = q >= mean + c * Math.sqrt(variance);
    s.descend(active ? s.gradient(add(s.theta, ascent(s, g))) : g);
  },
  lightsam: (s) => {
    const [g, epsilon] = [s.gradient(), s.number('epsilon')];
    const u = s.recall('u', () => epsilon ** 2) + dot(g, g);
    const gp = s.gradient(axpy(s.number('rho') / Math.sqrt(u), g, s.theta));
    const v = s.recall('v', () => epsilon ** 2) + dot(gp, gp);
    s.keep('u', u);
    s.keep('v', v);
    s.descend(scale(1 / Math.sqrt(v), gp));
  },
  le_sam: perturbed((s, g) =>
    along(Math.min(s.number('budget') / (norm(g) + EPSILON), s.number('rho_max')), g),
  ),
  eigen_sam: (s) => {
    const [rho, alpha, freq] = [s.number('rho'), s.number('alpha'), s.number('freq')];
    const g = s.gradient();
    const v = eigenvector(s, freq, s.number('power_steps'));
    const h = along(1, g);
    if (!v) return s.descend(s.gradient(axpy(rho, h, s.theta)));
    const sign = Math.sign(dot(g, v));
    const d = combine([rho, h], [rho * alpha * sign, axpy(-dot(v, h), h, v)]);
    return s.descend(s.gradient(add(s.theta, d)));
  },
};

/** The Hessian's top eigenvector, by power iterations every `every` steps; none before the first. */
export function eigenvector(s: Session, every: number, iterations: number): Vec | undefined {
  if (s.t > 0 && s.t % every === 0) {
    let v = (s.memory.get('eigenvector') as Vec | undefined) ?? s.noise('initial_vector');
    for (let i = 0; i < iterations; i++) {
      const hv = s.hessian(v);
      v = scale(1 / Math.sqrt(dot(hv, hv) + EPSILON), hv);
    }
    s.keep('eigenvector', v);
  }
  return s.memory.get('eigenvector') as Vec | undefined;
}
