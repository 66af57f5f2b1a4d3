import * as tf from '@tensorflow/tfjs-core';
import { adamw, lion, type Objective, SharpnessAwareOptimizer, sgd } from '@tfjs-sam/core';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type BackendName, backendNames, useBackend } from './backend.js';
import { trainInFit } from './fit-problem.js';
import { RUNS, runsProblem } from './runs-problem.js';
import { type ToyProblem, toyProblem } from './toy-problem.js';

/** The cases that a variant may have to skip, each with its reason. */
export type VariantCase = 'rho 0' | 'zero gradient' | 'extreme gradient' | 'configuration';

/** The options that the suite gives a variant's factory. */
export interface SuiteOptions {
  readonly rho?: number;
  readonly runs?: { readonly count: number; readonly rho?: readonly number[] };
  readonly onNonFinite?: 'skip';
}

/** A variant, as the conformance suite must know it. */
export interface VariantSuite {
  /** The name in configurations. */
  readonly name: string;
  /** Makes the variant around a base, with its defaults but for the options given. */
  readonly create: (base: tf.Optimizer, options?: SuiteOptions) => SharpnessAwareOptimizer;
  /** Cases that do not apply, with the reason. */
  readonly skip?: Partial<Readonly<Record<VariantCase, string>>>;
  /** Backends. Default cpu and wasm. */
  readonly backends?: readonly BackendName[];
  /** True of a variant that needs the losses of the examples. Default false. */
  readonly examples?: boolean;
  /** Why it refuses independent runs. Default that it trains them as separate ones. */
  readonly refusesRuns?: string;
  /**
   * Runs on one base optimizer and one backend, without `model.fit`: a tenth of the time. The whole suite then
   * belongs into a slow test. Default false.
   */
  readonly brief?: boolean;
}

/** The class as `tf.serialization` sees it: something that `fromConfig` can be asked of. */
const OptimizerClass =
  SharpnessAwareOptimizer as unknown as tf.serialization.SerializableConstructor<SharpnessAwareOptimizer>;

type Base = 'sgd' | 'adamw' | 'tf.train.adam';
const bases: Readonly<Record<Base, (learningRate: number) => tf.Optimizer>> = {
  sgd: (learningRate) => sgd({ learningRate, momentum: 0.9, weightDecay: 1e-3 }),
  adamw: (learningRate) => adamw({ learningRate }),
  'tf.train.adam': (learningRate) => tf.train.adam(learningRate),
};
const baseNames = Object.keys(bases) as Base[];

/**
 * The suite that every variant of the project runs, over every base optimizer and backend: weights restored bit
 * for bit, also when the closure throws; no leaks; state saved and resumed; seeded runs that repeat; extreme
 * gradients; `model.fit` with batch normalisation and metrics.
 *
 * @example describeVariant({ name: 'gsam', create: (base, options) => gsam(base, options) });
 */
export function describeVariant(suite: VariantSuite): void {
  const backends = suite.backends ?? (suite.brief ? (['wasm'] as const) : backendNames);
  describe.each([...backends])(`${suite.name}: conformance on %s`, (backend) => {
    beforeAll(async () => {
      examples = suite.examples ?? false;
      await useBackend(backend);
    });
    describeWeights(suite);
    describeFailures(suite);
    describeState(suite);
    describeGradients(suite);
    describeRuns(suite);
    if (suite.brief) return;
    it('trains in model.fit with batch normalisation, dropout and two metrics', async () => {
      await trainInFit(() => suite.create(sgd({ learningRate: 0.05, momentum: 0.9 })), examples);
    });
  });
}

/** True while the losses of the suite that is running tell those of their examples. */
let examples = false;

/** The base optimizers that a suite runs on. */
const basesOf = ({ brief }: VariantSuite): Base[] => (brief ? ['sgd'] : baseNames);

/** A loss of the suite's form: a vector where it looks at examples. */
const formed = (loss: tf.Tensor) => (examples ? tf.mul(loss, tf.ones([8])) : loss) as tf.Scalar;

/** Runs `steps` steps on the toy problem's batches. */
function train(optimizer: tf.Optimizer, problem: ToyProblem, steps: number, from = 0): void {
  for (let i = from; i < from + steps; i++)
    optimizer.minimize(() => problem.loss(i), false, problem.variables);
}

/** Builds problem and optimizer, runs `test`, disposes both. */
function withProblem<T>(
  optimizerOf: () => tf.Optimizer,
  test: (problem: ToyProblem, optimizer: SharpnessAwareOptimizer) => T,
  scale = 1,
): T {
  const problem = toyProblem(scale, examples);
  const optimizer = optimizerOf() as SharpnessAwareOptimizer;
  const cleanUp = () => {
    optimizer.dispose();
    problem.dispose();
  };
  const result = test(problem, optimizer);
  if (result instanceof Promise) return result.finally(cleanUp) as T;
  cleanUp();
  return result;
}

function describeWeights(suite: VariantSuite): void {
  const { create } = suite;
  it.each(basesOf(suite))('leaves every weight bit-equal at learning rate 0, with %s', (base) => {
    withProblem(
      () => create(bases[base](0)),
      (problem, optimizer) => {
        const before = problem.values();
        train(optimizer, problem, 5);
        expect(problem.values()).toEqual(before);
      },
    );
  });

  it('moves the weights at another learning rate, and only those in varList', () => {
    withProblem(
      () => create(bases.sgd(0.05)),
      (problem, optimizer) => {
        const before = problem.values();
        const some = problem.variables.slice(0, 2);
        for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(i), false, some);
        const after = problem.values();
        expect(after.slice(2)).toEqual(before.slice(2));
        expect(after[0]).not.toEqual(before[0]);
        expect(after[1]).not.toEqual(before[1]);
      },
    );
  });

  it('repeats a seeded run bit for bit', () => {
    const run = () =>
      withProblem(
        () => create(bases.sgd(0.05)),
        (problem, optimizer) => {
          train(optimizer, problem, 6);
          return problem.values();
        },
      );
    expect(run()).toEqual(run());
  });

  it.each(basesOf(suite))('keeps the tensor count steady, with %s', (base) => {
    withProblem(
      () => create(bases[base](0.01)),
      (problem, optimizer) => {
        train(optimizer, problem, 2);
        const { numTensors } = tf.memory();
        train(optimizer, problem, 10, 2);
        expect(tf.memory().numTensors).toBe(numTensors);
      },
    );
  });

  it('frees everything when disposed', () => {
    const { numTensors, numBytes } = tf.memory();
    withProblem(
      () => create(bases.sgd(0.01)),
      (problem, optimizer) => train(optimizer, problem, 3),
    );
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });
}

/** A loss that keeps a tensor at each call and fails at that of a number, from 1. */
function failingAt(number: number, problem: ToyProblem, batch: number): (objective?: Objective) => tf.Scalar {
  let calls = 0;
  return (_objective) => {
    const loss = problem.loss(batch);
    tf.keep(tf.mean(tf.mul(loss, 2)));
    calls += 1;
    if (calls === number) throw new Error('the closure failed');
    return loss;
  };
}

function describeFailures(suite: VariantSuite): void {
  it.each(basesOf(suite))('undoes a step whose closure throws, at whichever evaluation, with %s', (base) =>
    withProblem(
      () => suite.create(bases[base](0.05)),
      async (problem, optimizer) => {
        const steps = 3;
        train(optimizer, problem, steps);
        const seen = async () => ({
          weights: problem.values(),
          state: await stateOf(optimizer),
          iterations: optimizer.iterations,
        });
        const before = await seen();
        // Each failure is undone, and so the next begins where this one did, until the step has no evaluation left to fail.
        for (let failing = 1; ; failing++) {
          const { numTensors, numBytes } = tf.memory();
          const step = () => optimizer.minimize(failingAt(failing, problem, steps), false, problem.variables);
          const succeeded = succeeds(step);
          if (failing === 1) expect(succeeded, 'the first evaluation fails').toBe(false);
          if (succeeded) break;
          // Tensors that the first evaluation kept are the caller's (metrics of model.fit); everything else must be gone.
          const keptByFirst = failing > 1 ? 1 : 0;
          expect(tf.memory().numTensors - numTensors).toBe(keptByFirst);
          expect(tf.memory().numBytes - numBytes).toBe(keptByFirst * 4);
          expect(await seen()).toEqual(before);
        }
        expect(optimizer.iterations).toBe(before.iterations + 1);
      },
    ),
  );
}

/** False where the closure's own failure comes through; any other is thrown on. */
function succeeds(step: () => unknown): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if ((error as Error).message !== 'the closure failed') throw error;
    return false;
  }
}

type State = { name: string; shape: number[]; values: number[] }[];

/** The optimizer's whole state as plain numbers. */
async function stateOf(optimizer: tf.Optimizer): Promise<State> {
  const weights = await optimizer.getWeights();
  const state = weights.map(({ name, tensor }) => ({
    name,
    shape: [...tensor.shape],
    values: [...tensor.dataSync()],
  }));
  for (const { name, tensor } of weights) if (name === 'iter' || name.endsWith('/iter')) tensor.dispose();
  return state;
}

async function restore(optimizer: tf.Optimizer, state: State): Promise<void> {
  const weights = state.map(({ name, shape, values }) => ({
    name,
    tensor: tf.tensor(values, shape, name.endsWith('iter') ? 'int32' : 'float32') as tf.Tensor,
  }));
  await optimizer.setWeights(weights);
  for (const { tensor } of weights) tensor.dispose();
}

function describeState(suite: VariantSuite): void {
  const { create } = suite;
  it.each(suite.brief ? (['sgd'] as const) : ([...baseNames, 'lion'] as const))(
    'continues a training saved after any step as if uninterrupted, with %s',
    async (base) => {
      const steps = 6;
      const make = () => create(base === 'lion' ? lion({ learningRate: 3e-3 }) : bases[base](0.03));
      await withProblem(make, async (problem, optimizer) => {
        const saved: { weights: number[][]; state: State }[] = [];
        for (let step = 0; step < steps; step++) {
          train(optimizer, problem, 1, step);
          saved.push({ weights: problem.values(), state: await stateOf(optimizer) });
        }
        const uninterrupted = problem.values();
        for (const [i, { weights, state }] of saved.slice(0, -1).entries()) {
          const resumed = make();
          problem.assign(weights);
          await restore(resumed, state);
          train(resumed, problem, steps - i - 1, i + 1);
          resumed.dispose();
          const after = `interrupted after step ${i + 1}`;
          if (base !== 'tf.train.adam') expect(problem.values(), after).toEqual(uninterrupted);
          // TensorFlow.js's Adam recomputes its bias corrections on restore: a rounding of each update of 0.03.
          else expectClose(problem.values(), uninterrupted, 1e-5);
        }
      });
    },
  );

  it('is made again from its configuration', (context) => {
    skipIfAsked(context, suite, 'configuration');
    const original = create(bases.sgd(0.03));
    const config = original.getConfig();
    expect(config).toMatchObject({
      base: { name: 'sgd', learningRate: 0.03, momentum: 0.9, weightDecay: 1e-3 },
    });
    const written = JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict;
    expect(written).toEqual(config);
    const copy = SharpnessAwareOptimizer.fromConfig<SharpnessAwareOptimizer>(OptimizerClass, written);
    expect(copy.getConfig()).toEqual(config);
    expect(copy.rule.name).toBe(original.rule.name);
    original.dispose();
    copy.dispose();
  });
}

function expectClose(actual: readonly number[][], expected: readonly number[][], tolerance: number): void {
  const worst = Math.max(
    ...actual.flatMap((values, i) => values.map((value, j) => Math.abs(value - expected[i]![j]!))),
  );
  expect(worst).toBeLessThanOrEqual(tolerance);
}

function skipIfAsked(context: TestContext, { skip }: VariantSuite, name: VariantCase): void {
  const reason = skip?.[name];
  if (reason !== undefined) context.skip(reason);
}

function describeGradients(suite: VariantSuite): void {
  it('takes the base optimizer’s step at rho 0, bit for bit', (context) => {
    skipIfAsked(context, suite, 'rho 0');
    const run = (optimizerOf: () => tf.Optimizer) =>
      withProblem(optimizerOf, (problem, optimizer) => {
        train(optimizer, problem, 5);
        return problem.values();
      });
    const steps = run(() => suite.create(bases.sgd(0.05), { rho: 0 }));
    // Both gradients are the same numbers, bit for bit, and so is what a rule makes of them.
    examples = false;
    expect(steps).toEqual(run(() => bases.sgd(0.05)));
    examples = suite.examples ?? false;
  });

  it('stays where the gradient is zero', (context) => {
    skipIfAsked(context, suite, 'zero gradient');
    withProblem(
      () => suite.create(sgd({ learningRate: 0.1 })),
      (problem, optimizer) => {
        const before = problem.values();
        const flat = () => tf.mul(problem.loss(0), 0) as tf.Scalar;
        for (let i = 0; i < 3; i++) optimizer.minimize(flat, false, problem.variables);
        expect(problem.values()).toEqual(before);
      },
    );
  });

  it.for([1e25, 1e-25])('takes a finite step from a gradient of %s', (size, context) => {
    skipIfAsked(context, suite, 'extreme gradient');
    withProblem(
      () => suite.create(sgd({ learningRate: 1 / size / 100 })),
      (problem, optimizer) => {
        const linear = () =>
          formed(tf.mul(tf.addN(problem.variables.map((variable) => tf.sum(variable))), size));
        const before = problem.values();
        optimizer.minimize(linear, false, problem.variables);
        const after = problem.values();
        expect(after.flat().every(Number.isFinite)).toBe(true);
        expect(after).not.toEqual(before);
      },
    );
  });

  const nanLoss = (problem: ToyProblem) => () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;

  it('passes a NaN gradient on by default, as TensorFlow.js does', () => {
    withProblem(
      () => suite.create(bases.sgd(0.05)),
      (problem, optimizer) => {
        optimizer.minimize(nanLoss(problem), false, problem.variables);
        expect(problem.values().flat().every(Number.isNaN)).toBe(true);
      },
    );
  });

  it.each(basesOf(suite))('skips a NaN gradient when asked to, with %s', async (base) => {
    await withProblem(
      () => suite.create(bases[base](0.05), { onNonFinite: 'skip' }),
      async (problem, optimizer) => {
        train(optimizer, problem, 3);
        const before = { weights: problem.values(), state: await slotsOf(optimizer) };
        optimizer.minimize(nanLoss(problem), false, problem.variables);
        expect(problem.values()).toEqual(before.weights);
        expect(await slotsOf(optimizer)).toEqual(before.state);
        train(optimizer, problem, 3, 4);
        expect(problem.values().flat().every(Number.isFinite)).toBe(true);
        expect(problem.values()).not.toEqual(before.weights);
      },
    );
  });
}

/** The weights after four steps, each network's. */
function trainRuns(optimizer: SharpnessAwareOptimizer, alone?: number): number[][] {
  const problem = runsProblem(alone);
  try {
    for (let i = 0; i < 4; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    return problem.values();
  } finally {
    optimizer.dispose();
    problem.dispose();
  }
}

function describeRuns({ create, refusesRuns }: VariantSuite): void {
  const runs = { count: RUNS };
  if (refusesRuns !== undefined) {
    it(`refuses independent runs: ${refusesRuns}`, () => {
      expect(() => trainRuns(create(bases.sgd(0.05), { runs }))).toThrow(
        /expected one run, got 3 independent runs/,
      );
    });
    return;
  }
  it('trains independent runs as separate ones, each with its radius or none of its own', () => {
    const together = trainRuns(create(bases.sgd(0.05), { runs }));
    const own = trainRadii(create);
    for (const [run, values] of together.entries()) {
      const [alone] = trainRuns(create(bases.sgd(0.05)), run) as [number[]];
      // Sums in another order: a few roundings a step.
      expectClose([values], [alone], 1e-5);
      expect(values).not.toEqual(together[(run + 1) % RUNS]);
      if (own && RADII[run] === 1) expect(own[run]).toEqual(values);
      else expect(own?.[run]).not.toEqual(values);
    }
  });
}

/** Runs with radii of their own; undefined where the variant refuses them. */
function trainRadii(create: VariantSuite['create']): number[][] | undefined {
  try {
    return trainRuns(create(bases.sgd(0.05), { runs: { count: RUNS, rho: RADII } }));
  } catch (error) {
    expect((error as Error).message).toMatch(/expected one radius for all runs, got runs\.rho/);
    return undefined;
  }
}

/** Multipliers of the radius, one per run. */
const RADII = [0.5, 1, 3];

/** The state without step counts, which advance also when an update is skipped. */
async function slotsOf(optimizer: tf.Optimizer): Promise<State> {
  return (await stateOf(optimizer)).filter(({ name }) => !/(^|\/)iter$/.test(name));
}
