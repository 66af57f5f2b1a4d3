import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { logToMlflow } from '../../src/export/mlflow.js';
import { exampleResults } from '../example-results.js';

interface Run {
  readonly info: { readonly run_id: string; status: string; readonly experiment_id: string };
  readonly data: {
    readonly tags: readonly { key: string; value: string }[];
    readonly params: { key: string; value: string }[];
    readonly metrics: { key: string; value: number; step: number }[];
  };
}

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that speaks the part of MLflow's interface that is used, with its limits and its errors. */
async function mlflow(): Promise<{ url: string; runs: Run[]; experiments: string[] }> {
  const runs: Run[] = [];
  const experiments: string[] = [];
  const answer = (path: string, body: Record<string, never>): [number, object] => {
    const refuse = (error_code: string, message: string): [number, object] => [400, { error_code, message }];
    const run = runs.find(({ info }) => info.run_id === body.run_id);
    switch (path) {
      case 'experiments/get-by-name': {
        const place = experiments.indexOf(body.experiment_name!);
        if (place < 0) return [404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such experiment' }];
        return [200, { experiment: { experiment_id: String(place) } }];
      }
      case 'experiments/create':
        experiments.push(body.name!);
        return [200, { experiment_id: String(experiments.length - 1) }];
      case 'runs/create': {
        const info = { run_id: `r${runs.length}`, status: 'RUNNING', experiment_id: body.experiment_id! };
        runs.push({ info, data: { tags: body.tags!, params: [], metrics: [] } });
        return [200, { run: runs.at(-1) }];
      }
      case 'runs/log-batch': {
        const { params, metrics } = body as unknown as Run['data'];
        if (params.length > 100 || metrics.length > 1000 || params.length + metrics.length > 1000)
          return refuse(
            'INVALID_PARAMETER_VALUE',
            'A batch logging request can contain at most 1000 entities',
          );
        for (const { key } of [...params, ...metrics])
          if (!/^[\w./ -]+$/.test(key)) return refuse('INVALID_PARAMETER_VALUE', `Invalid name: ${key}`);
        run!.data.params.push(...params);
        run!.data.metrics.push(...metrics);
        return [200, {}];
      }
      case 'runs/update':
        run!.info.status = body.status!;
        return [200, {}];
      case 'runs/search': {
        const from = Number(body.page_token ?? 0);
        const found = runs.filter(({ info }) => info.status !== 'RUNNING');
        const more = from + 10 < found.length;
        return [
          200,
          { runs: found.slice(from, from + 10), ...(more && { next_page_token: String(from + 10) }) },
        ];
      }
      default:
        return [404, {}];
    }
  };
  server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body = text === '' ? Object.fromEntries(url.searchParams) : JSON.parse(text);
      const [status, content] = answer(url.pathname.replace('/api/2.0/mlflow/', ''), body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, runs, experiments };
}

it('logs each trial once, with every option, epoch and measure', async () => {
  const { url, runs, experiments } = await mlflow();
  const results = exampleResults({ seeds: 3, epochs: 200 });
  const total = results.trials.length;
  expect(await logToMlflow(url, results)).toEqual({ created: total, known: 0 });
  expect(experiments).toEqual(['example']);
  expect(runs).toHaveLength(total);
  const trial = results.trials[4]!;
  const run = runs.find(({ data }) => data.tags.some(({ value }) => value === trial.id))!;
  const params = Object.fromEntries(run.data.params.map(({ key, value }) => [key, value]));
  expect(params).toMatchObject({
    arm: 'sam',
    seed: String(trial.seed),
    'optimizer.rho': String(trial.point['optimizer.rho']),
  });
  const accuracy = run.data.metrics.filter(({ key }) => key === 'test_accuracy');
  expect(accuracy).toHaveLength(200);
  expect(accuracy[6]).toMatchObject({ step: 7, value: trial.epochs[6]!.test.accuracy });
  expect(run.data.metrics.find(({ key }) => key === 'ece')?.value).toBe(trial.measures.ece!.value);
  expect(runs.map(({ info }) => info.status).sort()).toEqual([
    'FAILED',
    ...Array.from({ length: total - 1 }, () => 'FINISHED'),
  ]);
  // A run that was cut off is logged anew, the others are not.
  runs[2]!.info.status = 'RUNNING';
  expect(await logToMlflow(url, results)).toEqual({ created: 1, known: total - 1 });
});

it('fails in one line where there is no server', async () => {
  await expect(logToMlflow('http://127.0.0.1:9', exampleResults())).rejects.toThrow(
    /^mlflow: http:\/\/127\.0\.0\.1:9 cannot be reached: [^\n]+$/,
  );
});
