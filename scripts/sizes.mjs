// Measures what a bundle carries of this project, minified, with TensorFlow.js outside: node scripts/sizes.mjs [--all]
import { build } from 'esbuild';
import { root } from './workspace.mjs';

/**
 * Entry points and the most bytes that they may carry: 2 % above what they had on 2026-11-26, so that a registry, a schema
 * library or a diagnosis that slips in is noticed. `docs/parts.md` says of what they consist.
 */
const limits = [
  ['cosineDecay', '@tfjs-sam/core', 2_670],
  ['sgd', '@tfjs-sam/core', 25_270],
  ['sam', '@tfjs-sam/sam', 67_200],
  ['msam', 'tfjs-sam', 75_530],
];

async function measured(name, from) {
  const folder = from.replace('@tfjs-sam/', '');
  const { outputs } = (
    await build({
      stdin: { contents: `export { ${name} } from './packages/${folder}/dist/index.js'`, resolveDir: root },
      ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', write: false, metafile: true },
      ...{ external: ['@tensorflow/*'], outdir: root, absWorkingDir: root },
    })
  ).metafile;
  return Object.values(outputs)[0];
}

let over = 0;
for (const [name, from, limit] of limits) {
  const { bytes, inputs } = await measured(name, from);
  console.log(`sizes: { ${name} } of ${from}: ${bytes} bytes, at most ${limit}`);
  if (process.argv.includes('--all')) {
    const files = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    for (const [file, { bytesInOutput }] of files.slice(0, 40)) console.log(`  ${bytesInOutput} ${file}`);
  }
  const foreign = Object.keys(inputs).filter((file) =>
    /node_modules\/(zod|inversify|reflect-metadata)\//.test(file),
  );
  for (const file of foreign) console.error(`sizes: expected no ${file} in { ${name} }`);
  if (bytes > limit)
    console.error(`sizes: expected { ${name} } of ${from} to be at most ${limit} bytes, got ${bytes}`);
  if (bytes > limit || foreign.length > 0) over++;
}
process.exit(over > 0 ? 1 : 0);
