import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { StudyListener } from '../execute/conduct.js';
import type { Output } from '../progress.js';
import type { TrialSpec } from '../trial/spec.js';
import { pointText } from './status-table.js';

const nameOf = ({ task, arm, point, seed }: TrialSpec): string =>
  [task, arm, pointText(point), `seed ${seed}`].filter((word) => word !== '').join(' ');

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

/** Counts what is over, and guesses how long the rest takes. */
class Remaining {
  total = 0;
  over = 0;
  #began = performance.now();
  #before = 0;

  begin(total: number, over: number): void {
    this.total = total;
    this.over = over;
    this.#before = over;
    this.#began = performance.now();
  }

  get left(): string {
    const done = this.over - this.#before;
    if (done === 0) return '';
    const seconds = ((performance.now() - this.#began) / 1000 / done) * (this.total - this.over);
    return seconds <= 0 ? '' : `, about ${duration(seconds)} left`;
  }
}

/** A line per trial that ends, for logs and pipes. */
function lines(output: Output): StudyListener {
  const remaining = new Remaining();
  return {
    begin(total, over) {
      remaining.begin(total, over);
      output.write(`${total} trials${over > 0 ? `, ${over} of them done before` : ''}\n`);
    },
    retry: (spec, attempt, reason) =>
      void output.write(`${nameOf(spec)}: attempt ${attempt} failed, is tried again: ${reason}\n`),
    trialEnd(spec, result, reason) {
      remaining.over++;
      remaining.total = Math.max(remaining.total, remaining.over);
      const metric =
        Object.entries(result?.last?.test ?? {}).find(([name]) => name === 'accuracy') ??
        Object.entries(result?.last?.test ?? {})[0];
      const standing = result
        ? `${metric ? `test ${metric[0]} ${metric[1] === null ? 'not finite' : metric[1].toFixed(4)}` : 'done'}${reason === undefined ? '' : ` (${reason})`}`
        : `failed: ${reason}`;
      output.write(`[${remaining.over}/${remaining.total}] ${nameOf(spec)}: ${standing}${remaining.left}\n`);
    },
  };
}

/** A bar for the study, and one per trial that runs. */
function bars(output: Output): StudyListener {
  const remaining = new Remaining();
  const group = new MultiBar(
    {
      stream: output,
      format: '{name} {bar} {value}/{total}  {standing}',
      barsize: 16,
      hideCursor: true,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  );
  const running = new Map<string, SingleBar>();
  let whole: SingleBar | undefined;
  return {
    begin(total, over) {
      remaining.begin(total, over);
      whole = group.create(total, over, { name: 'trials', standing: '' });
    },
    trialBegin(spec) {
      const { epochs } = spec.config.task;
      running.set(
        spec.id,
        group.create(typeof epochs === 'number' ? epochs : 1, 0, { name: nameOf(spec), standing: '' }),
      );
    },
    epoch(spec, { epoch, train, test }) {
      const accuracy = test.accuracy;
      const standing = `loss ${train.loss?.toFixed(4) ?? 'not finite'}${typeof accuracy === 'number' ? `, accuracy ${(100 * accuracy).toFixed(2)} %` : ''}`;
      running.get(spec.id)?.update(epoch, { standing });
    },
    retry: (spec) => drop(spec),
    trialEnd(spec) {
      drop(spec);
      remaining.over++;
      remaining.total = Math.max(remaining.total, remaining.over);
      whole?.setTotal(remaining.total);
      whole?.update(remaining.over, { standing: remaining.left.replace(/^, /, '') });
    },
    end: () => group.stop(),
  };
  function drop({ id }: TrialSpec): void {
    const bar = running.get(id);
    if (bar) group.remove(bar);
    running.delete(id);
  }
}

/** Progress of a study: bars on a terminal, lines elsewhere. */
export const progressOf = (output: Output): StudyListener => (output.isTTY ? bars(output) : lines(output));
