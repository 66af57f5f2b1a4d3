import type { parameters } from '../generated/parameters.js';
import { MULTIPLY_ADDS, NUMBERS } from './limits.js';
import type { Splittable } from './thread-pool.js';

/** The names of a function's parameters. */
export type Parameter<F extends Splittable> = (typeof parameters)[F][number];

/** A call's arguments by name. */
export type Arguments<F extends Splittable> = Readonly<Record<Parameter<F>, number>>;

/** The split of a call into parts. Its result has the same bits however it is split. */
export interface Split<F extends Splittable> {
  /** The argument that counts the units: rows, images, elements. */
  readonly count: Parameter<F>;
  /** Arguments that move with the first unit, and how far for each unit; in bytes where they are addresses. */
  readonly moves: Readonly<Partial<Record<Parameter<F>, number>>>;
  /** Arguments that are scratch memory, and their bytes: every thread has its own. */
  readonly own?: Readonly<Partial<Record<Parameter<F>, number>>>;
  /** All parts but the last have a multiple of so many units. Default 1. */
  readonly multiple?: number;
  /** Most parts for each thread: one where each part does some work again. Default 4. */
  readonly perThread?: number;
}

/** The rules for splitting a function. */
export interface Splitting<F extends Splittable> {
  /** Microseconds that a call takes on one thread, roughly. */
  readonly work: (given: Arguments<F>) => number;
  /** Its split; undefined where it has none. */
  readonly split: (given: Arguments<F>) => Split<F> | undefined;
}

/** Elementwise functions of `n` floats; `vectors` are the addresses. */
function flat<F extends Splittable>(...vectors: Parameter<F>[]): Splitting<F> {
  const moves = Object.fromEntries(vectors.map((name) => [name, 4]));
  const split = { count: 'n', moves, multiple: 16 } as unknown as Split<F>;
  return {
    work: (given) => ((given as Record<string, number>).n! * vectors.length) / NUMBERS,
    split: () => split,
  };
}

type Windows = 'height' | 'width' | 'channels' | 'outHeight' | 'outWidth';

/** Bytes of an image and of what windows over it give. */
const imageBytes = ({ height, width, channels }: Readonly<Record<Windows, number>>): number =>
  height * width * channels * 4;
const outBytes = ({ outHeight, outWidth, channels }: Readonly<Record<Windows, number>>): number =>
  outHeight * outWidth * channels * 4;

/** Time of a function that goes over windows. */
const windowWork = (a: Readonly<Record<Windows | 'batch' | 'kh' | 'kw', number>>): number =>
  (2 * a.batch * a.outHeight * a.outWidth * a.channels * a.kh * a.kw) / NUMBERS;

/** Bytes of scratch memory of the products: see `scratchBytes` of the side module. */
const SCRATCH = (256 * 120 + 256 * 512 + 6 * 8) * 4 + 64;

/** Rows of an output in parts of so many: a part of one row would be multiplied in another order, and rounded otherwise. */
const rowsOfAPart = (rows: number): number | undefined =>
  [6, 4, 10].find((multiple) => rows % multiple !== 1);

const gemm: Splitting<'gemm'> = {
  work: ({ m, n, k }) => (m * n * k) / MULTIPLY_ADDS + (m * k + k * n) / NUMBERS,
  split: ({ m, n, rsA, csB, ldc }) => {
    const own = { scratch: SCRATCH };
    const multiple = m < 24 ? undefined : rowsOfAPart(m);
    // Each part packs the other operand again: the smaller one.
    if (multiple && m >= n) return { count: 'm', moves: { a: rsA, c: ldc }, own, multiple, perThread: 1 };
    if (n < 32) return undefined;
    return { count: 'n', moves: { b: csB, c: 4 }, own, multiple: 16, perThread: 1 };
  },
};

const convForward: Splitting<'convForward'> = {
  work: (a) =>
    (a.batch * a.outHeight * a.outWidth * a.outChannels * a.kh * a.kw * a.channels) / MULTIPLY_ADDS,
  split: (a) => {
    const own = { scratch: SCRATCH, table: 120 * 4 };
    const line = a.outWidth * a.outChannels * 4;
    if (a.batch === 1)
      return {
        count: 'outHeight',
        moves: { x: a.sh * a.width * a.channels * 4, out: line },
        own,
        perThread: 1,
      };
    // Each part packs the filter again.
    const multiple = Math.ceil(128 / (a.outHeight * a.outWidth));
    return { count: 'batch', moves: { x: imageBytes(a), out: a.outHeight * line }, own, multiple };
  },
};

/** `DIRECT` of the assembly. */
const UNPACKED = 32;

const convFilterGradient: Splitting<'convFilterGradient'> = {
  work: convForward.work as Splitting<'convFilterGradient'>['work'],
  split: ({ rows, columns }) => {
    const shared = { own: { scratch: SCRATCH, table: (rows + 256) * 4 }, perThread: 1 };
    // Windows of few elements are not packed, so that no part does work again.
    if (rows <= UNPACKED && columns % 8 === 0)
      return { ...shared, count: 'columns', moves: { firstColumn: 1 }, multiple: 8 };
    return { ...shared, count: 'rows', moves: { first: 1 }, multiple: rows >= 24 ? 6 : 4 };
  },
};

type Heads = Readonly<Record<'count' | 'queries' | 'keys' | 'size' | 'valueSize', number>>;

/** Attention, by heads. `products`: of a head; `blocks`: blocks of weights that are held at once. */
const byHeads = (products: number, blocks: number) => ({
  work: ({ count, queries, keys, size, valueSize }: Heads) =>
    count * queries * keys * ((products * (size + valueSize)) / 2 / MULTIPLY_ADDS + 12 / NUMBERS),
  split: ({ queries, keys }: Heads) => ({
    count: 'count' as const,
    moves: { first: 1 },
    own: { scratch: SCRATCH, tmp: blocks * Math.min(120, queries) * keys * 4 },
  }),
});

/** The splits of the functions that are worth it. The sums of the others, or their order of writing, forbid it. */
export const splittings: { readonly [F in Splittable]?: Splitting<F> } = {
  gemm,
  attention: byHeads(2, 1),
  attentionGradient: byHeads(5, 2),
  convForward,
  convFilterGradient,
  col2im: {
    work: windowWork,
    split: (a) => ({
      count: 'batch',
      moves: { cols: outBytes(a) * a.kh * a.kw, dx: imageBytes(a) },
    }),
  },
  padImages: {
    work: (a) => (a.batch * a.height * a.rowBytes) / 4 / NUMBERS,
    split: (a) => ({
      count: 'batch',
      moves: {
        x: a.height * a.rowBytes,
        out: (a.top + a.height + a.bottom) * (a.left + a.rowBytes + a.right),
      },
    }),
  },
  maxPoolGradient: {
    work: windowWork,
    split: (a) => ({ count: 'batch', moves: { x: imageBytes(a), dy: outBytes(a), dx: imageBytes(a) } }),
  },
  maxPoolGradient2: {
    work: (a) => (9 * a.batch * a.outHeight * a.outWidth * a.channels) / NUMBERS,
    split: (a) => {
      const out = a.outHeight * a.outWidth * a.channels * 4;
      return { count: 'batch', moves: { x: 4 * out, dy: out, dx: 4 * out } };
    },
  },
  avgPoolGradient: {
    work: windowWork,
    split: (a) => ({ count: 'batch', moves: { dy: outBytes(a), dx: imageBytes(a) } }),
  },
  depthwiseForward: {
    work: (a) => windowWork(a) / 4,
    split: (a) => {
      const line = a.outWidth * a.channels * 4;
      if (a.batch > 1) return { count: 'batch', moves: { x: imageBytes(a), out: a.outHeight * line } };
      // Rows of the output begin lower in the image.
      return { count: 'outHeight', moves: { out: line, top: -a.sh } };
    },
  },
  depthwiseInputGradient: {
    work: (a) => windowWork(a) * a.multiplier,
    split: (a) => ({ count: 'batch', moves: { dy: outBytes(a) * a.multiplier, dx: imageBytes(a) } }),
  },
  depthwiseFilterGradient: {
    work: (a) => windowWork(a) * a.multiplier,
    // Rows of the filter are sums of their own, over windows that begin lower.
    split: (a) => ({
      count: 'kh',
      moves: { df: a.kw * a.channels * a.multiplier * 4, top: -a.dh },
      perThread: 1,
    }),
  },
  segmentSum: {
    work: (a) => (2 * a.rows * a.columns + a.segments * a.columns) / NUMBERS,
    // Each part looks at all rows, and adds those of its segments.
    split: (a) => ({ count: 'segments', moves: { first: 1, out: a.columns * 4 }, perThread: 1 }),
  },
  tileRows: {
    work: (a) => (a.rows * a.columns) / NUMBERS,
    split: (a) => ({ count: 'rows', moves: { out: a.columns * 4 } }),
  },
  permute: {
    // One plane's: the axes outside of it stand on the heap.
    work: (a) => (2 * a.rows * a.columns) / NUMBERS,
    split: (a) => ({ count: 'rows', moves: { from: a.rowFrom, to: a.rowTo }, multiple: 16 }),
  },
  copyRows: {
    work: (a) => (a.rows * a.bytes) / 2 / NUMBERS,
    split: (a) => ({ count: 'rows', moves: { from: a.rowFrom, to: a.rowTo } }),
  },
  layerNorm: {
    work: (a) => (6 * a.rows * a.columns) / NUMBERS,
    split: (a) => ({ count: 'rows', moves: { x: a.columns * 4, y: a.columns * 4, stats: 8 } }),
  },
  layerNormGradientBlocks: {
    work: (a) => (10 * a.rows * a.columns) / NUMBERS,
    split: () => ({ count: 'count', moves: { first: 1 } }),
  },
  columnBlockSums: {
    work: (a) => (a.rows * a.columns) / NUMBERS,
    split: () => ({ count: 'count', moves: { first: 1 } }),
  },
  columnBlockProducts: {
    work: (a) => (2 * a.rows * a.columns) / NUMBERS,
    split: () => ({ count: 'count', moves: { first: 1 } }),
  },
  combine: {
    work: (a) => (3 * a.rows * a.columns) / NUMBERS,
    split: ({ columns, dy }) => ({
      count: 'rows',
      moves: { x: columns * 4, out: columns * 4, ...(dy !== 0 && { dy: columns * 4 }) },
    }),
  },
  lstmCell: {
    work: (a) => (60 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: { a: 16 * units, z: 16 * units, c: 4 * units, h: 4 * units, cNew: 4 * units },
    }),
  },
  lstmCellGradient: {
    work: (a) => (40 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: {
        ...{ z: 16 * units, c: 4 * units, cNew: 4 * units, dh: 4 * units },
        ...{ dcNew: 4 * units, dz: 16 * units, dc: 4 * units },
      },
      own: { tmp: 4 * units },
    }),
  },
  gruGates: {
    work: (a) => (30 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: { a: 12 * units, z: 12 * units, h: 4 * units, reset: 4 * units },
    }),
  },
  gruOutput: {
    work: (a) => (25 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: { a: 12 * units, z: 12 * units, h: 4 * units, hNew: 4 * units },
    }),
  },
  gruOutputGradient: {
    work: (a) => (10 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: { z: 12 * units, h: 4 * units, dhNew: 4 * units, dz: 12 * units, dh: 4 * units },
    }),
  },
  gruResetGradient: {
    work: (a) => (8 * a.rows * a.units) / NUMBERS,
    split: ({ units }) => ({
      count: 'rows',
      moves: { z: 12 * units, h: 4 * units, dReset: 4 * units, dz: 12 * units, dh: 4 * units },
    }),
  },
  softmaxCrossEntropy: {
    work: (a) => (20 * a.rows * a.columns) / NUMBERS,
    split: ({ columns }) => ({
      count: 'rows',
      moves: { labels: columns * 4, logits: columns * 4, out: 4, tmp: columns * 4 },
    }),
  },
  softmaxCrossEntropyGradient: {
    work: (a) => (20 * a.rows * a.columns) / NUMBERS,
    split: ({ columns }) => ({
      count: 'rows',
      moves: { labels: columns * 4, logits: columns * 4, dy: 4, dx: columns * 4 },
    }),
  },
  reluGradient: flat<'reluGradient'>('x', 'dy', 'dx'),
  clamp: flat<'clamp'>('x', 'out'),
  activate: {
    work: (a) => (10 * a.n) / NUMBERS,
    split: () => ({ count: 'n', moves: { x: 4, out: 4 }, multiple: 16 }),
  },
  scale: flat<'scale'>('x', 'out'),
  axpy: flat<'axpy'>('x', 'y', 'out'),
  sgd: flat<'sgd'>('g', 'p', 'pNew'),
  momentum: flat<'momentum'>('g', 'p', 'v', 'pNew', 'vNew'),
  adamw: flat<'adamw'>('g', 'p', 'm', 'v', 'pNew', 'mNew', 'vNew'),
};
