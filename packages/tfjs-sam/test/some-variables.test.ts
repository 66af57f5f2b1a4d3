import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '@tfjs-sam/testing';
import * as all from 'tfjs-sam';
import { beforeAll, describe, expect, it } from 'vitest';

type Match = string | ((variable: tf.Variable) => boolean);
const rate = { learningRate: 0.1 };

/** Parts with an option that picks variables, in configurations and in code. */
const picking: Record<string, [json: (match: Match) => object, code: (match: Match) => tf.Optimizer]> = {
  'groups of the driver': [
    (match) => ({ variant: 'sam', groups: [{ match, rho: 0 }] }),
    (match) => all.sam(all.sgd(rate), { groups: [{ match, rho: 0 }] }),
  ],
  'decay of AdamW': [
    (decay) => ({ variant: 'sam', base: { name: 'adamw', ...rate, weightDecay: 1, decay } }),
    (decay) => all.sam(all.adamw({ ...rate, weightDecay: 1, decay })),
  ],
  'decay of Lion': [
    (decay) => ({ variant: 'sam', base: { name: 'lion', ...rate, weightDecay: 1, decay } }),
    (decay) => all.sam(all.lion({ ...rate, weightDecay: 1, decay })),
  ],
  'decay of Muon': [
    (decay) => ({ variant: 'sam', base: { name: 'muon', ...rate, weightDecay: 1, decay } }),
    (decay) => all.sam(all.muon({ ...rate, weightDecay: 1, decay })),
  ],
  'matrices of Muon': [
    (matrices) => ({ variant: 'sam', base: { name: 'muon', ...rate, matrices } }),
    (matrices) => all.sam(all.muon({ ...rate, matrices })),
  ],
  'what the elementwise metric scales': [
    (scaled) => ({ variant: 'sam', rho: 0.5, metric: { name: 'elementwise', scaled } }),
    (scaled) => all.sam(all.sgd(rate), { rho: 0.5, metric: all.elementwiseMetric({ scaled }) }),
  ],
  'what the layerwise metric scales': [
    (scaled) => ({ variant: 'layerwise-asam', scaled }),
    (scaled) => all.layerwiseAsam(all.sgd(rate), { scaled }),
  ],
  'what the scaled sign scales': [
    (scaled) => ({ variant: 'sam', metric: { name: 'scaled-sign', scaled } }),
    (scaled) => all.sam(all.sgd(rate), { metric: all.scaledSignAscent({ scaled }) }),
  ],
  'what climbs alone': [
    (match) => ({ variant: 'sam', rho: 0.5, ascent: { name: 'only-variables', match } }),
    (match) => all.sam(all.sgd(rate), { rho: 0.5, ascent: all.onlyVariables({ match }) }),
  ],
  'what SAM-ON perturbs': [
    (match) => ({ variant: 'sam-on', match }),
    (match) => all.samOn(all.sgd(rate), { match }),
  ],
};

describe('options that pick variables', () => {
  beforeAll(() => useBackend('cpu'));
  const registry = all.createDefaultRegistry();

  /** The weights after three steps, and what the configuration says of itself. */
  function trained(make: () => tf.Optimizer): { weights: number[]; saved: string } {
    const optimizer = make();
    const variables = ['first', 'second'].map((name) =>
      tf.variable(tf.tensor2d([1, -2, 3, 0.5], [2, 2]), true, `picking/${name}`),
    );
    for (let i = 0; i < 3; i++) {
      optimizer.minimize(
        () => tf.sum(tf.square(tf.matMul(variables[0]!, variables[1]!))) as tf.Scalar,
        false,
        variables,
      );
    }
    const weights = variables.flatMap((variable) => [...variable.dataSync()]);
    const saved = JSON.stringify(optimizer.getConfig());
    tf.dispose(variables);
    optimizer.dispose();
    return { weights, saved };
  }

  it.each(Object.keys(picking))('%s: a pattern in JSON is the predicate, and is saved', (name) => {
    const [json, code] = picking[name]!;
    const base = { name: 'sgd', ...rate };
    const fromJson = (match: string) => () => registry.create(registry.parse({ base, ...json(match) }));
    const pattern = trained(fromJson('first$'));
    expect(trained(() => code(({ name }) => name.endsWith('first'))).weights).toEqual(pattern.weights);
    expect(trained(() => code('first$'))).toEqual(pattern);
    expect(trained(fromJson('second$')).weights).not.toEqual(pattern.weights);
    expect(pattern.saved).toContain('first$');
    expect(() => trained(fromJson('('))).toThrow(/expected [\w.[\]]+ to be a regular expression, got "\("/);
  });
});
