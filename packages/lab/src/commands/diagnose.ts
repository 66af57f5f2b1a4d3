import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { diagnose, type Finding } from '../diagnose/diagnose.js';
import type { DiagnosedTraining } from '../diagnose/watch.js';
import { UsageError } from '../errors.js';
import { useBackend } from '../execute/perform.js';
import { openStudy, type Session, sourceIn } from '../execute/session.js';
import type { Output } from '../progress.js';
import { readStudy } from '../study/read.js';
import { createOptimizer } from '../trial/optimizer.js';
import type { TrialSpec } from '../trial/spec.js';
import type { Problem, StepBatch } from '../trial/task.js';

/** Options of `diagnose` as the command line gives them. */
export interface DiagnoseOptions {
  readonly steps?: string;
}

/** The middle point of each arm's search on each task, from the first seed. */
const specsOf = ({ expansion }: Session): TrialSpec[] =>
  expansion.groups.map(({ points }) => points[Math.floor((points.length - 1) / 2)]!.trials[0]!);

/** The batches of one epoch after the other. */
function* batchesOf(problem: Problem): Generator<StepBatch, never> {
  for (let epoch = 0; ; epoch++) yield* problem.batches(epoch);
}

/** An arm's training as it would run in the study. */
async function trainingOf(spec: TrialSpec, { registry }: Session): Promise<DiagnosedTraining> {
  await useBackend(spec.config.backend);
  const task = await registry.build('task', spec.config.task).load();
  const problem = await task.problem(spec.seed);
  const { stepsPerEpoch, examples } = task;
  const span = { steps: task.epochs * stepsPerEpoch, stepsPerEpoch, examples };
  const optimizer = createOptimizer(registry, spec.config.optimizer, span, spec.seed);
  const trained = new Set(problem.variables.map(({ id }) => id));
  const batches = batchesOf(problem);
  return {
    optimizer,
    variables: problem.variables,
    statistics: problem.state.map(({ variable }) => variable).filter(({ id }) => !trained.has(id)),
    step: () => {
      const batch = batches.next().value;
      optimizer.minimize(batch.loss, false, problem.variables);
      return () => batch.dispose();
    },
    dispose: () => {
      optimizer.dispose();
      problem.dispose();
    },
  };
}

/** A module's own training: what its export `training` makes; undefined for a module that is a study. */
async function moduleTraining(file: string): Promise<DiagnosedTraining | undefined> {
  if (!['.js', '.mjs', '.cjs'].includes(extname(file)) || !existsSync(file)) return undefined;
  const module = (await import(pathToFileURL(resolve(file)).href)) as { training?: unknown };
  if (typeof module.training !== 'function') return undefined;
  const training = (await module.training()) as DiagnosedTraining;
  if (typeof training?.step === 'function' && training.optimizer && Array.isArray(training.variables))
    return training;
  throw new UsageError(
    `diagnose: expected the function "training" of ${file} to return { optimizer, variables, step }. See tfjs-sam diagnose --help`,
  );
}

const sessionOf = async (what: string): Promise<Session> =>
  openStudy(existsSync(join(what, 'study.json')) ? sourceIn(what) : await readStudy(what), {
    folder: join(tmpdir(), `tfjs-sam-diagnose-${process.pid}`),
    command: 'diagnose',
  });

function stepsOf({ steps = '10' }: DiagnoseOptions): number {
  if (/^[1-9]\d*$/.test(steps)) return Number(steps);
  throw new UsageError(`diagnose: expected --steps to be an integer >= 1, got "${steps}"`);
}

/**
 * The command `diagnose`.
 *
 * @returns Problems found.
 */
export async function diagnoseCommand(
  what: string,
  options: DiagnoseOptions,
  output: Output,
): Promise<number> {
  const steps = stepsOf(options);
  let problems = 0;
  const look = async (name: string, training: DiagnosedTraining): Promise<void> => {
    try {
      const findings = await diagnose(training, { steps });
      output.write(`${name}\n${findings.map(line).join('')}`);
      problems += findings.filter(({ verdict }) => verdict === 'problem').length;
    } finally {
      training.dispose?.();
    }
  };
  const own = await moduleTraining(what);
  if (own) await look(what, own);
  else {
    const session = await sessionOf(what);
    for (const spec of specsOf(session))
      await look(`${spec.task}, ${spec.arm}`, await trainingOf(spec, session));
  }
  output.write(
    problems === 0
      ? 'No problem found.\n'
      : `${problems} ${problems === 1 ? 'problem' : 'problems'} found.\n`,
  );
  return problems;
}

const line = ({ check, verdict, message }: Finding): string =>
  `  ${verdict === 'good' ? 'ok     ' : 'PROBLEM'} ${check}: ${message}\n`;
