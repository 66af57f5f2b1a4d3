import { seededRandom } from '@tfjs-sam/datasets';
import type { ArmInfo, EpochRecord, PointResult, StudyResults, TrialResult } from '../src/results.js';

/** Sizes of an example. */
export interface ExampleOptions {
  /** Arms, the baseline among them. Default 3. */
  readonly arms?: number;
  readonly seeds?: number;
  readonly epochs?: number;
  readonly tasks?: readonly string[];
  /** Radii of each arm but the baseline. */
  readonly rhos?: readonly number[];
}

const groups = ['sgd', 'sam', 'msam', 'asam', 'bisam', 'gsam', 'fisher-sam', 'wsam', 'sampa', 'look-sam'];

const chance = 0.1;

/** A finished study as a folder would tell it: curves that rise, noise over seeds, one failed and one diverged trial. */
export function exampleResults({
  arms: armCount = 3,
  seeds: seedCount = 5,
  epochs = 10,
  tasks = ['mlp-digits'],
  rhos = [0.05, 0.1, 0.2],
}: ExampleOptions = {}): StudyResults {
  const seeds = Array.from({ length: seedCount }, (_, seed) => seed);
  const trials: TrialResult[] = [];
  const arms = Array.from({ length: armCount }, (_, a): ArmInfo => {
    const group = groups[a % groups.length]!;
    const name = a < groups.length ? group : `${group}-${Math.floor(a / groups.length) + 1}`;
    const gradientsPerStep = a === 0 ? 1 : 2;
    const points = tasks.flatMap((task, t) =>
      (a === 0 ? [undefined] : rhos).map((rho, r): PointResult => {
        const own = seeds.map((seed) =>
          trial({ task, t, arm: name, a, rho, r, seed, epochs, gradientsPerStep }),
        );
        trials.push(...own);
        const chosen = a === 0 || r === Math.min(1, rhos.length - 1);
        return {
          task,
          point: rho === undefined ? {} : { 'optimizer.rho': rho },
          trials: own.map(({ id }) => id),
          validation: own.map(({ last }) => last?.validation.accuracy ?? null),
          chosen,
        };
      }),
    );
    return {
      name,
      group,
      summary: `What ${group} does, in one line`,
      source: 'Foret et al. 2021, arXiv 2010.01412',
      gradientsPerStep,
      options: {
        'optimizer.base.name': 'sgd',
        'optimizer.base.momentum': 0.9,
        ...(a > 0 && { 'optimizer.variant': group, 'optimizer.alpha': a / 10 }),
        'task.epochs': epochs,
      },
      points,
    };
  });
  // What can go wrong does, in the last arm's last point, which no arm chose.
  const [failed, diverged] = trials.slice(-2);
  if (armCount > 1 && rhos.length > 2 && failed && diverged) {
    trials.splice(-2, 2, {
      ...failed,
      state: 'failed',
      reason: 'killed by SIGKILL, 3 attempts',
      attempts: 3,
      outcome: undefined,
      last: undefined,
      best: undefined,
      measures: {},
      epochs: failed.epochs.slice(0, 2),
    });
    trials.push({ ...diverged, outcome: 'diverged', reason: 'the loss of step 17 was NaN' });
  }
  return {
    name: 'example',
    description: 'Does the radius matter?',
    folder: '/tmp/runs/example',
    hash: '0123456789abcdef',
    configuration: 'study: example\ntask: { dataset: { name: digits }, model: { name: mlp } }\n',
    tasks: tasks.map((name) => ({
      name,
      summary: `${name}: 898 training, 299 validation and 600 test images`,
      metric: 'accuracy',
      better: 'higher',
      classes: 10,
    })),
    arms,
    baseline: groups[0]!,
    seeds,
    measures: [
      { name: 'ece', title: 'calibration error', better: 'lower' },
      { name: 'sharpness', title: 'm-sharpness', better: 'lower' },
    ],
    trials,
    provenance: {
      command: 'tfjs-sam run example.yaml',
      startedAt: '2026-11-26T12:00:00.000Z',
      finishedAt: '2026-11-26T12:09:30.000Z',
      environment: { lab: '0.0.0', tfjs: '4.22.0', node: '20.19.0', backend: 'wasm', processors: 2 },
      git: '0123abc',
    },
  };
}

interface TrialOptions {
  readonly task: string;
  readonly t: number;
  readonly arm: string;
  readonly a: number;
  readonly rho: number | undefined;
  readonly r: number;
  readonly seed: number;
  readonly epochs: number;
  readonly gradientsPerStep: number;
}

function trial(options: TrialOptions): TrialResult {
  const { task, t, arm, a, rho, r, seed, epochs, gradientsPerStep } = options;
  // Noise of the seed that all arms share, so that pairing pays, and some of each trial's own.
  const shared = seededRandom(seed, t)() - 0.5;
  const own = seededRandom(seed, t, a, r);
  const top = 0.93 + 0.03 * shared + 0.01 * (own() - 0.5) + (a === 0 ? 0 : 0.012 - 0.004 * Math.abs(r - 1));
  const stepMs = 2 * gradientsPerStep * (1 + 0.1 * own());
  const records = Array.from({ length: epochs }, (_, index): EpochRecord => {
    const epoch = index + 1;
    const accuracy = top - (top - chance) * Math.exp(-0.8 * epoch);
    const metrics = { accuracy: accuracy + 0.002 * (own() - 0.5), loss: 2.3 * (1 - accuracy) + 0.05 };
    return {
      epoch,
      steps: 28 * epoch,
      gradients: 28 * epoch * gradientsPerStep,
      seconds: (28 * epoch * stepMs) / 1000,
      stepMs,
      train: { loss: 2.3 * Math.exp(-0.9 * epoch) },
      validation: { ...metrics, accuracy: metrics.accuracy + 0.004 * (own() - 0.5) },
      test: metrics,
    };
  });
  const last = records.at(-1)!;
  const best = records.reduce((x, y) =>
    (y.validation.accuracy ?? 0) > (x.validation.accuracy ?? 0) ? y : x,
  );
  return {
    id: `${task}-${arm}-${rho ?? 'none'}-${seed}`,
    task,
    arm,
    point: rho === undefined ? {} : { 'optimizer.rho': rho },
    seed,
    state: 'done',
    outcome: 'ok',
    attempts: 1,
    epochs: records,
    last: { train: { accuracy: 1, loss: last.train.loss! }, validation: last.validation, test: last.test },
    best: { epoch: best.epoch, train: {}, validation: best.validation, test: best.test },
    measures: {
      ece: { value: 0.02 + 0.01 * own() },
      sharpness: { value: 0.5 - 0.05 * a + 0.05 * own(), error: 0.02 },
    },
    figures: [],
    stepTimes: { count: 28 * epochs - 10, median: stepMs, p10: 0.9 * stepMs, p90: 1.2 * stepMs },
  };
}
