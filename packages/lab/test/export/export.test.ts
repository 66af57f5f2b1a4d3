import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { exporters, writeExport } from '../../src/export/exporter.js';
import { toParquet } from '../../src/export/parquet.js';
import { texText, toCsv, toLatex, toMarkdown } from '../../src/export/text.js';
import { loadRegistry } from '../../src/parts/load.js';
import { analyse } from '../../src/report/index.js';
import { type Table, tableOf } from '../../src/report/table.js';
import { exampleResults } from '../example-results.js';

const results = exampleResults();

const table: Table = tableOf<readonly [string, number | null]>(
  { id: 'odd', title: 'Odd', caption: '95 % of it' },
  [
    { key: 'name', title: 'the_name', kind: 'text', value: ([name]) => name },
    {
      key: 'value',
      title: 'value',
      kind: 'number',
      value: ([, value]) => value,
      text: ([, value]) => value?.toFixed(2) ?? '–',
    },
    { key: 'value_exact', title: 'exact', kind: 'number', shown: 'data', value: ([, value]) => value },
  ],
  [
    ['a "quoted", name\nof two lines', 1 / 3],
    ['\\input{x} & 50 % of $x_1$ | `code` <b>', Number.NaN],
  ],
);

describe('tables as files', () => {
  it('CSV quotes, keeps every digit and leaves empty what is missing', () => {
    expect(toCsv(table)).toBe(
      'name,value,value_exact\r\n' +
        '"a ""quoted"", name\nof two lines",0.3333333333333333,0.3333333333333333\r\n' +
        '\\input{x} & 50 % of $x_1$ | `code` <b>,,\r\n',
    );
  });

  it('Markdown keeps one line per row, whatever the text', () => {
    const lines = toMarkdown(table).trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toBe('| the\\_name | value |');
    expect(lines[3]).toBe('| :-- | --: |');
    expect(lines[4]).toBe('| a "quoted", name of two lines | 0.33 |');
    expect(lines[5]).toContain('$x\\_1$ \\| \\`code\\` \\<b\\>');
  });

  it('LaTeX runs nothing of the text', () => {
    expect(texText('\\input{x} 50 % & $x_1$ #~^ ρ ≥')).toBe(
      '\\textbackslash{}input\\{x\\} 50 \\% \\& \\$x\\_1\\$ \\#\\textasciitilde{}\\textasciicircum{} $\\rho$ ≥',
    );
    const text = toLatex(table);
    expect(text).toContain('\\begin{tabular}{lr}');
    expect(text).toContain('the\\_name & value \\\\');
    expect(text.match(/\\\\$/gm)).toHaveLength(3);
  });

  it('Parquet reads back as written, by another reader', async () => {
    const bytes = toParquet(table);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    expect(await parquetReadObjects({ file })).toEqual([
      { name: 'a "quoted", name\nof two lines', value: 1 / 3, value_exact: 1 / 3 },
      { name: '\\input{x} & 50 % of $x_1$ | `code` <b>', value: null, value_exact: null },
    ]);
    expect(parquetMetadata(file).num_rows).toBe(2n);
  });
});

describe('exporters', () => {
  it('CSV holds the numbers of the analysis, unrounded, and every trial and epoch', () => {
    const files = exporters.csv!.files(results);
    const lines = (files['arms-mlp-digits.csv'] as string).trimEnd().split('\r\n');
    const heads = lines[0]!.split(',');
    const sam = lines[2]!.split(',');
    const row = analyse(results).rows[1]!;
    expect(sam[heads.indexOf('arm')]).toBe('sam');
    expect(Number(sam[heads.indexOf('test_mean')])).toBe(row.last.mean);
    expect(Number(sam[heads.indexOf('difference_low')])).toBe(row.difference!.interval!.low);
    expect(Number(sam[heads.indexOf('optimizer.rho')])).toBe(0.1);
    expect((files['trials.csv'] as string).split('\r\n')).toHaveLength(results.trials.length + 2);
    const epochs = results.trials.reduce((sum, trial) => sum + trial.epochs.length, 0);
    expect((files['epochs.csv'] as string).split('\r\n')).toHaveLength(epochs + 2);
  });

  it('are parts, each once', async () => {
    const registry = await loadRegistry();
    expect(registry.list('exporter')).toEqual(Object.keys(exporters));
    expect(registry.build('exporter', 'csv').files(results)).toEqual(exporters.csv!.files(results));
  });

  it('JSON Lines and TensorBoard hold every trial', () => {
    const lines = (exporters.jsonl!.files(results)['trials.jsonl'] as string).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(results.trials)));
    const runs = Object.keys(exporters.tensorboard!.files(results));
    expect(new Set(runs.map((path) => path.split('/')[0])).size).toBe(results.trials.length);
  });

  it.each(Object.keys(exporters))('writes %s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-export-'));
    try {
      const paths = await writeExport(exporters[name]!, results, join(folder, 'new'));
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) expect(readFileSync(path).length).toBeGreaterThan(100);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('draws SVG files that strict readers take: every attribute once', () => {
    for (const [name, svg] of Object.entries(exporters.svg!.files(results))) {
      for (const [tag] of (svg as string).matchAll(/<[a-z][^>]*>/gi)) {
        const names = [...tag.matchAll(/\s([\w:-]+)="/g)].map(([, attribute]) => attribute);
        expect(names.length, `${name}: ${tag}`).toBe(new Set(names).size);
      }
    }
  });

  it('gives files names that stay in their folder', () => {
    const odd = exampleResults({ arms: 2, seeds: 2, epochs: 2, tasks: ['../../etc/passwd'] });
    for (const { files } of Object.values(exporters))
      for (const name of Object.keys(files(odd))) expect(name).toMatch(/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/);
  });
});
