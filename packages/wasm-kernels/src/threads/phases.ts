import type { SideExports } from '../generated/exports.js';
import type { WasmBackend } from '../wasm-backend.js';
import { limits, NUMBERS } from './limits.js';

/** Rows whose sum is made before sums are added up: `BLOCK` of the assembly. */
const BLOCK = 512;

/**
 * Functions that sum over rows, in phases that are split: each block's sums on some thread, then the blocks added up in their
 * order. The sums have the same bits as those of one thread, which goes block by block.
 *
 * @param run - The functions, split. @param alone - The functions on one thread, for small ones.
 */
export function phased(run: SideExports, alone: SideExports, backend: WasmBackend): Partial<SideExports> {
  const pays = (rows: number, columns: number): boolean =>
    rows > BLOCK && (rows * columns) / NUMBERS >= limits.least;

  /** Calls `use` with room for the sums of all blocks. */
  const withBlocks = (rows: number, columns: number, use: (sums: number, blocks: number) => void): void => {
    const blocks = Math.ceil(rows / BLOCK);
    const sums = backend.wasm._malloc(blocks * columns * 4) >>> 0;
    if (sums === 0)
      throw new Error('wasm-kernels: expected heap for the sums of blocks, got none: it is full');
    try {
      use(sums, blocks);
    } finally {
      backend.wasm._free(sums);
    }
  };

  const columnSums: SideExports['columnSums'] = (x, rows, columns, out, partial) => {
    if (!pays(rows, columns)) return alone.columnSums(x, rows, columns, out, partial);
    withBlocks(rows, columns, (sums, blocks) => {
      run.columnBlockSums(0, blocks, x, rows, columns, sums);
      run.addBlocks(sums, blocks, columns * 4, columns, out);
    });
  };

  const columnProducts = (
    ...[x, dy, rows, columns, mean, out]: [
      ...[x: number, dy: number, rows: number, columns: number],
      ...[mean: number, out: number],
    ]
  ): void =>
    withBlocks(rows, columns, (sums, blocks) => {
      run.columnBlockProducts(0, blocks, x, dy, rows, columns, mean, sums);
      run.addBlocks(sums, blocks, columns * 4, columns, out);
    });

  const batchNorm: SideExports['batchNorm'] = (...given) => {
    const [x, rows, columns, gamma, beta, eps, y, mean, variance, tmp] = given;
    if (!pays(rows, columns)) return alone.batchNorm(...given);
    columnSums(x, rows, columns, mean, tmp);
    run.divide(mean, columns, rows);
    columnProducts(x, 0, rows, columns, mean, variance);
    run.divide(variance, columns, rows);
    run.batchNormFactors(gamma, variance, columns, eps, tmp);
    run.combine(x, 0, rows, columns, mean, 0, tmp, beta, y);
  };

  const batchNormGradient: SideExports['batchNormGradient'] = (...given) => {
    const [x, dy, rows, columns, gamma, mean, variance, dMean, dVariance, eps, dx, dGamma, dBeta, tmp] =
      given;
    if (!pays(rows, columns)) return alone.batchNormGradient(...given);
    columnSums(dy, rows, columns, dBeta, tmp);
    columnProducts(x, dy, rows, columns, mean, dGamma);
    run.batchNormGradientFactors(
      ...([rows, columns, gamma, variance, dMean, dVariance, eps, dGamma, dBeta, tmp] as const),
    );
    run.combine(x, dy, rows, columns, mean, tmp, tmp + columns * 4, tmp + columns * 8, dx);
  };

  const layerNormGradient: SideExports['layerNormGradient'] = (...given) => {
    const [x, dy, rows, columns, gamma, stats, dx, dGamma, dBeta] = given;
    if (!pays(rows, columns)) return alone.layerNormGradient(...given);
    withBlocks(rows, 2 * columns, (sums, blocks) => {
      run.layerNormGradientBlocks(0, blocks, x, dy, rows, columns, gamma, stats, dx, sums);
      run.addBlocks(sums, blocks, columns * 8, columns, dGamma);
      run.addBlocks(sums + columns * 4, blocks, columns * 8, columns, dBeta);
    });
  };

  return { columnSums, batchNorm, batchNormGradient, layerNormGradient };
}
