import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

// Versions and publishing as the workflow does them, into a registry of our own, and from there into an empty project.

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-release-'));
const [clone, project] = [join(folder, 'clone'), join(folder, 'project')];
const address = 'acme/tfjs-sam';
const folders = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
);
let registry: { readonly url: string; readonly process: ChildProcess };

/** Runs a command. @throws Error with all that it printed when it fails. */
function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { CI: _, TFJS_SAM_SLOW: __, ...own } = process.env;
  const options = {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...own, ...env },
    maxBuffer: 2 ** 26,
  } as const;
  try {
    return execFileSync(command, args, options);
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
  }
}

/** Settings under which npm knows no other registry, and neither writes nor reads what is the user's. */
const ours = () => ({
  GITHUB_REPOSITORY: address,
  npm_config_userconfig: join(folder, 'npmrc'),
  npm_config_cache: join(folder, 'cache'),
  npm_config_registry: registry.url,
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts a registry that holds our packages and hands on what others publish. Installed here: nothing else needs it. */
async function startRegistry(): Promise<typeof registry> {
  const home = join(folder, 'registry');
  mkdirSync(home);
  // One of its dependencies asks for a tag that mirrors of npm do not have.
  const manifest = {
    private: true,
    dependencies: { verdaccio: '6.1.2' },
    overrides: { 'node-fetch': '2.7.0' },
  };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  run(home, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']);
  const open = { access: '$all', publish: '$all' };
  const config = {
    storage: join(home, 'storage'),
    auth: { htpasswd: { file: join(home, 'htpasswd') } },
    uplinks: { npm: { url: run(root, 'npm', ['config', 'get', 'registry']).trim() } },
    packages: { 'tfjs-sam': open, '@tfjs-sam/*': open, '**': { access: '$all', proxy: 'npm' } },
    max_body_size: '100mb',
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  };
  // JSON is YAML.
  writeFileSync(join(home, 'config.yaml'), JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const program = join(home, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const args = [program, '--config', join(home, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: home, stdio: 'ignore' });
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries === 300) throw new Error('expected the registry to answer within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  writeFileSync(join(folder, 'npmrc'), `//127.0.0.1:${port}/:_authToken=any\n`);
  return { url, process: server };
}

/** The files of the repository and what is built of them, as a repository of its own, installed. */
function makeClone(): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.trimEnd().split('\n'))
    if (existsSync(join(root, file))) cpSync(join(root, file), join(clone, file), { recursive: true });
  for (const name of folders)
    cpSync(join(root, 'packages', name, 'dist'), join(clone, 'packages', name, 'dist'), { recursive: true });
  run(clone, 'git', ['init', '-q', '-b', 'main']);
  run(clone, 'git', ['config', 'user.name', 'releaser']);
  run(clone, 'git', ['config', 'user.email', 'releaser@example.org']);
  run(clone, 'git', ['add', '-A']);
  run(clone, 'git', ['commit', '-qm', 'as it was']);
  run(clone, 'npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline']);
}

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string;
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly repository?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifests = () =>
  folders.map((name) => {
    const manifest = JSON.parse(readFileSync(join(clone, 'packages', name, 'package.json'), 'utf8'));
    return { folder: `packages/${name}`, ...(manifest as Manifest) };
  });

/** The quick start of the guide, in three epochs instead of twenty, as plain JavaScript. */
function quickStart(): string {
  const guide = readFileSync(join(root, 'docs/guide/quick-start.md'), 'utf8');
  const [first, second] = [...guide.matchAll(/```ts twoslash\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const text = `${first}${second!.split('// ---cut---')[1]}`.replace('epochs: 20', 'epochs: 3');
  const { ESNext } = ts.ScriptTarget;
  return ts.transpileModule(text, { compilerOptions: { target: ESNext, module: ts.ModuleKind.ESNext } })
    .outputText;
}

/** The same for those who `require`. */
const asRequire = (text: string): string =>
  `(async () => {\n${text
    .replace(/^import \* as (\w+) from ('[^']+');/gm, 'const $1 = require($2);')
    .replace(/^import (\{[^}]+\}) from ('[^']+');/gm, 'const $1 = require($2);')}})();\n`;

beforeAll(async () => {
  registry = await startRegistry();
  makeClone();
}, 600_000);
afterAll(() => {
  registry?.process.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}, 120_000);

it('a change of one package moves the version of all, and its sentence into the changelogs', () => {
  const before = manifests();
  writeFileSync(
    join(clone, '.changeset', 'first.md'),
    "---\n'@tfjs-sam/gsam': patch\n---\n\nA mended gap.\n",
  );
  run(clone, 'npx', ['changeset', 'version'], ours());
  const [major, minor, patch] = before[0]!.version.split('.').map(Number);
  const next = `${major}.${minor}.${patch! + 1}`;
  const moved = manifests().filter((each) => each.private !== true);
  expect(moved.length).toBeGreaterThan(30);
  expect(moved.filter(({ version }) => version !== next)).toEqual([]);
  expect(readFileSync(join(clone, 'packages/gsam/CHANGELOG.md'), 'utf8')).toContain('A mended gap.');
  run(clone, 'git', ['commit', '-qam', 'versions']);
});

it('the workflow’s script publishes every public package, with what provenance asks for', async () => {
  run(clone, 'bash', ['.github/publish.sh'], ours());
  for (const { folder: directory, name, version, private: isPrivate } of manifests()) {
    const answer = await fetch(`${registry.url}${name.replace('/', '%2f')}`);
    expect(answer.status, name).toBe(isPrivate ? 404 : 200);
    if (isPrivate) continue;
    const { versions } = (await answer.json()) as { versions: Record<string, Manifest> };
    expect(Object.keys(versions)).toEqual([version]);
    const { repository, dependencies = {} } = versions[version]!;
    expect(repository).toEqual({ type: 'git', url: `git+https://github.com/${address}.git`, directory });
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^[\^~]?\d/);
  }
  const tags = run(clone, 'git', ['tag']).trim().split('\n');
  expect(tags).toContain(`tfjs-sam@${manifests()[0]!.version}`);
});

it('what was published installs into an empty folder, and the quick start trains there, as ESM and by require', () => {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const asGuide = /```sh\nnpm install (.*)\n```/.exec(
    readFileSync(join(root, 'docs/guide/quick-start.md'), 'utf8'),
  )![1]!;
  const names = [...asGuide.split(' '), '@tfjs-sam/datasets'];
  run(project, 'npm', ['install', '--no-audit', '--no-fund', ...names], ours());
  const code = quickStart();
  writeFileSync(join(project, 'start.mjs'), code);
  writeFileSync(join(project, 'start.cjs'), asRequire(code));
  for (const file of ['start.mjs', 'start.cjs']) {
    const [, accuracy] = /test accuracy ([\d.]+) %/.exec(run(project, process.execPath, [file]))!;
    // Three of twenty epochs.
    expect(Number(accuracy), file).toBeGreaterThan(70);
  }
});
