// Measures what a bundle carries of this project, minified, with TensorFlow.js outside: node scripts/sizes.mjs [--all]
import { build } from 'esbuild';
import { root } from './workspace.mjs';

/**
 * Entry points and the most bytes that a page may load for them at once: 2 % above what they had on 2026-11-27, so that
 * a registry, a schema library or a diagnosis that slips in is noticed. `docs/parts.md` says of what they consist.
 */
const limits = [
  ['cosineDecay', '@tfjs-sam/core', 2_920],
  ['sgd', '@tfjs-sam/core', 21_510],
  ['sam', '@tfjs-sam/sam', 63_220],
  ['msam', 'tfjs-sam', 71_560],
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

let over = 0;
for (const [name, from, limit] of limits) {
  const { bytes, later, inputs } = await measured(name, from);
  console.log(
    `sizes: { ${name} } of ${from}: ${bytes} bytes, at most ${limit}; ${later} more to restore a state`,
  );
  if (process.argv.includes('--all')) {
    const files = inputs.toSorted((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    for (const [file, { bytesInOutput }] of files.slice(0, 40)) console.log(`  ${bytesInOutput} ${file}`);
  }
  const foreign = inputs.filter(([file]) => /node_modules\/(zod|inversify|reflect-metadata)\//.test(file));
  for (const [file] of foreign) console.error(`sizes: expected no ${file} in { ${name} }`);
  if (bytes > limit)
    console.error(`sizes: expected { ${name} } of ${from} to be at most ${limit} bytes, got ${bytes}`);
  if (bytes > limit || foreign.length > 0) over++;
}
process.exit(over > 0 ? 1 : 0);
