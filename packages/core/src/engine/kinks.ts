import * as tf from '@tensorflow/tfjs-core';

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Attributes = Readonly<Record<string, unknown>>;
type Kernel = (name: string, inputs: tf.NamedTensorMap, attrs?: tf.NamedAttrMap) => tf.Tensor | tf.Tensor[];

/** A kernel that chooses among smooth branches, or jumps. */
interface Kink {
  /** The choice, from inputs and output at the recorded point: tensors to keep, which may be those that came in. */
  choose(inputs: Inputs, output: tf.Tensor, attrs: Attributes): tf.Tensor[];
  /** The chosen branch at other inputs, by operations that have gradients. */
  follow(inputs: Inputs, chosen: readonly tf.Tensor[], attrs: Attributes): tf.Tensor;
}

/** An elementwise choice in the shape of x. */
const as = (x: tf.Tensor, choice: tf.Tensor) =>
  tf.util.arraysEqual(x.shape, choice.shape) ? choice : tf.reshape(choice, x.shape);

const asFloat = (x: tf.Tensor) => tf.cast(x, 'float32');

/** Slopes that are constant on each branch: y = slope x + offset. */
function linear(slopeOf: (x: tf.Tensor, attrs: Attributes) => tf.Tensor, throughZero = true): Kink {
  return {
    choose: ({ x }, y, attrs) => {
      const slope = slopeOf(x!, attrs);
      return throughZero ? [slope] : [slope, tf.sub(y, tf.mul(slope, x!))];
    },
    follow: ({ x }, [slope, offset]) => {
      const y = tf.mul(x!, as(x!, slope!));
      return offset ? tf.add(y, as(x!, offset)) : y;
    },
  };
}

const isPositive = (x: tf.Tensor) => asFloat(tf.greater(x, 0));

/** positive(x) above zero, negative(x) below; the branch not taken sees 0, so that it cannot overflow. */
function twoSided(
  positive: (x: tf.Tensor, inputs: Inputs) => tf.Tensor,
  negative: (x: tf.Tensor, inputs: Inputs) => tf.Tensor,
): Kink {
  return {
    choose: ({ x }) => [isPositive(x!)],
    follow: (inputs, [chosen]) => {
      const mask = as(inputs.x!, chosen!);
      const above = tf.mul(inputs.x!, mask);
      const below = tf.mul(inputs.x!, tf.sub(1, mask));
      return tf.add(positive(above, inputs), negative(below, inputs));
    },
  };
}

/** One of two operands. */
const operand = (isFirst: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Kink => ({
  choose: ({ a, b }) => [isFirst(a!, b!)],
  follow: ({ a, b }, [first]) => tf.where(first!, a!, b!),
});

/** The largest or smallest entries along axes; all of them where they are equal, as TensorFlow.js's gradient has it. */
const extreme: Kink = {
  choose: ({ x }, y, attrs) => {
    const chosen = tf.equal(x!, withAxes(x!, y, attrs));
    return [chosen, tf.sub(y, sumOver(x!, chosen, attrs))];
  },
  follow: ({ x }, [chosen, offset], attrs) => tf.add(sumOver(x!, chosen!, attrs), offset!),
};

const axesOf = (attrs: Attributes, { shape }: tf.Tensor): number[] =>
  tf.util.parseAxisParam(attrs.reductionIndices as number | number[], shape);

const sumOver = (x: tf.Tensor, chosen: tf.Tensor, attrs: Attributes): tf.Tensor =>
  tf.sum(tf.where(chosen, x, tf.zerosLike(x)), axesOf(attrs, x), Boolean(attrs.keepDims));

/** A reduced tensor with the axes that the reduction took away. */
function withAxes(x: tf.Tensor, reduced: tf.Tensor, attrs: Attributes): tf.Tensor {
  const axes = axesOf(attrs, x);
  const shape = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return tf.reshape(reduced, shape);
}

/** The window's place that was the maximum; the gradient is the kernel's own, at the recorded point. */
const maxPool: Kink = {
  choose: ({ x }, y, attrs) => {
    const [, places] = tf.engine().runKernel(
      'MaxPoolWithArgmax',
      { x: x! },
      {
        ...(attrs as tf.NamedAttrMap),
        includeBatchInIndex: true,
      },
    ) as tf.Tensor[];
    return [places!, x!, y];
  },
  follow: ({ x }, [places, x0, y0], attrs) => {
    const pooled = tf.customGrad((input, save) => {
      const tensor = input as tf.Tensor;
      (save as tf.GradSaveFunc)([x0!, y0!]);
      const flat = tf.gather(tf.reshape(tensor, [-1]), tf.reshape(places!, [-1]) as tf.Tensor1D);
      return {
        value: tf.reshape(flat, y0!.shape),
        gradFunc: (dy: tf.Tensor, [from, to]: tf.Tensor[]) =>
          tf
            .engine()
            .runKernel(
              'MaxPoolGrad',
              { dy, input: from!, output: to! },
              attrs as tf.NamedAttrMap,
            ) as tf.Tensor,
      };
    });
    return pooled(x!);
  },
};

/** x mod m with its quotient held. */
const remainder: Kink = {
  choose: ({ a, b }, y) => [tf.divNoNan(tf.sub(a!, y), b!)],
  follow: ({ a, b }, [quotient]) => tf.sub(a!, tf.mul(quotient!, b!)),
};

/** A step function: its value does not change. */
const constant: Kink = {
  choose: (_inputs, y) => [y],
  follow: (_inputs, [y]) => tf.clone(y!),
};

/** Constants of SELU (Klambauer et al. 2017), as TensorFlow.js has them. */
const SELU = { scale: 1.0507009873554805, scaleAlpha: 1.7580993408473768 };

const kinks: Readonly<Record<string, Kink>> = {
  Relu: linear((x) => isPositive(x)),
  Relu6: linear((x) => tf.mul(isPositive(x), asFloat(tf.lessEqual(x, 6))), false),
  LeakyRelu: linear((x, { alpha }) =>
    tf.where(tf.greater(x, 0), tf.onesLike(x), tf.fill(x.shape, alpha as number)),
  ),
  ClipByValue: linear(
    (x, { clipValueMin, clipValueMax }) =>
      asFloat(
        tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number)),
      ),
    false,
  ),
  Abs: linear((x) => tf.sub(tf.mul(2, isPositive(x)), 1)),
  Elu: twoSided(
    (x) => x,
    (x) => tf.expm1(x),
  ),
  Selu: twoSided(
    (x) => tf.mul(SELU.scale, x),
    (x) => tf.mul(SELU.scaleAlpha, tf.expm1(x)),
  ),
  Prelu: twoSided(
    (x) => x,
    (x, { alpha }) => tf.mul(alpha!, x),
  ),
  Maximum: operand((a, b) => tf.greaterEqual(a, b)),
  Minimum: operand((a, b) => tf.lessEqual(a, b)),
  Max: extreme,
  Min: extreme,
  MaxPool: maxPool,
  Mod: remainder,
  ...Object.fromEntries(
    [
      ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'ArgMax', 'ArgMin'],
      ...['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'FloorDiv'],
    ].map((name) => [name, constant]),
  ),
};

/** Kernels that end in an activation, which runs as a kernel of its own while choices are kept. */
const fused = new Set(['_FusedMatMul', 'FusedConv2D', 'FusedDepthwiseConv2D']);
const activations: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
  elu: 'Elu',
};

/** Kernels with a kink that nothing holds: within an operation with a gradient of its own, or (the first) anywhere. */
const unheld = new Set(['MaxPool3D', 'Relu', 'Relu6', 'LeakyRelu', 'Prelu', 'Abs', 'ClipByValue', 'MaxPool']);
const [neverHeld] = unheld;

/** Tells layers of `@tfjs-sam/wasm-kernels` to run their activations as kernels of their own. */
const SPLIT_FLAG = 'SAM_SPLIT_ACTIVATIONS';
tf.env().registerFlag(SPLIT_FLAG, () => false);

interface Choice {
  readonly kernel: string;
  /** Sizes of the kernel's inputs: TensorFlow.js's fused products have another rank than the others. */
  readonly sizes: readonly number[];
  readonly chosen: readonly tf.Tensor[];
}

/** The choices that a loss makes at one point, noted there and made again elsewhere. */
export interface KeptKinks {
  /** False once it met kinks that it cannot hold. */
  readonly areHeld: boolean;
  /** Runs `f`, of which no gradient is recorded, and notes its choices. */
  record<T>(f: () => T): T;
  /** Runs `f` with the noted choices. */
  replay<T>(f: () => T): T;
  /** Frees what was noted. */
  dispose(): void;
}

/** Begins to keep a loss's choices: `frozenKinks`. Handed over by who needs it, so that no other bundle carries it. */
export type KinkKeeping = () => KeptKinks;

/**
 * The choices that a function's ReLUs, max pooling, maxima and comparisons made at one point: the branch, the entry.
 *
 * Replayed elsewhere, the function is smooth, with the value, gradient and Hessian that it has at that point (where no
 * choice is a tie): differences of gradients then measure its curvature, not the jumps from branch to branch. Kernels are
 * seen in the order of their calls, on any backend; operations with gradients of their own (`tf.customGrad`) are left alone.
 */
class Kinks implements KeptKinks {
  readonly #choices: Choice[] = [];
  #isBroken = false;
  #isPartial = false;

  /** Runs `f`, of which no gradient is recorded, and notes its choices. */
  record<T>(f: () => T): T {
    return intercept(
      f,
      (kernel, run, inputs, attrs) => {
        const output = run();
        const chosen = keepAll(() => kinks[kernel]!.choose(inputs, output, attrs));
        this.#choices.push({ kernel, sizes: sizesOf(inputs), chosen });
        return output;
      },
      () => {
        this.#isPartial = true;
      },
    );
  }

  /**
   * Runs `f` with the noted choices. Where it takes another way than it did (a loop whose length depends on the weights),
   * the rest of it chooses for itself, which is said once.
   */
  replay<T>(f: () => T): T {
    let at = 0;
    return intercept(f, (kernel, run, inputs, attrs) => {
      const choice = this.#choices[at++];
      const fits = choice?.kernel === kernel && tf.util.arraysEqual([...choice.sizes], sizesOf(inputs));
      if (!fits) this.#break(kernel);
      return this.#isBroken ? run() : kinks[kernel]!.follow(inputs, choice!.chosen, attrs);
    });
  }

  /** True where every kink that was seen is held: none within operations with gradients of their own, no replay another way. */
  get areHeld(): boolean {
    return !this.#isBroken && !this.#isPartial;
  }

  dispose(): void {
    for (const { chosen } of this.#choices) tf.dispose([...chosen]);
    this.#choices.length = 0;
  }

  #break(kernel: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    console.warn(
      `curvature: expected the loss to run the operations that it ran at θ, got another ${kernel}. Its kinks are no longer ` +
        'held, and curvature by differences may be wrong. Give a loss whose operations depend on shapes alone, of fixed data',
    );
  }
}

/**
 * Holds kinks where a loss is evaluated: `oracle.evaluate({ perturbation, kinks: frozenKinks })`. ReLUs, max pooling, maxima
 * and comparisons then choose as they do at θ.
 */
export const frozenKinks: KinkKeeping = () => new Kinks();

const sizesOf = (inputs: Inputs): number[] =>
  Object.values(inputs).flatMap((input) => (input ? [input.size] : []));

/** Keeps what `f` returns, references of its own, out of the surrounding scopes. */
function keepAll(f: () => tf.Tensor[]): tf.Tensor[] {
  let kept: tf.Tensor[] = [];
  tf.tidy(() => {
    kept = f().map((tensor) => {
      const reference = tf.clone(tensor);
      // As tf.keep, which would be the loss's own doing.
      reference.kept = true;
      return reference;
    });
  });
  return kept;
}

/** Runs `f`; of each kernel with a kink that it calls `handle` makes the output. */
function intercept<T>(
  f: () => T,
  handle: (kernel: string, run: () => tf.Tensor, inputs: Inputs, attrs: Attributes) => tf.Tensor,
  onUnheld: () => void = () => {},
): T {
  const engine = tf.engine() as unknown as { runKernel?: Kernel; state: { kernelDepth: number } };
  const own = Object.getOwnPropertyDescriptor(engine, 'runKernel');
  const bound = (engine.runKernel as Kernel).bind(engine);
  // Kernels that another one calls are its own affair.
  let isInside = false;
  const original: Kernel = (...call) => {
    const before = isInside;
    isInside = true;
    try {
      return bound(...call);
    } finally {
      isInside = before;
    }
  };
  // Kernels that one with a kink calls have none of their own.
  let isHandling = false;
  const withKink: Kernel = (kernel, inputs, attrs) => {
    isHandling = true;
    try {
      return handle(kernel, () => original(kernel, inputs, attrs) as tf.Tensor, inputs, attrs ?? {});
    } finally {
      isHandling = false;
    }
  };
  engine.runKernel = (kernel, inputs, attrs) => {
    const activation = fused.has(kernel) ? activations[attrs?.activation as string] : undefined;
    const isWithin = isHandling || isInside;
    if (!isWithin && unheld.has(kernel) && (kernel === neverHeld || engine.state.kernelDepth > 0)) onUnheld();
    if (isHandling || (activation === undefined && engine.state.kernelDepth > 0))
      return original(kernel, inputs, attrs);
    if (kernel in kinks) return withKink(kernel, inputs, attrs);
    if (activation === undefined) return original(kernel, inputs, attrs);
    // Run only where no gradient is recorded, and then from within an operation with a gradient of its own.
    const { preluActivationWeights, ...others } = inputs;
    const x = original(kernel, others, { ...attrs, activation: 'linear' }) as tf.Tensor;
    return withKink(
      activation,
      preluActivationWeights ? { x, alpha: preluActivationWeights } : { x },
      attrs?.leakyreluAlpha === undefined ? {} : { alpha: attrs.leakyreluAlpha },
    );
  };
  const split = tf.env().getBool(SPLIT_FLAG);
  tf.env().set(SPLIT_FLAG, true);
  try {
    return f();
  } finally {
    tf.env().set(SPLIT_FLAG, split);
    if (own) Object.defineProperty(engine, 'runKernel', own);
    else delete engine.runKernel;
  }
}
