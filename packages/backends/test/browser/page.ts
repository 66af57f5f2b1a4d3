import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { doctor, formatDoctorReport, prepareBackend } from '../../src/index.js';

/** What the page answers. */
export interface Answer {
  readonly isolated: boolean;
  readonly backend: string;
  readonly implementation: string | undefined;
  /** The lines of every attempt. */
  readonly log: string[];
  /** Loss after each step of a training, and of the same on cpu. */
  readonly losses: Readonly<Record<'taken' | 'cpu', number[]>>;
  /** The lines of doctor's report. */
  readonly report: string[];
}

/** Three steps of a small convolutional network. */
async function train(): Promise<number[]> {
  const draw = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        ...{ filters: 4, kernelSize: 3, activation: 'relu' },
        ...{ inputShape: [8, 8, 1], kernelInitializer: draw(1) },
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: draw(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'categoricalCrossentropy' });
  const x = tf.randomNormal([12, 8, 8, 1], 0, 1, 'float32', 3);
  const labels = tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2], 'int32');
  const options = { epochs: 3, batchSize: 12, shuffle: false, verbose: 0 } as const;
  const { history } = await model.fit(x, tf.oneHot(labels, 3), options);
  return history.loss as number[];
}

async function run(): Promise<Answer> {
  setWasmPaths(asked.has('no-binaries') ? '/nowhere/' : '/');
  if (asked.has('no-threads')) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const log: string[] = [];
  const { backend, kernels } = await prepareBackend({ log: (line) => log.push(line) });
  const taken = await train();
  const report = formatDoctorReport(await doctor({ budget: 0 }));
  await prepareBackend({ backend: 'cpu', log: () => {} });
  const losses = { taken, cpu: await train() };
  return {
    isolated: crossOriginIsolated,
    backend,
    implementation: kernels?.implementation,
    log,
    losses,
    report,
  };
}

const asked = new URL(location.href).searchParams;
run()
  .catch((error: unknown) => ({ error: String(error) }))
  .then((answer) =>
    // To another origin, whose reply this page may not read.
    fetch(asked.get('answer')!, { method: 'POST', mode: 'no-cors', body: JSON.stringify(answer) }),
  );
