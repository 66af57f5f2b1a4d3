import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = join(root, 'docs');
const folder = join(docs, `.blocks-${process.pid}`);

const readmes = ['README.md', ...['packages', 'examples', 'studies'].flatMap(readmesBelow)];
const guides = readdirSync(join(docs, 'guide')).map((name) => `docs/guide/${name}`);

function readmesBelow(parent: string): string[] {
  const names = readdirSync(root).includes(parent) ? readdirSync(join(root, parent)) : [];
  return names.map((name) => `${parent}/${name}/README.md`).filter((file) => exists(file));
}
function exists(file: string): boolean {
  try {
    return readFileSync(join(root, file)).length > 0;
  } catch {
    return false;
  }
}

/** The TypeScript blocks of a page; those that say `no-check` show a fragment. */
function blocksOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^```(?:ts|typescript)([^\n]*)\n([\s\S]*?)^```/gm)]
    .filter(([, flags]) => !flags!.includes('no-check'))
    .map(([, , code]) => code!.replace(/^\/\/ ---cut---$/gm, ''));
}

/** What READMEs take for granted, where a block does not declare it itself. */
const globals = `
declare const model: import('@tensorflow/tfjs').LayersModel;
declare const x: import('@tensorflow/tfjs').Tensor;
declare const y: import('@tensorflow/tfjs').Tensor;
declare const xs: import('@tensorflow/tfjs').Tensor;
declare const ys: import('@tensorflow/tfjs').Tensor;
declare const loss: () => import('@tensorflow/tfjs').Scalar;
declare const variables: import('@tensorflow/tfjs').Variable[];
declare const optimizer: import('@tfjs-sam/core').SharpnessAwareOptimizer;
`;
const ambient = join(folder, 'globals.d.ts');

/** The workspace's own packages, by the names that they are imported by. */
const paths = Object.fromEntries(
  ['packages', 'examples'].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((folder) => {
      const manifest = join(parent, folder, 'package.json');
      if (!exists(manifest)) return [];
      const { name, exports = {} } = JSON.parse(readFileSync(join(root, manifest), 'utf8'));
      return Object.entries(exports as Record<string, Record<string, string>>).flatMap(([path, entry]) => {
        const source = entry['@tfjs-sam/source'];
        return source ? [[`${name}${path.slice(1)}`, [join(root, parent, folder, source)]]] : [];
      });
    }),
  ),
);

/** Every block as a module of its own, with the place that it came from. */
const modules = [...readmes, ...guides].flatMap((file) =>
  blocksOf(file).map((code, i) => {
    const path = join(folder, `${file.replace(/[/.]/g, '-')}-${i}.ts`);
    return { path, code, place: `${file}, block ${i + 1}` };
  }),
);

// Here, not above: hooks are what vitest leaves out where no test of the file is asked for.
beforeAll(() => {
  mkdirSync(folder);
  writeFileSync(ambient, globals);
  for (const { path, code } of modules) writeFileSync(path, `${code}\nexport {};\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('code blocks of READMEs and guides', () => {
  it('compile', () => {
    const base = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config;
    const { options } = ts.parseJsonConfigFileContent(base, ts.sys, root);
    const program = ts.createProgram([ambient, ...modules.map(({ path }) => path)], {
      ...options,
      composite: false,
      declaration: false,
      declarationMap: false,
      noEmit: true,
      noUnusedLocals: false,
      paths,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    });
    const problems = modules.flatMap(({ path, place }) => {
      const source = program.getSourceFile(path)!;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    });
    expect(problems).toEqual([]);
    expect(modules.length).toBeGreaterThan(30);
  });

  it('of the quick start train, as they stand', () => {
    const text = readFileSync(join(docs, 'guide/quick-start.md'), 'utf8');
    const code = [...text.matchAll(/^```ts twoslash\n([\s\S]*?)^```/gm)]
      .map(([, block]) => block!.replace(/^[\s\S]*\/\/ ---cut---\n/, ''))
      .join('\n');
    const file = join(folder, 'quick-start.ts');
    writeFileSync(file, code);
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    const script = file.replace(/\.ts$/, '.mjs');
    writeFileSync(script, outputText);
    const printed = execFileSync(process.execPath, [script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const accuracy = Number(/test accuracy ([\d.]+) %/.exec(printed)?.[1]);
    expect(accuracy).toBeGreaterThan(90);
  });
});
