import { getBackend, setBackend, version_core } from '@tensorflow/tfjs-core';
import { registeredOptions, registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
import { describeMachine, describeRuntime } from './machine.js';
import { missingKernels } from './missing-kernels.js';
import { doctorOptions, requireOptions } from './options.js';
import { reason } from './runtime.js';
import { type SpeedResult, speedTest } from './speed-test.js';
import { starters } from './starters.js';
import { type BackendName, backendNames } from './types.js';

/** The state of one backend. */
export interface BackendState {
  /** Which. */
  readonly backend: BackendName;
  /** Whether it starts here. */
  readonly works: boolean;
  /** One line: how it works, or why not and what to do about it. */
  readonly state: string;
  /** Kernels that training needs and the backend lacks; empty where it does not work. */
  readonly missingKernels: readonly string[];
  /** Times of two small gradients; empty where it does not work or no speed test was asked for. */
  readonly speed: readonly SpeedResult[];
}

/** What {@link doctor} found. */
export interface DoctorReport {
  /** Processor, cores, memory and system. */
  readonly machine: string;
  /** Version of Node, or the browser. */
  readonly runtime: string;
  /** Version of TensorFlow.js. */
  readonly tfjs: string;
  /** Every backend, in the order in which they are tried. */
  readonly backends: readonly BackendState[];
  /** What `prepareBackend` takes when nothing is forced. */
  readonly recommended: BackendName;
}

/** Milliseconds that the whole speed test takes where nothing else is asked for. */
const SPEED_TEST_MS = 10_000;

/** Options of {@link doctor}. */
export interface DoctorOptions {
  /** Milliseconds of speed test in all, shared by the backends that work; 0 for none. Default 10,000. */
  readonly budget?: number;
  /** See `prepareBackend`. */
  readonly resolveFrom?: string;
}

/** A backend before its speed test. */
interface Examined extends Omit<BackendState, 'speed'> {
  /** TensorFlow.js's name of the backend, where it works. */
  readonly engineName?: string;
}

async function examine(backend: BackendName, options: DoctorOptions): Promise<Examined> {
  try {
    const { message } = await starters[backend](options, false);
    const engineName = getBackend();
    return { backend, works: true, state: message, missingKernels: missingKernels(engineName), engineName };
  } catch (error) {
    return { backend, works: false, state: reason(error), missingKernels: [] };
  }
}

/** Adds the speed test of a backend that works. One that fails at it is still what `prepareBackend` would take. */
async function timed({ engineName, ...examined }: Examined, budget: number): Promise<BackendState> {
  if (!engineName || budget === 0) return { ...examined, speed: [] };
  try {
    await setBackend(engineName);
    return { ...examined, speed: await speedTest(budget) };
  } catch (error) {
    const state = `${examined.state}, but its speed test fails: ${reason(error)}. Choose another with TFJS_SAM_BACKEND`;
    return { ...examined, state, speed: [] };
  }
}

/** Examines all before any is timed, so that those that work share the time. */
async function examineAll(options: DoctorOptions, budget: number): Promise<BackendState[]> {
  const examined: Examined[] = [];
  for (const backend of backendNames) examined.push(await examine(backend, options));
  const share = budget / examined.filter(({ works }) => works).length;
  const backends: BackendState[] = [];
  for (const each of examined) backends.push(await timed(each, share));
  return backends;
}

/** Runs `examination`, which starts every backend as by default, and puts back the active backend and the registered kernels. */
async function restoring<T>(examination: () => Promise<T>): Promise<T> {
  const active = getBackend();
  const kernels = registeredOptions();
  const result = await examination();
  if (kernels) await registerTrainingKernels(kernels);
  if (active) await setBackend(active);
  return result;
}

/**
 * Examines the machine and every backend: whether it works, what is missing and what to do, and how fast it trains.
 * Starts each backend in turn and leaves active the one that was; training kernels that were registered are registered
 * again with the same options.
 *
 * @throws RangeError when `budget` is negative or not finite, or an option is unknown.
 * @throws TypeError when `options` or `resolveFrom` is the wrong kind of thing.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  requireOptions(doctorOptions, options);
  const { budget = SPEED_TEST_MS } = options;
  const backends = await restoring(() => examineAll(options, budget));
  return {
    machine: describeMachine(),
    runtime: describeRuntime(),
    tfjs: version_core,
    backends,
    recommended: backends.find(({ works }) => works)?.backend ?? 'cpu',
  };
}

/** The line about kernels that are missing, with the backend that has them all. */
function describeMissing(names: readonly string[], complete: BackendState | undefined): string[] {
  if (names.length === 0) return [];
  const remedy = complete ? `. A model that needs them trains with TFJS_SAM_BACKEND=${complete.backend}` : '';
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

/** The lines in which a person reads a report. */
export function formatDoctorReport(report: DoctorReport): string[] {
  const complete = report.backends.find(({ works, missingKernels }) => works && missingKernels.length === 0);
  return [
    `machine: ${report.machine}`,
    `runtime: ${report.runtime}, TensorFlow.js ${report.tfjs}`,
    ...report.backends.flatMap((state) => describeState(state, complete)),
    `taken by default: ${report.recommended}`,
  ];
}
