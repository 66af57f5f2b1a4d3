import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs';
import { loadRegistry, UsageError, variantNamed, variantsOf } from '@tfjs-sam/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog.js';
import { loadPlugins } from '../src/plugin-modules.js';

const fixture = fileURLToPath(new URL('./fixtures/plugin', import.meta.url));
let folder: string;
const variants = variantsOf(await loadRegistry());

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-catalog-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function configFile(content: unknown): string {
  const path = join(folder, 'configs.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('loadPlugins', () => {
  it('takes the folder of a package and a file', async () => {
    for (const specifier of [fixture, join(fixture, 'plugin.mjs')]) {
      const [plugin, ...rest] = await loadPlugins([specifier]);
      expect([plugin!.name, plugin!.package, rest]).toEqual(['flat', 'lab-test-plugin', []]);
    }
  });

  it('looks a name up as an import in the given folder would, and a relative path from there', async () => {
    expect(await loadPlugins(['lab-test-plugin'], { from: fixture })).toHaveLength(1);
    expect(await loadPlugins(['./plugin.mjs'], { from: fixture })).toHaveLength(1);
    expect(await loadPlugins(['../plugin'], { from: fixture })).toHaveLength(1);
  });

  it.each([
    ['no-such-package'],
    ['./no-such-file.mjs'],
    [fileURLToPath(import.meta.url).replace('catalog.test.ts', 'fixtures')],
  ])('answers %s with one line', async (specifier) => {
    const failure = await loadPlugins([specifier], { from: fixture }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toMatch(/^--plugin: expected a package or file with parts, got/);
    expect((failure as Error).message).not.toContain('\n');
  });

  it('refuses a module without plugins', async () => {
    writeFileSync(join(folder, 'empty.mjs'), 'export const nothing = 1;\n');
    await expect(loadPlugins(['./empty.mjs'], { from: folder })).rejects.toThrow(
      /expected exports that definePart or defineVariant made, got nothing/,
    );
  });
});

describe('createCatalog', () => {
  it('composes variants from a file, as arms of a study', async () => {
    const config = configFile({
      mine: { variant: 'sam', metric: { name: 'monge' } },
      fixed: { variant: 'sam', rho: 0.2, base: { name: 'momentum', learningRate: 0.1 } },
    });
    const { variants: known } = await createCatalog({ config });
    expect(known).toHaveLength(variants.length + 2);
    expect(variantNamed('mine', known)).toMatchObject({
      summary: '{"variant":"sam","metric":{"name":"monge"}}',
      source: config,
      radii: ['rho'],
      config: { variant: 'sam', metric: { name: 'monge' } },
    });
    // A radius that the file gives is not searched.
    expect(variantNamed('fixed', known).radii).toEqual([]);
  });

  it('gives the parts of plugins to the file', async () => {
    const config = configFile({ mine: { variant: 'sam', metric: { name: 'flat', factor: 0.25 } } });
    const { variants: known } = await createCatalog({ plugin: [fixture], config });
    expect(variantNamed('mine', known).config.metric).toEqual({ name: 'flat', factor: 0.25 });
    await expect(createCatalog({ config })).rejects.toThrow(/"flat"/);
  });

  it.each([
    ['{', /got ".*configs\.json": /],
    ['[1]', /JSON file of configurations by name/],
    [{ sam: { variant: 'sam' } }, /names of your own, got "sam"/],
    [{ mine: { variant: 'sma' } }, /mine in ".*": registry: .*"sma".*Did you mean/],
    [{ mine: { variant: 'sam', rhoo: 1 } }, /mine in ".*": rhoo: expected .*Did you mean "rho"/],
    [{ mine: { rho: 1 } }, /JSON file of configurations by name/],
  ])('answers a file of %j with one line', async (content, message) => {
    const failure = await createCatalog({ config: configFile(content) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).not.toContain('\n');
  });

  it('takes a plugin that is named twice once, and what is built in', async () => {
    const own = fileURLToPath(new URL('../../gsam', import.meta.url));
    const { registry, variants: known } = await createCatalog({
      plugin: [fixture, join(fixture, 'plugin.mjs'), own],
    });
    expect(registry.list('metric').filter((name) => name === 'flat')).toHaveLength(1);
    expect(known.filter(({ name }) => name === 'gsam')).toHaveLength(1);
  });
});
