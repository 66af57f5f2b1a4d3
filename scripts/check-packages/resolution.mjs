// Resolves the entry points of a package as TypeScript does: are the types wrong?
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';

/**
 * Kinds that say no more than that the packages are ES modules: `require` loads them from Node 20.19 on, which the
 * check itself tries, and the resolution of TypeScript before 4.7 knows no `exports`.
 */
const expected = new Set(['CJSResolvesToESM']);
const ignoredResolutions = new Set(['node10']);

/** Finds what is wrong with how the types of a package are resolved, a sentence each. */
export async function resolutionProblems({ tarball, manifest }) {
  const pkg = createPackageFromTarballData(new Uint8Array(readFileSync(tarball)));
  const { problems = [] } = await checkPackage(pkg);
  return problems
    .filter(({ kind, resolutionKind }) => !expected.has(kind) && !ignoredResolutions.has(resolutionKind))
    .map(
      ({ kind, entrypoint = '', resolutionKind = '' }) =>
        `${manifest.name}: expected types that every resolution finds, got ${kind} ${entrypoint} ${resolutionKind}. See https://arethetypeswrong.github.io`,
    );
}
