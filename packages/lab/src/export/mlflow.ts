import { UsageError } from '../errors.js';
import type { StudyResults, TrialResult } from '../results.js';

/** Seconds after which a server that does not answer is given up. */
const deadline = 10;

type Body = Readonly<Record<string, unknown>>;
type Call = <T>(path: string, body: Body) => Promise<T>;

/** MLflow's REST interface. @throws UsageError in one line: the server cannot be reached, or refuses. */
function connect(url: string): Call {
  const root = url.replace(/\/+$/, '');
  return async <T>(path: string, body: Body): Promise<T> => {
    const read = path === 'experiments/get-by-name';
    const query = read ? `?${new URLSearchParams(body as Record<string, string>)}` : '';
    const response = await fetch(`${root}/api/2.0/mlflow/${path}${query}`, {
      method: read ? 'GET' : 'POST',
      signal: AbortSignal.timeout(1000 * deadline),
      ...(!read && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((error: Error & { cause?: Error }) => {
      throw new UsageError(`mlflow: ${root} cannot be reached: ${error.cause?.message ?? error.message}`);
    });
    const answer = (await response.json().catch(() => ({}))) as { error_code?: string; message?: string };
    if (response.ok) return answer as T;
    const reason = answer.message ?? `status ${response.status}`;
    throw Object.assign(new UsageError(`mlflow: ${path}: ${reason}`), { code: answer.error_code });
  };
}

/** The experiment of a study's name, made where there is none. */
async function experimentOf(call: Call, name: string): Promise<string> {
  interface Named {
    readonly experiment: { readonly experiment_id: string };
  }
  try {
    const found = await call<Named>('experiments/get-by-name', { experiment_name: name });
    return found.experiment.experiment_id;
  } catch (error) {
    if ((error as { code?: string }).code !== 'RESOURCE_DOES_NOT_EXIST') throw error;
    return (await call<Named['experiment']>('experiments/create', { name })).experiment_id;
  }
}

/** Names that MLflow takes: letters, digits, and a few signs. */
const keyOf = (name: string): string => name.replaceAll(/[^\w./ -]/g, '_').slice(0, 250);

/** Key and value of everything, as text. */
const texts = (entries: Body, limit: number): { key: string; value: string }[] =>
  Object.entries(entries).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text === undefined ? [] : [{ key: keyOf(name), value: text.slice(0, limit) }];
  });

/** Every number of a trial, at the epoch that it belongs to. */
function metricsOf({ epochs, measures }: TrialResult, timestamp: number): Body[] {
  const at = (step: number, prefix: string, numbers: Readonly<Record<string, number | null>>): Body[] =>
    Object.entries(numbers).flatMap(([name, value]) =>
      value === null ? [] : [{ key: keyOf(prefix + name), value, timestamp, step }],
    );
  const values = Object.entries(measures).map(([name, { value }]) => [name, value] as const);
  return [
    ...epochs.flatMap(({ epoch, train, validation, test, stepMs, seconds }) => [
      ...at(epoch, 'train_', train),
      ...at(epoch, 'validation_', validation),
      ...at(epoch, 'test_', test),
      ...at(epoch, '', { step_ms: stepMs, seconds }),
    ]),
    ...at(epochs.at(-1)?.epoch ?? 0, '', Object.fromEntries(values)),
  ];
}

async function logTrial(
  call: Call,
  experiment: string,
  results: StudyResults,
  trial: TrialResult,
): Promise<void> {
  const { startedAt, finishedAt = startedAt, git } = results.provenance;
  const { id, task, arm, seed, point, outcome, reason } = trial;
  const options = results.arms.find(({ name }) => name === arm)?.options;
  const tags = { 'tfjs-sam.trial': id, 'tfjs-sam.study': results.hash, 'tfjs-sam.outcome': outcome };
  const { run } = await call<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: experiment,
    run_name: `${arm} seed ${seed}`,
    start_time: Date.parse(startedAt),
    tags: texts({ ...tags, 'tfjs-sam.reason': reason, 'mlflow.source.git.commit': git }, 5000),
  });
  const { run_id } = run.info;
  const params = texts({ arm, task, seed, ...options, ...point }, 6000);
  const metrics = metricsOf(trial, Date.parse(startedAt));
  // MLflow takes 100 parameters and 1,000 metrics at a time.
  for (let i = 0; 100 * i < params.length || 900 * i < metrics.length; i++) {
    await call('runs/log-batch', {
      run_id,
      params: params.slice(100 * i, 100 * (i + 1)),
      metrics: metrics.slice(900 * i, 900 * (i + 1)),
    });
  }
  // The last thing said: a run without it was cut off, and is logged anew.
  const status = trial.state === 'failed' ? 'FAILED' : 'FINISHED';
  await call('runs/update', { run_id, status, end_time: Date.parse(finishedAt) });
}

/** Identities of the trials that were logged to their end. */
async function loggedTrials(call: Call, experiment: string): Promise<Set<string>> {
  interface Found {
    readonly runs?: readonly {
      readonly data: { readonly tags?: readonly { key: string; value: string }[] };
    }[];
    readonly next_page_token?: string;
  }
  const known = new Set<string>();
  let page: string | undefined;
  do {
    const found: Found = await call<Found>('runs/search', {
      experiment_ids: [experiment],
      filter: "attributes.status != 'RUNNING'",
      max_results: 1000,
      ...(page && { page_token: page }),
    });
    const tags = (found.runs ?? []).flatMap(({ data }) => data.tags ?? []);
    for (const { key, value } of tags) if (key === 'tfjs-sam.trial') known.add(value);
    page = found.next_page_token;
  } while (page);
  return known;
}

/**
 * Logs every ended trial to an MLflow server, each once: an experiment per study, a run per trial.
 *
 * @param url - `http://localhost:5000`.
 * @returns Runs that were made now, and that were there.
 * @throws UsageError in one line when the server cannot be reached within ten seconds, or refuses.
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
export async function logToMlflow(
  url: string,
  results: StudyResults,
): Promise<{ readonly created: number; readonly known: number }> {
  const call = connect(url);
  const experiment = await experimentOf(call, results.name);
  const known = await loggedTrials(call, experiment);
  const ended = results.trials.filter(({ state }) => state !== 'queued' && state !== 'running');
  const missing = ended.filter(({ id }) => !known.has(id));
  for (const trial of missing) await logTrial(call, experiment, results, trial);
  return { created: missing.length, known: ended.length - missing.length };
}
