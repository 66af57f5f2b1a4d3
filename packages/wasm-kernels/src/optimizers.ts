import {
  AdamOptimizer,
  engine,
  MomentumOptimizer,
  mul,
  type NamedTensorMap,
  type Rank,
  type Scalar,
  SGDOptimizer,
  type Tensor,
  tidy,
  util,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { isAvailable } from './gradients.js';

// `tf.train.sgd`, `momentum` and `adam` take four to fifteen operations per variable; theirs are one kernel for all variables.

type Gradients = NamedTensorMap | { readonly name: string; readonly tensor: Tensor | null }[];

type ApplyGradients<Optimizer> = (this: Optimizer, gradients: Gradients) => void;

/** A slot as TensorFlow.js keeps it: by the place of its variable among the names. */
interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

interface Counting {
  incrementIterations(): void;
}

interface Sgd extends Counting {
  /** −learningRate. */
  readonly c: Tensor;
}

interface Momentum extends Sgd {
  readonly m: Tensor;
  readonly useNesterov: boolean;
  readonly accumulations: Slot[];
}

interface Adam extends Counting {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly accBeta1: Variable<Rank.R0>;
  readonly accBeta2: Variable<Rank.R0>;
  readonly accumulatedFirstMoment: Slot[];
  readonly accumulatedSecondMoment: Slot[];
}

/** The variables that move, and where their slots are. */
interface Update {
  readonly names: readonly string[];
  readonly at: readonly number[];
  readonly variables: readonly Variable[];
  readonly gradients: readonly Tensor[];
}

/** What the fused kernel would update; undefined where it cannot, and TensorFlow.js's own operations must. */
function fittingUpdate(kernel: string, given: Gradients): Update | undefined {
  if (!isAvailable(kernel)) return undefined;
  const entries: [string, Tensor | null | undefined][] = Array.isArray(given)
    ? given.map(({ name, tensor }) => [name, tensor])
    : Object.entries(given);
  const names = entries.map(([name]) => name);
  const update: { at: number[]; variables: Variable[]; gradients: Tensor[] } = {
    at: [],
    variables: [],
    gradients: [],
  };
  for (const [i, [name, gradient]] of entries.entries()) {
    const variable = engine().registeredVariables[name];
    if (!variable || (gradient && !fits(variable, gradient))) return undefined;
    if (!gradient) continue;
    update.at.push(i);
    update.variables.push(variable);
    update.gradients.push(gradient);
  }
  // What is updated twice must be so in turn.
  const isDistinct = new Set(update.variables).size === update.variables.length;
  return isDistinct && update.at.length > 0 ? { names, ...update } : undefined;
}

const fits = (variable: Variable, gradient: Tensor): boolean =>
  variable.dtype === 'float32' &&
  gradient.dtype === 'float32' &&
  util.arraysEqual(variable.shape, gradient.shape);

/** The slots of the variables that move. Slots are made for every name, as TensorFlow.js makes them. */
function slotsOf(slots: Slot[], suffix: string, { names, at }: Update): Variable[] {
  for (const [i, name] of names.entries()) {
    const like = engine().registeredVariables[name]!;
    slots[i] ??= {
      originalName: `${name}/${suffix}`,
      variable: tidy(() => zerosLike(like).variable(false)),
    };
  }
  return at.map((i) => slots[i]!.variable);
}

/** Runs a kernel over vectors of tensors and assigns each of its outputs to its target. */
function assignOutputs(
  kernel: string,
  vectors: Readonly<Record<string, readonly Tensor[]>>,
  scalars: NamedTensorMap,
  attrs: Readonly<Record<string, boolean | number | number[]>>,
  targets: readonly Variable[],
): void {
  const inputs = { ...scalars };
  for (const [prefix, tensors] of Object.entries(vectors))
    for (const [i, tensor] of tensors.entries()) inputs[`${prefix}${i}`] = tensor;
  const outputs = engine().runKernel(kernel, inputs, attrs) as Tensor[];
  for (const [i, target] of targets.entries()) target.assign(outputs[i]!);
}

const fusedSgd = (original: ApplyGradients<Sgd>): ApplyGradients<Sgd> =>
  function applyGradients(given) {
    const update = fittingUpdate('SamSgd', given);
    if (!update) return original.call(this, given);
    const { variables, gradients } = update;
    tidy(() => assignOutputs('SamSgd', { g: gradients, p: variables }, { c: this.c }, {}, variables));
    this.incrementIterations();
  };

const fusedMomentum = (original: ApplyGradients<Momentum>): ApplyGradients<Momentum> =>
  function applyGradients(given) {
    const update = fittingUpdate('SamSgd', given);
    if (!update) return original.call(this, given);
    const { variables, gradients } = update;
    const velocities = slotsOf(this.accumulations, 'momentum', update);
    const vectors = { g: gradients, p: variables, v: velocities };
    const scalars = { c: this.c, m: this.m };
    const attrs = { nesterov: this.useNesterov };
    tidy(() => assignOutputs('SamSgd', vectors, scalars, attrs, [...variables, ...velocities]));
    this.incrementIterations();
  };

const fusedAdam = (original: ApplyGradients<Adam>): ApplyGradients<Adam> =>
  function applyGradients(given) {
    const update = fittingUpdate('SamAdamW', given);
    if (!update) return original.call(this, given);
    const { variables, gradients } = update;
    const first = slotsOf(this.accumulatedFirstMoment, 'm', update);
    const second = slotsOf(this.accumulatedSecondMoment, 'v', update);
    const { learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 } = this;
    tidy(() => {
      assignOutputs(
        'SamAdamW',
        { g: gradients, p: variables, m: first, v: second },
        { power1: accBeta1, power2: accBeta2 },
        { learningRate, beta1, beta2, epsilon, weightDecay: [] },
        [...variables, ...first, ...second],
      );
      accBeta1.assign(mul(accBeta1, beta1) as Scalar);
      accBeta2.assign(mul(accBeta2, beta2) as Scalar);
    });
    this.incrementIterations();
  };

/** Prototypes whose `applyGradients` was replaced. */
const replaced = new WeakSet<object>();

function replace<Optimizer>(
  { prototype }: { readonly prototype: object },
  fused: (original: ApplyGradients<Optimizer>) => ApplyGradients<Optimizer>,
): void {
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  const owner = prototype as { applyGradients: ApplyGradients<Optimizer> };
  owner.applyGradients = fused(owner.applyGradients);
}

/** Makes TensorFlow.js's SGD, momentum and Adam use the fused kernels on backends that have them. */
export function fuseOptimizers(): void {
  replace(SGDOptimizer, fusedSgd);
  replace(MomentumOptimizer, fusedMomentum);
  replace(AdamOptimizer, fusedAdam);
}
