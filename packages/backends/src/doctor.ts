import { getBackend, setBackend, version_core } from '@tensorflow/tfjs-core';
import { registeredOptions, registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
import type { BackendState, DoctorReport } from './doctor-report.js';
import { askedBackend } from './forced-backend.js';
import { describeMachine, describeRuntime } from './machine.js';
import { missingKernels } from './missing-kernels.js';
import { doctorOptions, requireOptions } from './options.js';
import { isNode, reason } from './runtime.js';
import { speedTest } from './speed-test.js';
import { starters } from './starters.js';
import { type BackendName, backendNames } from './types.js';

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
  /** True where it starts without being forced. */
  readonly byDefault: boolean;
}

async function start(backend: BackendName, options: DoctorOptions, forced: boolean): Promise<Examined> {
  try {
    const { message } = await starters[backend](options, forced);
    const engineName = getBackend();
    const missing = missingKernels(engineName);
    return { backend, works: true, state: message, missingKernels: missing, engineName, byDefault: !forced };
  } catch (error) {
    return { backend, works: false, state: reason(error), missingKernels: [], byDefault: false };
  }
}

/** Starts a backend as by default; one that TFJS_SAM_BACKEND forces may start for that alone. */
async function examine(backend: BackendName, options: DoctorOptions): Promise<Examined> {
  const examined = await start(backend, options, false);
  return examined.works || askedBackend() !== backend ? examined : start(backend, options, true);
}

/** Adds the speed test of a backend that works. One that fails at it is still what `prepareBackend` would take. */
async function timed(
  { engineName, byDefault, ...examined }: Examined,
  budget: number,
): Promise<BackendState> {
  if (!engineName || budget === 0) return { ...examined, speed: [] };
  try {
    await setBackend(engineName);
    return { ...examined, speed: await speedTest(budget) };
  } catch (error) {
    const remedy = `Choose another with ${isNode ? 'TFJS_SAM_BACKEND' : 'prepareBackend'}`;
    const state = `${examined.state}, but its speed test fails: ${reason(error)}. ${remedy}`;
    return { ...examined, state, speed: [] };
  }
}

type Findings = Pick<DoctorReport, 'backends' | 'recommended' | 'asked' | 'taken'>;

/** Examines all before any is timed, so that those that work share the time. */
async function examineAll(options: DoctorOptions, budget: number): Promise<Findings> {
  const examined: Examined[] = [];
  for (const backend of backendNames) examined.push(await examine(backend, options));
  const share = budget / examined.filter(({ works }) => works).length;
  const backends: BackendState[] = [];
  for (const each of examined) backends.push(await timed(each, share));
  const recommended = examined.find(({ byDefault }) => byDefault)?.backend ?? 'cpu';
  const asked = askedBackend();
  const forced = backends.find(({ backend, works }) => works && backend === asked)?.backend;
  return { backends, recommended, asked, taken: asked === undefined ? recommended : forced };
}

/** Runs `examination`, which starts every backend, and puts back the active backend and the registered kernels. */
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
  const findings = await restoring(() => examineAll(options, budget));
  return { machine: describeMachine(), runtime: describeRuntime(), tfjs: version_core, ...findings };
}
