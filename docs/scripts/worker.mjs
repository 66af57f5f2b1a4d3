// Bundles the playground's worker. esbuild takes a second for it; within the site's own build Rollup would take twenty, and do it
// for the page and for the server.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const docs = fileURLToPath(new URL('..', import.meta.url));

await build({
  entryPoints: [`${docs}.vitepress/theme/playground/worker.ts`],
  outfile: `${docs}public/playground/worker.js`,
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  define: { BASE: JSON.stringify(process.env.DOCS_BASE ?? '/') },
  external: [
    '@tensorflow/tfjs-node',
    '@tensorflow/tfjs-node-gpu',
    '@tensorflow/tfjs-backend-webgpu',
    'webgpu',
    'node:*',
  ],
  logLevel: 'warning',
});
