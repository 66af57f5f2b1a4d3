import type { GpuJob, GpuResult } from './gpu/job.js';
import type { GradientJob, GradientResult } from './gradient/job.js';
import type { PeakJob, PeakResult } from './gradient/peak-job.js';
import type { MemoryJob, MemoryResult } from './memory/job.js';
import type { OverheadJob, OverheadResult } from './overhead/job.js';
import type { ParallelJob, ParallelResult } from './parallel/job.js';
import type { Provenance } from './provenance-job.js';
import type { ScalingJob, ScalingResult } from './scaling/job.js';
import type { EngineJob, EngineResult } from './studies/engine-job.js';
import type { StudiesJob } from './studies/job.js';
import type { ThreadsJob, ThreadsResult } from './threads/job.js';
import type { TrainingJob, TrainingResult } from './trainings/job.js';
import type { VariantsJob, VariantsResult } from './variants/job.js';

/** What a child process can be asked for. */
export interface Jobs {
  gradient: { argument: GradientJob; result: GradientResult };
  'jax-gradient': { argument: GradientJob; result: GradientResult };
  peak: { argument: PeakJob; result: PeakResult };
  gpu: { argument: GpuJob; result: GpuResult };
  overhead: { argument: OverheadJob; result: OverheadResult };
  variants: { argument: VariantsJob; result: VariantsResult };
  memory: { argument: MemoryJob; result: MemoryResult };
  scaling: { argument: ScalingJob; result: ScalingResult };
  parallel: { argument: ParallelJob; result: ParallelResult };
  threads: { argument: ThreadsJob; result: ThreadsResult };
  training: { argument: TrainingJob; result: TrainingResult };
  studies: { argument: StudiesJob; result: null };
  engine: { argument: EngineJob; result: EngineResult };
  provenance: { argument: null; result: Provenance };
}

/** The name of a job. */
export type JobName = keyof Jobs;

type Run<K extends JobName> = (argument: Jobs[K]['argument']) => Promise<Jobs[K]['result']>;

/** Loaded on demand: a process has no code but its job's, so that stock TensorFlow.js stays as it is shipped. */
export const jobs: { readonly [K in JobName]: () => Promise<Run<K>> } = {
  gradient: async () => (await import('./gradient/job.js')).gradientJob,
  'jax-gradient': async () => (await import('./gradient/jax-job.js')).jaxGradientJob,
  peak: async () => (await import('./gradient/peak-job.js')).peakJob,
  gpu: async () => (await import('./gpu/job.js')).gpuJob,
  overhead: async () => (await import('./overhead/job.js')).overheadJob,
  variants: async () => (await import('./variants/job.js')).variantsJob,
  memory: async () => (await import('./memory/job.js')).memoryJob,
  scaling: async () => (await import('./scaling/job.js')).scalingJob,
  parallel: async () => (await import('./parallel/job.js')).parallelJob,
  threads: async () => (await import('./threads/job.js')).threadsJob,
  training: async () => (await import('./trainings/job.js')).trainingJob,
  studies: async () => (await import('./studies/job.js')).studiesJob,
  engine: async () => (await import('./studies/engine-job.js')).engineJob,
  provenance: async () => (await import('./provenance-job.js')).provenanceJob,
};
