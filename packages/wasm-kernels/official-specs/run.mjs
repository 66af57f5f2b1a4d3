// TensorFlow.js's own specs on the wasm backend without our kernels and with them, in each implementation.
// Exit code 1 where a spec fails that known-failures.json does not name, or passes that it does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const known = JSON.parse(readFileSync(join(here, 'known-failures.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'official-specs-'));
const bundled = join(work, 'bundle.cjs');

/** What passes and fails on a backend. */
function specs(backend, implementation = '') {
  const result = join(work, `${backend}${implementation}.json`);
  const args = [join(here, 'worker.mjs'), bundled, backend, implementation, result];
  const { stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (!existsSync(result)) throw new Error(`official-specs: ${backend} did not end\n${stderr}`);
  const { passed, failed } = JSON.parse(readFileSync(result, 'utf8'));
  console.log(`${backend} ${implementation}: ${passed.length} passed, ${failed.length} failed`);
  return { passed, failed };
}

/** The faults of a run with our kernels. */
function faultsOf({ passed, failed }, stock) {
  const unknown = failed.filter(([name]) => !(name in known));
  const stale = Object.keys(known).filter((name) => passed.includes(name));
  return [
    ...unknown.map(([name, message]) => {
      const regression = stock.passed.includes(name) ? ', and passes without our kernels' : '';
      return `fails${regression}: ${name}\n    ${message.replaceAll('\n', ' ').slice(0, 200)}`;
    }),
    ...stale.map((name) => `passes, though known-failures.json names it: ${name}`),
  ];
}

try {
  await bundle(bundled);
  const stock = specs('wasm');
  const faults = ['fma', 'plain', 'composed'].flatMap((implementation) =>
    faultsOf(specs('wasm', implementation), stock).map((fault) => `${implementation}: ${fault}`),
  );
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(work, { recursive: true });
}
