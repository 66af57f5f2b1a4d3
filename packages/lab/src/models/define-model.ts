import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import {
  type Checked,
  type Configured,
  type Declarations,
  definePart,
  location,
  type OptionsOf,
  type PartFunction,
} from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import type { ModelPart, ModelRequest } from './model.js';

/** Seeds of a model's layers, one after the other. */
export type Seeds = () => number;

/** An initializer of TensorFlow.js. */
export type Initializer = ReturnType<typeof tf.initializers.heNormal>;

/** Layers of one model must not share a seed, nor those of neighbouring seeds: 1000 leaves room between them. */
function layerSeeds(seed: number): Seeds {
  let next = 1000 * seed;
  return () => ++next;
}

/** A model as its author declares it. */
export interface ModelDefinition<D extends Declarations> {
  readonly name: string;
  /** A description in one line. */
  readonly doc: string;
  /** Where it was published. */
  readonly source?: string;
  /** Options of its own. */
  readonly options: D;
  /** Inputs that it is for: images are `[height, width, channels]`. Default: any. */
  readonly input?: 'image' | undefined;
  /** Why it cannot be made for inputs of a shape, after `expected`; undefined where it can. */
  contradiction?(shape: readonly number[], options: Checked<D>): string | undefined;
  /** Makes the model, which returns logits; every initializer takes a seed of `seeds`. */
  create(request: ModelRequest & { readonly seeds: Seeds }, options: Checked<D>): tf.LayersModel;
}

const shared = {
  from: location({
    optional: 'none',
    doc: 'Folder of a saved model to start from (fine-tuning); weights of other shapes, the head, start anew',
  }),
};

/** Gives a model the weights of a saved one, in order, where the shapes agree. */
async function startFrom(model: tf.LayersModel, folder: string): Promise<void> {
  const { weightSpecs = [], weightData } = await fileSystem(folder).load!();
  const decoded = await tf.io.decodeWeights(weightData ?? new ArrayBuffer(0), weightSpecs);
  try {
    startFromWeights(
      model,
      weightSpecs.map(({ name }) => decoded[name]!),
      folder,
    );
  } finally {
    tf.dispose(decoded);
  }
}

async function savedChecksum(folder: string): Promise<string> {
  const { weightSpecs, weightData } = await fileSystem(folder).load!();
  return createHash('sha256')
    .update(JSON.stringify(weightSpecs))
    .update(new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData ?? new ArrayBuffer(0))))
    .digest('hex')
    .slice(0, 20);
}

/** Gives a model saved weights, in order, where the shapes agree. @throws RangeError where none does. */
export function startFromWeights(model: tf.LayersModel, saved: readonly tf.Tensor[], owner: string): void {
  const weights = model.weights.map((weight) => weight.read() as tf.Variable);
  const fits = weights.map((weight, i) => saved[i] && tf.util.arraysEqual(saved[i].shape, weight.shape));
  if (!fits.some(Boolean)) {
    throw new RangeError(
      `model: expected "${owner}" to hold weights of this model, got none of an equal shape`,
    );
  }
  weights.forEach((weight, i) => {
    if (fits[i]) weight.assign(saved[i]!);
  });
}

/** Declares a model: what is said here is how it is built; fine-tuning is every model's. */
export function defineModel<const D extends Declarations>(
  definition: ModelDefinition<D>,
): PartFunction<OptionsOf<D & typeof shared>, ModelPart & Configured, 'model'> {
  const { options, create, input, contradiction, ...about } = definition;
  return definePart({
    ...about,
    kind: 'model',
    options: { ...options, ...shared },
    create(given: object): ModelPart {
      const { from: folder, ...own } = given as { readonly from?: string };
      return {
        summary: about.doc,
        key: JSON.stringify([about.name, given]),
        requireInput(shape) {
          const images = input === 'image' && shape.length !== 3;
          const wrong = images
            ? `images [height, width, channels], got inputs of shape [${shape}]`
            : contradiction?.(shape, own as unknown as Checked<D>);
          if (wrong !== undefined) throw new RangeError(`${about.name}: expected ${wrong}`);
        },
        ...(folder !== undefined && { checksum: () => savedChecksum(folder) }),
        async create(request) {
          const model = create({ ...request, seeds: layerSeeds(request.seed) }, own as unknown as Checked<D>);
          if (folder !== undefined) await startFrom(model, folder);
          return model;
        },
      };
    },
  }) as unknown as PartFunction<OptionsOf<D & typeof shared>, ModelPart & Configured, 'model'>;
}

/** Initializer before a ReLU. */
export const heNormal = (seeds: Seeds): Initializer => tf.initializers.heNormal({ seed: seeds() });
/** Initializer of a linear layer. */
export const glorot = (seeds: Seeds): Initializer => tf.initializers.glorotNormal({ seed: seeds() });
/** The layer that returns logits. */
export const head = (outputs: number, seeds: Seeds): tf.layers.Layer =>
  tf.layers.dense({ units: outputs, kernelInitializer: glorot(seeds) });
