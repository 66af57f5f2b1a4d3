// Looks into the packages that would be published: files, source maps, version ranges, imports, entry points.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';

const expectedFiles = [
  /^(package\.json|README\.md|LICENSE|ATTRIBUTION\.md|GRADIENTS\.md|ISSUES\.md)$/,
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^bin\/.+\.js$/,
  /^src\/.+\.ts$/, // The maps point to the sources.
];
const testFile = /(^|\/)tests?\/|^src\/.*fixtures\/|\.(test|spec)\./;
/** The files that the published suites follow. */
const trajectories = { '@tfjs-sam/testing': /^fixtures\/.+\.json$/ };

function fileProblems({ manifest, texts }) {
  const missing = ['README.md', 'LICENSE'].filter((name) => !texts.has(name));
  const stray = [...texts.keys()].filter(
    (name) =>
      testFile.test(name) ||
      !(trajectories[manifest.name]?.test(name) || expectedFiles.some((pattern) => pattern.test(name))),
  );
  return [
    ...missing.map((name) => `expected ${name}, got none. Add it; LICENSE is copied from the root`),
    ...stray.map((name) => `expected no tests and no stray files, got ${name}. See "files" in package.json`),
  ];
}

function sourceMapProblems({ texts }) {
  const maps = [...texts.keys()].filter((name) => name.endsWith('.map'));
  return maps.flatMap((map) =>
    JSON.parse(texts.get(map))
      .sources.filter((source) => !texts.has(posix.join(posix.dirname(map), source)))
      .map((source) => `expected ${source}, to which ${map} points, got none. Remove dist and build again`),
  );
}

const dependencyFields = ['dependencies', 'peerDependencies', 'optionalDependencies', 'devDependencies'];

/** Ranges that only this workspace understands. */
function rangeProblems({ manifest }) {
  return dependencyFields.flatMap((field) =>
    Object.entries(manifest[field] ?? {})
      .filter(([, range]) => /^(workspace|catalog|file|link):/.test(range))
      .map(([name, range]) => `expected a version range for ${name} in ${field}, got "${range}"`),
  );
}

/**
 * Imports, of code or of types, that an `npm install` of this package alone would not satisfy. The project that installs
 * all packages together does not notice them, nor does the workspace where they are development dependencies.
 */
function importProblems({ manifest, texts }) {
  const declared = [
    manifest.name,
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  ];
  const built = [...texts].filter(([file]) => /\.(js|d\.ts)$/.test(file));
  return built.flatMap(([file, text]) =>
    ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
      .map((specifier) => specifier.match(/^(@[^/]+\/)?[^/]+/)[0])
      .filter((name) => !declared.includes(name))
      .map((name) => `expected ${name} in dependencies or peerDependencies, got an import alone, in ${file}`),
  );
}

/** Fields, entry points and formats. Of arethetypeswrong's checks, compiling in the installed project makes those that matter. */
async function publintProblems({ manifest, files }) {
  const { messages } = await publint({ pkgDir: 'package', pack: { files }, level: 'warning' });
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`);
}

const checks = [fileProblems, sourceMapProblems, rangeProblems, importProblems, publintProblems];

/**
 * What is wrong with a package, a sentence each.
 *
 * @param content - `manifest`, its package.json; `files`, as unpacked; `texts`, the same by name in the package.
 */
export async function contentProblems(content) {
  const problems = await Promise.all(checks.map((check) => check(content)));
  return problems.flat().map((problem) => `${content.manifest.name}: ${problem}`);
}
