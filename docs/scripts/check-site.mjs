// Fails where the built site has a dead link, a dead anchor, a page without a title, or a playground that is too heavy.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const site = fileURLToPath(new URL('../.vitepress/dist', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';
const files = readdirSync(site, { recursive: true }).filter((file) => file.endsWith('.html'));
const problems = [];
const ids = new Map();

const textOf = (file) => readFileSync(join(site, file), 'utf8');
function idsOf(file) {
  if (!ids.has(file))
    ids.set(file, new Set([...textOf(file).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)));
  return ids.get(file);
}

/** The file that a link leads to; undefined for links that leave the site. */
function targetOf(link, from) {
  const [path, anchor = ''] = link.split('#');
  if (/^[a-z]+:|^\/\//.test(link)) return undefined;
  const clean = decodeURIComponent(path.split('?')[0]);
  if (clean === '') return { file: from, anchor };
  const absolute = clean.startsWith('/') ? clean.slice(base.length - 1) : join('/', dirname(from), clean);
  const tries = [absolute, `${absolute}.html`, join(absolute, 'index.html')].map((name) =>
    name.replace(/^\//, ''),
  );
  const file = tries.find((name) => existsSync(join(site, name)) && statSync(join(site, name)).isFile());
  return { file, anchor };
}

for (const file of files) {
  const text = textOf(file);
  const title = /<title>([^<]*)<\/title>/.exec(text)?.[1].trim();
  if (!title) problems.push(`${file}: no title`);
  for (const [, link] of text
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .matchAll(/\s(?:href|src)="([^"]+)"/g)) {
    const target = targetOf(link.replace(/&amp;/g, '&'), file);
    if (!target) continue;
    if (!target.file) problems.push(`${file}: dead link ${link}`);
    else if (
      target.anchor &&
      target.file.endsWith('.html') &&
      !target.file.startsWith('api') &&
      !idsOf(target.file).has(decodeURIComponent(target.anchor))
    )
      problems.push(`${file}: dead anchor ${link}`);
  }
}

/** Scripts and styles of the playground: its page's own, the worker's and the framework's. */
const heavy = 500_000;
const page = textOf('playground/index.html');
const assets = readdirSync(join(site, 'assets'), { recursive: true }).map(String);
const wanted = new Set([
  ...[...page.matchAll(/assets\/([^"']+\.(?:js|css))/g)].map(([, name]) => name),
  ...assets.filter((name) => /Playground[^/]*\.(js|css)$/.test(name)),
]);
/** A bundled file with what it imports before it begins. */
const bundled = (name) => [
  join('playground', name),
  ...[...textOf(`playground/${name}`).matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)].flatMap(([, file]) =>
    bundled(file),
  ),
];
const weight = [...new Set([...[...wanted].map((name) => join('assets', name)), ...bundled('worker.js')])]
  .filter((name) => existsSync(join(site, name)))
  .reduce((sum, name) => sum + gzipSync(readFileSync(join(site, name))).length, 0);
if (weight > heavy) problems.push(`playground: ${weight} bytes gzipped, more than ${heavy}`);

for (const problem of problems.slice(0, 60)) console.error(problem);
console.log(
  `check-site: ${files.length} pages, playground ${Math.round(weight / 1000)} kB gzipped before the wasm, ${problems.length} problems in ${relative(process.cwd(), site)}`,
);
process.exit(problems.length > 0 ? 1 : 0);
