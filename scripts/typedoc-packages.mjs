// Names the modules of the API reference as they are imported, and gives each package's its README.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

/** Entry points by their source, without ending: `core/src/registry/index` is `@tfjs-sam/core/registry`. */
const names = new Map();
for (const folder of readdirSync('packages').filter((name) => existsSync(`packages/${name}/package.json`))) {
  const { name, exports = {} } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'));
  for (const [path, entry] of Object.entries(exports))
    if (entry['@tfjs-sam/source'])
      names.set(`${folder}/${entry['@tfjs-sam/source'].slice(2).replace(/(\/index)?\.ts$/, '')}`, {
        name: name + path.slice(1),
        folder,
      });
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    project.readme = prose(readFileSync('README.md', 'utf8'));
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const known = names.get(module.name);
      if (!known) continue;
      module.name = known.name;
      const readme = `packages/${known.folder}/README.md`;
      if (!known.name.includes('/', known.name.indexOf('/') + 1) && existsSync(readme))
        module.readme = prose(readFileSync(readme, 'utf8'));
    }
  });
}

/** A README without its title, which the page has already, and without links into the repository, which lead nowhere here. */
function prose(text) {
  const body = text.replace(/^# .*\n+/, '').replace(/\[([^\]]*)\]\((?!https?:)[^)]*\)/g, '$1');
  return [{ kind: 'text', text: body }];
}
