import * as tf from '@tensorflow/tfjs-core';
import { diagnoseBy } from './diagnosis.js';
import { type Failure, findFailure } from './failing-layer.js';

/**
 * Has errors about a kernel that the backend lacks say in which layer, or in whose gradient, and what helps. Loading core
 * does so without a bundler; a bundle has the explanation where it calls this, and TensorFlow.js's own message, of kernel and
 * backend alone, where it does not.
 */
export function explainMissingKernels(): void {
  diagnoseBy(explainMissingKernel);
}

explainMissingKernels();

/** The loss is run once more, to see where it fails. @param loss - What threw, or whose gradient did. */
function explainMissingKernel(error: unknown, loss: () => tf.Scalar): unknown {
  const pattern = /^Kernel '([^']+)' not registered for backend '([^']+)'/;
  const [, kernel, backend] = (error instanceof Error && pattern.exec(error.message)) || [];
  if (kernel === undefined || backend === undefined) return error;
  const failure = findFailure(loss, (error as Error).message);
  return new Error(
    `backend "${backend}": expected a kernel "${kernel}"${failure ? purposeOf(failure) : ''}, got none. ${remedy(kernel, backend)}`,
    { cause: error },
  );
}

function purposeOf({ layers, gradient }: Failure): string {
  const [layer, ...around] = [...layers].reverse();
  const where = layer && `layer "${layer}"${around.map((name) => ` in "${name}"`).join('')}`;
  if (gradient === undefined) return ` for ${where ?? 'the loss, outside of any layer'}`;
  const { node, input } = gradient;
  // Some operations compute the gradients of all of their inputs at once.
  const candidates = input === undefined ? Object.values(node.inputs) : [node.inputs[input]];
  const variable = candidates.find((candidate) => candidate instanceof tf.Variable);
  const what = variable ? `variable "${(variable as tf.Variable).name}"` : operationOf(node.kernelName);
  return ` for the gradient of ${what}${where ? ` of ${where}` : ''}`;
}

/** The tape has kernels ('Conv2D') and the scopes of fused operations ('fusedConv2d__op'). */
function operationOf(kernelName: string): string {
  return kernelName
    .toLowerCase()
    .replace(/^fused/, '')
    .replace(/_+op$/, '');
}

function remedy(kernel: string, backend: string): string {
  const others = ['wasm', 'cpu'].filter((name) => name !== backend && tf.getKernel(kernel, name));
  const other = others.map((name) => `tf.setBackend('${name}')`).join(' or ');
  const ours =
    'call prepareBackend() of @tfjs-sam/backends (in a browser registerTrainingKernels() of @tfjs-sam/wasm-kernels)';
  const helps = [...(backend === 'wasm' ? [ours] : []), ...(other ? [other] : [])];
  return `To train with it, ${helps.join(', or ') || 'use a backend that has it'}.`;
}
