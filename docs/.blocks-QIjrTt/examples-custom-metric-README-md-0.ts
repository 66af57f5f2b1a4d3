import { pluginsOf } from '@tfjs-sam/core/registry';
import { createDefaultRegistry } from 'tfjs-sam';
import * as example from 'tfjs-sam-example-custom-metric';

const registry = createDefaultRegistry(pluginsOf(example, 'tfjs-sam-example-custom-metric'));
const optimizer = registry.create({
  variant: 'sam',
  rho: 0.1,
  metric: { name: 'layerwise', eta: 0.05 },
  base: { name: 'momentum', learningRate: 0.05, momentum: 0.9 },
});

export {};
