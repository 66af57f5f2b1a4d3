// The tables that follow from declarations and measurements, between markers in READMEs. Reads what is built.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalogue } from './catalogue.mjs';
import { readJson, root, variantFolders } from './workspace.mjs';

/** A built module, found as the package that has it. */
export const built = (path) => import(pathToFileURL(join(root, path)).href);

const { pluginsOf, optionRows } = await built('packages/core/dist/registry/index.js');
const { driverOptions, strategyOptions } = await built('packages/core/dist/index.js');

/** Replaces what stands between a pair of markers; adds it at the end where there are none. */
export function withSection(text, name, content) {
  const [from, to] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const section = `${from}\n\n${content}\n\n${to}`;
  const begin = text.indexOf(from);
  if (begin < 0) return `${text.trimEnd()}\n\n${section}\n`;
  const end = text.indexOf(to);
  if (end < 0) throw new Error(`expected "${to}" after "${from}"`);
  return text.slice(0, begin) + section + text.slice(end + to.length);
}

const cell = (value) => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');
const shown = (value) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``);

/** A Markdown table. */
export const markdownTable = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** Braces and brackets mean something in Markdown for the site: as code they mean themselves. */
const asWritten = (text) => (/[{<]/.test(text) ? `\`${text}\`` : text);

const isShared = (name) => Object.hasOwn(driverOptions, name) || name === 'base';

/** Options of a part as a table; those that many variants have are left to core's README. */
function optionTable(part) {
  const isStrategy = (name) => part.options[name] === strategyOptions[name];
  const own = optionRows(part).filter(
    ({ name }) => part.kind !== 'variant' || !(isShared(name) || isStrategy(name)),
  );
  const strategies = Object.keys(part.options).filter((name) => part.kind === 'variant' && isStrategy(name));
  const others = strategies.map((name) => `\`${name}\``).join(', ');
  const beside = others && `Beside these: ${others}, as in [\`@tfjs-sam/core\`](../core/README.md).`;
  if (own.length === 0) return beside || 'No options of its own.';
  const rows = own.map(({ name, type, range, default: value, required, description }) => [
    `\`${name}\``,
    asWritten(`${type}${range && ` ${range}`}`),
    required ? 'required' : shown(value),
    description,
  ]);
  return [markdownTable(['option', 'values', 'default', ''], rows), beside].filter(Boolean).join('\n\n');
}

const kindTitle = ({ kind, presetOf }) => (presetOf ? `preset of ${presetOf}` : kind);

function sectionOf(part) {
  const source = part.source ? ` (${part.source})` : '';
  const heading = `**\`${part.name}\`**, ${kindTitle(part)}: ${part.doc}${source}.`;
  return part.presetOf ? heading : `${heading}\n\n${optionTable(part)}`;
}

/** The READMEs of the packages of variants, with the tables of every part that they export. */
async function packageReadmes() {
  const files = {};
  for (const folder of variantFolders()) {
    const path = `packages/${folder}/README.md`;
    const module = await built(`packages/${folder}/dist/index.js`);
    const parts = pluginsOf(module, readJson(`packages/${folder}/package.json`).name);
    const text = existsSync(join(root, path))
      ? readFileSync(join(root, path), 'utf8')
      : `# @tfjs-sam/${folder}\n`;
    files[path] = withSection(text, 'options', parts.map(sectionOf).join('\n\n'));
  }
  return files;
}

const legend = `Counted over 100 steps of the defaults: **gradients** and **values** are evaluations of the loss a step, with and without gradient.
**kept** and **peak** are memory beyond SGD's, in copies of the weights: between steps, and at most within one (cpu backend, one large
kernel). **trajectories** are the files in \`packages/testing/fixtures/golden\` that the variant follows, of the **reference** code; where
there is none, its test computes the formula.`;

/** The umbrella's README, with the catalogue of variants. */
async function umbrellaReadme() {
  const path = 'packages/tfjs-sam/README.md';
  const { head, rows } = await catalogue();
  const content = `${legend}\n\n${markdownTable(head, rows)}`;
  return { [path]: withSection(readFileSync(join(root, path), 'utf8'), 'catalogue', content) };
}

/** The README of the kernels, with the tables of what they repair, as each operation declares it. */
async function kernelsReadme() {
  const path = 'packages/wasm-kernels/README.md';
  const { features } = await built('packages/wasm-kernels/dist/features.js');
  const tableOf = (list) =>
    markdownTable(
      ['operation', 'what was wrong'],
      features
        .flatMap((feature) => feature[list] ?? [])
        .map(({ op, wrong, fix }) => [op, fix ? `${wrong}; ${fix}` : wrong]),
    );
  const text = withSection(readFileSync(join(root, path), 'utf8'), 'repairs', tableOf('repairs'));
  return { [path]: withSection(text, 'gradient repairs', tableOf('gradientRepairs')) };
}

/** Files and what they should say, by path. */
export const tableFiles = async () => ({
  ...(await packageReadmes()),
  ...(await umbrellaReadme()),
  ...(await kernelsReadme()),
});
