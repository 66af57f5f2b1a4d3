// A card for every part: text, formula and code from its declaration's source, everything else from what runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as core from '@tfjs-sam/core';
import { optionRows, pluginOf } from '@tfjs-sam/core/registry';
import * as umbrella from 'tfjs-sam';
import { surfaces } from '../surfaces/surfaces.mjs';
import { ballsPicture, pathsPicture, trajectory } from './pictures.mjs';
import { problemOf } from './problems.mjs';

export const kinds = {
  variant: 'Variants',
  metric: 'Metrics',
  objective: 'Objectives',
  ascent: 'Ascent directions',
  filter: 'Filters',
  combiner: 'Combiners',
  schedule: 'Schedules',
  'base-optimizer': 'Base optimizers',
};

const registry = umbrella.createDefaultRegistry();
/** Functions by what they declare, those that only code can make among them. */
const made = new Map();
for (const [name, value] of [...Object.entries(umbrella), ...Object.entries(core)])
  if (value?.part?.kind in kinds) made.set(`${value.part.kind}:${value.part.name}`, { name, call: value });

/** Parts of a kind as plugins, in the registry's order; those that JSON cannot name come last. */
export function partsOf(kind, packageOf) {
  const named = registry.list(kind).map((name) => registry.find(name, kind));
  const known = new Set(named.map(({ name }) => name));
  const others = [...made.values()].map(({ call }) => call.part);
  const inCode = others.filter((part) => part.kind === kind && !known.has(part.name));
  return [...named, ...inCode.map((part) => ({ ...pluginOf(part, packageOf(part)), inCode: true }))];
}

export const cell = (value) =>
  String(value).replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\{/g, '&#123;');
const code = (value) => `<code v-pre>${cell(JSON.stringify(value))}</code>`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
/** A formula with a line for each of its equations, so that it fits a phone. */
const lines = (formula) => formula.replace(/([;,]) {2,}(?=\S)/g, '$1\n');
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

function optionTable(plugin) {
  const rows = optionRows(plugin);
  if (rows.length === 0) return 'No options.';
  const line = ({ name, type, range, default: value, required, description }) => [
    `\`${name}\``,
    cell([type, range].filter(Boolean).join(', ')),
    value === undefined ? (required ? 'required' : '') : code(value),
    cell(description),
  ];
  return table(['option', 'type, range', 'default', ''], rows.map(line));
}

const squares = (coordinates) => {
  const [x, y] = coordinates();
  return tf.stack([tf.sub(1, x), tf.mul(Math.sqrt(10), tf.sub(y, tf.square(x)))]);
};
const halfway = {
  name: 'halfway',
  direction: (oracle) => {
    const { loss, gradient } = oracle.evaluate();
    const perturbation = core.ascentStep(core.euclideanMetric().at(gradient, oracle), gradient, 0.2);
    const { gradient: perturbed } = oracle.evaluate({ perturbation });
    return { loss, direction: core.scale(0.5, core.add(gradient, perturbed)) };
  },
};
/** What no default completes: the examples of the pictures. The banana is the squared length of two outputs. */
const supplied = {
  base: (_at, name) => core.sgd({ learningRate: rateOf(name) }),
  rule: () => halfway,
  numData: () => 10_000,
  parts: (at) => () => ({
    outputs: () => squares(at.coordinates),
    lossOf: (outputs) => tf.sum(tf.square(outputs)),
  }),
  outputs: (at) => () => tf.reshape(squares(at.coordinates), [1, 2]),
};
/** Where the direction has the length of weights, the rate is near one. */
const rateOf = (name) => shown[`variant:${name}`]?.learningRate ?? (name === 'entropy-sgd' ? 0.5 : 0.005);
/** Options of the pictures that show more than the defaults do. */
const shown = {
  'variant:entropy-sgd': { walkRate: 0.005 },
  'variant:bsam': { learningRate: 0.005, rho: 0.005 },
  // Each of its k ascents goes on from the last.
  'variant:lookbehind-sam': { k: 2, rho: 0.1 },
  'metric:elementwise': { eta: 0.01 },
  'metric:hessian-diagonal': { damping: 1, probes: 8, decay: 0 },
  'metric:gauss-newton': { damping: 1, probes: 8, decay: 0, outputLoss: 'squared' },
  'metric:hessian-low-rank': { rank: 1 },
  'metric:p-norm': { p: 'infinity' },
};
/** A part with its picture's options; `at` is the problem that it is to run on. */
function make(plugin, at) {
  const given = { ...shown[`${plugin.kind}:${plugin.name}`] };
  for (const [option, { need }] of Object.entries(plugin.options))
    if (need === 'required') given[option] ??= supplied[option]?.(at, plugin.name);
  if (plugin.kind === 'variant' && 'rho' in plugin.options) given.rho ??= rhoOf(plugin);
  return plugin.create(given);
}

/** A radius that is seen in a picture: four times that of SAM where a method measures as SAM does. */
function rhoOf({ name, options }) {
  const given = shown[`variant:${name}`]?.rho;
  if (given !== undefined) return given;
  const value = options.rho.default;
  const ofItsOwn = [
    'det-sam',
    'frob-sam',
    'trace-sam',
    'universal-sam',
    'usam',
    'stable-usam',
    'gam',
    'bsam',
  ];
  return ofItsOwn.includes(name) ? value : 4 * Math.min(value, 0.05);
}

const problemFor = ({ kind, name }) => problemOf(surfaces.banana, `${kind}:${name}`);
/** The path of gradient descent, by what the surface is to it. */
const descents = new Map();
function descent(problem) {
  const key = String(problem.examples);
  if (!descents.has(key))
    descents.set(
      key,
      trajectory('banana', problem, () => core.sgd({ learningRate: 0.005 })),
    );
  return descents.get(key);
}

function variantPicture(plugin) {
  const { name, options } = plugin;
  const problem = problemFor(plugin);
  const picture = pathsPicture('banana', problem, {
    'gradient descent': descent(problem),
    [name]: trajectory('banana', problem, (at) => make(plugin, at)),
  });
  const radius = 'rho' in options ? `, ρ = ${rhoOf(plugin)}` : '';
  const about = `${sentence(name)} beside gradient descent, 150 steps of learning rate ${rateOf(name)}${rateOf(name) === 0.005 ? '' : ' (gradient descent: 0.005)'} from the same point${radius}`;
  return `${picture}\n\n_${[about, problem.caption].filter(Boolean).join('; ')}._`;
}

const places = [
  [-1.2, 1.5],
  [-0.6, 0.2],
  [0.4, 1.2],
  [1, 1.02],
];
const captions = {
  euclidean: 'A circle, the same everywhere',
  elementwise: 'Stretched along large weights',
  monge: 'Flattened along the gradient, the more the steeper',
  fisher: 'Flattened along coordinates of large gradient',
  'hessian-diagonal': 'Flattened along coordinates of large curvature',
  'hessian-low-rank': 'Flattened along the direction of the largest curvature',
  'gauss-newton': 'Flattened along coordinates that the outputs depend on',
  'p-norm': 'For p = ∞ a box: the step goes to a corner',
  'loss-budget': 'A circle, the smaller the steeper',
  'each-variable': 'x and y each move by ρ, up or down',
  'variable-size': 'Stretched along the larger variable',
  'scaled-sign': 'A box, each side as long as its weight is large',
  unnormalised: 'A circle that grows with the gradient',
  centred: 'Only the difference of x and y moves',
  polar: 'Both singular values move by ρ: a box',
};
const radii = {
  elementwise: 0.3,
  'hessian-diagonal': 0.5,
  'gauss-newton': 0.5,
  'hessian-low-rank': 0.5,
  unnormalised: 0.01,
  'variable-size': 0.3,
  'scaled-sign': 0.2,
};
/** The balls of a metric on the banana, with a caption: on its card, and on the page of metrics. */
const balls = new Map();
export function metricPicture(plugin) {
  if (!balls.has(plugin.name)) balls.set(plugin.name, ballsOf(plugin));
  return balls.get(plugin.name);
}

function ballsOf(plugin) {
  const { name } = plugin;
  const problem = problemFor(plugin);
  const rho = radii[name] ?? 0.25;
  const caption = captions[name] ?? plugin.doc;
  const picture = ballsPicture('banana', caption, problem, (at) => make(plugin, at), rho, places);
  const drawn = isStep(plugin)
    ? `What a step of radius ${rho} reaches as the gradient turns, and the step itself`
    : `Balls of radius ${rho} and the step to their worst point`;
  return `${picture}\n\n_${[caption, drawn, problem.caption].filter(Boolean).join('. ')}._`;
}

function isStep(plugin) {
  const at = problemFor(plugin).start([0, 0]);
  try {
    return typeof make(plugin, at).step === 'function';
  } finally {
    at.dispose();
  }
}

const strategies = {
  objective: ['what is climbed', 'the loss itself'],
  metric: ['how nearness is measured', '[euclidean](/variants/metric-euclidean)'],
  ascent: ['along what it climbs', 'the gradient'],
  filter: ['which weights move', 'all'],
  combine: ['what is descended', 'the gradient at θ + δ'],
};
const kindOf = { metric: 'metric', ascent: 'ascent', filter: 'filter', combine: 'combiner' };

function partLink(place, value) {
  if (typeof value === 'string')
    return value === 'ascent' ? 'a loss of its own (`ascent`)' : 'the loss itself';
  const { name, ...options } = value.config ?? {};
  if (!name) return `its own${value.name ? ` (\`${value.name}\`)` : ''}`;
  const set = Object.entries(options).filter(([, option]) => option !== undefined);
  return `[${name}](/variants/${kindOf[place]}-${name})${set.length > 0 ? ` ${code(Object.fromEntries(set))}` : ''}`;
}

/** Of what a variant is made, from the rule that it runs with its defaults. */
function composition(plugin) {
  const at = problemFor(plugin).start([0, 0]);
  const { rule } = make(plugin, at);
  at.dispose();
  const open = Object.keys(strategies).filter(
    (place) => plugin.options[place] === core.strategyOptions[place],
  );
  const listed = open.map((place) => `\`${place}\``).join(', ');
  const exchange =
    open.length > 0
      ? `You may exchange ${listed}: see [composing a variant](/guide/composing).`
      : 'Its parts cannot be exchanged.';
  if (!rule?.strategies)
    return `A [rule](/guide/composing#a-rule-of-your-own) of its own: what it asks the oracle is in its code below. ${exchange}`;
  const rows = Object.entries(strategies).map(([place, [asks, plain]]) => [
    `\`${place}\``,
    asks,
    rule.strategies[place] === undefined ? plain : partLink(place, rule.strategies[place]),
  ]);
  return `${table(['place', '', 'filled by'], rows)}\n\n${exchange}`;
}

/** Cells of the catalogue in the umbrella's README, by variant. */
function catalogue(root) {
  const text = readFileSync(join(root, 'packages/tfjs-sam/README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| \[`([\w-]+)`\][^\n]*$/gm)];
  return new Map(
    rows.map(([line, name]) => [
      name,
      line
        .split(/(?<!\\)\|/)
        .slice(3, -1)
        .map((each) => each.trim()),
    ]),
  );
}

function cost(plugin, counted) {
  const cells = counted.get(plugin.presetOf ?? plugin.name);
  if (!cells) {
    const { gradients } = plugin;
    return typeof gradients === 'number'
      ? `${gradients} gradients a step, as declared.`
      : 'See the text above.';
  }
  const [gradients, values, kept, peak] = cells;
  const plural = (count, what) => `${count} ${what}${count === '1' ? '' : 's'}`;
  const evaluations = [
    plural(gradients, 'gradient'),
    values !== '0' && `${plural(values, 'value')} of the loss`,
  ];
  return `${evaluations.filter(Boolean).join(' and ')} a step, counted over 100 steps of the defaults (SGD: 1). Memory beyond SGD's, in copies of the weights: ${kept} between steps, at most ${peak} within one (a linear model on the cpu backend).`;
}

function checked(plugin, counted) {
  const [, , , , , , reference, trajectories] = counted.get(plugin.presetOf ?? plugin.name) ?? [];
  if (!trajectories || trajectories === 'formula') return 'Its formula, computed by its test.';
  return `Trajectories ${trajectories
    .split(', ')
    .map((name) => `\`${name}\``)
    .join(
      ', ',
    )}${reference ? ` (${reference})` : ''}, step by step: see [golden files](/guide/golden-files).`;
}

const json = ({ kind, name, options, inCode }) => {
  if (inCode) return 'By code alone: it needs a function, which JSON cannot hold.';
  const base = 'base' in options &&
    options.base.type === 'part' &&
    kind === 'variant' && { base: { name: 'sgd', learningRate: 0.1 } };
  return `\`\`\`json\n${JSON.stringify(kind === 'variant' ? { variant: name, ...base } : { name })}\n\`\`\``;
};

const linked = (text) => text.replace(/(?<![(<[])https?:\/\/[^\s),]+[^\s),.]/g, (url) => `<${url}>`);

/** Makes the cards of a repository, with the sources of its declarations. */
export function cardsOf(root, sources, pageOf) {
  const counted = catalogue(root);
  return (plugin) => {
    const { kind, name } = plugin;
    const source = sources.get(`${kind}:${name}`);
    const isMethod = kind === 'variant' || kind === 'metric';
    const missing = isMethod && [!source?.text[0] && 'text', !plugin.use && 'use'].filter(Boolean);
    if (missing?.length > 0)
      throw new Error(`cards: expected ${missing.join(', ')} of ${kind} ${name}, got none`);
    const folder = plugin.package.replace('@tfjs-sam/', '');
    const exported = made.get(`${kind}:${name}`)?.name;
    const [first, ...rest] = source?.text ?? [];
    const sections = [
      `---\ntitle: ${JSON.stringify(`${name} (${kind})`)}\n---\n\n# ${name}`,
      first ?? `${plugin.doc}.`,
      source?.formula.length > 0 && `\`\`\`\n${source.formula.map(lines).join('\n')}\n\`\`\``,
      ...rest,
      plugin.use && `**When to use it.** ${plugin.use}.`,
      kind === 'variant' && variantPicture(plugin),
      kind === 'metric' && metricPicture(plugin),
      kind === 'variant' && `## Composition\n\n${composition(plugin)}`,
      kind === 'variant' && `## Cost\n\n${cost(plugin, counted)}`,
      `## Options\n\n${optionTable(plugin)}`,
      `## In JSON\n\n${json(plugin)}`,
      `## Source\n\n${[plugin.source && `- ${plugin.source}`, ...(source?.see ?? []).map((each) => `- ${linked(each)}`), kind === 'variant' && `- Checked against: ${checked(plugin, counted)}`, `- Package: [\`${plugin.package}\`](${pageOf(folder)}), with what departs from published code`].filter(Boolean).join('\n')}`,
      source &&
        `## Code\n\n${exported ? `[\`${exported}\` in the API reference](/api/variables/${plugin.package.replace('@', '_').replace('/', '_')}.${exported}.html).\n\n` : ''}::: details ${source.file}\n\`\`\`ts\n${source.code}\n\`\`\`\n:::`,
    ];
    return `${sections.filter(Boolean).join('\n\n')}\n`;
  };
}
