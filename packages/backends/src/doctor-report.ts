import { forcing, unknownBackend } from './forced-backend.js';
import { isBackendName } from './options.js';
import type { SpeedResult } from './speed-test.js';
import type { BackendName } from './types.js';

/** The state of one backend. */
export interface BackendState {
  /** Its name. */
  readonly backend: BackendName;
  /** True where it starts here. */
  readonly works: boolean;
  /** One line: how it works, or why not and what to do about it. */
  readonly state: string;
  /** Kernels that training needs and the backend lacks; empty where it does not work. */
  readonly missingKernels: readonly string[];
  /** Times of two small gradients; empty where it does not work or no speed test was asked for. */
  readonly speed: readonly SpeedResult[];
}

/** The findings of `doctor`. */
export interface DoctorReport {
  /** Processor, cores, memory and system; in a browser the cores. */
  readonly machine: string;
  /** Version of Node, or the browser. */
  readonly runtime: string;
  /** Version of TensorFlow.js. */
  readonly tfjs: string;
  /** Every backend, in the order in which they are tried. */
  readonly backends: readonly BackendState[];
  /** The choice of `prepareBackend` when nothing is forced. */
  readonly recommended: BackendName;
  /** The backend that the environment variable `TFJS_SAM_BACKEND` asks for, where it is set. */
  readonly asked: string | undefined;
  /**
   * The choice of `prepareBackend()` in this process. Undefined where it throws, because `TFJS_SAM_BACKEND` asks for a backend
   * that does not start or that does not exist.
   */
  readonly taken: BackendName | undefined;
}

/** The line about kernels that are missing, with the backend that has them all. */
function describeMissing(names: readonly string[], complete: BackendState | undefined): string[] {
  if (names.length === 0) return [];
  const remedy = complete ? `. A model that needs them trains with ${forcing(complete.backend)}` : '';
  return [`    lacks for training: ${names.join(', ')}${remedy}`];
}

function describeState(
  { backend, works, state, missingKernels, speed }: BackendState,
  complete: BackendState | undefined,
): string[] {
  return [
    `${works ? '+' : '-'} ${backend}: ${state}`,
    ...describeMissing(missingKernels, complete),
    ...speed.map(
      ({ model, milliseconds }) => `    ${model}: ${Number(milliseconds.toPrecision(3))} ms per gradient`,
    ),
  ];
}

/** The line about what `prepareBackend` takes, and why. */
function describeTaken({ asked, taken, recommended }: DoctorReport): string {
  if (asked === undefined) return `taken by default: ${recommended}`;
  if (taken) return `taken: ${taken}, forced by TFJS_SAM_BACKEND; by default: ${recommended}`;
  const why = isBackendName(asked)
    ? `TFJS_SAM_BACKEND forces ${asked}, which does not start`
    : unknownBackend(asked);
  return `taken: none, ${why}. Unset it to take ${recommended}`;
}

/** The lines in which a person reads a report. */
export function formatDoctorReport(report: DoctorReport): string[] {
  const complete = report.backends.find(({ works, missingKernels }) => works && missingKernels.length === 0);
  return [
    `machine: ${report.machine}`,
    `runtime: ${report.runtime}, TensorFlow.js ${report.tfjs}`,
    ...report.backends.flatMap((state) => describeState(state, complete)),
    describeTaken(report),
  ];
}
