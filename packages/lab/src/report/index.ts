import type { StudyResults } from '../results.js';
import { type Analysis, analyse } from './analysis.js';
import { type ArmLook, looks } from './colors.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { differenceFigure, measureFigures, timeFigure } from './figures-of-results.js';
import { searchFigures } from './figures-of-searches.js';
import { trialFigures } from './figures-of-trials.js';
import { profileFigure, ranksFigure } from './figures-over-tasks.js';
import { trainingFigures } from './figures-over-training.js';
import { page } from './page.js';
import { reportTables } from './tables.js';
import { trialsTable } from './tables-of-trials.js';

const present = <T>(items: readonly (T | undefined)[]): T[] =>
  items.filter((item): item is T => item !== undefined);

/** Every drawing of a report, under its headings. */
export function reportFigures(results: StudyResults, analysis: Analysis): FigureGroup[] {
  const look: ReadonlyMap<string, ArmLook> = looks(results.arms, results.baseline);
  const each = (of: (task: StudyResults['tasks'][number]) => ReportFigure | undefined): ReportFigure[] =>
    present(results.tasks.map(of));
  const groups: (FigureGroup | undefined)[] = [
    {
      title: `Differences to ${results.baseline}`,
      caption:
        'Paired by seed: small dots are pairs, the large one their mean, the thin line the 95 % t interval, the thick line the BCa bootstrap interval (too narrow with few seeds).',
      figures: each((task) => differenceFigure(results, analysis, task, look)),
    },
    ...results.tasks.map((task) => searchFigures(results, task, look)),
    ...results.tasks.flatMap((task) => trainingFigures(results, analysis, task, look)),
    ...results.tasks.map((task) => measureFigures(results, analysis, task, look)),
    ...results.tasks.map((task) => trialFigures(results, analysis, task, look)),
    {
      title: 'Over all runs',
      caption:
        'How often a run exceeds a value, and mean ranks over tasks: arms under one bar are not told apart.',
      figures: present([profileFigure(results, analysis, look), ranksFigure(analysis, look)]),
    },
    {
      title: 'Step times',
      caption: 'Medians over trials; lines reach from the fastest tenth to the slowest tenth of the steps.',
      figures: each((task) => timeFigure(results, analysis, task, look)),
    },
  ];
  return present(groups).filter(({ figures }) => figures.length > 0);
}

/**
 * Draws the report of a study, finished or not: one HTML page that needs no other file and no network.
 *
 * @returns Text of the page.
 */
export function renderReport(results: StudyResults): string {
  const analysis = analyse(results);
  return page({
    results,
    analysis,
    looks: looks(results.arms, results.baseline),
    tables: reportTables(results, analysis),
    rawTables: [trialsTable(results)],
    figures: reportFigures(results, analysis),
  });
}

export { type Analysis, type ArmRow, analyse } from './analysis.js';
export type { FigureGroup, ReportFigure } from './figure.js';
export type { Cell, CellValue, Column, Table } from './table.js';
