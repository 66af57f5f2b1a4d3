import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A tensor as the files write it: flat, row-major. */
export interface StoredTensor {
  readonly shape: number[];
  readonly values: number[];
}

/** Values per variable name, flat and row-major. */
export type StoredVector = Readonly<Record<string, number[]>>;

/** One step of a published trajectory; variants add keys of their own (see the fixtures' README). */
export interface GoldenStep {
  readonly step: number;
  readonly batch?: number;
  readonly loss_at_theta: number;
  readonly loss_at_perturbed?: number;
  readonly perturbation?: StoredVector;
  readonly parameters: StoredVector;
  readonly buffers?: StoredVector;
  readonly [key: string]: unknown;
}

/** A trajectory's base optimizer, PyTorch's settings. */
export interface GoldenBase {
  readonly type: 'sgd' | 'momentum' | 'nesterov' | 'adam' | 'adamw' | 'none';
  readonly lr: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Expected to be 0. */
  readonly dampening?: number;
  readonly weight_decay?: number;
  /** Of adam and adamw; the two shares may be written as one pair. */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly amsgrad?: boolean;
}

/** A trajectory of a published implementation, in float64. */
export interface Golden {
  readonly name: string;
  readonly variant: string;
  readonly model: 'mlp' | 'cnn_bn' | 'function2d';
  readonly hyper: Readonly<Record<string, number> & Record<string, unknown>>;
  /** 'main' is to be matched; 'quirk' shows published behaviour that is believed to be a mistake. */
  readonly role: 'main' | 'quirk';
  readonly base: GoldenBase;
  readonly data: {
    readonly batches?: readonly { readonly x: StoredTensor; readonly labels: number[] }[];
    readonly label_smoothing?: number;
    readonly num_classes?: number;
    readonly function?: string;
  };
  readonly initial: Readonly<Record<string, StoredTensor>>;
  readonly initial_buffers?: Readonly<Record<string, StoredTensor>>;
  readonly float32_rerun: {
    readonly parameters: number;
    readonly perturbation: number;
    readonly loss_at_theta: number;
  };
  readonly steps: readonly GoldenStep[];
  readonly [key: string]: unknown;
}

/** The folder of the trajectories that the project's tests follow. */
export const goldenFolder = fileURLToPath(new URL('../fixtures/golden/', import.meta.url));

/**
 * The trajectories of a variant, by the file names' first part.
 *
 * @param folder - Where the files are. Default: the project's own.
 * @throws RangeError when there are none.
 */
export function goldensOf(variant: string, folder = goldenFolder): Golden[] {
  const files = readdirSync(folder).filter(
    (file) => file.startsWith(`${variant}__`) && file.endsWith('.json'),
  );
  if (files.length === 0)
    throw new RangeError(`goldensOf: expected files ${variant}__….json in ${folder}, got none`);
  return files.sort().map((file) => readGolden(join(folder, file)));
}

/** Reads a trajectory. @throws SyntaxError when the file is no JSON. */
export function readGolden(path: string): Golden {
  return JSON.parse(readFileSync(path, 'utf8')) as Golden;
}

/**
 * The largest difference that float32 rounding explains: max(1e-5, 20 × what the published code itself differs by
 * when it runs in float32), as the files' description derives it.
 */
export function toleranceOf(
  golden: Golden,
  quantity: 'parameters' | 'perturbation' | 'loss_at_theta',
): number {
  return Math.max(1e-5, 20 * golden.float32_rerun[quantity]);
}
