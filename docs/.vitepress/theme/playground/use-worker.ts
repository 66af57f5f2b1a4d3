import { withBase } from 'vitepress';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import type { Answer, Request } from './messages.js';

/** Changes with the worker's code, so that no page runs an older one from a cache: the site's configuration says it. */
declare const WORKER_VERSION: string;

/** The playground's worker, started when the page is shown and ended when it is left. */
export function useWorker(hear: (answer: Answer) => void) {
  let worker: Worker | undefined;
  const failure = ref('');
  onMounted(() => {
    worker = new Worker(withBase(`/playground/worker.js?${WORKER_VERSION}`), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      failure.value = data.kind === 'error' ? data.message : '';
      hear(data);
    };
    worker.onerror = (event) => {
      failure.value = `The worker did not start: ${event.message ?? 'unknown reason'}`;
    };
    worker.postMessage({ kind: 'variants' } satisfies Request);
  });
  onBeforeUnmount(() => worker?.terminate());
  let id = 0;
  /** Sends a request; answers to older ones of its kind are to be dropped by their id, which it returns. */
  const ask = (request: Omit<Extract<Request, { id: number }>, 'id'> & { kind: string }): number => {
    id += 1;
    worker?.postMessage({ ...request, id });
    return id;
  };
  return { ask, failure };
}
