import {
  add,
  conv2d,
  dispose,
  losses,
  matMul,
  maxPool,
  memory,
  oneHot,
  randomNormal,
  relu,
  reshape,
  type Scalar,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
  type Variable,
  variable,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';

/** One model of the speed test on the active backend. */
export interface SpeedResult {
  /** The work that was timed. */
  readonly model: string;
  /** Median time of loss and gradient of one batch, in milliseconds. */
  readonly milliseconds: number;
  /** Gradients that were timed. */
  readonly runs: number;
}

interface Model {
  readonly name: string;
  readonly variables: Variable[];
  readonly input: Tensor;
  readonly forward: (x: Tensor) => Tensor;
}

/** Small enough for the cpu backend to finish. */
const BATCH = 8;

/** A variable that takes a tensor's place. */
function owning(initial: Tensor): Variable {
  const made = variable(initial);
  initial.dispose();
  return made;
}

const weights = (shape: number[], scale: number, seed: number): Variable =>
  owning(randomNormal(shape, 0, scale, 'float32', seed));

function mlp(): Model {
  const [w1, b1, w2] = [weights([784, 256], 0.05, 1), owning(zeros([256])), weights([256, 10], 0.1, 2)];
  return {
    name: `MLP 784-256-10, batch ${BATCH}`,
    variables: [w1, b1, w2],
    input: randomNormal([BATCH, 784], 0, 1, 'float32', 3),
    forward: (x) =>
      matMul(relu(add(matMul(x as Tensor2D, w1 as Tensor as Tensor2D), b1)), w2 as Tensor as Tensor2D),
  };
}

function cnn(): Model {
  const [w1, w2, w3] = [
    weights([3, 3, 1, 8], 0.3, 1),
    weights([3, 3, 8, 16], 0.1, 2),
    weights([784, 10], 0.05, 3),
  ];
  const layer = (x: Tensor, w: Tensor): Tensor =>
    maxPool(relu(conv2d(x as Tensor4D, w as Tensor4D, 1, 'same')) as Tensor4D, 2, 2, 'valid');
  return {
    name: `CNN 28×28, 8 and 16 channels, batch ${BATCH}`,
    variables: [w1, w2, w3],
    input: randomNormal([BATCH, 28, 28, 1], 0, 1, 'float32', 4),
    forward: (x) => matMul(reshape(layer(layer(x, w1), w2), [BATCH, 784]), w3 as Tensor as Tensor2D),
  };
}

/** Milliseconds of each gradient that the budget has room for, the first one excepted where there are more. */
async function timesOf(model: Model, targets: Tensor, budget: number): Promise<number[]> {
  const loss = () => losses.softmaxCrossEntropy(targets, model.forward(model.input)) as Scalar;
  const times: number[] = [];
  const end = performance.now() + budget;
  do {
    const start = performance.now();
    const { value, grads } = variableGrads(loss, model.variables);
    // Backends that work in the background are done when the last gradient can be read.
    await grads[model.variables[0]!.name]!.data();
    times.push(performance.now() - start);
    dispose([value, ...Object.values(grads)]);
  } while (performance.now() < end);
  // The first run also compiles: it counts only when there was time for no other.
  return times.length > 1 ? times.slice(1) : times;
}

async function time(model: Model, budget: number): Promise<SpeedResult> {
  const classes = Array.from({ length: BATCH }, (_, i) => i % 10);
  const targets = tidy(() => oneHot(tensor1d(classes, 'int32'), 10));
  try {
    const times = (await timesOf(model, targets, budget)).sort((a, b) => a - b);
    return { model: model.name, milliseconds: times[times.length >> 1]!, runs: times.length };
  } finally {
    // Also where the backend lacks a kernel.
    dispose([targets, model.input, ...model.variables]);
  }
}

/**
 * Times gradients of two small models on the active backend.
 *
 * @param budget - Milliseconds to spend on both, at least one gradient each.
 */
export async function speedTest(budget: number): Promise<SpeedResult[]> {
  const before = memory().numTensors;
  const results = [await time(mlp(), budget / 2), await time(cnn(), budget / 2)];
  if (memory().numTensors !== before) throw new Error('speedTest: expected to leave no tensor behind');
  return results;
}
