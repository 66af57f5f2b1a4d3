// Compiles assembly/ to the plain-SIMD and the relaxed-SIMD binary and writes both, as base64, into
// src/generated/binaries.ts, so that they load in Node, browsers and workers without a request; and the type of their
// exports, from the signatures in the sources, into src/generated/exports.ts, and the names of their parameters, into
// src/generated/parameters.ts. assembly/passes/ is a module of its own, plain SIMD alone, in src/generated/passes.ts.
// Skips when sources, flags and compiler have not changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const generated = join(root, 'src', 'generated');
const output = join(generated, 'binaries.ts');
const types = join(generated, 'exports.ts');
const signatures = join(generated, 'parameters.ts');
const limit = 32 * 1024;
const flags = ['--runtime', 'stub', '--importMemory', '--initialMemory', '1', '--noExportMemory'].concat([
  // As TensorFlow.js's module has it: a limited memory can be shared, which one bit of the binary says.
  '--maximumMemory',
  '65536',
  '--noAssert',
  '--converge',
  '-O3',
  '--enable',
  'simd',
]);
const builds = { plain: [], relaxed: ['--enable', 'relaxed-simd'] };

const sourcesOf = (folder) =>
  Object.fromEntries(
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => [name, readFileSync(join(root, folder, name), 'utf8')]),
  );
const sources = sourcesOf('assembly');
const compiler = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('assemblyscript/package.json'), 'utf8'),
).version;
const fingerprintOf = (...inputs) =>
  createHash('sha256')
    .update(JSON.stringify([...inputs, compiler]))
    .digest('hex');
const fingerprint = fingerprintOf(sources, flags, builds);

/** A data segment would be written over the constants of TensorFlow.js's module, whose memory the side module imports. */
function requireNoData(name, binary) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  // Relaxed SIMD may be unknown to this engine; the plain build has the same data.
  if (!WebAssembly.validate(binary)) return;
  new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory, abort() {} } });
  if (new Uint8Array(memory.buffer).some((byte) => byte !== 0))
    throw new Error(`build-wasm: ${name}: expected no data segment, got one`);
}

async function compile(name, extra, of = sources) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'out.wasm', ...flags, ...extra], {
    readFile: (file) => of[file] ?? null,
    writeFile: (_file, content) => {
      binary = content;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`build-wasm: ${name}: ${error?.message ?? 'no output'}\n${stderr}`);
  if (binary.length > limit)
    throw new RangeError(`build-wasm: ${name}: expected at most ${limit} bytes, got ${binary.length}`);
  requireNoData(name, binary);
  console.error(`build-wasm: ${name} ${binary.length} bytes`);
  return Buffer.from(binary).toString('base64');
}

/** What TypeScript calls a type of AssemblyScript, on the other side of WebAssembly. */
const outside = { bool: 'boolean', void: 'void' };
const typeOf = (type) => outside[type] ?? 'number';

/** Parameters, as [name, type], and result of an exported function. */
function signatureOf(name) {
  const found = Object.values(sources).flatMap((source) => [
    ...source.matchAll(new RegExp(`export function ${name}\\(([^)]*)\\): (\\w+)`, 'g')),
  ]);
  if (found.length !== 1)
    throw new Error(`build-wasm: expected one function ${name} in assembly/, got ${found.length}`);
  const [[, parameters, result]] = found;
  const list = parameters
    .split(',')
    .map((parameter) => parameter.trim())
    .filter(Boolean)
    .map((parameter) => parameter.split(': '));
  return { parameters: list, result };
}

/** The declaration of an exported function in TypeScript. */
function declarationOf(name) {
  const { parameters, result } = signatureOf(name);
  const list = parameters.map(([label, type]) => `${label}: ${typeOf(type)}`);
  return `  ${name}(${list.join(', ')}): ${typeOf(result)};`;
}

/** The names of its parameters. */
function parametersOf(name) {
  const list = signatureOf(name).parameters.map(([label]) => `'${label}'`);
  return `  ${name}: [${list.join(', ')}],`;
}

/** The names that index.ts exports. */
const exported = [...sources['index.ts'].matchAll(/export \{([^}]*)\}/g)].flatMap(([, names]) =>
  names.split(',').map((name) => name.trim()),
);

/** Written aside and renamed: another process may be reading the module. */
function writeModule(path, lines) {
  mkdirSync(generated, { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, lines.join('\n'));
  renameSync(draft, path);
}

const isWritten = (path, mark) => existsSync(path) && readFileSync(path, 'utf8').includes(mark);

const notice = '// Written by scripts/build-wasm.mjs from assembly/. Do not edit.';

const passSources = sourcesOf(join('assembly', 'passes'));
const passMark = fingerprintOf(passSources, flags);
const passes = join(generated, 'passes.ts');
if (!isWritten(passes, passMark)) {
  const binary = await compile('passes', [], passSources);
  writeModule(passes, [
    notice,
    `// ${passMark}`,
    '',
    '/** The module of draws and elementwise passes, base64. */',
    'export const plain =',
    `  '${binary}';`,
    '',
  ]);
}

if (![types, signatures].every(existsSync) || !isWritten(output, fingerprint)) {
  const lines = [notice, `// ${fingerprint}`, ''];
  for (const [name, extra] of Object.entries(builds)) {
    lines.push(
      `/** The ${name}-SIMD build, base64. */`,
      `export const ${name} =`,
      `  '${await compile(name, extra)}';`,
      '',
    );
  }
  writeModule(types, [
    notice,
    '',
    '/** The functions of the side module. Addresses and strides are bytes on the heap; see `assembly/` for the meaning. */',
    'export interface SideExports {',
    ...exported.filter(Boolean).sort().map(declarationOf),
    '}',
    '',
  ]);
  writeModule(signatures, [
    notice,
    '',
    '/** The names of the parameters of the functions of the side module. */',
    'export const parameters = {',
    ...exported.filter(Boolean).sort().map(parametersOf),
    '} as const;',
    '',
  ]);
  writeModule(output, lines);
}
