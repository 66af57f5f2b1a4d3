import { adamw, cosineDecay, mongeMetric, sharpnessAware, stepRecorder } from '@tfjs-sam/core';

const recorder = stepRecorder();
const optimizer = sharpnessAware(adamw({ learningRate: 1e-3, weightDecay: 0.05 }), {
  rho: cosineDecay(0.1, 0.02, 5_000),
  metric: mongeMetric(),
  groups: [{ match: ({ name }) => name.includes('bias'), rho: 0 }],
  onStep: recorder.onStep,
});
model.compile({ optimizer, loss: 'categoricalCrossentropy' });
await model.fit(x, y, { callbacks: recorder.callbacks }); // History has gradientNorm, surrogateGap, …

export {};
