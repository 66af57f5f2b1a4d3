import * as tf from '@tensorflow/tfjs-core';
import { newtonSchulz } from '../algebra/newton-schulz.js';
import { requireOneRun } from '../algebra/runs.js';
import { norm, type ParamVector } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { matcher, someVariables } from '../declare/matching.js';
import {
  boolean,
  type Checked,
  type ConfigOf,
  integer,
  number,
  type OptionsOf,
  schedule,
} from '../declare/option.js';
import { definePart, type PartFunction } from '../declare/part.js';
import { type NamedTensor, SlotStore } from '../oracle/slots.js';
import { AdamWOptimizer } from './adamw.js';
import { setCount } from './count.js';
import type { VariableGradient } from './gradients.js';
import { type Commit, type Part, prefixed, prefixedNames } from './parts.js';
import { SlotOptimizer } from './slot-optimizer.js';

const declaredOptions = {
  learningRate: schedule({ default: 0.02, doc: 'Step size of the matrices' }),
  momentum: number({ min: 0, below: 1, default: 0.95, doc: 'Decay of the momentum of the matrices' }),
  nesterov: boolean({ default: true, doc: "Nesterov's look-ahead, for the matrices" }),
  steps: integer({ min: 1, default: 5, doc: 'Newton–Schulz iterations' }),
  adamwRate: number({
    min: 0,
    default: 0.015,
    doc: "AdamW's learning rate per unit of `learningRate`, so that one schedule serves both: 3e-4 at 0.02",
  }),
  beta1: number({ min: 0, below: 1, default: 0.9, doc: "Decay of AdamW's first moment" }),
  beta2: number({ min: 0, below: 1, default: 0.95, doc: "Decay of AdamW's second moment" }),
  epsilon: number({ above: 0, default: 1e-10, doc: "Guard, added to the root of AdamW's second moment" }),
  weightDecay: number({
    min: 0,
    default: 0,
    doc: "Decoupled weight decay, multiplied by each variable's learning rate",
  }),
  matrices: someVariables(
    'The variables of two axes and more that count as matrices, the others being trained by AdamW, which suits embeddings and the last layer better',
    'all',
  ),
  decay: someVariables('The variables that decay', 'all'),
};

/** Options of `muon`. */
export interface MuonOptions extends OptionsOf<typeof declaredOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    muon: ConfigOf<typeof declaredOptions>;
  }
}

const MOMENTUM = 'momentum';
/** Prefixes of the state of the matrices and of AdamW's. */
const MATRICES = 'matrices/';
const OTHERS = 'others/';
/** Guard of the division by the norm of a momentum. */
const EPSILON = 1e-7;

/** Orthogonalised momentum for matrices, AdamW for all else: see `muon`. */
export class MuonOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamMuon';
  /** @ignore */
  static override readonly configName = 'muon';
  readonly #options: Checked<typeof declaredOptions>;
  readonly #matches: (variable: tf.Variable) => boolean;
  readonly #decays: (variable: tf.Variable) => boolean;
  /** Apart from the optimizer's own slots: a store's slots are of the same variables. */
  readonly #momenta = new SlotStore([MOMENTUM]);
  readonly #others: AdamWOptimizer;

  constructor(options: MuonOptions = {}) {
    const checked = complete('muon', declaredOptions, options);
    super('muon', checked, checked.learningRate, []);
    this.#options = checked;
    this.#matches = matcher('muon: expected matrices', checked.matrices) ?? (() => true);
    this.#decays = matcher('muon: expected decay', checked.decay) ?? (() => true);
    const { beta1, beta2, epsilon, weightDecay } = checked;
    this.#others = new AdamWOptimizer({ beta1, beta2, epsilon, weightDecay, decay: this.#decays });
  }

  /** The momentum of the matrices and the first moment of the others, without bias correction. */
  override firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    const matrices = variables.filter((variable) => this.#isMatrix(variable));
    const others = variables.filter((variable) => !this.#isMatrix(variable));
    const momenta = this.#momenta.findEach(MOMENTUM, matrices);
    const moments = this.#others.firstMoment(others);
    if (!moments && momenta.every((each) => each === undefined)) return undefined;
    const found = new Map<tf.Variable, tf.Tensor | undefined>([
      ...matrices.map((variable, i) => [variable, momenta[i]] as const),
      ...others.map((variable, i) => [variable, moments?.[i]] as const),
    ]);
    return variables.map((variable) => found.get(variable) ?? tf.zerosLike(variable));
  }

  #isMatrix(variable: tf.Variable): boolean {
    return variable.rank >= 2 && this.#matches(variable);
  }

  /** @ignore */
  protected override update(pairs: readonly VariableGradient[], learningRate: number): void {
    requireOneRun('muon');
    const matrices = pairs.filter(({ variable }) => this.#isMatrix(variable));
    const others = pairs.filter(({ variable }) => !this.#isMatrix(variable));
    // Both refuse a state that does not fit before anything changes.
    this.#momenta.settle(matrices.map(({ variable }) => variable));
    if (others.length > 0) this.#updateOthers(others, learningRate * this.#options.adamwRate);
    for (const pair of matrices) tf.tidy(() => this.#updateMatrix(pair, learningRate));
  }

  #updateOthers(pairs: readonly VariableGradient[], learningRate: number): void {
    setCount(this.#others, this.iterations);
    this.#others.setLearningRate(learningRate);
    this.#others.applyGradients(
      pairs.map(({ variable, gradient }) => ({ name: variable.name, tensor: gradient })),
    );
  }

  /** m ← μm + (1−μ)g;  u = nesterov ? μm + (1−μ)g : m;  θ ← θ (1 − lr λ) − lr √max(1, out/in) · NS(u / ‖u‖). */
  #updateMatrix({ variable, gradient }: VariableGradient, learningRate: number): void {
    const { momentum: share, nesterov, steps, weightDecay } = this.#options;
    const mix = (old: tf.Tensor) => tf.add(tf.mul(old, share), tf.mul(gradient, 1 - share)) as tf.Tensor;
    const [known] = this.#momenta.findEach(MOMENTUM, [variable]);
    const momentum = mix(known ?? tf.zerosLike(variable));
    const mixed = nesterov ? mix(momentum) : momentum;
    const direction = newtonSchulz(tf.div(mixed, tf.add(norm([mixed]), EPSILON)), steps);
    const outputs = variable.shape.at(-1)!;
    const scale = Math.sqrt(Math.max(1, outputs ** 2 / variable.size));
    const decayed = this.#decays(variable) ? tf.mul(variable, 1 - learningRate * weightDecay) : variable;
    const next = tf.sub(decayed, tf.mul(direction, learningRate * scale)) as tf.Tensor;
    this.#momenta.assign(MOMENTUM, variable.name, momentum);
    variable.assign(next);
  }

  /** @ignore */
  override savedParts(): Part[] {
    setCount(this.#others, this.iterations);
    return [
      ...super.savedParts(),
      prefixedNames(MATRICES, this.#momenta.named()),
      ...prefixed(OTHERS, this.#others.savedParts()),
    ];
  }

  /** @ignore */
  override async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const after = (prefix: string) =>
      weights.flatMap(({ name, tensor }) =>
        name.startsWith(prefix) ? [{ name: name.slice(prefix.length), tensor }] : [],
      );
    const own = weights.filter(({ name }) => !name.startsWith(MATRICES) && !name.startsWith(OTHERS));
    const commit = await super.stageState(own);
    const { stageSlots } = await import('./restoring.js');
    const commitMatrices = stageSlots(this.#momenta, after(MATRICES));
    const commitOthers = await this.#others.stageState(after(OTHERS));
    return async () => {
      await commit();
      commitMatrices();
      await commitOthers();
    };
  }

  /** Disposes the momenta and AdamW's moments. */
  override dispose(): void {
    super.dispose();
    this.#momenta.dispose();
    this.#others.dispose();
  }
}

/**
 * Muon: matrices move by their momentum made orthogonal, all other variables by AdamW.
 *
 *   m ← μm + (1−μ)g;   u = μm + (1−μ)g;   θ ← θ (1 − lr λ) − lr √max(1, outputs/inputs) · NS(u / ‖u‖)
 *
 * NS lifts all singular values to between 0.7 and 1.2 by the quintic 3.4445 x − 4.775 x³ + 2.0315 x⁵, five times. A kernel
 * of more than two axes, a convolution's, is the matrix [inputs, outputs] with all axes but the last one flattened; published
 * code takes √max(1, outputs/inputs) from the kernel's height and width instead, which is 1 for square kernels. Where `nesterov`
 * is false, u = m.
 *
 * @throws RangeError for a number out of its range; TypeError when `learningRate` is neither number nor function; Error in
 *   a step of independent runs, whose matrices would be taken for one.
 * @see Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks". https://kellerjordan.github.io/posts/muon
 * @example sam(muon({ learningRate: 0.02, matrices: ({ name }) => !name.startsWith('logits') }), { rho: 0.05 })
 */
export const muon: PartFunction<MuonOptions, MuonOptimizer, 'base-optimizer'> = definePart({
  kind: 'base-optimizer',
  name: 'muon',
  doc: 'Orthogonalised momentum for matrices, AdamW for all other variables',
  source: 'Jordan et al. 2024, https://kellerjordan.github.io/posts/muon',
  gradients: 1,
  options: declaredOptions,
  create: (checked) => new MuonOptimizer(checked),
});

tf.serialization.registerClass(MuonOptimizer);
