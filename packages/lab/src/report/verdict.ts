import type { StudyResults, TaskInfo } from '../results.js';
import { type Analysis, type ArmRow, isHopeless } from './analysis.js';
import { metricFormat, pValue, significant } from './format.js';

/** Level of the tests. */
const level = 0.05;

const listed = (items: readonly string[], limit = 6): string =>
  items.length > limit
    ? `${items.slice(0, limit).join(', ')} and ${items.length - limit} more`
    : items.join(', ');

function differs(row: ArmRow, better: TaskInfo['better']): 'better' | 'worse' | undefined {
  if (row.tHolm === undefined || row.tHolm >= level) return undefined;
  return row.difference!.mean > 0 === (better === 'higher') ? 'better' : 'worse';
}

function taskVerdict(results: StudyResults, rows: readonly ArmRow[], task: TaskInfo): string[] {
  const { signed, unit, text } = metricFormat(task);
  const { baseline } = results;
  const others = rows.filter(({ difference }) => difference && difference.n > 0);
  if (others.length === 0) {
    const ever = !rows.some(({ arm }) => arm.name === baseline && isHopeless(arm, task));
    return [`${task.name}: nothing to compare with ${baseline}${ever ? ' yet' : ', which has no number'}.`];
  }
  const tested = others.filter(({ tHolm }) => tHolm !== undefined);
  const said = (['better', 'worse'] as const).flatMap((which) => {
    const found = tested
      .filter((row) => differs(row, task.better) === which)
      .sort((a, b) => Math.abs(b.difference!.mean) - Math.abs(a.difference!.mean));
    if (found.length === 0) return [];
    const items = found.map(
      ({ arm, difference, tHolm }) =>
        `${arm.name} (${signed(difference!.mean)}${unit}, ${signed(difference!.interval?.low)} to ${signed(difference!.interval?.high)}, p ${pValue(tHolm).startsWith('<') ? pValue(tHolm) : `= ${pValue(tHolm)}`})`,
    );
    return [`${task.name}: ${which} than ${baseline}: ${listed(items)}.`];
  });
  const told =
    said.length > 0
      ? said
      : tested.length > 0
        ? [`${task.name}: no arm differs from ${baseline} at the level of 5 %.`]
        : [];
  const untested = others.filter(({ tHolm }) => tHolm === undefined).map(({ arm }) => arm.name);
  if (untested.length > 0)
    told.push(`${task.name}: no test for ${listed(untested)}; the notes in the table say why.`);
  const detectable = tested.map(({ difference }) => difference!.detectable).filter((d) => d !== undefined);
  if (detectable.length > 0) {
    const [low, high] = [Math.min(...detectable), Math.max(...detectable)].map(text);
    const seeds = Math.max(...tested.map(({ difference }) => difference!.n));
    const range = low === high ? low : `${low} to ${high}`;
    told.push(
      `${task.name}: with ${seeds} seeds, true differences below ${range}${unit} are missed in more than one of five such studies (before Holm’s correction).`,
    );
  }
  return told;
}

/** The result in sentences: what differs, what cannot be told. */
export function verdict(results: StudyResults, { rows, ranks }: Analysis): string[] {
  const tasks = results.tasks.flatMap((task) =>
    taskVerdict(
      results,
      rows.filter((row) => row.task.name === task.name),
      task,
    ),
  );
  if (!ranks) return tasks;
  const friedman = ranks.friedman
    ? `Friedman’s test over tasks: p ${pValue(ranks.friedman.p).startsWith('<') ? '' : '= '}${pValue(ranks.friedman.p)}; critical difference of mean ranks ${significant(ranks.difference)}.`
    : 'All arms tie on every task.';
  return [...tasks, friedman, ...ranks.notes.map((note) => `${note}.`)];
}

/** Obstacles to believing the numbers; empty where there are none. */
export function warnings(results: StudyResults, { rows }: Analysis): string[] {
  const open = results.trials.filter(({ state }) => state === 'queued' || state === 'running').length;
  const failed = results.trials.filter(({ state }) => state === 'failed').length;
  const diverged = results.trials.filter(({ outcome }) => outcome === 'diverged').length;
  const atChance = results.trials.filter(({ outcome }) => outcome === 'chance').length;
  const lacking = rows.filter(({ last }) => last.missing > 0 && last.n > 0).map(({ arm }) => arm.name);
  const withoutPoint = rows.filter(({ point }) => !point);
  const hopeless = withoutPoint.filter(({ arm, task }) => isHopeless(arm, task)).map(({ arm }) => arm.name);
  const unchosen = withoutPoint.filter(({ arm, task }) => !isHopeless(arm, task)).map(({ arm }) => arm.name);
  const total = results.trials.length;
  return [
    open > 0 && `The study is not finished: ${open} of ${total} trials are open.`,
    failed > 0 && `${failed} of ${total} trials failed; their reasons are below.`,
    diverged > 0 && `${diverged} of ${total} trials diverged.`,
    atChance > 0 && `${atChance} of ${total} trials ended no better than chance.`,
    unchosen.length > 0 && `No point is chosen yet for ${listed([...new Set(unchosen)])}.`,
    hopeless.length > 0 &&
      `No point is chosen for ${listed([...new Set(hopeless)])}: all trials that would tell failed or diverged.`,
    lacking.length > 0 &&
      `Means of ${listed([...new Set(lacking)])} leave seeds out that have no number, and flatter.`,
  ].filter((line) => line !== false);
}
