import { describe, expect, it } from 'vitest';
import type { EpochRecord } from '../src/results.js';
import type { Group } from '../src/study/expand.js';
import { type Known, planGroup } from '../src/study/plan.js';
import type { ChooseOptions } from '../src/study/schema.js';
import type { TrialSpec } from '../src/trial/spec.js';

const epochs = 9;

/** Points p0, p1, … with trials p0-0, p0-1, … */
function groupOf(points: number, seeds: number): Group {
  return {
    task: 'task',
    arm: 'arm',
    epochs,
    metric: 'accuracy',
    better: 'higher',
    points: Array.from({ length: points }, (_, p) => ({
      point: { rho: p },
      options: {},
      trials: Array.from({ length: seeds }, (_, seed) => ({ id: `p${p}-${seed}`, seed }) as TrialSpec),
    })),
  };
}

const record = (epoch: number, accuracy: number): EpochRecord => ({
  epoch,
  steps: epoch,
  gradients: epoch,
  seconds: 0,
  stepMs: 0,
  train: { loss: 1 },
  validation: { accuracy },
  test: {},
});

/** Trials whose accuracy is that of their point at every epoch, run as far as `done` says. */
function world(accuracies: readonly number[]) {
  const done = new Map<string, number>();
  const failed = new Set<string>();
  const known = (id: string): Known => {
    const count = done.get(id) ?? 0;
    const accuracy = accuracies[Number(id[1])]!;
    return {
      state: failed.has(id) ? 'failed' : count === epochs ? 'done' : 'open',
      epochs: Array.from({ length: count }, (_, i) => record(i + 1, accuracy)),
    };
  };
  return { done, failed, known };
}

const choose = (stopping: object, more: Partial<ChooseOptions> = {}): ChooseOptions =>
  ({ at: 'last', stopping, ...more }) as ChooseOptions;

describe('planGroup', () => {
  it('trains every point from every seed, and takes the best, the first of equal ones', () => {
    const group = groupOf(3, 2);
    const { done, known } = world([0.5, 0.7, 0.7]);
    const options = choose({ name: 'none' });
    expect(planGroup(group, options, known).work).toHaveLength(6);
    for (const id of ['p0-0', 'p0-1', 'p1-0', 'p1-1', 'p2-0', 'p2-1']) done.set(id, epochs);
    expect(planGroup(group, options, known)).toMatchObject({ chosen: 1, work: [] });
  });

  it('gives the remaining seeds to the chosen point alone', () => {
    const group = groupOf(3, 4);
    const { done, known } = world([0.5, 0.7, 0.6]);
    const options = choose({ name: 'none' }, { seeds: 2 });
    expect(planGroup(group, options, known).work.map(({ spec }) => spec.id)).toEqual([
      'p0-0',
      'p0-1',
      'p1-0',
      'p1-1',
      'p2-0',
      'p2-1',
    ]);
    for (const id of ['p0-0', 'p0-1', 'p1-0', 'p1-1', 'p2-0', 'p2-1']) done.set(id, epochs);
    const { chosen, work } = planGroup(group, options, known);
    expect(chosen).toBe(1);
    expect(work.map(({ spec }) => spec.id)).toEqual(['p1-2', 'p1-3']);
  });

  it('does not choose what failed', () => {
    const group = groupOf(2, 2);
    const { done, failed, known } = world([0.9, 0.5]);
    failed.add('p0-1');
    for (const id of ['p0-0', 'p1-0', 'p1-1']) done.set(id, epochs);
    expect(planGroup(group, choose({ name: 'none' }), known)).toMatchObject({ chosen: 1, work: [] });
  });

  it('chooses none where all that would tell failed, and the point that lacks the fewest where each lacks one', () => {
    const group = groupOf(3, 4);
    const { done, failed, known } = world([0.9, 0.5, 0.6]);
    const options = choose({ name: 'none' }, { seeds: 2 });
    for (const id of ['p0-0', 'p0-1', 'p1-0', 'p1-1', 'p2-0', 'p2-1']) failed.add(id);
    expect(planGroup(group, options, known)).toEqual({ hopeless: true, stopped: new Map(), work: [] });
    failed.delete('p1-1');
    done.set('p1-1', epochs);
    expect(planGroup(group, options, known)).toMatchObject({ chosen: 1 });
  });

  it('halves: of nine points three go on after an epoch, and one after three', () => {
    const group = groupOf(9, 1);
    const { done, known } = world([1, 2, 3, 4, 5, 6, 7, 8, 9].map((a) => a / 10));
    const options = choose({ name: 'asha', from: 1, reduction: 3 });
    expect(planGroup(group, options, known).work.every(({ until }) => until === 1)).toBe(true);
    for (let p = 0; p < 8; p++) done.set(`p${p}-0`, 1);
    // One has not arrived: nothing is decided.
    expect(planGroup(group, options, known).work.map(({ spec }) => spec.id)).toEqual(['p8-0']);
    done.set('p8-0', 1);
    const second = planGroup(group, options, known);
    expect(second.work.map(({ spec, until }) => [spec.id, until])).toEqual([
      ['p6-0', 3],
      ['p7-0', 3],
      ['p8-0', 3],
    ]);
    expect([...second.stopped.keys()]).toEqual([0, 1, 2, 3, 4, 5]);
    for (const p of [6, 7, 8]) done.set(`p${p}-0`, 3);
    expect(planGroup(group, options, known).work).toEqual([{ spec: group.points[8]!.trials[0] }]);
    done.set('p8-0', epochs);
    expect(planGroup(group, options, known)).toMatchObject({ chosen: 8, work: [] });
  });

  it('stops what is below the median, and looks at what was known at the rung alone', () => {
    const group = groupOf(4, 1);
    const { done, known } = world([0.1, 0.2, 0.3, 0.4]);
    const options = choose({ name: 'median', from: 2, every: 100 });
    // A trial that an earlier runner took further does not change the decision.
    for (const [p, count] of [2, 2, 5, 2].entries()) done.set(`p${p}-0`, count);
    const { work, stopped } = planGroup(group, options, known);
    expect([...stopped.keys()]).toEqual([0, 1]);
    expect(stopped.get(0)).toBe('not among the best after epoch 2 (median)');
    expect(work.map(({ spec, until }) => [spec.id, until])).toEqual([
      ['p2-0', undefined],
      ['p3-0', undefined],
    ]);
  });
});
