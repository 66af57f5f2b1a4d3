import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

const manifest = z.object({ version: z.string() });

function labVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return manifest.parse(JSON.parse(text)).version;
}

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

/**
 * What a result depends on besides its options: versions, machine and backend.
 *
 * @param backend - One line about the backend that is in use.
 */
export function describeEnvironment(backend: string): Record<string, string | number> {
  return { lab: labVersion(), tfjs: tf.version_core, backend, ...describeMachine() };
}
