import { mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** A folder for modules that run outside of vitest, inside the package: they find its dependencies from there. */
export function bundleFolder(): { readonly folder: string; remove(): void } {
  const modules = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');
  const folder = mkdtempSync(join(modules, '.bundle-'));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** Bundles a module for Node into a folder. Returns the file's path. */
export async function bundled(entry: string, folder: string): Promise<string> {
  const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];
  await build({
    configFile: false,
    logLevel: 'error',
    root: dirname(entry),
    ssr: { resolve: { conditions } },
    build: { ssr: entry, outDir: folder, emptyOutDir: false },
  });
  return join(folder, basename(entry).replace(/\.ts$/, '.js'));
}
