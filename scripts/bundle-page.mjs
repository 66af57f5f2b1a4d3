// Bundles the one file that a page without a bundler loads: every variant, core, the backends with their kernels.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [EXTERNAL, PROVIDED] = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];

/** Everything that a page needs beside TensorFlow.js. */
const entry = `
export * from './packages/core/dist/index.js';
export * from './packages/tfjs-sam/dist/index.js';
export { doctor, prepareBackend } from './packages/backends/dist/index.js';
export { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
`;

/** TensorFlow.js's own page build brings the cpu backend: a second copy would register itself over the first. */
const provided = {
  name: 'provided by TensorFlow.js',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${PROVIDED}`) }, ({ path }) => ({ path, namespace: 'provided' }));
    onLoad({ filter: /.*/, namespace: 'provided' }, () => ({ contents: '' }));
  },
};

/**
 * Writes the bundle, minified, with TensorFlow.js left to the page's import map.
 *
 * @param outfile - Where to. Default: into the package, as it is published.
 */
export async function bundlePage(outfile = `${root}packages/tfjs-sam/dist/page.js`) {
  const { metafile } = await build({
    stdin: { contents: entry, resolveDir: root },
    nodePaths: [`${root}packages/backends/node_modules`],
    external: [
      EXTERNAL,
      '@tensorflow/tfjs-node',
      '@tensorflow/tfjs-node-gpu',
      '@tensorflow/tfjs-backend-webgpu',
      'webgpu',
      'node:*',
    ],
    plugins: [provided],
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    outfile,
    logLevel: 'warning',
  });
  return metafile;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await bundlePage();
