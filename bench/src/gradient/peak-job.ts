import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
import asc from 'assemblyscript/asc';
import { type Rounds, sideBySide } from '../timing.js';

/** How many multiplications with an addition to time. */
export interface PeakJob extends Rounds {
  readonly multiplyAdds: number;
}

/** The times, or why there are none. */
export type PeakResult = { readonly times: readonly number[] } | { readonly missing: string };

/** Sums that do not wait for one another, as many as the kernels' innermost loop has: enough to hide an addition's latency. */
const SUMS = 12;
const LANES = 4;

const sums = Array.from({ length: SUMS }, (_, i) => `s${i}`);
const source = `function multiplyAdd(steps: i32): v128 {
  const a = f32x4.splat(0.5), b = f32x4.splat(1e-9);
  let ${sums.map((sum) => `${sum} = a`).join(', ')};
  for (let i = 0; i < steps; i++) {
    ${sums.map((sum) => `${sum} = f32x4.relaxed_madd(a, b, ${sum});`).join('\n    ')}
  }
  return ${sums.reduce((left, right) => `f32x4.add(${left}, ${right})`)};
}
export function run(steps: i32): f32 { return f32x4.extract_lane(multiplyAdd(steps), 0); }
`;

async function compile(): Promise<(steps: number) => number> {
  const { binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    noAssert: true,
    runtime: 'stub',
    enable: ['simd', 'relaxed-simd'],
  });
  if (!binary) throw new Error(`peak: ${stderr}`);
  const { instance } = await WebAssembly.instantiate(binary as Uint8Array<ArrayBuffer>);
  return instance.exports.run as (steps: number) => number;
}

/** Times fused multiply-adds of 128 bits that meet neither memory nor each other: what no kernel of WebAssembly can beat. */
export async function peakJob({ multiplyAdds, ...rounds }: PeakJob): Promise<PeakResult> {
  // Switches relaxed SIMD on where the engine has it behind a flag.
  const { implementation } = await registerTrainingKernels();
  if (implementation !== 'fma') return { missing: 'no relaxed SIMD' };
  const run = await compile();
  const steps = Math.round(multiplyAdds / (SUMS * LANES));
  return { times: (await sideBySide({ peak: () => run(steps) }, rounds)).peak };
}
