// Writes the generated pages of the site: a card for every variant and metric, and the READMEs of the packages.
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
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs';
import {
  elementwiseMetric,
  euclideanMetric,
  fisherMetric,
  hessianDiagonalMetric,
  makeOracle,
  mongeMetric,
} from '@tfjs-sam/core';
import { createDefaultRegistry } from 'tfjs-sam';
import { ballsPicture, pathsPicture } from './pictures.mjs';

const docs = fileURLToPath(new URL('..', import.meta.url));
const root = join(docs, '..');
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
    if (items.length > 0) out(`${parent}/index.md`, `# ${heading}\n\n${list.join('\n')}\n`);
    out(`generated/${parent}.json`, JSON.stringify([{ text: heading, link: `/${parent}/`, items }]));
  }
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

const registry = createDefaultRegistry();
const kinds = {
  variant: 'Variants',
  metric: 'Metrics',
  combiner: 'Combiners',
  filter: 'Filters',
  ascent: 'Ascent directions',
  schedule: 'Schedules',
  'base-optimizer': 'Base optimizers',
};
const cell = (value) => String(value).replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\{/g, '&#123;');

/** A default, as code in a cell of a table. */
const code = (value) => `<code v-pre>${cell(JSON.stringify(value))}</code>`;

function optionTable(rows) {
  if (rows.length === 0) return 'No options.\n';
  const line = ({ name, type, range, default: value, required, description }) =>
    `| \`${name}\` | ${cell([type, range].filter(Boolean).join(', '))} | ${value === undefined ? (required ? 'required' : '') : code(value)} | ${cell(description)} |`;
  return `| option | type, range | default | |\n| --- | --- | --- | --- |\n${rows.map(line).join('\n')}\n`;
}

/** The fenced formula that a package's README begins with. */
function formulaOf(folder) {
  const file = join(root, 'packages', folder, 'README.md');
  if (!existsSync(file)) return '';
  return /```\n[\s\S]*?```/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
}

const base = { name: 'sgd', learningRate: 0.005 };
/** A variant beside gradient descent on the banana, from its defaults; none where it has no base or needs a choice. */
function variantPicture(name) {
  const rows = registry.describe(name, 'variant');
  if (!rows.some((row) => row.name === 'base') || rows.some((row) => row.required && row.name !== 'base'))
    return '';
  try {
    const optimizers = {
      'gradient descent': registry.build('base-optimizer', base),
      [name]: registry.create({
        variant: name,
        base,
        ...(rows.some((row) => row.name === 'rho') && { rho: 0.2 }),
      }),
    };
    return `${pathsPicture('banana', optimizers)}\n\n_${name} beside gradient descent, 150 steps of learning rate 0.005 from the same point${rows.some((row) => row.name === 'rho') ? ', ρ = 0.2' : ''}._\n`;
  } catch (error) {
    console.error(`pages: no picture of ${name}: ${error.message}`);
    return '';
  }
}

const places = [
  [-1.2, 1.5],
  [-0.6, 0.2],
  [0.4, 1.2],
  [1, 1.02],
];
const fixed = (metric) => (weights, gradient, loss) => {
  const oracle = makeOracle(loss, [weights]);
  return metric.at(gradient, oracle);
};
const balls = {
  euclidean: ['Euclid: a circle, the same everywhere', () => euclideanMetric(), 0.25],
  elementwise: ['ASAM: stretched along large weights', () => elementwiseMetric({ eta: 0.01 }), 0.3],
  monge: ['Monge: flattened along the gradient, the more the steeper', () => mongeMetric(), 0.25],
  fisher: ['Fisher: flattened along coordinates of large gradient', () => fisherMetric({ eta: 1 }), 0.25],
  'hessian-diagonal': [
    'Hessian: flattened along coordinates of large curvature',
    () => hessianDiagonalMetric({ damping: 1, probes: 8, decay: 0 }),
    0.5,
  ],
};
function metricPicture(name) {
  const entry = balls[name];
  if (!entry) return '';
  const [caption, metric, rho] = entry;
  return `${ballsPicture('banana', caption, fixed(metric()), rho, places)}\n\n_${caption}. Balls of radius ${rho} and the step to their worst point._\n`;
}

function card(kind, name) {
  const plugin = registry.find(name, kind);
  const rows = registry.describe(name, kind);
  const folder = plugin.package.replace('@tfjs-sam/', '');
  const json =
    kind === 'variant'
      ? {
          variant: name,
          ...(rows.some((row) => row.name === 'base') && { base: { name: 'sgd', learningRate: 0.1 } }),
        }
      : { name };
  const text = plugin.doc ?? plugin.description;
  return `---
title: ${JSON.stringify(`${name} (${kind})`)}
---

# ${name}

${text}${plugin.source ? `\n\nSource: ${plugin.source}` : ''}

${kind === 'variant' ? formulaOf(folder) : ''}

${kind === 'variant' ? variantPicture(name) : kind === 'metric' ? metricPicture(name) : ''}

## Options

${optionTable(rows)}

## In JSON

\`\`\`json
${JSON.stringify(json)}
\`\`\`

Package [\`${plugin.package}\`](${pages.get(`packages/${folder}`) ?? '/packages/'}): when to use it, cost, what departs from the published code.
`;
}

function cards() {
  const sidebar = [];
  let index =
    '# Variants and parts\n\nEvery card is made from the declaration that the code itself runs on.\n';
  for (const [kind, heading] of Object.entries(kinds)) {
    const names = registry.list(kind);
    if (names.length === 0) continue;
    for (const name of names) out(`variants/${kind}-${name}.md`, card(kind, name));
    const items = names.map((name) => ({ text: name, link: `/variants/${kind}-${name}` }));
    sidebar.push({ text: heading, items, collapsed: kind !== 'variant' });
    const line = (name) => {
      const plugin = registry.find(name, kind);
      return `| [${name}](/variants/${kind}-${name}) | ${cell(plugin.doc ?? plugin.description)} |`;
    };
    index += `\n## ${heading}\n\n| | |\n| --- | --- |\n${names.map(line).join('\n')}\n`;
  }
  out('variants/index.md', index);
  out('generated/cards.json', JSON.stringify(sidebar));
}

function metricsPage() {
  const file = join(docs, 'guide/metrics.md');
  if (!existsSync(file)) return;
  for (const name of Object.keys(balls)) out(`generated/ball-${name}.md`, metricPicture(name));
}

/** The binaries of TensorFlow.js's wasm backend, for the playground. */
function binaries() {
  const from = dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')));
  mkdirSync(join(docs, 'public/wasm'), { recursive: true });
  for (const name of readdirSync(from).filter((file) => file.endsWith('.wasm')))
    copyFileSync(join(from, name), join(docs, 'public/wasm', name));
}

await tf.setBackend('cpu');
for (const folder of ['generated', 'variants', 'packages', 'examples', 'studies'])
  rmSync(join(docs, folder), { recursive: true, force: true });
copies();
cards();
metricsPage();
binaries();
console.log(`pages: written below ${relative(root, docs)}`);
