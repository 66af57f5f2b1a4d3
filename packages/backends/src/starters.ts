import { startCpu, startWasm, startWebgl } from './built-in.js';
import { isNode } from './runtime.js';
import type { BackendName, PrepareOptions, Started, Starter } from './types.js';

type NodeStarter = (options: PrepareOptions, forced: boolean, version: string) => Promise<Started>;

/** A starter that exists in Node only; elsewhere its module is never loaded. */
const inNode =
  (load: () => Promise<NodeStarter>): Starter =>
  async (options, forced) => {
    if (!isNode) throw new Error('works in Node only');
    const start = await load();
    return start(options, forced, process.versions.node);
  };

const native = (name: 'tfjs-node-gpu' | 'tfjs-node'): Starter =>
  inNode(async () => {
    const { startNative } = await import('./native.js');
    return (options, _forced, version) => startNative(name, options, version);
  });

/** The way in which each backend is started. */
export const starters: Readonly<Record<BackendName, Starter>> = {
  'tfjs-node-gpu': native('tfjs-node-gpu'),
  'tfjs-node': native('tfjs-node'),
  webgpu: inNode(async () => (await import('./webgpu.js')).startWebgpu),
  webgl: startWebgl,
  wasm: startWasm,
  cpu: startCpu,
};
