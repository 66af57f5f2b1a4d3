import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside node_modules: not tracked, and TensorFlow.js resolves from there as it does from the sources. Of this process
// alone, so that two test runs do not meet.
const folder = `${root}node_modules/.test-child-${process.pid}`;

/** Bundles the child processes' program from the sources, so that tests need no build. @returns Its path. */
export async function bundleChild(): Promise<string> {
  const external = [
    '@tensorflow/tfjs',
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-backend-wasm',
    '@jax-js/jax',
    'assemblyscript/asc',
  ];
  await build({
    entryPoints: [`${root}src/child.ts`],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@tfjs-sam/source'],
    external,
    logLevel: 'error',
    // Packages that are CommonJS ask for Node's modules by it.
    banner: {
      js: "import { createRequire as ofBundle } from 'node:module'; const require = ofBundle(import.meta.url);",
    },
  });
  return `${folder}/child.js`;
}

/** Deletes the bundle. */
export function removeChild(): void {
  rmSync(folder, { recursive: true, force: true });
}
