import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their TypeScript sources, so tests need no build.
const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];

/** Packages whose tests change what a process has once: kernels, backends, modules. All others are variants. */
const foundations = 'core|testing|wasm-kernels|backends|lab|datasets|sharpness|parallel|tfjs-sam';

/** Campaigns, services, whole trainings: `npm run test:slow` runs them, and them alone. */
const slow = process.env.TFJS_SAM_SLOW === '1';
const suffix = slow ? 'slow.test.ts' : 'test.ts';
const exclude = ['**/node_modules/**', '**/dist/**', ...(slow ? [] : ['**/*.slow.test.ts'])];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import'] } },
  test: {
    environment: 'node',
    // Two files at a time fill two cores; the tests of threads ask for their own.
    env: { TFJS_SAM_THREADS: '1' },
    testTimeout: slow ? 1_200_000 : 60_000,
    passWithNoTests: slow,
    // Two cores run two files at a time.
    pool: 'forks',
    maxWorkers: 2,
    typecheck: { enabled: false },
    projects: [
      {
        extends: true,
        test: {
          name: 'foundations',
          exclude,
          // Each file has a TensorFlow.js engine of its own.
          include: [
            `packages/@(${foundations})/test/**/*.${suffix}`,
            `bench/test/**/*.${suffix}`,
            `golden/test/**/*.${suffix}`,
            `docs/test/**/*.${suffix}`,
            `examples/*/test/**/*.${suffix}`,
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'variants',
          exclude,
          // They train and look at what training leaves: the files of a worker share an engine, which halves their time.
          isolate: false,
          include: [`packages/!(${foundations})/test/**/*.${suffix}`],
        },
      },
    ],
  },
});
