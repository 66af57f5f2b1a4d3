import { expect, it } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { exampleResults } from '../example-results.js';

it('reports 1,000 trials within ten seconds of processor time and 500 MB', () => {
  const results = exampleResults({ arms: 40, seeds: 9, epochs: 50 });
  expect(results.trials.length).toBeGreaterThan(1_000);
  const before = process.cpuUsage();
  const page = renderReport(results);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(10);
  expect(process.memoryUsage().rss / 1e6).toBeLessThan(500);
  expect(page.length).toBeLessThan(8e6);
});
