import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStudy } from '@tfjs-sam/lab';
import { sideBySide } from '../timing.js';
import { comparison } from './comparison.js';
import { type StudiesJob, studiesJob } from './job.js';

/** The same trainings bare and as a study, in turn, in one process. */
export interface EngineJob extends StudiesJob {
  readonly rounds: number;
}

/** Milliseconds of each round. */
export interface EngineResult {
  readonly bare: number[];
  readonly engine: number[];
}

/** Times them in this process, so that what disturbs the machine disturbs both. */
export async function engineJob({ rounds, ...size }: EngineJob): Promise<EngineResult> {
  const here = mkdtempSync(join(tmpdir(), 'tfjs-sam-engine-'));
  let runs = 0;
  try {
    return await sideBySide(
      {
        bare: () => studiesJob(size),
        // A folder above each: nothing is taken over from a study beside it.
        engine: () => runStudy(comparison(size), { folder: join(here, String(++runs), 'study') }),
      },
      { rounds, warmUp: 1 },
    );
  } finally {
    rmSync(here, { recursive: true });
  }
}
