import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their TypeScript sources, so tests need no build.
const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];

/** Campaigns, services, whole trainings: `npm run test:slow` runs them, and them alone. */
const slow = process.env.TFJS_SAM_SLOW === '1';
const suffix = slow ? 'slow.test.ts' : 'test.ts';

/**
 * Files that look at what a process has once (threads, its copies of modules, what was never registered), or take a backend away under
 * variables that others left on it, and so need one of their own.
 */
const ofTheirOwn = [
  'packages/wasm-kernels/test/threads/*',
  'packages/wasm-kernels/test/growth',
  'packages/core/test/missing-kernel',
  'packages/core/test/two-copies',
  'packages/backends/test/prepare-backend',
  'packages/backends/test/built-in',
  'packages/wasm-kernels/test/register',
].map((files) => `${files}.${suffix}`);

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
    // Tests make much that dies young: room for it, and collecting on the worker's own core, take a seventh of the time.
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
    maxWorkers: 2,
    typecheck: { enabled: false },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          // The files of a worker share an engine and what they import: loading it for each would take a third of the time.
          isolate: false,
          exclude: [...exclude, ...ofTheirOwn],
          include: [
            `packages/*/test/**/*.${suffix}`,
            `examples/*/test/**/*.${suffix}`,
            `@(bench|golden|docs)/test/**/*.${suffix}`,
          ],
        },
      },
      {
        extends: true,
        test: { name: 'own', exclude, include: ofTheirOwn },
      },
    ],
  },
});
