import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openInChromium } from '@tfjs-sam/testing/browser';
import { build, preview } from 'vite';
import { expect } from 'vitest';
import type { Answer } from './browser/page.js';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('./browser', import.meta.url));

const binaries = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '..', 'wasm-out');

/**
 * Builds the page as an application does, TensorFlow.js included and its binaries beside it.
 *
 * @returns Every import of a module of Node's that vite met, with the file it is in.
 */
export async function buildWithVite(outDir: string): Promise<string[]> {
  const met: string[] = [];
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    publicDir: binaries,
    resolve: { conditions: ['@tfjs-sam/source', 'browser', 'import', 'module', 'default'] },
    build: { outDir, emptyOutDir: false, chunkSizeWarningLimit: 10_000 },
    plugins: [
      {
        name: 'imports-of-node',
        enforce: 'pre',
        resolveId(source, importer) {
          if (source.startsWith('node:')) met.push(`${importer}: ${source}`);
        },
      },
    ],
  });
  return met;
}

/** What this test uses of esbuild. */
interface Esbuild {
  build(options: object): Promise<{
    readonly warnings: readonly { readonly text: string }[];
    readonly metafile: {
      readonly outputs: Readonly<Record<string, { readonly imports: readonly object[] }>>;
    };
  }>;
}

/**
 * Builds the page with the esbuild that vite brings along, which takes a tenth of vite's time, and puts the binaries beside it.
 *
 * @returns What its bundle imports, and what it warns of.
 */
export async function buildWithEsbuild(outdir: string): Promise<{ imports: object[]; warnings: string[] }> {
  const path = createRequire(require.resolve('vite/package.json')).resolve('esbuild');
  const esbuild = ((await import(pathToFileURL(path).href)) as { default: Esbuild }).default;
  const { metafile, warnings } = await esbuild.build({
    entryPoints: [join(root, 'page.ts')],
    conditions: ['@tfjs-sam/source'],
    ...{ bundle: true, platform: 'browser', format: 'esm', metafile: true },
    ...{ logLevel: 'silent', outdir },
  });
  const html = readFileSync(join(root, 'index.html'), 'utf8');
  writeFileSync(join(outdir, 'index.html'), html.replace('page.ts', 'page.js'));
  cpSync(binaries, outdir, { recursive: true });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return { imports, warnings: warnings.map(({ text }) => text) };
}

/** Serves a page that was built with these headers, and answers what it posts from a real Chromium. */
export async function answerOf(
  outDir: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const server = await preview({
    configFile: false,
    logLevel: 'error',
    root,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, headers },
  });
  const { port } = server.httpServer.address() as AddressInfo;
  const browser = await openInChromium(join(root, 'redirect.ts'));
  try {
    const page = `http://127.0.0.1:${port}/?${query}`;
    return (await browser.visit(`?page=${encodeURIComponent(page)}`)) as Answer;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Losses of three steps, each a mean of 12 logarithms of softmaxes over products of 36 numbers. */
export const TOLERANCE = 3 * 12 * 36 * 2 ** -24;

/** Expects a page to have trained on wasm as on cpu. */
export function expectTrained({ backend, losses }: Answer): void {
  expect(backend).toBe('wasm');
  expect(losses.taken).toHaveLength(3);
  for (const [i, loss] of losses.taken.entries())
    expect(Math.abs(loss - losses.cpu[i]!)).toBeLessThan(TOLERANCE);
}
