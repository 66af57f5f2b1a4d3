import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { fileSystem } from '@tfjs-sam/core/node';
import { z } from 'zod';
import { location } from '../parts/nested.js';
import { definePart, type LabPart } from '../parts/part.js';
import type { ModelRequest } from './model.js';

/** Seeds of a model's layers, one after the other. */
export type Seeds = () => number;

/** An initializer of TensorFlow.js. */
export type Initializer = ReturnType<typeof tf.initializers.heNormal>;

/** Layers of one model must not share a seed, nor those of neighbouring seeds: 1000 leaves room between them. */
function layerSeeds(seed: number): Seeds {
  let next = 1000 * seed;
  return () => ++next;
}

/** What the author of a model says. */
export interface ModelDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  /** The package or file that provides it. */
  readonly package: string;
  readonly description: string;
  /** Options of its own, fields of a `z.strictObject`. */
  readonly options: Shape;
  /** Inputs that it is for: images are `[height, width, channels]`. Default: any. */
  readonly input?: 'image' | undefined;
  /** Why it cannot be made for inputs of a shape, after `expected`; undefined where it can. */
  contradiction?(shape: readonly number[], options: z.output<z.ZodObject<Shape>>): string | undefined;
  /** Makes the model, which returns logits; every initializer takes a seed of `seeds`. */
  create(
    request: ModelRequest & { readonly seeds: Seeds },
    options: z.output<z.ZodObject<Shape>>,
  ): tf.LayersModel;
}

const shared = {
  from: location(
    'Folder of a saved model to start from (fine-tuning); weights of other shapes, the head, start anew',
  ).optional(),
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
export function defineModel<Shape extends z.ZodRawShape>(
  definition: ModelDefinition<Shape>,
): LabPart<'model'> {
  const { name, package: from, description, options } = definition;
  return definePart({
    kind: 'model',
    name,
    package: from,
    description,
    options: z.strictObject({ ...options, ...shared }),
    create(given) {
      const { from: folder, ...own } = given as { readonly from?: string } & Record<string, unknown>;
      return {
        summary: description,
        requireInput(shape) {
          const images = definition.input === 'image' && shape.length !== 3;
          const wrong = images
            ? `images [height, width, channels], got inputs of shape [${shape}]`
            : definition.contradiction?.(shape, own as z.output<z.ZodObject<Shape>>);
          if (wrong !== undefined) throw new RangeError(`${name}: expected ${wrong}`);
        },
        ...(folder !== undefined && { checksum: () => savedChecksum(folder) }),
        async create(request) {
          const seeds = layerSeeds(request.seed);
          const model = definition.create({ ...request, seeds }, own as z.output<z.ZodObject<Shape>>);
          if (folder !== undefined) await startFrom(model, folder);
          return model;
        },
      };
    },
  }) as unknown as LabPart<'model'>;
}

/** Initializer before a ReLU. */
export const heNormal = (seeds: Seeds): Initializer => tf.initializers.heNormal({ seed: seeds() });
/** Initializer of a linear layer. */
export const glorot = (seeds: Seeds): Initializer => tf.initializers.glorotNormal({ seed: seeds() });
/** The layer that returns logits. */
export const head = (outputs: number, seeds: Seeds): tf.layers.Layer =>
  tf.layers.dense({ units: outputs, kernelInitializer: glorot(seeds) });
