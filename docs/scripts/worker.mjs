// Bundles the playground's worker. esbuild takes a second for it; within the site's own build Rollup would take twenty, and do it
// for the page and for the server.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const docs = fileURLToPath(new URL('..', import.meta.url));

const folder = `${docs}public/playground`;
rmSync(folder, { recursive: true, force: true });
await build({
  entryPoints: [`${docs}.vitepress/theme/playground/worker.ts`],
  outdir: folder,
  bundle: true,
  splitting: true,
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
