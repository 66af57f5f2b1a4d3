import { type Cell, partFor, type Table } from '../report/table.js';

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Comma-separated values (RFC 4180) with a header: every number in full, an empty field where there is none. */
export function toCsv(table: Table): string {
  const { columns, rows } = partFor(table, 'data');
  const lines = [
    columns.map(({ key }) => key),
    ...rows.map((row) => row.map(({ value }) => (value === null ? '' : String(value)))),
  ];
  return lines.map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}

/** A table in GitHub's Markdown, numbers to the right. */
export function toMarkdown(table: Table): string {
  const { title, caption, columns, rows } = partFor(table, 'print');
  const safe = (text: string): string =>
    text.replaceAll(/[\\`*_{}[\]<>#|~]/g, '\\$&').replaceAll(/\s*[\r\n]+\s*/g, ' ');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = [
    line(columns.map((column) => safe(column.title))),
    line(columns.map(({ kind }) => (kind === 'number' ? '--:' : ':--'))),
  ];
  const body = rows.map((row) => line(row.map(({ text }) => safe(text))));
  return `**${safe(title)}.** ${safe(caption)}\n\n${[...head, ...body].join('\n')}\n`;
}

const texCharacters: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '−': '$-$',
  '–': '--',
  '’': "'",
  '<': '$<$',
  '>': '$>$',
  ρ: '$\\rho$',
  α: '$\\alpha$',
  β: '$\\beta$',
  λ: '$\\lambda$',
  σ: '$\\sigma$',
  θ: '$\\theta$',
  ε: '$\\varepsilon$',
  χ: '$\\chi$',
  '²': '$^2$',
  '∞': '$\\infty$',
  '‖': '$\\|$',
};

/** Text that LaTeX prints as it is, and runs nothing of. */
export function texText(text: string): string {
  const special = /[\\~^±×−–’<>ραβλσθεχ²∞‖&%#_${}]/g;
  return text
    .replaceAll(special, (character) => texCharacters[character] ?? `\\${character}`)
    .replaceAll(/\s*[\r\n]+\s*/g, ' ');
}

/** A LaTeX table that needs the package booktabs and no other. */
export function toLatex(table: Table): string {
  const { id, title, caption, columns, rows } = partFor(table, 'print');
  const line = (cells: readonly string[]): string => `    ${cells.map(texText).join(' & ')} \\\\`;
  const alignment = columns.map(({ kind }) => (kind === 'number' ? 'r' : 'l')).join('');
  const texts = (row: readonly Cell[]): string[] => row.map(({ text }) => text);
  return [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${texText(`${title}. ${caption}`)}}`,
    `  \\label{tab:${id.replaceAll(/[^\w-]/g, '-')}}`,
    `  \\begin{tabular}{${alignment}}`,
    '    \\toprule',
    line(columns.map((column) => column.title)),
    '    \\midrule',
    ...rows.map((row) => line(texts(row))),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
