import * as tf from '@tensorflow/tfjs';
import { bisam } from '@tfjs-sam/bisam';
import { adamw, byObjective, clipByGlobalNorm, sgd, withWeightDecay } from '@tfjs-sam/core';
import { sam } from 'tfjs-sam';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { diagnose, type Finding } from '../../src/diagnose/diagnose.js';
import type { DiagnosedTraining } from '../../src/diagnose/watch.js';

let before = 0;
beforeAll(async () => {
  await tf.setBackend('cpu');
  before = tf.memory().numTensors;
});
const owned: tf.Variable[] = [];
afterEach(() => {
  tf.dispose(owned.splice(0));
  expect(tf.memory().numTensors).toBe(before);
});

const own = (value: tf.Tensor, trainable = true): tf.Variable => {
  const variable = tf.variable(value, trainable);
  value.dispose();
  owned.push(variable);
  return variable;
};

/** Logistic regression on eight points, which most of the trainings below are. */
function regression(
  optimizer: tf.Optimizer,
  change: (parts: { loss: () => tf.Scalar; weights: tf.Variable }) => Partial<DiagnosedTraining> = () => ({}),
): DiagnosedTraining {
  const xs = own(
    tf.tensor2d([0.5, 1, -1, 0.3, 0.2, -0.7, 1.5, 0.1, -0.4, -0.9, 0.8, -1.2, -0.6, 1.1, 0.9, 0.4], [8, 2]),
    false,
  );
  const ys = own(tf.tensor1d([1, 0, 1, 1, 0, 0, 1, 0]), false);
  const weights = own(tf.tensor2d([0.8, -0.6], [2, 1]));
  const loss = (): tf.Scalar =>
    tf.losses.sigmoidCrossEntropy(
      ys,
      tf.reshape(tf.matMul(xs, weights as unknown as tf.Tensor2D), [8]),
    ) as tf.Scalar;
  return {
    optimizer,
    variables: [weights],
    step: () => void optimizer.minimize(loss, false, [weights]),
    dispose: () => optimizer.dispose(),
    ...change({ loss, weights }),
  };
}

async function found(training: DiagnosedTraining): Promise<Partial<Record<Finding['check'], string>>> {
  const findings = await diagnose(training, { steps: 3 });
  training.dispose?.();
  return Object.fromEntries(
    findings.filter(({ verdict }) => verdict === 'problem').map(({ check, message }) => [check, message]),
  );
}

describe('diagnose', () => {
  it('finds nothing wrong with a healthy training, and says what it saw', async () => {
    const training = regression(sam(sgd({ learningRate: 0.1 }), { rho: 0.1 }));
    const findings = await diagnose(training, { steps: 4 });
    training.dispose?.();
    expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual(
      ['activity', 'radius', 'batch', 'order', 'base'].map((check) => [check, 'good']),
    );
    expect(findings[0]!.message).toBe('the weights were perturbed in 4 of 4 steps');
    expect(findings[1]!.message).toMatch(/^‖δ‖ is 0\.1, \d+(\.\d+)? % of ‖θ‖/);
  });

  it('does the same steps as without it', async () => {
    const run = async (watched: boolean): Promise<number[]> => {
      const training = regression(sam(sgd({ learningRate: 0.1 }), { rho: 0.1 }));
      if (watched) await diagnose(training, { steps: 3 });
      else for (let i = 0; i < 3; i++) training.step(i);
      training.dispose?.();
      return [...training.variables[0]!.dataSync()];
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('sees a radius that is never there, far too small, far too large', async () => {
    expect((await found(regression(sam(sgd({ learningRate: 0.1 }), { rho: 0 })))).activity).toContain(
      'never active',
    );
    expect((await found(regression(sam(sgd({ learningRate: 0.1 }), { rho: 1e-5 })))).radius).toMatch(
      /^ρ is far too small/,
    );
    expect((await found(regression(sam(sgd({ learningRate: 0.1 }), { rho: 20 })))).radius).toMatch(
      /^ρ is far too large/,
    );
  });

  it('sees gradients that are made outside', async () => {
    const optimizer = sam(sgd({ learningRate: 0.1 }), { rho: 0.1 });
    const training = regression(optimizer, ({ loss, weights }) => ({
      step: () => {
        const { value, grads } = tf.variableGrads(loss, [weights]);
        optimizer.applyGradients(grads);
        tf.dispose([value, grads]);
      },
    }));
    expect((await found(training)).activity).toContain('never saw the loss in 3 steps');
  });

  it('sees BiSAM with an ordinary loss, and is content with one that tells', async () => {
    expect((await found(regression(bisam(sgd({ learningRate: 0.1 }), { rho: 0.1 })))).objective).toContain(
      'this is SAM',
    );
    const optimizer = bisam(sgd({ learningRate: 0.1 }), { rho: 0.1 });
    const telling = regression(optimizer, ({ loss, weights }) => ({
      step: () =>
        void optimizer.minimize(
          byObjective({ ascent: () => tf.neg(tf.exp(tf.neg(loss()))), descent: loss }),
          false,
          [weights],
        ),
    }));
    expect(await found(telling)).toEqual({});
  });

  it('sees statistics that move in the second pass', async () => {
    const training = (every: number): DiagnosedTraining => {
      const moving = own(tf.scalar(0), false);
      const optimizer = sam(sgd({ learningRate: 0.1 }), { rho: 0.1 });
      return regression(optimizer, ({ loss, weights }) => ({
        statistics: [moving],
        step: () => {
          let evaluations = 0;
          const counting = (): tf.Scalar => {
            // In place: no assignment that the optimizer could see and undo.
            if (evaluations++ % every === 0) moving.dataSync()[0]! += 1;
            return loss();
          };
          optimizer.minimize(counting, false, [weights]);
        },
      }));
    };
    expect((await found(training(1))).statistics).toContain(
      'moving averages changed after the first evaluation',
    );
    expect(await found(training(2))).toEqual({});
  });

  it('sees a batch that is drawn inside the loss', async () => {
    let draws = 0;
    const optimizer = sam(sgd({ learningRate: 0.1 }), { rho: 0.1 });
    const training = regression(optimizer, ({ loss, weights }) => ({
      step: () =>
        void optimizer.minimize(() => tf.mul(loss(), 1 + (draws++ % 7)) as tf.Scalar, false, [weights]),
    }));
    expect((await found(training)).batch).toContain('the batch is drawn inside the loss');
  });

  it('sees wrappers and bases in the wrong order', async () => {
    const clipped = await found(
      regression(clipByGlobalNorm(sam(sgd({ learningRate: 0.1 }), { rho: 0.1 }), 1)),
    );
    expect(clipped.order).toContain('sam(clipByGlobalNorm(base, 1))');
    expect(
      (await found(regression(sam(clipByGlobalNorm(sgd({ learningRate: 0.1 }), 1), { rho: 0.1 })))).order,
    ).toBeUndefined();
    const twice = withWeightDecay(adamw({ learningRate: 0.01, weightDecay: 0.1 }), { weightDecay: 0.1 });
    expect((await found(regression(sam(twice, { rho: 0.1 })))).order).toContain(
      'weight decay is applied more than once',
    );
  });

  it('sees a base without effect, with SAM and without', async () => {
    expect((await found(regression(sam(sgd({ learningRate: 0 }), { rho: 0.1 })))).base).toContain(
      'no weight changed in 3 steps',
    );
    expect((await found(regression(tf.train.sgd(0)))).base).toContain('the learning rate is 0');
    expect(await found(regression(tf.train.sgd(0.1)))).toEqual({});
  });
});
