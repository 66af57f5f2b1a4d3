// Makes the skeleton of a package, the same for all: node scripts/new-package.mjs <folder> "<description>" [dependency ...]
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, description, ...dependencies] = process.argv.slice(2);
// A variant depends on core alone, and offers itself to the registry at an entry point of its own.
const isVariant = dependencies.join() === 'core';
const entry = (name) => ({
  '@tfjs-sam/source': `./src/${name}.ts`,
  types: `./dist/${name}.d.ts`,
  default: `./dist/${name}.js`,
});
const dir = join('packages', folder);
if (existsSync(join(dir, 'package.json'))) throw new Error(`new-package: ${dir} exists`);
mkdirSync(join(dir, 'src'), { recursive: true });
mkdirSync(join(dir, 'test'), { recursive: true });
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
writeFileSync(
  join(dir, 'package.json'),
  json({
    name: `@tfjs-sam/${folder}`,
    version: '0.1.0',
    description,
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: true,
    engines: { node: '>=20.19' },
    files: ['dist', 'src', 'README.md'],
    exports: { '.': entry('index'), ...(isVariant && { './plugin': entry('plugin') }) },
    dependencies: {
      ...Object.fromEntries(dependencies.map((name) => [`@tfjs-sam/${name}`, 'workspace:^'])),
      ...(isVariant && { zod: 'catalog:' }),
    },
    peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' },
    devDependencies: { '@tensorflow/tfjs': 'catalog:', '@tensorflow/tfjs-core': 'catalog:' },
    publishConfig: { access: 'public' },
  }),
);
writeFileSync(
  join(dir, 'tsconfig.json'),
  json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    references: dependencies.map((name) => ({ path: `../${name}` })),
  }),
);
console.log(`${dir}: now add it to the references of tsconfig.json and run pnpm install`);
