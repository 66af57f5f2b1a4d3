import {
  elementwiseMetric,
  euclideanMetric,
  fisherMetric,
  gaussNewtonMetric,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  mongeMetric,
} from '@tfjs-sam/core';
import { describeMetric } from '@tfjs-sam/testing';

describeMetric({ name: 'euclidean', create: () => euclideanMetric() });
describeMetric({ name: 'elementwise', create: () => elementwiseMetric() });
describeMetric({ name: 'elementwise, |θ|', create: () => elementwiseMetric({ eta: 0 }) });
describeMetric({ name: 'monge', create: () => mongeMetric() });
describeMetric({
  name: 'monge over iterations',
  create: () => mongeMetric({ iterations: { rank: 3, decay: 0.7 } }),
});
describeMetric({
  name: 'monge over neighbours',
  create: () => mongeMetric({ neighbours: { samples: 2, radius: 0.3 } }),
});
describeMetric({
  name: 'monge over both',
  create: () => mongeMetric({ iterations: { rank: 5 }, neighbours: { samples: 1 } }),
});
describeMetric({ name: 'fisher', create: () => fisherMetric({ eta: 2 }) });
describeMetric({
  name: 'fisher per example',
  create: ({ parts }) => fisherMetric({ perExample: () => parts }),
});
describeMetric({
  name: 'fisher moving average',
  create: ({ parts }) => fisherMetric({ perExample: () => parts, decay: 0.8 }),
});
describeMetric({
  name: 'hessian diagonal',
  create: () => hessianDiagonalMetric({ damping: 0.5, probes: 2, refreshEvery: 2 }),
});
describeMetric({
  name: 'hessian low rank',
  create: () => hessianLowRankMetric({ rank: 2, iterations: 4, refreshEvery: 2 }),
});
describeMetric({
  name: 'gauss-newton',
  create: ({ outputs }) => gaussNewtonMetric({ outputs, probes: 2, refreshEvery: 2 }),
});
