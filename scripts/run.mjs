// Runs a root command after doing all the set-up that it needs, from a bare clone, with only Node and npm.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wiredFiles, writeFiles } from './wiring.mjs';
import { workspaceFolders } from './workspace.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.setup-stamp');
const bin = (name) => join(root, 'node_modules', '.bin', name);

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a program and stops with its exit code when it fails. */
function sh(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Starts a program beside what follows; the promise stops with its exit code when it fails. */
const beside = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
    child.on('error', (error) => fail(`${command}: ${error.message}`));
    child.on('exit', (code) => (code === 0 ? resolve() : process.exit(code ?? 1)));
  });

/** Changes whenever the lockfile or a manifest does: that is when an install is due. */
function fingerprint() {
  const manifests = ['.', ...workspaceFolders()].map((folder) => join(folder, 'package.json'));
  const hash = createHash('sha256');
  for (const file of [...manifests, 'pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Installs what the manifests say. The lockfile follows a new folder or dependency, but in CI, where it has to be committed. */
function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const frozen = process.env.CI ? ['--frozen-lockfile'] : [];
  console.error(['Setting up:', packageManager, 'install', ...frozen].join(' '));
  sh('npx', ['--yes', packageManager, 'install', ...frozen, '--config.confirmModulesPurge=false']);
  writeFileSync(stamp, fingerprint());
}

/** Writes which folders there are into the files that repeat it: a new one is built with the others. */
function wire() {
  const written = process.env.CI ? [] : writeFiles(wiredFiles());
  for (const path of written) console.error(`Written, since the folders changed: ${path}`);
}

const kernels = join(root, 'packages', 'wasm-kernels', 'scripts', 'build-wasm.mjs');
const buildKernels = () => existsSync(kernels) && sh(process.execPath, [kernels]);
const buildAll = () => {
  buildKernels();
  sh(bin('tsc'), ['--build']);
};

/** One file for pages without a bundler: it is published with the umbrella. */
const bundlePage = () => sh(process.execPath, [join('scripts', 'bundle-page.mjs')]);

const commands = {
  build: () => {
    buildAll();
    bundlePage();
  },
  typecheck: () => {
    buildAll();
    sh(bin('tsc'), ['--project', 'tsconfig.check.json']);
  },
  compare: (args) => {
    buildAll();
    sh(process.execPath, [join('packages', 'lab', 'dist', 'cli.js'), 'compare', ...args]);
  },
  'tfjs-sam': (args) => {
    buildAll();
    sh(process.execPath, [join('packages', 'lab', 'dist', 'cli.js'), ...args]);
  },
  example: ([name, ...args]) => {
    const runs = (folder) => existsSync(join(root, 'examples', folder, 'src', 'main.ts'));
    const known = readdirSync(join(root, 'examples')).filter(runs).sort();
    if (!known.includes(name)) fail(`example: expected one of [${known.join(', ')}], got "${name ?? ''}"`);
    buildAll();
    sh(process.execPath, [join('examples', name, 'dist', 'main.js'), ...args]);
  },
  bench: (args) => {
    buildAll();
    sh(process.execPath, [join('bench', 'dist', 'cli.js'), ...args]);
  },
  golden: (args) => {
    buildAll();
    sh(process.execPath, [join('golden', 'dist', 'cli.js'), ...args]);
  },
  test: (args) => {
    buildKernels();
    sh(bin('vitest'), ['run', ...args]);
  },
  'test:slow': (args) => {
    buildAll();
    sh(bin('vitest'), ['run', ...args], { env: { ...process.env, TFJS_SAM_SLOW: '1' } });
  },
  'official-specs': () => {
    buildAll();
    sh(process.execPath, [join('packages', 'wasm-kernels', 'official-specs', 'run.mjs')]);
  },
  mutation: (args) => {
    buildKernels();
    sh(process.execPath, [join('scripts', 'mutation.mjs'), ...args]);
  },
  lint: (args) => sh(bin('biome'), ['ci', ...args]),
  format: (args) => sh(bin('biome'), ['check', '--write', ...args]),
  changeset: (args) => sh(bin('changeset'), args),
  docs: async () => {
    const docs = join(root, 'docs');
    const site = join(docs, '.vitepress', 'dist');
    const tool = (name) => sh(process.execPath, [join(docs, 'scripts', `${name}.mjs`)]);
    // All of it makes text and throws it away: room for what is young takes a fifth of the time.
    process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, '--max-semi-space-size=64']
      .filter(Boolean)
      .join(' ');
    // The reference reads the sources, beside all else; twoslash and the cards read what is built.
    buildKernels();
    const reference = beside(bin('typedoc'), []);
    buildAll();
    tool('pages');
    tool('worker');
    sh(join(docs, 'node_modules', '.bin', 'vitepress'), ['build'], { cwd: docs });
    await reference;
    cpSync(join(docs, 'api'), join(site, 'api'), { recursive: true });
    tool('check-site');
  },
  playground: (args) => {
    buildAll();
    const docs = join(root, 'docs');
    for (const name of ['pages', 'worker']) sh(process.execPath, [join(docs, 'scripts', `${name}.mjs`)]);
    sh(join(docs, 'node_modules', '.bin', 'vitepress'), ['dev', '--open', '/playground/', ...args], {
      cwd: docs,
    });
  },
  generate: (args) => {
    buildAll();
    sh(process.execPath, [join('scripts', 'generate.mjs'), ...args]);
  },
  gallery: (args) => {
    buildAll();
    sh(process.execPath, [join('scripts', 'gallery.mjs'), ...args]);
  },
  'new-variant': (args) => {
    sh(process.execPath, [join('scripts', 'new-variant.mjs'), ...args]);
    wire();
    install();
    sh(bin('biome'), ['check', '--write', join('packages', args[0])]);
    commands.generate([]);
  },
  sizes: (args) => {
    buildAll();
    sh(process.execPath, [join('scripts', 'sizes.mjs'), ...args]);
  },
  pack: (args) => {
    buildAll();
    bundlePage();
    sh(process.execPath, [join('scripts', 'pack.mjs'), ...args]);
  },
  'check-packages': (args) => {
    buildAll();
    bundlePage();
    sh(process.execPath, [join('scripts', 'check-packages.mjs'), ...args]);
  },
};

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) fail(`run: expected one of [${Object.keys(commands).join(', ')}], got "${name}"`);
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`Node 20.19 or later is needed, this is ${process.version}.`);
wire();
install();
await command(args);
