import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];
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
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { noExternal: true, external, resolve: { conditions } },
    build: { ssr: 'src/child.ts', outDir: folder, emptyOutDir: true, target: 'node20', minify: false },
  });
  return `${folder}/child.js`;
}

/** Deletes the bundle. */
export function removeChild(): void {
  rmSync(folder, { recursive: true, force: true });
}
