// Writes the generated pages of the site: a card for every part, and the READMEs of packages, examples and studies.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs';
import { cardsOf, cell, kinds, metricPicture, partsOf } from './cards.mjs';
import { declarations } from './declarations.mjs';

const docs = fileURLToPath(new URL('..', import.meta.url));
const root = join(docs, '..');
const sources = declarations(root);
const out = (path, text) => {
  mkdirSync(dirname(join(docs, path)), { recursive: true });
  writeFileSync(join(docs, path), text);
};

/** Where a file of the repository stands on the site. */
const pages = new Map([
  ['README.md', null],
  ['bench/RESULTS.md', '/results'],
  ['bench/README.md', '/benchmarks'],
  ['CONTRIBUTING.md', '/contributing'],
  ['CHANGELOG.md', '/changelog'],
]);
const foldersWithReadme = (parent) =>
  readdirSync(join(root, parent))
    .filter((name) => existsSync(join(root, parent, name, 'README.md')))
    .sort();
for (const parent of ['packages', 'examples', 'studies'].filter((name) => existsSync(join(root, name))))
  for (const name of foldersWithReadme(parent)) {
    pages.set(`${parent}/${name}/README.md`, `/${parent}/${name}`);
    pages.set(`${parent}/${name}`, `/${parent}/${name}`);
  }

/** An image of a README, copied to where its page finds it. */
function withImage(page, label, file) {
  const name = file.replaceAll('/', '-');
  mkdirSync(join(docs, 'generated'), { recursive: true });
  copyFileSync(join(root, file), join(docs, 'generated', name));
  return `![${label}](${posix.relative(posix.dirname(page), `/generated/${name}`)})`;
}

/** A file's text, with its links to other files of the repository led to their pages; those without one become text. */
function withLinks(file) {
  const text = readFileSync(join(root, file), 'utf8');
  return text.replace(/(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)/g, (_whole, image, label, target) => {
    const [path, anchor] = target.split('#');
    const full = posix.normalize(posix.join(posix.dirname(file), path)).replace(/\/$/, '');
    if (image) return withImage(pages.get(file), label, full);
    if (full.startsWith('docs/'))
      return `[${label}](/${full.slice(5).replace(/\.md$/, '')}${anchor ? `#${anchor}` : ''})`;
    const page = pages.get(full);
    return page ? `[${label}](${page}${anchor ? `#${anchor}` : ''})` : label;
  });
}

/** Angle brackets in prose are no HTML; those of code stay. */
const title = (markdown) => /^# (.+)$/m.exec(markdown)?.[1].replace(/`/g, '') ?? 'Untitled';

function copies() {
  const sidebars = { packages: [], examples: [], studies: [] };
  for (const [file, page] of pages) {
    if (!page || !file.endsWith('.md') || !existsSync(join(root, file))) continue;
    const text = withLinks(file);
    out(`${page}.md`, text);
    const parent = page.split('/')[1];
    if (sidebars[parent]) sidebars[parent].push({ text: page.split('/')[2], link: page, title: title(text) });
  }
  for (const [parent, items] of Object.entries(sidebars)) {
    const heading = parent[0].toUpperCase() + parent.slice(1);
    const list = items.map(
      ({ link, text }) => `- [${text}](${link}): ${firstSentence(`${link.slice(1)}/README.md`)}`,
    );
    const body = parent === 'examples' ? gallery(items) : `# ${heading}\n\n${list.join('\n')}`;
    if (items.length > 0) out(`${parent}/index.md`, `${body}\n`);
    out(`generated/${parent}.json`, JSON.stringify([{ text: heading, link: `/${parent}/`, items }]));
  }
}

/** The examples, each with what it is about, its guide and what it printed when it was last run. */
function gallery(items) {
  const entries = items.map(({ text: name, link, title: heading }) => {
    const text = withLinks(`examples/${name}/README.md`);
    const [, result = ''] = /## Result\n([\s\S]*?)\n<!-- end: result -->/.exec(text) ?? [];
    const guide = /\]\((\/guide\/[\w-]+)/.exec(text)?.[1];
    const links = [`[Code and more](${link})`, guide && `[its guide](${guide})`].filter(Boolean).join(', ');
    return `## ${heading}\n\n${firstSentence(`examples/${name}/README.md`)}\n\n${result.trim()}\n\n${links}`;
  });
  const about = 'Every example runs in CI. What stands below each is what it printed, by `npm run gallery`.';
  return ['# Examples', about, ...entries].join('\n\n');
}

function firstSentence(file) {
  const [, , ...rest] = readFileSync(join(root, file), 'utf8').split('\n');
  return rest
    .join('\n')
    .trim()
    .split('\n\n')[0]
    .replace(/\n/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

const packageOf = (part) => {
  const folder = [...sources.get(`${part.kind}:${part.name}`).file.split('/')][1];
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')).name;
};

/** Each of two threads draws half of the cards: their pictures are most of the work. The other one draws the metrics' balls. */
function cards() {
  const card = cardsOf(root, sources, (folder) => pages.get(`packages/${folder}`) ?? '/packages/');
  const mine = ({ kind }, i) => isMainThread === (kind !== 'metric' && i % 2 === 0);
  for (const kind of Object.keys(kinds))
    for (const part of partsOf(kind, packageOf).filter(mine))
      out(`variants/${kind}-${part.name}.md`, card(part));
  if (isMainThread) return;
  for (const part of partsOf('metric', packageOf)) out(`generated/ball-${part.name}.md`, metricPicture(part));
}

function listOfCards() {
  const sidebar = [];
  let index =
    '# Variants and parts\n\nEvery card is made from the declaration that the code itself runs on.\n';
  for (const [kind, heading] of Object.entries(kinds)) {
    const parts = partsOf(kind, packageOf);
    const items = parts
      .map(({ name }) => ({ text: name, link: `/variants/${kind}-${name}` }))
      .sort((a, b) => a.text.localeCompare(b.text));
    sidebar.push({ text: heading, items, collapsed: kind !== 'variant' });
    const hasUse = parts.some(({ use }) => use);
    const line = ({ name, doc, use }) =>
      `| [${name}](/variants/${kind}-${name}) | ${cell(doc)} |${hasUse ? ` ${cell(use ?? '')} |` : ''}`;
    const head = hasUse ? '| | | when to use it |\n| --- | --- | --- |' : '| | |\n| --- | --- |';
    index += `\n## ${heading}\n\n${head}\n${parts.map(line).join('\n')}\n`;
  }
  out('variants/index.md', index);
  out('generated/cards.json', JSON.stringify(sidebar));
}

/** The binaries of TensorFlow.js's wasm backend, for the playground. */
function binaries() {
  const from = dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')));
  mkdirSync(join(docs, 'public/wasm'), { recursive: true });
  for (const name of readdirSync(from).filter((file) => file.endsWith('.wasm')))
    copyFileSync(join(from, name), join(docs, 'public/wasm', name));
}

await tf.setBackend('cpu');
if (isMainThread) {
  for (const folder of ['generated', 'variants', 'packages', 'examples', 'studies'])
    rmSync(join(docs, folder), { recursive: true, force: true });
  const other = new Worker(new URL(import.meta.url));
  const ended = new Promise((resolve, reject) => other.once('error', reject).once('exit', resolve));
  copies();
  listOfCards();
  binaries();
  cards();
  await ended;
  console.log(`pages: written below ${relative(root, docs)}`);
} else cards();
