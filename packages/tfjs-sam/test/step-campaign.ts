import * as tf from '@tensorflow/tfjs';
import { adamw, type Declaring, exponentialMovingAverage, type SharpnessRule, sgd } from '@tfjs-sam/core';
import * as all from '../src/index.js';

/** What a campaign found: trials that ran, and what went wrong in which. */
export interface Tally {
  tried: number;
  readonly failed: string[];
}

export const tally = (): Tally => ({ tried: 0, failed: [] });

/** A sharpness-aware optimizer, or one around it. */
type Optimizer = tf.Optimizer & {
  minimizeOver(closures: readonly (() => tf.Scalar)[], options: object): tf.Scalar | null;
};

export const bases = {
  sgd: (learningRate: number | ((step: number) => number) = 0.02) => sgd({ learningRate, momentum: 0.9 }),
  adamw: (learningRate: number | ((step: number) => number) = 0.02) => adamw({ learningRate }),
  adam: () => tf.train.adam(0.02),
};
export type Base = keyof typeof bases;

/** A rule that remembers, for the variant that is a rule of the user's own. */
const ownRule: SharpnessRule = {
  name: 'own',
  direction: (oracle) => {
    const { loss, gradient } = oracle.evaluate();
    const mean = oracle.state.recall('mean', () => gradient);
    const moved = gradient.map((g, i) => tf.add(tf.mul(g, 0.5), tf.mul(mean[i]!, 0.5)) as tf.Tensor);
    oracle.state.set('mean', moved);
    return { loss, direction: oracle.evaluate({ perturbation: moved.map((m) => tf.mul(m, 0.01)) }).gradient };
  },
};

/** What variants need beside a base, of a problem. */
const needs: Readonly<Record<string, (problem: Problem) => object>> = {
  bsam: () => ({ numData: 10 }),
  rule: () => ({ rule: ownRule }),
  'functional-sam': ({ outputs, lossesOf }) => ({
    parts: () => ({ outputs, lossOf: (at: tf.Tensor) => tf.mean(lossesOf(at)) }),
  }),
};

const isVariant = (value: unknown): value is Declaring<'variant'> =>
  (value as Partial<Declaring> | undefined)?.part?.kind === 'variant';

const parts = new Map(
  (Object.values(all) as unknown[]).filter(isVariant).map(({ part }) => [part.name, part] as const),
);

/** Every variant of the umbrella. */
export const variants = [...parts.keys()].sort();

export const hasOption = (variant: string, option: string) => option in parts.get(variant)!.options;

/** Makes a variant around a base, with what it needs. */
export function make(variant: string, problem: Problem, base: tf.Optimizer, options: object = {}): Optimizer {
  const part = parts.get(variant)!;
  const withBase = 'base' in part.options ? { base } : {};
  return part.create({ ...withBase, ...needs[variant]?.(problem), ...options }) as unknown as Optimizer;
}

/** Variables of several shapes, a running statistic, and the losses of four examples. */
export function problemOf(prefix: string) {
  const made = tf.tidy(() => ({
    w: tf.variable(tf.tensor2d([1, 2, -1, 0.5], [2, 2]), true, `${prefix}/w`),
    gamma: tf.variable(tf.tensor1d([1, -0.5]), true, `${prefix}/batch_normalization/gamma`),
    statistic: tf.variable(tf.scalar(0), false, `${prefix}/statistic`),
  }));
  const { w, gamma, statistic } = made;
  const variables = [w, gamma] as tf.Variable[];
  const inputs = tf.tensor2d([0.5, 1, -1, 0.25, 2, -0.5, 1, 1], [4, 2]);
  let odd: tf.Variable | undefined;
  const outputs = () => {
    const own = tf.mul(tf.matMul(inputs, w as tf.Tensor2D), gamma);
    return odd ? tf.add(own, tf.mean(tf.concat([tf.reshape(odd, [odd.size]), [0.5]]))) : own;
  };
  let size: tf.Tensor | number = 1;
  const lossesOf = (at: tf.Tensor) => tf.mul(tf.mean(tf.square(tf.sub(at, 0.3)), 1), size);
  return {
    ...made,
    variables,
    outputs,
    lossesOf,
    /** Lets the outputs depend on one variable more. */
    with: (variable: tf.Variable) => {
      odd = variable;
    },
    /** Multiplies the losses from now on, however a rule comes by them. */
    scale: (factor: tf.Tensor | number) => {
      size = factor;
    },
    /** The losses of the examples, [4], which rules that look at them need; the statistic moves. */
    loss: () => {
      statistic.assign(tf.add(statistic, 1) as tf.Scalar);
      return lossesOf(outputs()) as unknown as tf.Scalar;
    },
    dispose: () => tf.dispose([...variables, statistic, inputs]),
  };
}
export type Problem = ReturnType<typeof problemOf>;

/** Everything that a step may change, as numbers. */
export async function everythingOf({ variables, statistic }: Problem, optimizer: tf.Optimizer) {
  const weights = await optimizer.getWeights();
  const state = weights.map(({ name, tensor }) => [name, ...tensor.dataSync()] as const);
  for (const { name, tensor } of weights) if (isStepCount(name)) tensor.dispose();
  return {
    values: [...variables, statistic].map((variable) => [...variable.dataSync()]),
    state,
    iterations: optimizer.iterations,
  };
}
type Everything = Awaited<ReturnType<typeof everythingOf>>;

const isStepCount = (name: string) => /(^|\/)(iter|\(steps\):.*)$/.test(name);

/** As skipped steps leave it: steps that were tried count. */
const withoutCounts = ({ values, state }: Everything) => ({
  values,
  state: state.filter(([name]) => !isStepCount(name)),
});

const ofRule = (state: Everything['state']) => state.filter(([name]) => name.startsWith('rule/'));

/** Weights and what the rule remembers; a base optimizer's squares of a gradient may overflow, as they do alone. */
const staysFinite = ({ values, state }: Everything) =>
  [...values.flat(), ...ofRule(state).flatMap(([, ...numbers]) => numbers)].every(Number.isFinite);

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

type Fault = (loss: tf.Scalar) => unknown;
const thrown: Readonly<Record<string, Fault>> = {
  throw: () => {
    throw new Error('a fault');
  },
  nothing: () => undefined,
  'a matrix': () => tf.ones([2, 2]),
  int32: (loss) => tf.cast(loss, 'int32'),
  'a promise': (loss) => Promise.resolve(loss),
  'a rejection': () => Promise.reject(new Error('a fault')),
  'a number': () => 1,
  disposed: (loss) => {
    loss.dispose();
    return loss;
  },
};
const notFinite: Readonly<Record<string, Fault>> = {
  NaN: (loss) => tf.mul(loss, Number.NaN),
  Infinity: (loss) => tf.mul(loss, Number.POSITIVE_INFINITY),
  'one NaN among the losses': (loss) => tf.mul(loss, tf.tensor1d([1, Number.NaN, 1, 1])),
};

const ways = {
  minimize: (optimizer: Optimizer, loss: () => tf.Scalar, varList: tf.Variable[]) =>
    void optimizer.minimize(loss, false, varList),
  shared: (optimizer: Optimizer, loss: () => tf.Scalar, varList: tf.Variable[]) =>
    void optimizer.minimizeOver([loss, loss], { varList }),
  'per-micro-batch': (optimizer: Optimizer, loss: () => tf.Scalar, varList: tf.Variable[]) =>
    void optimizer.minimizeOver([loss, loss], { varList, sharpness: 'per-micro-batch' }),
};
export type Way = keyof typeof ways;

/** What a trial has: an optimizer that has made some steps, and a loss that fails where it is told to. */
interface Trial {
  readonly problem: Problem;
  readonly optimizer: Optimizer;
  readonly step: () => void;
  /** Lets evaluations from `at` to `last`, from 1, fail. */
  readonly arm: (fault: Fault | undefined, at?: number, last?: number) => void;
}

async function onTrial(
  variant: string,
  base: Base,
  way: Way,
  options: object,
  steps: number,
  f: (trial: Trial) => Promise<void>,
): Promise<void> {
  const problem = problemOf('campaign');
  const optimizer = make(variant, problem, bases[base](), { checkLoss: false, ...options });
  let [calls, first, last] = [0, 1, 0];
  let fault: Fault | undefined;
  const loss = () => {
    calls += 1;
    const value = problem.loss();
    return (fault && calls >= first && calls <= last ? fault(value) : value) as tf.Scalar;
  };
  const step = () => {
    calls = 0;
    ways[way](optimizer, loss, problem.variables);
  };
  try {
    for (let i = 0; i < steps; i++) step();
    await f({
      problem,
      optimizer,
      step,
      arm: (given, at = 1, until = at) => {
        [fault, first, last] = [given, at, until];
      },
    });
  } finally {
    optimizer.dispose();
    problem.dispose();
  }
}

/** Variants that evaluate after the update, or update several times, take no micro-batches with perturbations of their own. */
const refuses = (variant: string, way: Way) =>
  way === 'per-micro-batch' && ['sampa', 'lookbehind-sam'].includes(variant);

interface Reach {
  readonly base: Base;
  readonly way: Way;
  /** The first fault of a sort alone. Default all. */
  readonly brief?: boolean;
}

/** Faults at every evaluation of a step: afterwards everything is as before. */
export async function tryFaults(variant: string, { base, way, brief = false }: Reach, tallied: Tally) {
  if (refuses(variant, way)) return;
  await onTrial(variant, base, way, {}, 2, async ({ problem, optimizer, step, arm }) => {
    for (const [name, fault] of Object.entries(thrown).slice(0, brief ? 1 : undefined)) {
      for (let at = 1; at <= 40; at++) {
        const before = await everythingOf(problem, optimizer);
        const { numTensors, numDataBuffers } = tf.memory();
        arm(fault, at);
        let threw = false;
        try {
          step();
        } catch {
          threw = true;
        }
        arm(undefined);
        // The step has fewer evaluations.
        if (!threw) break;
        tallied.tried += 1;
        const now = tf.memory();
        const leaked = now.numTensors !== numTensors || now.numDataBuffers !== numDataBuffers;
        const changed = !equal(await everythingOf(problem, optimizer), before);
        if (leaked || changed)
          tallied.failed.push(
            `${variant} over ${base}, ${way}: ${name} at evaluation ${at}${leaked ? ' leaks' : ''}${changed ? ' changes something' : ''}`,
          );
      }
    }
  });
}

/** Losses that are not finite: with 'skip' nothing changes, with 'pass' nothing leaks; memories stay finite. */
export async function tryNotFinite(variant: string, { base, way, brief = false }: Reach, tallied: Tally) {
  if (refuses(variant, way)) return;
  for (const [name, fault] of Object.entries(notFinite).slice(0, brief ? 1 : undefined)) {
    const fail = (what: string) => tallied.failed.push(`${variant} over ${base}, ${way}: ${name}: ${what}`);
    for (const steps of [0, 2])
      await onTrial(variant, base, way, { onNonFinite: 'skip' }, steps, async (trial) => {
        const { problem, optimizer, step, arm } = trial;
        const before = withoutCounts(await everythingOf(problem, optimizer));
        const { numTensors } = tf.memory();
        arm(fault, 1, 1000);
        problem.scale(Number.NaN);
        step();
        problem.scale(1);
        tallied.tried += 1;
        const after = await everythingOf(problem, optimizer);
        if (!equal(after.values, before.values)) fail(`skipped after ${steps} steps, weights changed`);
        const [now, then] = [withoutCounts(after).state, before.state];
        // Base optimizers make their slots in the first update, with zeros.
        const same = steps > 0 ? equal(now, then) : equal(ofRule(now), ofRule(then));
        if (!same) fail(`skipped after ${steps} steps, the state changed`);
        if (steps > 0 && tf.memory().numTensors !== numTensors) fail('skipped, leaks');
        arm(undefined);
        for (let i = 0; i < 2; i++) step();
        const later = await everythingOf(problem, optimizer);
        if (!staysFinite(later) || equal(later.values, before.values)) fail('skipped, and training ended');
      });
    for (let at = 1; at <= (brief ? 0 : 3); at++)
      await onTrial(variant, base, way, { onNonFinite: 'skip' }, 1, async (trial) => {
        const { problem, optimizer, step, arm } = trial;
        arm(fault, at);
        step();
        tallied.tried += 1;
        if (!staysFinite(await everythingOf(problem, optimizer))) fail(`at evaluation ${at}, skipped, stays`);
      });
    await onTrial(variant, base, way, { onNonFinite: 'pass' }, 2, async (trial) => {
      const { optimizer, problem, step, arm } = trial;
      const { numTensors } = tf.memory();
      arm(fault, 1, 1000);
      step();
      tallied.tried += 1;
      if (tf.memory().numTensors !== numTensors) fail('passed, leaks');
      const rule = ofRule((await everythingOf(problem, optimizer)).state);
      if (!rule.every(([, ...numbers]) => numbers.every(Number.isFinite)))
        fail('passed, stays in what the rule remembers');
    });
  }
}

/** Losses of all sizes that float32 knows: what comes out is finite, the update skipped where it must be. */
export async function tryMagnitudes(variant: string, base: Base, sizes: readonly number[], tallied: Tally) {
  for (const size of sizes) {
    const problem = problemOf('magnitudes');
    const optimizer = make(variant, problem, bases[base](), { onNonFinite: 'skip', checkLoss: false });
    problem.scale(size);
    const step = () => optimizer.minimize(() => problem.loss(), false, problem.variables);
    for (let i = 0; i < 2; i++) step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 2; i++) step();
    tallied.tried += 1;
    const where = `${variant} over ${base}: a loss of size ${size}`;
    if (!staysFinite(await everythingOf(problem, optimizer))) tallied.failed.push(`${where} is not finite`);
    if (tf.memory().numTensors !== numTensors) tallied.failed.push(`${where} leaks`);
    optimizer.dispose();
    problem.dispose();
  }
}

const shapes: Readonly<Record<string, readonly number[]>> = {
  'an empty vector': [0],
  'an empty matrix': [2, 0],
  'a scalar': [],
  'rank 6': [1, 2, 1, 2, 1, 2],
};

/** Variables of odd shapes beside an ordinary one; a coordinate that is NaN. */
export async function tryShapes(variant: string, base: Base, tallied: Tally): Promise<void> {
  for (const [name, shape] of Object.entries(shapes)) {
    const problem = problemOf('shapes');
    const odd = tf.tidy(() => tf.variable(tf.ones([...shape]), true, 'shapes/batch_normalization/odd'));
    const optimizer = make(variant, problem, bases[base](), { checkLoss: false });
    const variables = [odd as tf.Variable, ...problem.variables];
    problem.with(odd);
    tallied.tried += 1;
    try {
      for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(), false, variables);
      const values = [...odd.dataSync(), ...problem.w.dataSync()];
      const moves = odd.size === 0 || values[0] !== 1;
      if (!values.every(Number.isFinite) || !moves)
        tallied.failed.push(`${variant}: ${name} gives ${values}`);
    } catch (error) {
      tallied.failed.push(`${variant}: ${name} throws ${(error as Error).message.slice(0, 200)}`);
    }
    optimizer.dispose();
    odd.dispose();
    problem.dispose();
  }
  await onTrial(variant, base, 'minimize', { onNonFinite: 'skip' }, 2, async (trial) => {
    const { problem, optimizer, step } = trial;
    problem.w.assign(tf.tensor2d([1, Number.NaN, -1, 0.5], [2, 2]));
    const before = withoutCounts(await everythingOf(problem, optimizer));
    step();
    tallied.tried += 1;
    if (!equal(withoutCounts(await everythingOf(problem, optimizer)), before))
      tallied.failed.push(`${variant}: a NaN coordinate is not skipped`);
  });
}

const badSchedules: Readonly<Record<string, () => number>> = {
  NaN: () => Number.NaN,
  negative: () => -1,
  infinite: () => Number.POSITIVE_INFINITY,
  throws: () => {
    throw new Error('a fault');
  },
};

/** Schedules of radius and learning rate that go wrong at the third step: the step throws, and changes nothing. */
export async function trySchedules(variant: string, base: 'sgd' | 'adamw', tallied: Tally): Promise<void> {
  for (const [name, bad] of Object.entries(badSchedules))
    for (const option of ['rho', 'learningRate'] as const) {
      const own = hasOption(variant, option);
      if (option === 'rho' && !own) continue;
      const schedule = (step: number) => (step < 2 ? 0.05 : bad());
      const problem = problemOf('schedules');
      const given = option === 'learningRate' && !own ? {} : { [option]: schedule };
      const optimizer = make(variant, problem, bases[base](option === 'learningRate' ? schedule : 0.05), {
        ...given,
        checkLoss: false,
      });
      const step = () => optimizer.minimize(() => problem.loss(), false, problem.variables);
      for (let i = 0; i < 2; i++) step();
      const before = await everythingOf(problem, optimizer);
      const { numTensors } = tf.memory();
      let threw = false;
      try {
        step();
      } catch {
        threw = true;
      }
      tallied.tried += 1;
      const where = `${variant} over ${base}: ${option} ${name}`;
      // A rule that does not ask for its radius in this step cannot see it.
      if (threw && !equal(await everythingOf(problem, optimizer), before))
        tallied.failed.push(`${where} changes something`);
      if (threw && tf.memory().numTensors !== numTensors) tallied.failed.push(`${where} leaks`);
      if (!threw && option === 'learningRate') tallied.failed.push(`${where} is not seen`);
      if (!threw && option === 'rho' && !staysFinite(await everythingOf(problem, optimizer)))
        tallied.failed.push(`${where} goes through`);
      optimizer.dispose();
      problem.dispose();
    }
}

interface Run {
  readonly steps: number;
  /** Trains another model of other sizes in turn. */
  readonly beside?: boolean;
  /** The step before which everything is saved and made again. */
  readonly resumeAt?: number;
}

/** The weights' bits after a seeded run. */
export async function trained(
  variant: string,
  base: Base,
  { steps, beside, resumeAt }: Run,
): Promise<string> {
  const problem = problemOf('run');
  const other = beside ? problemOf('beside') : undefined;
  const making = () => make(variant, problem, bases[base](), { randomSeed: 7, checkLoss: false });
  let optimizer = making();
  const besides = other && exponentialMovingAverage(make('sam', other, bases.sgd()));
  for (let i = 0; i < steps; i++) {
    if (i === resumeAt) {
      const weights = await optimizer.getWeights();
      const next = making();
      await next.setWeights(weights);
      for (const { name, tensor } of weights) if (/(^|\/)iter$/.test(name)) tensor.dispose();
      optimizer.dispose();
      optimizer = next;
    }
    problem.scale(1 + (i % 3));
    optimizer.minimize(() => problem.loss(), false, problem.variables);
    if (other) besides!.minimize(() => other.loss(), false, other.variables);
  }
  const bits = problem.variables.flatMap((variable) => [...variable.dataSync()]).join();
  for (const each of [optimizer, besides, problem, other]) each?.dispose();
  return bits;
}

/** A long run: neither tensors nor memory grow, and what is remembered stays finite. */
export async function soak(variant: string, base: Base, steps: number, tallied: Tally): Promise<void> {
  await onTrial(variant, base, 'minimize', { onNonFinite: 'skip' }, 3, async (trial) => {
    // A rule's memory may begin late: what counts is growth after the first half.
    const half = Math.ceil(steps / 2);
    for (let i = 0; i < half; i++) trial.step();
    const { numTensors, numBytes } = tf.memory();
    for (let i = half; i < steps; i++) trial.step();
    tallied.tried += 1;
    const now = tf.memory();
    if (now.numTensors !== numTensors || now.numBytes !== numBytes)
      tallied.failed.push(`${variant}: ${now.numTensors - numTensors} tensors more after ${steps} steps`);
    if (!staysFinite(await everythingOf(trial.problem, trial.optimizer)))
      tallied.failed.push(`${variant}: not finite after ${steps} steps`);
  });
}
