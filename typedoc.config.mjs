// The API reference: every entry point of every published package, in one program, so that it is compiled once.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The umbrella last: what it exports again belongs to the package that declares it. */
const packages = readdirSync('packages')
  .filter((folder) => existsSync(`packages/${folder}/package.json`))
  .sort((a, b) => Number(a === 'tfjs-sam') - Number(b === 'tfjs-sam'));
const manifest = (folder) => JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'tfjs-sam',
  tsconfig: 'tsconfig.check.json',
  entryPoints: packages.flatMap((folder) =>
    Object.values(manifest(folder).exports ?? {}).flatMap((entry) => {
      const source = entry['@tfjs-sam/source'];
      return source?.endsWith('.ts') ? [`packages/${folder}/${source.slice(2)}`] : [];
    }),
  ),
  plugin: ['./scripts/typedoc-inferred.mjs', './scripts/typedoc-packages.mjs'],
  // `npm run typecheck` has done it: it would double the time.
  skipErrorChecking: true,
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableSources: true,
  groupOrder: ['Modules', 'Functions', 'Classes', 'Interfaces', 'TypeAliases', 'Variables', '*'],
  navigation: { includeGroups: true, includeCategories: true },
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'GetSignature',
    'CallSignature',
    'TypeAlias',
  ],
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  out: 'docs/api',
  treatWarningsAsErrors: true,
};
