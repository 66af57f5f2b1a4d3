// Measures what a bundle carries of this project, minified, with TensorFlow.js outside: node scripts/sizes.mjs
// [--all] says it by file, [--features] by feature, as the table in docs/parts.md has it.
import { build } from 'esbuild';
import { root } from './workspace.mjs';

/**
 * Entry points and the most bytes that a page may load for them at once: 2 % above what they had on 2026-11-27, so that
 * a registry, a schema library or a diagnosis that slips in is noticed. `docs/parts.md` says of what they consist.
 */
const limits = [
  ['cosineDecay', '@tfjs-sam/core', 2_950],
  ['sgd', '@tfjs-sam/core', 13_580],
  ['sam', '@tfjs-sam/sam', 61_290],
  ['msam', 'tfjs-sam', 69_540],
];

/** The bytes that a page loads at once, by file, and those that it loads when a state is restored. */
async function measured(name, from) {
  const folder = from.replace('@tfjs-sam/', '');
  const { outputs } = (
    await build({
      stdin: { contents: `export { ${name} } from './packages/${folder}/dist/index.js'`, resolveDir: root },
      ...{ bundle: true, minify: true, splitting: true, format: 'esm', platform: 'browser' },
      ...{ write: false, metafile: true, external: ['@tensorflow/*'], outdir: root, absWorkingDir: root },
    })
  ).metafile;
  const atOnce = new Set();
  const take = (path) => {
    if (!outputs[path] || atOnce.has(path)) return;
    atOnce.add(path);
    for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') take(next);
  };
  take(Object.keys(outputs).find((path) => outputs[path].entryPoint === '<stdin>'));
  const sum = (paths) => paths.reduce((bytes, path) => bytes + outputs[path].bytes, 0);
  const inputs = [...atOnce].flatMap((path) => Object.entries(outputs[path].inputs));
  return { bytes: sum([...atOnce]), later: sum(Object.keys(outputs)) - sum([...atOnce]), inputs };
}

/** What the files are there for: the first pattern that a path below `dist` has. */
const features = [
  ['declared options: checks, words of errors, sentences', /declare\/|(driver|rules)\/options/],
  [
    'the formula: rule, metric, schedule, update',
    /rules\/|curvature\/|optimizers\/(sgd|slot-opt|gradients)|^[^/]+\.js/,
  ],
  ['vectors, kernels, draws', /algebra\/|engine\/randomness/],
  [
    'oracle: evaluations, weights moved and put back',
    /oracle\/(step-oracle|oracle|loss|objective|variables)/,
  ],
  ['what a loss leaves behind: kept tensors, layers', /oracle\/closure|engine\/(layer|keeping|reference)/],
  [
    'a step that fails or is skipped leaves no trace',
    /engine\/(snap|trans|assign|diag)|skipping|base-update/,
  ],
  ['memory of rules, by variable, decided on the device', /oracle\/(state|slots)/],
  ['counts of steps, by model', /step-counts|variable-order|optimizers\/count/],
  ['saving: names, order, those of TensorFlow.js', /tfjs|optimizers\/(weights|parts)/],
  ['groups of variables', /driver\/groups/],
  ['reports of steps, losses of examples', /oracle\/(report|examples)/],
  ['the look at the loss (checkLoss)', /watch|fingerprint/],
  ["the base optimizer's view", /base-view|train-function/],
  ['the optimizer that joins them', /driver\//],
];

/** Bytes by feature, and the rest: what the bundler adds. */
function byFeature({ bytes, inputs }) {
  const rows = new Map(features.map(([name]) => [name, 0]));
  for (const [file, { bytesInOutput }] of inputs) {
    const path = file.slice(file.indexOf('/dist/') + '/dist/'.length);
    const found = features.find(([, pattern]) => pattern.test(path));
    if (found) rows.set(found[0], rows.get(found[0]) + bytesInOutput);
    else if (bytesInOutput > 0) throw new Error(`sizes: expected a feature for ${file}, got none`);
  }
  const rest = bytes - [...rows.values()].reduce((sum, each) => sum + each, 0);
  return new Map([...rows, ['imports and exports between chunks', rest], ['together', bytes]]);
}

const columns = [];
let over = 0;
for (const [name, from, limit] of limits) {
  const { bytes, later, inputs } = await measured(name, from);
  columns.push([name, byFeature({ bytes, inputs })]);
  console.log(
    `sizes: { ${name} } of ${from}: ${bytes} bytes, at most ${limit}; ${later} more to restore a state`,
  );
  if (process.argv.includes('--all')) {
    const files = inputs.toSorted((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    for (const [file, { bytesInOutput }] of files.filter(([, { bytesInOutput }]) => bytesInOutput > 0))
      console.log(`  ${bytesInOutput} ${file}`);
  }
  const foreign = inputs.filter(([file]) =>
    /node_modules\/(zod|inversify|reflect-metadata)\/|engine\/(missing-kernel|failing-layer)/.test(file),
  );
  for (const [file] of foreign) console.error(`sizes: expected no ${file} in { ${name} }`);
  if (bytes > limit)
    console.error(`sizes: expected { ${name} } of ${from} to be at most ${limit} bytes, got ${bytes}`);
  if (bytes > limit || foreign.length > 0) over++;
}
if (process.argv.includes('--features')) {
  const kB = (bytes) => (bytes === 0 ? '' : (bytes / 1000).toFixed(1));
  const line = (cells) => console.log(`| ${cells.join(' | ')} |`);
  line(['kB', ...columns.map(([name]) => `\`${name}\``)]);
  line(['---', ...columns.map(() => '---:')]);
  for (const feature of columns[0][1].keys())
    line([feature, ...columns.map(([, rows]) => kB(rows.get(feature)))]);
}
process.exit(over > 0 ? 1 : 0);
