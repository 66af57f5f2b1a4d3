import { engine, setBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from './node-module.js';
import { locate, probe } from './probe.js';
import type { PrepareOptions, Started } from './types.js';

type NativeName = 'tfjs-node-gpu' | 'tfjs-node';

/** The first Node on which tfjs-node 4.22 throws: it calls a function of `util` that Node 23 removed. */
const FIRST_BROKEN_NODE = 23;
/** The last Node for which tfjs-node 4.22 has a prebuilt binary. */
const LAST_PREBUILT_NODE = 20;

const SCRIPT = `
import { createRequire } from 'node:module';
const tf = createRequire(process.argv[1])(process.argv[1]);
await tf.ready();
const [sum] = tf.sum(tf.matMul(tf.ones([8, 8]), tf.ones([8, 8]))).dataSync();
if (sum !== 512) throw new Error('its matrix product is wrong');
console.log();
answer({ gpu: tf.backend().isUsingGpuDevice === true });
process.exit(0);
`;

const major = (version: string): number => Number(version.split('.')[0]);

/** Why this Node cannot run tfjs-node, if it cannot. */
export function nodeLimit(version: string): string | undefined {
  if (major(version) < FIRST_BROKEN_NODE) return undefined;
  return `tfjs-node 4.22 throws on Node ${FIRST_BROKEN_NODE} and later, this is ${version}. Use Node ${LAST_PREBUILT_NODE}`;
}

function install(name: NativeName, version: string): string {
  const command = `npm install @tensorflow/${name}@4.22.0`;
  if (major(version) <= LAST_PREBUILT_NODE) return command;
  return `${command} (no prebuilt binary for Node ${major(version)}: with Node ${LAST_PREBUILT_NODE}, or built from source)`;
}

/** Starts TensorFlow's native library, after a child process has shown that it loads. */
export async function startNative(
  name: NativeName,
  options: PrepareOptions,
  version: string,
): Promise<Started> {
  const path = locate(`@tensorflow/${name}`, options.resolveFrom ?? process.cwd());
  const limit = nodeLimit(version);
  if (limit) throw new Error(limit);
  if (!path) throw new Error(`not installed. To add it: ${install(name, version)}`);
  const { gpu } = await probe<{ gpu: boolean }>(SCRIPT, path).catch((error: Error) => {
    throw new Error(`installed, but ${error.message}. To repair it: ${install(name, version)}`);
  });
  if (name === 'tfjs-node-gpu' && !gpu)
    throw new Error('installed, but it finds no GPU: it needs an NVIDIA GPU with CUDA 11.2 and cuDNN 8.1');
  nodeModule('node:module').createRequire(path)(path);
  if (!engine().findBackendFactory('tensorflow'))
    throw new Error(
      'loaded, but with a TensorFlow.js of its own: make all @tensorflow packages one version (npm dedupe)',
    );
  if (!(await setBackend('tensorflow')))
    throw new Error(`loaded, but its backend does not start. To repair it: ${install(name, version)}`);
  return {
    message: gpu ? "TensorFlow's native library on the GPU" : "TensorFlow's native library on the CPU",
  };
}
