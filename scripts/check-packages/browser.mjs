// The installed packages in a browser: bundled, and as the prebuilt file of a plain page.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from '../../packages/testing/dist/browser.js';

/** A training that needs no more than the page: it ends as the page's title. */
const training = `
await tf.setBackend('cpu');
const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
model.compile({ optimizer: msam(tf.train.momentum(0.05, 0.9), { rho: 0.05 }), loss: 'meanSquaredError' });
const x = tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
const { history } = await model.fit(x, tf.tensor2d([1, 3, 0, 2], [4, 1]), { epochs: 60, verbose: 0, yieldEvery: 'never' });
document.title = history.loss.at(-1) < 0.2 * history.loss[0] ? 'trained' : 'loss ' + history.loss.at(-1);
`;
const guarded = (code) =>
  `(async () => { ${code} })().catch((error) => { document.title = 'error: ' + error; });`;

/** The title that a page has in the end. */
function titleOf(file) {
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--allow-file-access-from-files',
  ];
  const args = [...flags, '--virtual-time-budget=60000', '--dump-dom', `file://${file}`];
  const { stdout } = spawnSync(chromium, args, { encoding: 'utf8', timeout: 120_000 });
  return /<title>([^<]*)<\/title>/.exec(stdout)?.[1] ?? 'none';
}

/** The training of a user, bundled for the browser. */
async function bundled(project) {
  const imports = "import * as tf from '@tensorflow/tfjs';\nimport { msam } from 'tfjs-sam';\n";
  const { outputFiles, metafile } = await build({
    stdin: { contents: imports + guarded(training), resolveDir: project },
    ...{ bundle: true, format: 'iife', platform: 'browser', target: 'es2022' },
    ...{ write: false, metafile: true, logLevel: 'silent', absWorkingDir: project },
  });
  const outside = Object.values(metafile.inputs).flatMap(({ imports: all }) =>
    all.filter(({ external }) => external),
  );
  const builtins = outside.map(({ path }) => path).filter(isBuiltin);
  if (builtins.length > 0) return [`expected a bundle without modules of Node, got ${builtins.join(', ')}`];
  return shown(
    project,
    'bundled',
    `<script>${outputFiles[0].text.replaceAll('</script', '<\\/script')}</script>`,
  );
}

/** The same without a bundler: an import map, TensorFlow.js's page build and the prebuilt file. */
function plain(project) {
  const map = {
    '@tensorflow/tfjs-core': './node_modules/@tensorflow/tfjs/dist/tf.fesm.min.js',
    'tfjs-sam': './node_modules/tfjs-sam/dist/page.js',
  };
  const imports = "import * as tf from '@tensorflow/tfjs-core';\nimport { msam } from 'tfjs-sam';\n";
  const scripts = `<script type="importmap">${JSON.stringify({ imports: map })}</script><script type="module">${imports}${guarded(training)}</script>`;
  return shown(project, 'plain', scripts);
}

function shown(project, name, scripts) {
  if (!chromium) return [];
  const file = join(project, `${name}.html`);
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><title>started</title><body>${scripts}`);
  const title = titleOf(file);
  return title === 'trained' ? [] : [`expected the page "${name}" to train in Chromium, got "${title}"`];
}

/** What is wrong with the packages of a project in a browser, a sentence each. */
export async function browserProblems(project) {
  if (!chromium) console.log('check-packages: no Chromium, so that bundles are made and not run');
  return [...(await bundled(project)), ...plain(project)];
}
