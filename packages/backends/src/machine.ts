import { nodeModule } from './node-module.js';
import { isNode, reason } from './runtime.js';

/** A browser's account of itself. */
interface BrowserNavigator {
  readonly hardwareConcurrency?: number;
  readonly userAgent?: string;
}

const browser = (): BrowserNavigator => Reflect.get(globalThis, 'navigator') ?? {};

function describeNodeMachine(): string {
  const os = nodeModule('node:os');
  const cores = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${cores[0]?.model.trim() ?? 'unknown processor'}, ${cores.length} cores, ${memory} GiB, ${os.type()} ${os.release()} ${os.arch()}`;
}

/** Processor, cores, memory and system, in one line; in a browser the cores. */
export function describeMachine(): string {
  if (!isNode) return `a browser, ${browser().hardwareConcurrency ?? 'unknown'} cores`;
  try {
    return describeNodeMachine();
  } catch (error) {
    // The rest of a report is worth having all the same.
    return `unknown: ${reason(error)}`;
  }
}

/** Version of Node, or the browser. */
export const describeRuntime = (): string =>
  isNode ? `Node ${process.versions.node}` : (browser().userAgent ?? 'unknown');
