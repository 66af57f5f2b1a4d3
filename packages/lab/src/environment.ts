import { cpus } from 'node:os';

/** The machine, and what runs on it. */
export function describeMachine(): Record<string, string | number> {
  const processors = cpus();
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
  };
}
