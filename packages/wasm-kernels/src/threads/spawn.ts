import { type ThreadData, threadMain } from './thread-main.js';

/** A thread that was started. */
export interface Thread {
  /** Ends it at once, whatever it does. */
  terminate(): unknown;
}

/** Members of Node that are used here. By no import: bundlers for browsers follow those. */
interface NodeModules {
  'node:worker_threads': typeof import('node:worker_threads');
  'node:os': typeof import('node:os');
  'node:process': typeof import('node:process');
  'node:fs': typeof import('node:fs');
}

/** A module of Node's own, or undefined elsewhere. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const node: { getBuiltinModule?(id: Name): NodeModules[Name] } | undefined = Reflect.get(
    globalThis,
    'process',
  );
  return node?.getBuiltinModule?.(name);
}

/** True where the thread that asks may sleep: everywhere but on a page's main thread. */
export const maySleep = (): boolean => Boolean(nodeModule('node:os')) || !('document' in globalThis);

/** Starts a thread that does not keep the process alive. `lost` hears of one that ends by itself. */
export function spawn(data: ThreadData, lost: (why: string) => void): Thread {
  const node = nodeModule('node:worker_threads');
  if (node) {
    const source = `(${threadMain})(require('node:worker_threads').workerData);`;
    // No flags of the process: some are refused in threads.
    const thread = new node.Worker(source, { eval: true, workerData: data, execArgv: [] });
    thread.on('error', (error) => lost(error.message));
    thread.on('exit', (code) => lost(`it ended with code ${code}`));
    thread.unref();
    return thread;
  }
  const source = `onmessage = ({ data }) => (${threadMain})(data);`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const thread = new Worker(url);
  thread.onerror = ({ message }) => lost(message);
  thread.postMessage(data);
  return thread;
}
