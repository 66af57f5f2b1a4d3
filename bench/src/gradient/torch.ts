import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AnyModelName, ModelName } from '../models/names.js';
import type { Rounds } from '../timing.js';

const pathOf = (script: string) => fileURLToPath(new URL(`../../src/gradient/${script}`, import.meta.url));
// PyTorch's own setting does not limit OpenBLAS.
const environmentOf = (threads: number) => {
  const count = String(threads);
  return { ...process.env, OPENBLAS_NUM_THREADS: count, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count };
};

/** A Python that has PyTorch. */
export interface Torch {
  readonly python: string;
  readonly version: string;
  /** Whether its matrix products run on the reference BLAS, ten times slower than any other: no rival to beat. */
  readonly referenceBlas: boolean;
  /** The name of the GPU that it finds. */
  readonly gpu: string | null;
  /** The processor that OpenBLAS is told, where it takes this one for a Prescott: it does so with any younger than itself. */
  readonly coreType: string | undefined;
}

// On Linux the mapped libraries tell; elsewhere PyTorch brings its own BLAS.
const probe = `
import json, os, torch
maps = open('/proc/self/maps').read().lower() if os.path.exists('/proc/self/maps') else ''
fast = any(name in maps + torch.__config__.show().lower() for name in ('openblas', 'libmkl', 'blas_info=mkl', 'blis', 'atlas'))
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
flags = open('/proc/cpuinfo').read() if os.path.exists('/proc/cpuinfo') else ''
simd = 'SkylakeX' if 'avx512f' in flags else 'Haswell' if 'avx2' in flags else None
print(json.dumps({'version': torch.__version__, 'referenceBlas': 'libblas.so' in maps and not fast, 'gpu': gpu, 'simd': simd}))
`;

let found: { readonly torch: Torch | undefined } | undefined;

/** A python3 that has torch: the first on the path, or the system's. Looked for once. */
export function findTorch(): Torch | undefined {
  found ??= { torch: lookForTorch() };
  return found.torch;
}

function lookForTorch(): Torch | undefined {
  for (const python of ['python3', '/usr/bin/python3']) {
    const options = { encoding: 'utf8', env: { ...environmentOf(1), OPENBLAS_VERBOSE: '2' } } as const;
    const { status, stdout, stderr } = spawnSync(python, ['-c', probe], options);
    if (status !== 0) continue;
    const { simd, ...torch } = JSON.parse(stdout) as Omit<Torch, 'python' | 'coreType'> & {
      readonly simd: string | null;
    };
    const coreType = stderr.includes('Core: Prescott') && simd !== null ? simd : undefined;
    return { python, coreType, ...torch };
  }
  return undefined;
}

/** What readers must know of PyTorch in a table. */
export function torchNote(torch: Torch | undefined, threads = '1'): string {
  if (!torch) return 'PyTorch is not here (Debian: apt-get install python3-torch): no ratios.';
  if (torch.referenceBlas)
    return `PyTorch ${torch.version} runs on the reference BLAS here, which is no rival (Debian: apt-get install libopenblas0-pthread): no ratios.`;
  const told = torch.coreType ? `, OPENBLAS_CORETYPE=${torch.coreType}` : '';
  return `PyTorch ${torch.version}, OPENBLAS_NUM_THREADS=${threads}${told}.`;
}

/** Runs a script in a process of its own. @returns The times that it prints. */
function runScript(
  { python, coreType }: Torch,
  script: string,
  argument: readonly string[],
  threads = 1,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [pathOf(script), ...argument], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environmentOf(threads), ...(coreType && { OPENBLAS_CORETYPE: coreType }) },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout) as number[]);
      else reject(new Error(`PyTorch failed on ${argument[0]}: ${stderr.trim().split('\n').at(-1)}`));
    });
  });
}

/** PyTorch's times of one model's gradient, on so many threads or a GPU. */
export function torchTimes(
  torch: Torch,
  model: ModelName,
  { rounds, warmUp }: Rounds,
  device: 'cpu' | 'cuda' = 'cpu',
  threads = 1,
): Promise<number[]> {
  const argument = [model, String(rounds), String(warmUp), device];
  return runScript(torch, 'torch_gradient.py', argument, threads);
}

/** PyTorch's time of each epoch of a training, one thread. */
export function torchTraining(
  torch: Torch,
  model: AnyModelName,
  rule: string,
  examples: number,
  epochs: number,
): Promise<number[]> {
  return runScript(torch, 'torch_training.py', [model, rule, String(examples), String(epochs)]);
}
