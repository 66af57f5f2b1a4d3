// Bundles the specs that TensorFlow.js publishes with its core, the backends and our kernels, one copy of each.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { resolve } = createRequire(join(root, 'package.json'));
const folder = (name) => dirname(resolve(`@tensorflow/tfjs-${name}/package.json`));
const core = folder('core');
const wasm = folder('backend-wasm');
const cpu = folder('backend-cpu');
const kernels = join(root, 'dist', 'index.js');

/** Of the test machinery, of browsers and files: they say nothing of a backend. */
const others =
  /[/\\]io[/\\]|(jasmine_util|browser_util|device_util|version|setup|debug_mode|profiler|engine|test_util|environment|kernel_registry)_test|platform/;

/** The files of specs in a folder. */
function specsIn(path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const file = join(path, entry.name);
    if (entry.isDirectory()) return specsIn(file);
    return entry.name.endsWith('_test.js') && !others.test(file) ? [file] : [];
  });
}

const entry = () => `
import '${core}/dist/index.js';
import '${core}/dist/public/chained_ops/register_all_chained_ops.js';
import '${core}/dist/register_all_gradients.js';
import '${cpu}/dist/index.js';
import { setWasmPaths } from '${wasm}/dist/index.js';
import { setTestEnvs } from '${core}/dist/jasmine_util.js';
import { registerTrainingKernels } from '${kernels}';

setWasmPaths('${wasm}/dist/');
/** Loads the specs for a backend, with our kernels in an implementation or without. */
export async function load(backendName, implementation) {
  const wasmFlags = {
    WASM_HAS_SIMD_SUPPORT: true,
    WASM_HAS_MULTITHREAD_SUPPORT: false,
    CHECK_COMPUTATION_FOR_ERRORS: false,
  };
  const flags = backendName === 'wasm' ? wasmFlags : {};
  setTestEnvs([{ name: 'test', backendName, flags, isDataSync: true }]);
  if (implementation) globalThis.afterBackend = () => registerTrainingKernels({ implementation });
  ${specsIn(join(core, 'dist'))
    .map((file) => `await import('${file}');`)
    .join('\n  ')}
}`;

const withExtension = (path) => path.replace(/(\.js)?$/, '.js');

/** Resolves TensorFlow.js's packages to one copy of their modules, and jasmine to the runner's. */
const resolution = {
  name: 'resolution',
  setup(builder) {
    const to = (filter, path) => builder.onResolve({ filter }, (found) => ({ path: path(found.path) }));
    to(/^@tensorflow\/tfjs-core$/, () => `${core}/dist/index.js`);
    to(/^@tensorflow\/tfjs-core\/.+/, (path) => withExtension(path.replace('@tensorflow/tfjs-core', core)));
    to(/^@tensorflow\/tfjs-backend-wasm$/, () => `${wasm}/dist/index.js`);
    to(/^@tensorflow\/tfjs-backend-cpu$/, () => `${cpu}/dist/index.js`);
    to(/^@tensorflow\/tfjs-backend-cpu\/.+/, (path) =>
      withExtension(path.replace('@tensorflow/tfjs-backend-cpu', cpu)),
    );
    builder.onResolve({ filter: /jasmine-core/ }, () => ({ path: 'jasmine-core', namespace: 'shim' }));
    builder.onLoad({ filter: /.*/, namespace: 'shim' }, () => ({
      contents: 'module.exports = { core: () => ({ getEnv: () => globalThis.jasmine.getEnv() }) };',
    }));
    // Every group of specs starts its backend afresh: our kernels are registered after each start.
    const start = 'await ENGINE.setBackend(testEnv.backendName);';
    builder.onLoad({ filter: /jasmine_util\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!source.includes(start)) throw new Error(`official-specs: expected "${start}" in ${path}`);
      return { contents: source.replace(start, `${start} await globalThis.afterBackend?.();`) };
    });
  },
};

/** Writes the bundle to `outfile`. */
export async function bundle(outfile) {
  await build({
    stdin: { contents: entry(), resolveDir: root },
    ...{ bundle: true, platform: 'node', format: 'cjs', logLevel: 'error', outfile },
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: `const importMetaUrl = ${JSON.stringify(pathToFileURL(kernels).href)};` },
    plugins: [resolution],
  });
}
