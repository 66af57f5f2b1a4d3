import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeVersion } from '../src/study/identity.js';

describe('the code that a trial depends on', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'identity-'));
    // Packages of a workspace, which link to one another in circles.
    for (const name of ['plugin', 'one', 'two']) {
      mkdirSync(join(root, name, 'node_modules'), { recursive: true });
      mkdirSync(join(root, name, 'src'));
      writeFileSync(join(root, name, 'src', 'index.js'), `export const name = '${name}';`);
      for (const other of ['plugin', 'one', 'two'])
        symlinkSync(join(root, other), join(root, name, 'node_modules', other));
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const version = () => codeVersion([join(root, 'plugin')]).plugin;

  it('is the content of the plugin’s own files, whatever is installed beside them', () => {
    const before = version();
    writeFileSync(join(root, 'one', 'src', 'index.js'), 'changed');
    expect(version()).toBe(before);
    writeFileSync(join(root, 'plugin', 'src', 'index.js'), 'changed');
    expect(version()).not.toBe(before);
  });

  it('takes one file for itself', () => {
    const file = join(root, 'plugin', 'src', 'index.js');
    const before = codeVersion([file])['index.js'];
    expect(before).toMatch(/^[0-9a-f]{20}$/);
    writeFileSync(file, 'changed');
    expect(codeVersion([file])['index.js']).not.toBe(before);
  });
});
