// Packs every public package as it would be published, looks at what is in it, and uses all of them from a fresh project as
// anybody would who installs them with npm. In the workspace a package works as well without a file or dependency that it forgot.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpack } from '@publint/pack';
import ts from 'typescript';
import { browserProblems } from './check-packages/browser.mjs';
import { contentProblems } from './check-packages/contents.mjs';
import { installNodes } from './check-packages/nodes.mjs';
import { resolutionProblems } from './check-packages/resolution.mjs';
import { packAll } from './pack.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const project = mkdtempSync(join(tmpdir(), 'tfjs-sam-packages-'));
process.on('exit', (code) => {
  if (code === 0) rmSync(project, { recursive: true });
  else console.error(`check-packages: the packages and the project that uses them are left in ${project}`);
});

const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

/** Stops if there are problems. */
function report(problems) {
  if (problems.length === 0) return;
  for (const problem of problems) console.error(`check-packages: ${problem}`);
  process.exit(1);
}

/** Runs a program in a folder and returns what it prints; stops with all of that when it fails. */
function sh(cwd, command, ...args) {
  const shell = process.platform === 'win32';
  const result = spawnSync(command, args, { cwd, shell, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const line = [command, ...args].join(' ');
  if (result.error) throw result.error;
  if (result.status === 0) return result.stdout;
  report([
    `expected success of "${line}", got exit code ${result.status}:\n${result.stdout}${result.stderr}`,
  ]);
}

async function read(tarball) {
  const { files, rootDir } = await unpack(readFileSync(tarball));
  const decode = ({ name, data }) => [posix.relative(rootDir, name), new TextDecoder().decode(data)];
  const texts = new Map(files.map(decode));
  return { tarball, files, texts, manifest: JSON.parse(texts.get('package.json')) };
}

/** Installs them with npm, all from their files: none needs to be in the registry. */
function install(packages) {
  const own = packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]);
  const { version } = readJson(root, 'node_modules', '@tensorflow', 'tfjs', 'package.json');
  const dependencies = { '@tensorflow/tfjs': `^${version}`, ...Object.fromEntries(own) };
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  sh(project, 'npm', 'install', '--no-audit', '--no-fund');
  // Two copies of TensorFlow.js would be two engines. A second copy of ours would come from the registry.
  const paths = Object.keys(readJson(project, 'package-lock.json').packages);
  const once = ['@tensorflow/tfjs-core', ...own.map(([name]) => name)];
  for (const name of once) {
    const copies = paths.filter((path) => path.endsWith(`node_modules/${name}`));
    if (copies.length !== 1)
      report([`expected one copy of ${name}, got [${copies.join(', ')}]. Make version ranges agree`]);
  }
}

/** The same script for those who `require`. */
function asRequire(text) {
  const calls = text
    .replace(/^import \* as (\w+) from ('[^']+');/gm, 'const $1 = require($2);')
    .replace(/^import (\{[^}]+\}) from ('[^']+');/gm, 'const $1 = require($2);');
  return `const main = async () => {\n${calls}};\nmain().catch((error) => { console.error(error); process.exitCode = 1; });\n`;
}

/** Loads every entry point, trains with SAM on both builds of the wasm kernels, and calls every command. */
function run(packages) {
  const entries = packages.flatMap(({ manifest: { name, exports } }) =>
    Object.keys(exports).map((path) => posix.join(name, path)),
  );
  const imports = entries.map((entry, i) => `export * as entry${i} from '${entry}';\n`).join('');
  const requires = entries.map((entry) => `require('${entry}');\n`).join('');
  for (const extension of ['mjs', 'mts']) {
    writeFileSync(join(project, `entries.${extension}`), imports);
    copyFileSync(join(root, 'scripts', 'check-packages', 'train.mjs'), join(project, `train.${extension}`));
  }
  writeFileSync(join(project, 'entries.cjs'), requires);
  writeFileSync(join(project, 'train.cjs'), asRequire(readFileSync(join(project, 'train.mjs'), 'utf8')));
  for (const node of [process.execPath, ...nodes])
    for (const file of ['entries.mjs', 'entries.cjs', 'train.mjs', 'train.cjs']) sh(project, node, file);
  for (const command of packages.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}))) {
    const help = sh(project, 'npx', '--no-install', command, '--help');
    if (!help.includes(`Usage: ${command} `)) report([`expected help of ${command} --help, got: ${help}`]);
  }
  return entries.length;
}

/** Compiles the same files as strict TypeScript. */
function typeProblems(module, moduleResolution) {
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module, moduleResolution };
  const config = { compilerOptions, files: ['entries.mts', 'train.mts'] };
  const path = join(project, 'tsconfig.json');
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    project,
    undefined,
    path,
  );
  const program = ts.createProgram(fileNames, options);
  // As with skipLibCheck false, but for TensorFlow.js: the declarations of its layers do not compile under strict.
  const files = program
    .getSourceFiles()
    .filter((file) => !program.isSourceFileDefaultLibrary(file) && !file.fileName.includes('/@tensorflow/'));
  const inFiles = files.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  return [...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...inFiles].map(
    ({ file, messageText }) =>
      `expected types that compile with moduleResolution ${moduleResolution}, got in ${file?.fileName ?? path}: ` +
      ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

const nodes = installNodes(process.argv.slice(2), project, (...command) => sh(project, ...command));
const packages = await Promise.all(packAll(project).map(read));
report((await Promise.all(packages.map(contentProblems))).flat());
report((await Promise.all(packages.map(resolutionProblems))).flat());
install(packages);
const entries = run(packages);
report([
  ...typeProblems('node16', 'node16'),
  ...typeProblems('nodenext', 'nodenext'),
  ...typeProblems('esnext', 'bundler'),
]);
report(await browserProblems(project));
console.log(
  `check-packages: ${packages.length} packages install, ${entries} entry points load, train and compile, in Node and in a browser` +
    (nodes.length > 0 ? `, also on ${nodes.length} other versions of Node` : ''),
);
