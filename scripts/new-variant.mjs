// Makes a package of a variant that runs as it stands: npm run new-variant NAME
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf, json, readJson, root } from './workspace.mjs';

const [name, ...more] = process.argv.slice(2);

function fail(message) {
  console.error(`new-variant: ${message}`);
  process.exit(1);
}

if (more.length > 0 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name ?? ''))
  fail(`expected one name in lower case, its words joined by "-", got "${[name, ...more].join(' ')}"`);
if (foldersOf('packages').includes(name))
  fail(`expected a name that is free, got "${name}": packages/${name} exists`);

const camel = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
const Pascal = camel[0].toUpperCase() + camel.slice(1);
const key = camel === name ? name : `'${name}'`;
/** All packages of variants have one manifest: what differs is the name. */
const { name: _, description: __, ...manifest } = readJson('packages/gsam/package.json');
const files = {
  'package.json': json({
    name: `@tfjs-sam/${name}`,
    version: manifest.version,
    description: `${Pascal} for TensorFlow.js`,
    ...manifest,
  }),
  'tsconfig.json': json(readJson('packages/gsam/tsconfig.json')).replace(/\[\s+("[^"]*")\s+\]/g, '[$1]'),
  'src/index.ts': `/**
 * ${Pascal}: a sharpness-aware method.
 *
 * @packageDocumentation
 */
export { type ${Pascal}Options, ${camel} } from './${name}.js';
`,
  [`src/${name}.ts`]: `import {
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = { rho: radius({ default: 0.05 }), ...strategyOptions };

/** Options of \`${camel}\`. */
export interface ${Pascal}Options extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    ${key}: VariantConfig<typeof options>;
  }
}

/**
 * Sharpness-aware minimization, until its own formula stands here:
 *
 *   δ = ρ g / ‖g‖;   direction = ∇L(θ + δ),   g = ∇L(θ)
 *
 * Cost: one extra gradient.
 *
 * @throws RangeError when \`rho\` is negative or not finite; TypeError when a part is not of its kind.
 * @see Its paper: title, section or algorithm, address.
 */
export const ${camel}: Variant<${Pascal}Options> = defineVariant({
  name: '${name}',
  doc: 'One line for tables: what it does',
  use: 'Where, in one line, it is the one to take',
  source: 'Authors year, arXiv number',
  gradients: 2,
  options,
  rule: (given) => compose({ ...given, name: '${name}' }),
});
`,
  [`test/${name}.test.ts`]: `import * as tf from '@tensorflow/tfjs';
import { sgd } from '@tfjs-sam/core';
import { backendNames, describeVariant, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { ${camel} } from '../src/index.js';

describeVariant({ name: '${name}', create: ${camel} });

describe.each([...backendNames])('${name} on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('is its formula', () => {
    // L = ½ Σ a w²: the gradient is a w, and the step is w − lr a (w + δ).
    const [a, w, rho, rate] = [[1.5, 0.5], [0.3, -0.8], 0.1, 0.2] as const;
    const g = w.map((value, i) => a[i]! * value);
    const delta = g.map((value) => (rho * value) / Math.hypot(...g));
    const expected = w.map((value, i) => value - rate * a[i]! * (value + delta[i]!));

    const [curvature, weights] = [tf.tensor1d([...a]), tf.variable(tf.tensor1d([...w]))];
    const loss = () => tf.mul(0.5, tf.sum(tf.mul(curvature, tf.square(weights)))) as tf.Scalar;
    const optimizer = ${camel}(sgd({ learningRate: rate }), { rho });
    optimizer.minimize(loss, false, [weights]);
    // Some ten roundings of numbers below 1.
    for (const [i, value] of [...weights.dataSync()].entries())
      expect(Math.abs(value - expected[i]!)).toBeLessThan(10 * 2 ** -24);
    optimizer.dispose();
    tf.dispose([curvature, weights]);
  });
});
`,
  'README.md': `# @tfjs-sam/${name}

${Pascal}: what it does, in a sentence.

\`\`\`
δ = ρ g / ‖g‖      direction = ∇L(θ + δ)
\`\`\`

\`\`\`ts
import { sgd } from '@tfjs-sam/core';
import { ${camel} } from '@tfjs-sam/${name}';

const optimizer = ${camel}(sgd({ learningRate: 0.05, momentum: 0.9 }), { rho: 0.05 });
\`\`\`

When to use it, what a step costs, where the formula is from, what departs from the published code.
`,
};

for (const [file, text] of Object.entries(files)) {
  const path = join(root, 'packages', name, file);
  mkdirSync(join(path, '..'), { recursive: true });
  if (!existsSync(path)) writeFileSync(path, text);
}
console.log(
  `new-variant: packages/${name} is there. Yours to write: src/${name}.ts, test/${name}.test.ts, README.md`,
);
console.log(
  `new-variant: npm test -- packages/${name}; npm run generate once its options are what they will be`,
);
