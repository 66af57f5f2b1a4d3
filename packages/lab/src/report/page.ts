import { createHash } from 'node:crypto';
import { toParquet } from '../export/parquet.js';
import { toCsv, toLatex, toMarkdown } from '../export/text.js';
import type { StudyResults } from '../results.js';
import type { Analysis } from './analysis.js';
import type { ArmLook } from './colors.js';
import type { FigureGroup } from './figure.js';
import { Html, html, type Piece } from './html.js';
import { reportScript } from './script.js';
import { reportStyle } from './style.js';
import { partFor, type Table } from './table.js';
import { verdict, warnings } from './verdict.js';

/** Everything that a page shows. */
export interface Contents {
  readonly results: StudyResults;
  readonly analysis: Analysis;
  readonly looks: ReadonlyMap<string, ArmLook>;
  readonly tables: readonly Table[];
  /** Tables that only files hold. */
  readonly rawTables: readonly Table[];
  readonly figures: readonly FigureGroup[];
}

const anchor = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** Files that the page's buttons save, by name. */
function filesOf({ tables, rawTables, figures }: Contents): Record<string, string> {
  const files: Record<string, string> = {};
  for (const table of [...tables, ...rawTables]) {
    files[`${table.id}.csv`] = toCsv(table);
    files[`${table.id}.parquet`] = Buffer.from(toParquet(table)).toString('base64');
  }
  for (const table of tables) {
    files[`${table.id}.md`] = toMarkdown(table);
    files[`${table.id}.tex`] = toLatex(table);
  }
  for (const { data } of figures.flatMap((group) => group.figures)) files[`${data.id}.csv`] = toCsv(data);
  return files;
}

const saveButtons = (id: string, kinds: readonly (readonly [string, string])[]): Html =>
  html`<div class="save script">${kinds.map(([ending, name]) => html`<button type="button" data-file="${`${id}.${ending}`}" aria-label="Save ${id} as ${name}">${name}</button>`)}</div>`;

function tableHtml(table: Table, looks: ReadonlyMap<string, ArmLook>): Html {
  const { id, title, caption, columns, rows } = partFor(table, 'print');
  const head = columns.map(
    ({ key, title: name, kind }) =>
      html`<th scope="col" title="${key}" aria-sort="none"${kind === 'text' && new Html(' class="text"')}><button type="button">${name}</button></th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map(({ value, text }, i): Piece => {
      const { key, kind } = columns[i]!;
      const shown = i === 0 ? html`${swatch(looks.get(text))}${text}` : text;
      if (i === 0) return html`<th scope="row" data-v="${String(value ?? '')}">${shown}</th>`;
      const classes = [kind === 'text' && 'text', key === 'notes' && 'notes'].filter(Boolean).join(' ');
      return html`<td${classes !== '' && new Html(` class="${classes}"`)} data-v="${String(value ?? '')}">${shown}</td>`;
    });
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="${title}"><table><caption><span><b>${title}.</b> ${caption}</span></caption>
<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>
${saveButtons(id, [
  ['csv', 'CSV'],
  ['md', 'Markdown'],
  ['tex', 'LaTeX'],
  ['parquet', 'Parquet'],
])}`;
}

/** A short piece of an arm's line: its colour and its dash. */
const swatch = (look: ArmLook | undefined): Piece =>
  look &&
  html`<svg class="swatch" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true"><line x1="0" y1="5" x2="28" y2="5" stroke="${look.color}" stroke-width="3" stroke-dasharray="${look.dash}"/></svg> `;

function figureGroup({ title, caption, figures, secondary }: FigureGroup): Html {
  const drawn = figures.map(
    ({ id, title: name, svg }) => html`<figure><figcaption><span>${name}</span>
<button type="button" class="script" data-svg="${id}.svg" aria-label="Save ${name} as SVG">SVG</button>
<button type="button" class="script" data-file="${id}.csv" aria-label="Save ${name} as CSV">CSV</button></figcaption>${new Html(svg)}</figure>`,
  );
  const inside = html`<p class="soft">${caption}</p><div class="figures">${drawn}</div>`;
  return secondary
    ? html`<details id="${anchor(title)}"><summary><h2>${title}</h2></summary>${inside}</details>`
    : html`<section id="${anchor(title)}"><h2>${title}</h2>${inside}</section>`;
}

const facts = (record: Readonly<Record<string, unknown>>): Html =>
  html`<dl>${Object.entries(record).map(([key, value]) => html`<dt>${key}</dt><dd>${String(value)}</dd>`)}</dl>`;

function provenance(results: StudyResults): Html {
  const { command, startedAt, finishedAt, environment, git } = results.provenance;
  const known = {
    started: startedAt,
    finished: finishedAt ?? 'not yet',
    'git revision': git ?? 'none: not a git repository',
    'hash of the study': results.hash,
    folder: results.folder,
    seeds: results.seeds.join(', '),
    ...environment,
  };
  return html`<section id="provenance"><h2>How it was run</h2>
<p>Command</p><pre id="command" tabindex="0">${command}</pre>
<div class="save script"><button type="button" data-copy="command">Copy</button></div>
${facts(known)}
<p>Configuration, with defaults written out</p><pre id="configuration" tabindex="0">${results.configuration}</pre>
<div class="save script"><button type="button" data-copy="configuration">Copy</button></div></section>`;
}

function legend({ results, looks }: Contents): Html {
  const items = results.arms.map(
    ({ name, summary, source }) =>
      html`<li>${swatch(looks.get(name))}<span><b>${name}</b> ${summary} <small>${source}</small></span></li>`,
  );
  return html`<ul class="legend" aria-label="Arms">${items}</ul>`;
}

/** JSON inside a script element, from which no text can break out. */
const embedded = (value: unknown): Html =>
  new Html(
    JSON.stringify(value)
      .replaceAll('<', '\\u003c')
      .replaceAll('\u2028', '\\u2028')
      .replaceAll('\u2029', '\\u2029'),
  );

/** The page: one file that needs no other, no network, and only its own script, by its hash. */
export function page(contents: Contents): string {
  const { results, analysis, tables, rawTables, figures, looks } = contents;
  const digest = createHash('sha256').update(reportScript).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  const sections = figures.map(({ title }) => title);
  const warned = warnings(results, analysis);
  const links = ['Tables', ...sections].map(
    (title) => html`<li><a href="#${anchor(title)}">${title}</a></li>`,
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">
<title>${results.name} · tfjs-sam</title><style>${new Html(reportStyle)}</style></head><body>
<header><h1>${results.name}</h1>${results.description !== undefined && html`<p>${results.description}</p>`}</header>
<nav aria-label="Contents"><a class="skip" href="#results">To the results</a>
<ul>${links}<li><a href="#provenance">How it was run</a></li></ul></nav>
<main id="results">
${warned.length > 0 && html`<ul class="verdict warning" aria-label="Warnings">${warned.map((line) => html`<li>${line}</li>`)}</ul>`}
<ul class="verdict" aria-label="Result">${verdict(results, analysis).map((line) => html`<li>${line}</li>`)}</ul>
${legend(contents)}
<section id="tables"><h2>Tables</h2>${tables.map((table) => tableHtml(table, looks))}
${rawTables.map(
  ({ id, title, caption }) =>
    html`<p class="script">${title}: ${caption}</p>${saveButtons(id, [
      ['csv', 'CSV'],
      ['parquet', 'Parquet'],
    ])}`,
)}</section>
${figures.map(figureGroup)}
${provenance(results)}
</main>
<script type="application/json" id="files">${embedded(filesOf(contents))}</script>
<script>${new Html(reportScript)}</script>
</body></html>
`.text;
}
