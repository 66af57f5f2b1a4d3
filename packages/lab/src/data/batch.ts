import type { Random } from '@tfjs-sam/datasets';
import { type Data, inputLength } from './data.js';
import type { SplitData } from './splits.js';

/** Shift and factor of every channel, or of each example by itself. */
export type Normalisation =
  | { readonly kind: 'none' | 'example' }
  | { readonly kind: 'channel'; readonly mean: Float64Array; readonly factor: Float64Array };

const tiny = 1e-8;

/** The normalisation of a split's examples, from the training split alone. */
export function normalisationOf(kind: Normalisation['kind'], data: Data, train: SplitData): Normalisation {
  if (kind !== 'channel') return { kind };
  const channels = data.shape.at(-1)!;
  const length = inputLength(data);
  const { inputs } = train.examples;
  const [sum, square] = [new Float64Array(channels), new Float64Array(channels)];
  for (const index of train.indices) {
    for (let i = 0; i < length; i++) {
      const value = inputs[index * length + i]! / data.scale;
      sum[i % channels]! += value;
      square[i % channels]! += value * value;
    }
  }
  const count = (train.indices.length * length) / channels;
  const mean = sum.map((total) => total / count);
  const factor = square.map((total, c) => 1 / Math.sqrt(Math.max(total / count - mean[c]! ** 2, tiny)));
  return { kind, mean, factor };
}

/** Changes of training images. */
export interface Augmentation {
  readonly flip: boolean;
  readonly crop: number;
}

/** One example's numbers, as floats, at `into[at…]`. */
function copy(data: Data, split: SplitData, row: number, into: Float32Array, at: number): void {
  const length = inputLength(data);
  const from = split.indices[row]! * length;
  const { inputs } = split.examples;
  for (let i = 0; i < length; i++) into[at + i] = inputs[from + i]! / data.scale;
}

function normalise(into: Float32Array, at: number, length: number, by: Normalisation): void {
  if (by.kind === 'channel') {
    const channels = by.mean.length;
    for (let i = 0; i < length; i++) {
      const c = i % channels;
      into[at + i] = (into[at + i]! - by.mean[c]!) * by.factor[c]!;
    }
  } else if (by.kind === 'example') {
    const part = into.subarray(at, at + length);
    const mean = part.reduce((total, value) => total + value, 0) / length;
    const variance = part.reduce((total, value) => total + (value - mean) ** 2, 0) / length;
    const factor = 1 / Math.sqrt(Math.max(variance, tiny));
    for (let i = 0; i < length; i++) part[i] = (part[i]! - mean) * factor;
  }
}

/** Mirrors and shifts one normalised image in place; zeros come in at the border. */
function augment(
  image: Float32Array,
  shape: readonly number[],
  { flip, crop }: Augmentation,
  random: Random,
): void {
  const [height, width, channels] = shape as [number, number, number];
  const mirrored = flip && random() < 0.5;
  const down = crop > 0 ? Math.floor(random() * (2 * crop + 1)) - crop : 0;
  const right = crop > 0 ? Math.floor(random() * (2 * crop + 1)) - crop : 0;
  if (!mirrored && down === 0 && right === 0) return;
  const old = image.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromY, shifted] = [y + down, x + right];
      const fromX = mirrored ? width - 1 - shifted : shifted;
      const inside = fromY >= 0 && fromY < height && shifted >= 0 && shifted < width;
      for (let c = 0; c < channels; c++) {
        const value = inside ? old[(fromY * width + fromX) * channels + c]! : 0;
        image[(y * width + x) * channels + c] = value;
      }
    }
  }
}

/** Inputs of some rows of a split, row-major. @param augmented - How they are changed, and by which draws. */
export function inputsOf(
  data: Data,
  split: SplitData,
  rows: ArrayLike<number>,
  normalisation: Normalisation,
  augmented?: Augmentation & { readonly random: Random },
): Float32Array {
  const length = inputLength(data);
  const into = new Float32Array(rows.length * length);
  const changes = augmented && (augmented.flip || augmented.crop > 0);
  for (let i = 0; i < rows.length; i++) {
    copy(data, split, rows[i]!, into, i * length);
    normalise(into, i * length, length, normalisation);
    if (changes)
      augment(into.subarray(i * length, (i + 1) * length), data.shape, augmented, augmented.random);
  }
  return into;
}

/** Targets of some rows: one-hot, smoothed where asked, or the numbers to predict. */
export function targetsOf(
  data: Data,
  split: SplitData,
  rows: ArrayLike<number>,
  classes: number | undefined,
  smoothing = 0,
): Float32Array {
  const outputs = classes ?? data.outputs ?? 1;
  const into = new Float32Array(rows.length * outputs);
  for (let i = 0; i < rows.length; i++) {
    if (split.classes) {
      if (smoothing > 0) into.fill(smoothing / outputs, i * outputs, (i + 1) * outputs);
      into[i * outputs + split.classes[rows[i]!]!]! += 1 - smoothing;
    } else {
      const from = split.indices[rows[i]!]! * outputs;
      for (let o = 0; o < outputs; o++) into[i * outputs + o] = split.examples.targets[from + o]!;
    }
  }
  return into;
}
