import '@tensorflow/tfjs';
import { renderReport, runStudy } from '@tfjs-sam/lab';

const results = await runStudy({
  study: 'quick',
  task: { dataset: 'digits', model: 'mlp', epochs: 2 },
  optimizer: { base: { name: 'sgd', learningRate: 0.1 } },
  arms: { sgd: {}, sam: { variant: 'sam' } },
  seeds: 1,
});
console.log(renderReport(results).length);

export {};
