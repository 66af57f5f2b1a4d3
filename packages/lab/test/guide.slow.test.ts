import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../src/program.js';

const guide = readFileSync(new URL('../../../docs/guide/study.md', import.meta.url), 'utf8');
const block = (language: string): string =>
  guide.match(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``))![1]!;

describe('the guide to a study', () => {
  // Inside the package, so that its own name is found.
  const folder = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), '.guide-'));
  const { cwd, chdir } = process;
  const home = cwd.call(process);
  afterAll(() => {
    chdir.call(process, home);
    rmSync(folder, { recursive: true });
  });

  it('takes at most 30 lines of YAML and 20 of code', () => {
    const lines = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length;
    expect(lines(block('yaml'))).toBeLessThanOrEqual(30);
    expect(lines(block('js'))).toBeLessThanOrEqual(20);
  });

  it('does what it says, with the commands that it shows', async () => {
    writeFileSync(join(folder, 'parts.mjs'), block('js'));
    writeFileSync(join(folder, 'study.yaml'), block('yaml'));
    process.chdir(folder);
    const said: string[] = [];
    const out = { write: (text: string) => said.push(text) };
    const commands = [...block('sh').matchAll(/^npx tfjs-sam (.*?)\s*(?:#.*)?$/gm)].map(([, args]) =>
      args!.split(/\s+/),
    );
    expect(commands.map(([verb]) => verb)).toEqual(['diagnose', 'run', 'status', 'report', 'export']);
    for (const args of commands) {
      // In this process: child processes run what is built.
      const more = args[0] === 'run' ? ['--workers', '0'] : [];
      expect(
        await main([...args, ...more], { stdout: out, stderr: out } as never),
        said.slice(-5).join(''),
      ).toBe(0);
    }
    expect(said.join('')).toContain('No problem found.');
    const table = readFileSync(join(folder, 'runs/rings/export/latex/summary.tex'), 'utf8');
    expect(table).toMatch(/sgd-2x & .*\$\\pm\$/);
    expect(table).toMatch(/sam & rho 0\.\d+ & /);
    const report = readFileSync(join(folder, 'runs/rings/report.html'), 'utf8');
    expect(report).toContain('m-sharpness');
  });
});
