import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Repair } from '../src/feature.js';
import { features } from '../src/features.js';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));

const rowOf = ({ op, wrong, fix }: Repair): string => `| ${op} | ${wrong}${fix ? `; ${fix}` : ''} |`;
const tableOf = (repairs: readonly Repair[]): string =>
  ['| operation | what was wrong |', '| --- | --- |', ...repairs.map(rowOf)].join('\n');

const tables = {
  repairs: tableOf(features.flatMap((feature) => feature.repairs ?? [])),
  'gradient repairs': tableOf(features.flatMap((feature) => feature.gradientRepairs ?? [])),
};

// To write the tables anew: npx vitest run packages/wasm-kernels/test/readme.test.ts -u
it('has the tables of what the features repair', async () => {
  let text = await readFile(readme, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    expect(text).toContain(start);
    const [before, after] = [text.slice(0, text.indexOf(start)), text.slice(text.indexOf(end))];
    text = `${before}${start}\n\n${table}\n\n${after}`;
  }
  await expect(text).toMatchFileSnapshot(readme);
});
