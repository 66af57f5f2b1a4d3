// A thread that answers with gradients: it sleeps in Atomics.wait, and looks for its batch at its port when woken.
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { gradientOf } from './here.js';
import { look } from './look.js';
import { type BatchLoss, type MeanLoss, meanLoss, namedLoss } from './loss.js';
import { examplesOf, inManner } from './manner.js';
import { END, lossPlace, type ModelSource, Slot, type Task, type WorkerSetup } from './protocol.js';
import { received, unpacked, valuesOf } from './tensors.js';

/** Milliseconds in which a worker looks for work before it sleeps: waking takes longer than a small gradient. */
const SPIN = 20;

const { port, ...setup } = workerData as WorkerSetup & { readonly port: MessagePort };

const control = new Int32Array(setup.control);
const [weights, gradient] = [new Float32Array(setup.weights), new Float32Array(setup.gradient)];

async function load(source: ModelSource): Promise<{ model: tf.LayersModel; loss: MeanLoss }> {
  if ('topology' in source) {
    const model = await tf.models.modelFromJSON(JSON.parse(source.topology));
    return { model, loss: namedLoss(tf, source.loss) };
  }
  const { build, loss } = (await import(source.module)) as { build?: () => tf.LayersModel; loss?: BatchLoss };
  if (typeof build !== 'function' || typeof loss !== 'function')
    throw new TypeError(`parallel: expected ${source.module} to export functions build and loss`);
  return { model: await build(), loss: meanLoss(loss) };
}

function takeWeights(variables: readonly tf.Variable[]): void {
  let at = 0;
  for (const variable of variables) {
    const values = weights.subarray(at, at + variable.size);
    tf.tidy(() => variable.assign(received(values, variable.shape)));
    at += variable.size;
  }
}

let batch: { readonly xs: tf.Tensor; readonly ys: tf.Tensor } | undefined;

function takeBatch({ batch: sent }: Task): void {
  if (!sent) return;
  tf.dispose([batch?.xs ?? [], batch?.ys ?? []].flat());
  batch = { xs: unpacked(sent.xs), ys: unpacked(sent.ys) };
}

let losses: Float32Array = new Float32Array(0);

/** Writes down the losses of the examples, where the loss told them. */
function tell(told: tf.Tensor | undefined, { room }: Task): void {
  if (room) losses = new Float32Array(room);
  if (told) losses.set(valuesOf(told));
  Atomics.store(control, Slot.told, told?.size ?? 0);
  told?.dispose();
}

function answer(model: tf.LayersModel, loss: MeanLoss, variables: tf.Variable[], task: Task): void {
  takeWeights(variables);
  takeBatch(task);
  tf.tidy(() => {
    const { xs, ys } = batch!;
    const examples = examplesOf(task);
    const { loss: value, gradient: entries } = gradientOf(variables, task, () =>
      inManner(task, examples, () => loss(model, xs, ys)),
    );
    tell(examples.losses, task);
    let at = 0;
    for (const [i, entry] of entries.entries()) {
      const { size } = variables[i]!;
      if (entry) gradient.set(valuesOf(entry), at);
      else gradient.fill(0, at, at + size);
      at += size;
    }
    gradient[lossPlace(setup.sizes)] = valuesOf(value)[0]!;
  });
}

/** Waits until another request than `seen` stands there. */
function nextRequest(seen: number): number {
  look(() => Atomics.load(control, Slot.asked) !== seen, SPIN);
  Atomics.wait(control, Slot.asked, seen);
  return Atomics.load(control, Slot.asked);
}

async function main(): Promise<void> {
  await prepareBackend({
    backend: setup.backend as 'wasm',
    deterministic: setup.deterministic,
    // The cores are taken: there is a worker for each.
    threads: 1,
    log: () => {},
  });
  const { model, loss } = await load(setup.model);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const sizes = variables.map(({ size }) => size);
  if (sizes.join() !== setup.sizes.join())
    throw new Error(
      `parallel: expected a model with variables of [${setup.sizes}] elements, got [${sizes}]: build() must make the model that is trained`,
    );
  parentPort!.postMessage({ ready: true });
  // Numbers behind the sleep's beginning: a request that came meanwhile is seen at once.
  for (let seen = 0; ; ) {
    seen = nextRequest(seen);
    if (seen === END) return;
    try {
      const message = receiveMessageOnPort(port) as { message: Task };
      answer(model, loss, variables, message.message);
      Atomics.store(control, Slot.failed, 0);
    } catch (error) {
      Atomics.store(control, Slot.failed, 1);
      port.postMessage({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    Atomics.store(control, Slot.answered, seen);
    Atomics.notify(control, Slot.answered);
  }
}

await main();
