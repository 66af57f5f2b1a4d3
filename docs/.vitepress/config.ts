import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformerTwoslash } from '@shikijs/vitepress-twoslash';
import { createFileSystemTypesCache } from '@shikijs/vitepress-twoslash/cache-fs';
import { type DefaultTheme, defineConfig } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));
/** `scripts/worker.mjs` bundles it. */
const worker = readFileSync(`${docs}/public/playground/worker.js`);
const workerVersion = createHash('sha256').update(worker).digest('hex').slice(0, 8);

/** Lists of the generated pages: `scripts/pages.mjs` writes them. */
const generated = (name: string): DefaultTheme.SidebarItem[] => {
  const file = `${docs}/generated/${name}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
};

const guides: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Quick start', link: '/guide/quick-start' },
      { text: 'In the browser', link: '/guide/browser' },
      { text: 'Which variant, which ρ', link: '/guide/choosing' },
      { text: 'It did not help', link: '/guide/did-not-help' },
      { text: 'Questions', link: '/guide/questions' },
    ],
  },
  {
    text: 'Train',
    items: [
      { text: 'Writing a loss for SAM', link: '/guide/writing-a-loss' },
      { text: 'Loops of your own', link: '/guide/custom-loops' },
      { text: 'Batch norm, dropout, accumulation, clipping, groups', link: '/guide/practice' },
      { text: 'Saving and resuming', link: '/guide/saving' },
      { text: 'Backends and GPUs', link: '/guide/backends' },
      { text: 'Threads and workers', link: '/guide/parallel' },
      { text: 'Migrating', link: '/guide/migrating' },
    ],
  },
  {
    text: 'Compose',
    items: [
      { text: 'Metrics, in pictures', link: '/guide/metrics' },
      { text: 'Composing a variant', link: '/guide/composing' },
      { text: 'Parts, variants, plugins', link: '/parts' },
      { text: 'Golden files', link: '/guide/golden-files' },
    ],
  },
  {
    text: 'Compare',
    items: [
      { text: 'A study, from zero to LaTeX', link: '/guide/study' },
      { text: 'Studies on several machines', link: '/guide/clusters' },
      { text: 'Reading a report', link: '/guide/report' },
      { text: 'Was the minimum flat?', link: '/guide/sharpness' },
      { text: 'Reproducing the papers', link: '/guide/papers' },
    ],
  },
  {
    text: 'Project',
    items: [
      { text: 'Architecture', link: '/architecture' },
      { text: 'Decisions', link: '/decisions' },
      { text: 'Glossary', link: '/glossary' },
      { text: 'Reliability', link: '/reliability' },
      { text: 'Upgrading TensorFlow.js', link: '/upgrading-tensorflow' },
    ],
  },
];
const exists = ({ link }: DefaultTheme.SidebarItem) => !link || existsSync(`${docs}${link}.md`);

export default defineConfig({
  title: 'tfjs-sam',
  description: 'Sharpness-aware training for TensorFlow.js',
  lang: 'en',
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.DOCS_BASE ?? '/'}favicon.svg` }],
  ],
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false,
  srcExclude: ['README.md', 'api/**', 'test/**'],
  // The API reference is typedoc's own site, copied beside this one: `scripts/check-site.mjs` follows those links.
  ignoreDeadLinks: true,
  markdown: {
    math: true,
    codeTransformers: [transformerTwoslash({ typesCache: createFileSystemTypesCache() })],
    languages: ['js', 'ts', 'json', 'yaml', 'html', 'sh'],
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/quick-start', activeMatch: '^/guide/' },
      { text: 'Variants', link: '/variants/', activeMatch: '^/variants/' },
      { text: 'Examples', link: '/examples/', activeMatch: '^/examples/' },
      { text: 'Playground', link: '/playground/' },
      { text: 'Packages', link: '/packages/', activeMatch: '^/packages/' },
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: {
      '/variants/': generated('cards'),
      '/packages/': generated('packages'),
      '/examples/': generated('examples'),
      '/': guides.map((group) => ({ ...group, items: group.items?.filter(exists) })),
    },
  },
  vite: {
    define: { WORKER_VERSION: JSON.stringify(workerVersion) },
    build: { chunkSizeWarningLimit: 2_000 },
  },
});
