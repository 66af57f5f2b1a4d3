import { plain, relaxed } from '../generated/binaries.js';
import { declareShared } from '../threads/shared-memory.js';

/** The build of the side module that runs: `fma` fuses multiply and add (relaxed SIMD), `plain` rounds twice. */
export type SideBuild = 'fma' | 'plain';

/** The bytes of a binary that is kept as base64. */
export function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Node before 22 has relaxed SIMD behind a flag of its engine; browsers have no such switch. */
function switchRelaxedSimdOn(): void {
  const node: { getBuiltinModule?(id: 'node:v8'): { setFlagsFromString(flags: string): void } } | undefined =
    Reflect.get(globalThis, 'process');
  try {
    node?.getBuiltinModule?.('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
  } catch {
    // An engine without the flag has the feature, or never will: validation below tells which.
  }
}

/** The builds that this engine accepts, best first. */
export function availableBuilds(deterministic: boolean): SideBuild[] {
  const builds: SideBuild[] = [];
  if (!deterministic) {
    const binary = decode(relaxed);
    if (!WebAssembly.validate(binary)) switchRelaxedSimdOn();
    if (WebAssembly.validate(binary)) builds.push('fma');
  }
  if (WebAssembly.validate(decode(plain))) builds.push('plain');
  return builds;
}

/**
 * Compiles a build, asynchronously: browsers refuse larger modules on their main thread otherwise. `shared`: for a heap that
 * threads share.
 */
export function compileBuild(build: SideBuild, shared: boolean): Promise<WebAssembly.Module> {
  const binary = decode(build === 'fma' ? relaxed : plain);
  return WebAssembly.compile((shared && declareShared(binary)) || binary);
}
