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
  variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { isAvailable } from '../../availability.js';
import type { Patch } from '../../patches.js';

// `tf.train.sgd`, `momentum` and `adam` take four to fifteen operations per variable; theirs are one kernel for all variables.

type Gradients = NamedTensorMap | { readonly name: string; readonly tensor: Tensor | null }[];

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

/** The slots that the fused kernel would update; undefined where it cannot, and TensorFlow.js's own operations must. */
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
  // A variable that is updated twice must be so in turn.
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
    slots[i] ??= { originalName: `${name}/${suffix}`, variable: variable(zerosLike(like), false) };
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

function updateSgd({ c }: Sgd, { variables, gradients }: Update): void {
  assignOutputs('SamSgd', { g: gradients, p: variables }, { c }, {}, variables);
}

function updateMomentum(optimizer: Momentum, update: Update): void {
  const { c, m, useNesterov: nesterov } = optimizer;
  const { variables, gradients } = update;
  const velocities = slotsOf(optimizer.accumulations, 'momentum', update);
  const vectors = { g: gradients, p: variables, v: velocities };
  assignOutputs('SamSgd', vectors, { c, m }, { nesterov }, [...variables, ...velocities]);
}

function updateAdam(optimizer: Adam, update: Update): void {
  const { learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 } = optimizer;
  const { variables, gradients } = update;
  const first = slotsOf(optimizer.accumulatedFirstMoment, 'm', update);
  const second = slotsOf(optimizer.accumulatedSecondMoment, 'v', update);
  assignOutputs(
    'SamAdamW',
    { g: gradients, p: variables, m: first, v: second },
    { power1: accBeta1, power2: accBeta2 },
    { learningRate, beta1, beta2, epsilon, weightDecay: [] },
    [...variables, ...first, ...second],
  );
  accBeta1.assign(mul(accBeta1, beta1) as Scalar);
  accBeta2.assign(mul(accBeta2, beta2) as Scalar);
}

/** A patch of an optimizer, which uses a kernel where it can. */
const fused = <Optimizer extends Counting>(
  { prototype }: { readonly prototype: object },
  kernel: string,
  apply: (optimizer: Optimizer, update: Update) => void,
): Patch => ({
  owner: () => prototype,
  method: 'applyGradients',
  wrap: (original: (gradients: Gradients) => void) =>
    function applyGradients(this: Optimizer, given: Gradients) {
      const update = fittingUpdate(kernel, given);
      if (!update) return original.call(this, given);
      tidy(() => apply(this, update));
      this.incrementIterations();
    },
});

/** TensorFlow.js's SGD, momentum and Adam, which use the fused kernels on backends that have them. */
export const fusedOptimizers: readonly Patch[] = [
  fused(SGDOptimizer, 'SamSgd', updateSgd),
  fused(MomentumOptimizer, 'SamSgd', updateMomentum),
  fused(AdamOptimizer, 'SamAdamW', updateAdam),
];
