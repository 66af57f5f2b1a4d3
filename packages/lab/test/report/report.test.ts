import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { statusTables } from '../../src/commands/status-table.js';
import { exporters } from '../../src/export/exporter.js';
import { analyse, renderReport } from '../../src/report/index.js';
import type { StudyResults, TrialResult } from '../../src/results.js';
import { exampleResults } from '../example-results.js';
import { hostileResults } from '../hostile-results.js';

const results = exampleResults({ seeds: 6 });
const page = renderReport(results);
const { document } = parseHTML(page);

/** Text of the cells of a row, by the head of their column. */
function row(table: string, arm: string): Record<string, string> {
  const region = document.querySelector(`[role=region][aria-label="${table}"]`)!;
  const heads = [...region.querySelectorAll('thead th')].map((head) => head.textContent!);
  const found = [...region.querySelectorAll('tbody tr')].find(
    (line) => line.querySelector('th')!.textContent!.trim() === arm,
  )!;
  return Object.fromEntries([...found.children].map((cell, i) => [heads[i], cell.textContent!.trim()]));
}

describe('renderReport', () => {
  it('needs no network, no other file, and runs its own script alone', () => {
    expect(page.startsWith('<!doctype html>')).toBe(true);
    for (const element of document.querySelectorAll('[src], [href], [data], [action]')) {
      expect(element.getAttribute('href')).toMatch(/^#/);
    }
    expect(document.querySelector('style')!.textContent).not.toMatch(/@import|url\(/);
    expect(page).not.toMatch(/<svg[^>]*xmlns/);
    const scripts = [...document.querySelectorAll('script:not([type])')];
    expect(scripts).toHaveLength(1);
    const digest = createHash('sha256').update(scripts[0]!.textContent!).digest('base64');
    expect(document.querySelector('meta[http-equiv]')!.getAttribute('content')).toContain(
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'`,
    );
  });

  it('escapes whatever the study says', () => {
    const html = renderReport(hostileResults(results));
    const parsed = parseHTML(html).document;
    expect(parsed.querySelectorAll('img')).toHaveLength(0);
    expect(parsed.querySelectorAll('script')).toHaveLength(2);
    expect([...parsed.querySelectorAll('*')].filter((element) => element.hasAttribute('onerror'))).toEqual(
      [],
    );
    expect(parsed.querySelector('h1')!.textContent).toContain('<img src=x');
    // Nothing inside the data can close their element.
    const data = html.match(/<script type="application\/json" id="files">(.*?)<\/script>/s)![1]!;
    expect(data).not.toContain('<');
    expect(Object.keys(JSON.parse(data)).length).toBeGreaterThan(10);
  });

  it('shows the numbers of the statistics', () => {
    const { rows } = analyse(results);
    const sam = rows.find(({ arm }) => arm.name === 'sam')!;
    const shown = row('Arms on mlp-digits', 'sam');
    expect(shown['test accuracy, %']).toMatch(
      new RegExp(`^${(100 * sam.last.mean).toFixed(2)} \\[${(100 * sam.last.interval!.low).toFixed(2)}, `),
    );
    expect(shown['difference, points']).toContain(`+${(100 * sam.difference!.mean).toFixed(2)} [`);
    expect(shown['p (t, Holm)']).toBe(sam.tHolm! < 0.001 ? '< 0.001' : sam.tHolm!.toFixed(3));
    expect(shown.rho).toBe('0.1');
    expect(shown.variant).toBe('sam');
    expect(row('Arms on mlp-digits', 'sgd')['difference, points']).toBe('–');
  });

  it('says the result, what cannot be told, and what went wrong', () => {
    const said = document.querySelector('[aria-label="Result"]')!.textContent!;
    expect(said).toMatch(/better than sgd: (m?sam) \(\+\d\.\d\d points, /);
    expect(said).toContain('are missed in more than one of five such studies');
    expect(document.querySelector('[aria-label="Warnings"]')!.textContent).toContain(
      '1 of 42 trials diverged',
    );
    expect(row('What failed, and why', 'mlp-digits-msam-0.2-4').reason).toBe('killed by SIGKILL, 3 attempts');
  });

  it('can be read with a keyboard and a screen reader', () => {
    for (const head of document.querySelectorAll('thead th')) {
      expect(head.getAttribute('scope')).toBe('col');
      expect(head.getAttribute('aria-sort')).toBe('none');
      expect(head.querySelector('button')).not.toBeNull();
    }
    expect(document.querySelectorAll('table').length).toBe(document.querySelectorAll('caption').length);
    const drawings = [...document.querySelectorAll('figure > svg')];
    expect(drawings.length).toBeGreaterThan(8);
    for (const svg of drawings) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')!.length).toBeGreaterThan(5);
    }
    for (const region of document.querySelectorAll('.wide, pre'))
      expect(region.getAttribute('tabindex')).toBe('0');
  });

  it('draws no number that is not finite, and keeps the digits of ticks', () => {
    expect(page).not.toMatch(/ (?:d|transform|[xy][12]?|c[xy])="[^"]*(?:NaN|Infinity)/);
    const ticks = [...document.querySelectorAll('[aria-label="x-axis tick label"] text')].map(
      (tick) => tick.textContent,
    );
    expect(ticks).toContain('0.05');
    expect(ticks.some((tick) => /^0\.\d{3}$/.test(tick!))).toBe(true);
  });

  it('draws a study of which nothing has run, a lone trial, and one that all diverged', () => {
    const change = (to: (trial: TrialResult) => TrialResult | undefined): StudyResults => ({
      ...results,
      trials: results.trials.map(to).filter((trial) => trial !== undefined),
    });
    const empty: Partial<TrialResult> = {
      last: undefined,
      best: undefined,
      measures: {},
      stepTimes: undefined,
    };
    const queued = renderReport(
      change((trial) => ({ ...trial, ...empty, state: 'queued', outcome: undefined, epochs: [] })),
    );
    expect(queued).toContain('42 of 42 trials are open');
    expect(queued).toContain('nothing to compare with sgd yet');
    const lone = renderReport(
      change((trial) => (trial.seed === 0 && trial.arm === 'sgd' ? trial : undefined)),
    );
    expect(lone).toContain('one seed: no interval');
    const diverged = renderReport(
      change((trial) => ({ ...trial, ...empty, outcome: 'diverged', reason: 'NaN' })),
    );
    expect(diverged).toContain('42 of 42 trials diverged');
    expect(diverged).toContain('6 of 6 diverged');
  });

  it('calls a measure unreliable where a trial does', () => {
    const marked = results.trials.map((trial) => ({
      ...trial,
      measures: { ...trial.measures, sharpness: { value: 1, unreliable: 'Lanczos did not converge' } },
    }));
    expect(renderReport({ ...results, trials: marked })).toContain(
      'm-sharpness is unreliable: Lanczos did not converge',
    );
  });

  it('ranks over tasks', () => {
    const several = parseHTML(
      renderReport(exampleResults({ seeds: 2, epochs: 2, tasks: ['mlp', 'cnn'] })),
    ).document;
    expect(several.querySelector('[aria-label="Result"]')!.textContent).toContain(
      'Friedman’s test over tasks',
    );
    expect(several.querySelector('[aria-label^="Mean ranks over tasks"]')).not.toBeNull();
  });

  it('keeps forty arms apart', () => {
    const many = parseHTML(
      renderReport(exampleResults({ arms: 40, seeds: 2, epochs: 2, rhos: [0.1, 0.2] })),
    ).document;
    expect(many.querySelectorAll('ul.legend > li')).toHaveLength(40);
    const looks = [...many.querySelectorAll('ul.legend line')].map((line) =>
      [line.getAttribute('stroke'), line.getAttribute('stroke-dasharray')].join(' '),
    );
    expect(new Set(looks).size).toBe(40);
  });
});

describe('an arm all of whose trials failed', () => {
  const failed: StudyResults = {
    ...results,
    arms: results.arms.map((arm) =>
      arm.name === 'sam'
        ? {
            ...arm,
            points: arm.points.map((point) => ({ ...point, chosen: false, validation: [] })),
            hopeless: ['mlp-digits'],
          }
        : arm,
    ),
    trials: results.trials.map((trial): TrialResult => {
      if (trial.arm !== 'sam') return trial;
      return {
        ...trial,
        state: 'failed',
        reason: 'no luck',
        outcome: undefined,
        last: undefined,
        best: undefined,
        measures: {},
      };
    }),
  };

  it('has no chosen point, in the report, its tables, LaTeX and on the terminal', () => {
    const shown = renderReport(failed);
    expect(shown).toContain('No point is chosen for sam: all trials that would tell failed or diverged.');
    expect(shown).not.toContain('No point is chosen yet');
    const { csv, latex, markdown } = exporters;
    const file = (files: Readonly<Record<string, string | Uint8Array>>, name: string) => String(files[name]);
    const texts = [
      file(latex!.files(failed), 'summary.tex'),
      file(latex!.files(failed), 'arms-mlp-digits.tex'),
      file(csv!.files(failed), 'summary.csv'),
      file(csv!.files(failed), 'arms-mlp-digits.csv'),
    ];
    for (const text of texts) expect(text).toMatch(/^ *"?sam"?[ ,&].*\bnone\b/m);
    expect(file(markdown!.files(failed), 'tables.md')).toMatch(/^\| sam .*\| none/m);
    expect(statusTables(failed)).toMatch(/sam +.*none/);
  });

  it('as a baseline leaves nothing to compare with', () => {
    expect(renderReport({ ...failed, baseline: 'sam' })).toContain(
      'nothing to compare with sam, which has no number.',
    );
  });
});

describe('a measure that is not to be believed', () => {
  const trials = results.trials.map((trial): TrialResult => {
    if (trial.arm !== 'sam' || trial.seed > 1) return trial;
    const sharpness = { ...trial.measures.sharpness!, unreliable: 'two steps disagree' };
    return { ...trial, measures: { ...trial.measures, sharpness } };
  });
  const doubted: StudyResults = { ...results, trials };
  const only = (name: string, files: Readonly<Record<string, string | Uint8Array>>) => String(files[name]);

  it('says so in its cell, in figures, and in every file', () => {
    const shown = renderReport(doubted);
    expect(shown).toMatch(/<td[^>]*>[^<]* \(unreliable: 2 of 6\)<\/td>/);
    expect(shown).toContain('sam, seed 1, unreliable: two steps disagree');
    expect(renderReport(results)).not.toContain('(unreliable');
    const { csv, latex, markdown } = exporters;
    expect(only('arms-mlp-digits.tex', latex!.files(doubted))).toContain('(unreliable: 2 of 6)');
    expect(only('tables.md', markdown!.files(doubted))).toContain('(unreliable: 2 of 6)');
    const [head, ...lines] = only('arms-mlp-digits.csv', csv!.files(doubted)).split('\r\n');
    const column = head!.split(',').indexOf('sharpness_unreliable');
    expect(lines.slice(0, 3).map((line) => line.match(/("[^"]*"|[^,]*)(,|$)/g)![column])).toEqual([
      '0,',
      '2,',
      '0,',
    ]);
    expect(
      only('measure-mlp-digits-sharpness.csv', csv!.files(doubted)).match(/two steps disagree/g),
    ).toHaveLength(2);
  });

  it('has the standard error of the seeds’ own estimates', () => {
    const { error } = analyse(results).rows[1]!.measures.sharpness!;
    // 0.02 each, of six.
    expect(error).toBeCloseTo(0.02 / Math.sqrt(6), 6);
  });
});
