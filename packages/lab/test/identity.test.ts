import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeVersion, productHash } from '../src/study/identity.js';

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

describe('the project’s own code', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'identity-'));
    // As npm lays them out: beside one another, and one within another.
    put('lab', 'package.json', JSON.stringify({ dependencies: { '@tfjs-sam/core': '1', yaml: '2' } }));
    for (const file of [
      'trial/run-trial.js',
      'measures/m.js',
      'report/page.js',
      'trial/run-trial.d.ts',
      'data/d.js',
      'models/m.js',
    ])
      put('lab', `dist/${file}`, 'before');
    put(
      'lab/node_modules/@tfjs-sam/core',
      'package.json',
      JSON.stringify({ dependencies: { 'tfjs-sam': '1' } }),
    );
    put('lab/node_modules/@tfjs-sam/core', 'dist/index.js', 'before');
    put('node_modules/tfjs-sam', 'package.json', JSON.stringify({ dependencies: { '@tfjs-sam/core': '1' } }));
    put('node_modules/tfjs-sam', 'dist/kernels.wasm', 'before');
    mkdirSync(join(root, 'node_modules/@tfjs-sam'));
    symlinkSync(join(root, 'lab/node_modules/@tfjs-sam/core'), join(root, 'node_modules/@tfjs-sam/core'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(folder: string, file: string, content: string): void {
    const path = join(root, folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const hash = () => productHash(join(root, 'lab'));

  it.each([
    ['lab', 'dist/trial/run-trial.js', true],
    ['lab', 'dist/measures/m.js', true],
    ['lab', 'dist/trial/new.js', true],
    ['lab/node_modules/@tfjs-sam/core', 'dist/index.js', true],
    ['node_modules/tfjs-sam', 'dist/kernels.wasm', true],
    // What shows numbers and what describes types makes none.
    ['lab', 'dist/report/page.js', false],
    ['lab', 'dist/trial/run-trial.d.ts', false],
  ])('another content of %s/%s: another trial? %s', (folder, file, differs) => {
    const before = hash();
    put(folder, file, 'mended');
    expect(hash() !== before).toBe(differs);
  });

  it('is in the identity of every trial, the same at every call', () => {
    expect(codeVersion([])).toEqual({
      lab: expect.any(String),
      tfjs: expect.any(String),
      code: expect.stringMatching(/^[0-9a-f]{20}$/),
    });
    expect(codeVersion([])).toEqual(codeVersion([]));
  });
});
