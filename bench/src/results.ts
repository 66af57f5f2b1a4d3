/** A table of results, as printed and as written to RESULTS.md. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know: what was left out, and why. */
  readonly notes: readonly string[];
}

const introduction = `# Results

Written by \`npm run bench\`; do not edit. How to read the tables: README.md in this folder.
`;

/** A table in Markdown, columns aligned. */
export function markdown({ title, columns, rows, notes }: Table, machine: string): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const ruler = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const remarks = notes.length > 0 ? `\n${notes.map((note) => `- ${note}`).join('\n')}\n` : '';
  return `## ${title}\n\n${machine}\n\n${[line(columns), ruler, ...rows.map(line)].join('\n')}\n${remarks}`;
}

const startOf = (name: string) => `<!-- ${name}: start -->`;
const endOf = (name: string) => `<!-- ${name}: end -->`;

/** The processor and its cores that a block of a section was measured on. */
export const processorOf = (block: string): string => / · ([^·\n]+, \d+ cores) · /.exec(block)?.[1] ?? '';

/** The blocks of a section, one for each processor. */
export const blocksOf = (section: string): string[] =>
  section
    .split(/^(?=## )/m)
    .map((block) => block.trim())
    .filter((block) => block.length > 0);

/** A section with the block of one processor replaced, or put last; those of others stay beside it. */
function withBlock(section: string, block: string): string {
  const blocks = blocksOf(section);
  const own = blocks.findIndex((each) => processorOf(each) === processorOf(block));
  blocks.splice(own < 0 ? blocks.length : own, 1, block.trim());
  return blocks.join('\n\n');
}

/**
 * A document with one section's block of a processor replaced; a section that it lacks goes where `order` has it.
 */
export function withSection(document: string, name: string, text: string, order: readonly string[]): string {
  const sections = sectionsOf(document, order);
  sections.set(name, withBlock(sections.get(name) ?? '', text));
  const written = order
    .filter((each) => sections.has(each))
    .map((each) => `${startOf(each)}\n\n${sections.get(each)}\n\n${endOf(each)}\n`);
  return [introduction, ...written].join('\n');
}

/** The sections of a document by name, in its order. */
export function sectionsOf(document: string, names: readonly string[]): Map<string, string> {
  const sections = new Map<string, string>();
  for (const each of names) {
    const [from, to] = [document.indexOf(startOf(each)), document.indexOf(endOf(each))];
    if (from >= 0 && to > from) sections.set(each, document.slice(from + startOf(each).length, to).trim());
  }
  return sections;
}
