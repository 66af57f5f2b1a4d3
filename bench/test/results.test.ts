import { describe, expect, it } from 'vitest';
import { withPlots } from '../src/plots.js';
import { markdown, type Table, withSection } from '../src/results.js';
import { turns } from '../src/settings.js';
import { ratio, show, sideBySide, summarise } from '../src/timing.js';

const table: Table = {
  name: 'b',
  title: 'Title',
  columns: ['model', 'ms'],
  rows: [['MLP', '1.00']],
  notes: ['A note.'],
};

describe('timing', () => {
  it('gives medians and quartiles', () => {
    expect(summarise([4, 1, 3, 2, 5])).toEqual({ median: 3, low: 2, high: 4 });
    expect(show(ratio([2, 6, 12], [1, 2, 3]), 1)).toBe('3.0 (2.5–3.5)');
  });

  it('calls every function in every round, waits for promises and alternates the order', async () => {
    const calls: string[] = [];
    const functions = {
      a: () => void calls.push('a'),
      b: () => Promise.resolve().then(() => calls.push('b')),
    };
    const times = await sideBySide(functions, { rounds: 2, warmUp: 1 });
    expect(calls.join('')).toBe('ababba');
    expect(times.a).toHaveLength(2);
    expect(times.b).toHaveLength(2);
  });

  it('counts one round even past the limit', async () => {
    const times = await sideBySide({ a: () => undefined }, { rounds: 5, warmUp: 1, limit: -1 });
    expect(times.a).toHaveLength(1);
  });

  it('takes turns', () => {
    expect([...turns(['a', 'b'], 2)]).toEqual([
      ['a', 0],
      ['b', 0],
      ['b', 1],
      ['a', 1],
    ]);
  });
});

describe('RESULTS.md', () => {
  it('shows a table with its machine and notes', () => {
    expect(markdown(table, 'a machine')).toBe(
      '## Title\n\na machine\n\n| model | ms   |\n| ----- | ---- |\n| MLP   | 1.00 |\n\n- A note.\n',
    );
  });

  it('replaces one section, keeps the others, and keeps the order', () => {
    const order = ['a', 'b', 'c'];
    const first = withSection(withSection('', 'c', 'old c', order), 'b', 'old b', order);
    const second = withSection(first, 'a', 'new a', order);
    const third = withSection(second, 'c', 'new c', order);
    expect(third.match(/new a|old b|new c|old c/g)).toEqual(['new a', 'old b', 'new c']);
    expect(withSection(third, 'c', 'new c', order)).toBe(third);
  });

  it('keeps the results of two processors side by side', () => {
    const on = (processor: string, ms: string) =>
      markdown({ ...table, rows: [['MLP', ms]] }, `2026-01-01 · commit a · ${processor}, 2 cores · Linux`);
    const both = [on('One', '1.00'), on('Two', '2.00'), on('One', '3.00')].reduce(
      (document, text) => withSection(document, 'b', text, ['b']),
      '',
    );
    expect(both.match(/(One|Two), 2 cores|\d\.00/g)).toEqual([
      'One, 2 cores',
      '3.00',
      'Two, 2 cores',
      '2.00',
    ]);
  });

  it('draws ratios with their quartiles, one picture for each table and processor', () => {
    const rows = [
      ['MLP', 'ours', '1.00 (0.90–1.10)', '2.00 (1.50–2.50)'],
      ['MLP', 'theirs', 'cannot', ''],
    ];
    const text = markdown(
      { ...table, columns: ['model', 'side', 'ms', '÷ PyTorch'], rows },
      'day · commit a · One & Two, 2 cores · Linux',
    );
    const { document, pictures } = withPlots(withSection('', 'b', text, ['b']), ['b']);
    expect([...pictures.keys()]).toEqual(['b-one-two-2-cores.svg']);
    expect(document).toContain('![Title](plots/b-one-two-2-cores.svg)');
    const [picture] = pictures.values();
    expect(picture).toMatch(/^<svg [\s\S]*ours[\s\S]*<\/svg>$/);
    expect(picture).not.toContain('theirs');
    expect(withPlots(document, ['b']).document).toBe(document);
  });
});
