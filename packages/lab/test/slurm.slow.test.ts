import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { cli, run, smallStudy, studyFolder } from './fixtures/cli.js';

const needed = ['slurmctld', 'slurmd', 'sbatch', 'munged'];
const missing = needed.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
const installed = missing.length === 0 && process.getuid?.() === 0;
if (!installed)
  console.warn(`Slurm is not tested: it needs root and ${needed.join(', ')} (Debian: slurm-wlm munge)`);

const slurm = fileURLToPath(new URL('../scripts/slurm-here.sh', import.meta.url));
const folder = studyFolder(smallStudy);
afterAll(() => rmSync(folder, { recursive: true }));

/** As `docs/guide/clusters.md` has it; a task that was preempted is begun again by Slurm. */
const script = `set -e
id=$(sbatch --parsable --array=0-1 --requeue --wrap 'node ${cli} run study.json --workers 1 --out runs/study')
sbatch --wait --dependency=afterok:$id --wrap 'node ${cli} merge runs/study-shard-*'
`;

it.skipIf(!installed)(
  'an array of Slurm does a study in shards, and merges them into the same table',
  async () => {
    expect((await run(folder, 'run', 'study.json', '--workers', '2', '--out', 'whole')).code).toBe(0);
    writeFileSync(join(folder, 'submit.sh'), script);
    const { status, stdout, stderr } = spawnSync(slurm, ['bash', 'submit.sh'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
    const written = readdirSync(folder)
      .filter((name) => name.endsWith('.out'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(written).toHaveLength(3);
    expect(written.join('')).toContain('trials of 2 folders are now in');
    const table = (path: string) => run(folder, 'status', path, '--canonical');
    expect((await table('runs/study')).stdout).toBe((await table('whole')).stdout);
  },
);
