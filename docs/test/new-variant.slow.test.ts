import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let clone: string;

/** Runs a command of the clone, as a newcomer would. @throws Error with all that it printed when it fails. */
function run(command: string, ...args: string[]): string {
  const { CI: _, TFJS_SAM_SLOW: __, ...env } = process.env;
  const options = { cwd: clone, encoding: 'utf8', stdio: 'pipe', env, maxBuffer: 2 ** 26 } as const;
  try {
    return execFileSync(command, args, options);
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
  }
}
const npm = (script: string, ...args: string[]) => run('npm', 'run', '--silent', script, '--', ...args);

/** Files that are new or changed in the clone since it was made. */
const changed = () => run('git', 'status', '--porcelain', '-uall').trimEnd().split('\n');

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'tfjs-sam-clone-'));
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.trimEnd().split('\n'))
    cpSync(join(root, file), join(clone, file), { recursive: true });
  run('git', 'init', '-q');
  run('git', 'add', '-A');
  const who = ['-c', 'user.name=newcomer', '-c', 'user.email=newcomer@example.org'];
  run('git', ...who, 'commit', '-qm', 'as it was');
}, 120_000);
afterAll(() => rmSync(clone, { recursive: true, force: true }));

it('a variant is a formula, a test and a README: everything else follows', () => {
  const began = performance.now();
  npm('new-variant', 'trial-sam');
  const madeIn = Math.round((performance.now() - began) / 1000);

  const files = changed();
  const own = files.filter((line) => line.startsWith('?? ')).map((line) => line.slice(3));
  expect(own.sort()).toEqual([
    'packages/trial-sam/README.md',
    'packages/trial-sam/package.json',
    'packages/trial-sam/src/index.ts',
    'packages/trial-sam/src/trial-sam.ts',
    'packages/trial-sam/test/trial-sam.test.ts',
    'packages/trial-sam/tsconfig.json',
  ]);
  expect(files.filter((line) => line.startsWith(' M ')).map((line) => line.slice(3))).toEqual([
    'packages/tfjs-sam/README.md',
    'packages/tfjs-sam/package.json',
    'packages/tfjs-sam/src/plugins.ts',
    'packages/tfjs-sam/src/variants.ts',
    'packages/tfjs-sam/tsconfig.json',
    'pnpm-lock.yaml',
    'tsconfig.json',
  ]);

  expect(npm('test', 'packages/trial-sam')).toMatch(/Tests .*passed/);
  npm('lint');
  npm('typecheck');
  npm('generate', '--check');
  expect(npm('tfjs-sam', 'variants')).toMatch(/^trial-sam /m);
  expect(npm('tfjs-sam', 'list', 'variant')).toMatch(/^variant +trial-sam /m);
  expect(npm('tfjs-sam', 'describe', 'trial-sam')).toMatch(/^variant trial-sam \(@tfjs-sam\/trial-sam\)/m);
  const short = [
    '--models',
    'mlp',
    '--seeds',
    '1',
    '--epochs',
    '1',
    '--workers',
    '0',
    '--rho',
    'trial-sam=0.1',
  ];
  expect(npm('compare', '--variants', 'sgd,trial-sam', ...short)).toMatch(/│ trial-sam /);
  expect(readFileSync(join(clone, 'packages/tfjs-sam/dist/variants.d.ts'), 'utf8')).toContain('trial-sam');
  run('npx', 'typedoc', '--json', 'api.json');
  expect(readFileSync(join(clone, 'api.json'), 'utf8')).toContain('trialSam');
  console.log(`new-variant: ${madeIn} s from a bare clone, set-up included`);

  // A folder of the workspace that nobody named anywhere.
  cpSync(join(clone, 'examples/iris'), join(clone, 'examples/second'), { recursive: true, filter: isSource });
  const path = join(clone, 'examples/second/package.json');
  const manifest = readFileSync(path, 'utf8').replace(/"name": "[^"]*"/, '"name": "second"');
  run(
    process.execPath,
    '-e',
    `require('fs').writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(manifest)})`,
  );
  npm('build');
  expect(readFileSync(join(clone, 'examples/second/dist/main.js'), 'utf8')).not.toBe('');
});

const isSource = (path: string) => !/node_modules|dist/.test(path.slice(dirname(clone).length));
