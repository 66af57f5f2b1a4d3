import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their TypeScript sources, so tests need no build.
const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];

/** Packages whose tests change what a process has once: kernels, backends, modules. All others are variants. */
const foundations = 'core|testing|wasm-kernels|backends|lab|datasets|tfjs-sam';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import'] } },
  test: {
    environment: 'node',
    testTimeout: 60_000,
    // Two cores run two files at a time.
    pool: 'forks',
    maxWorkers: 2,
    typecheck: { enabled: false },
    projects: [
      {
        extends: true,
        test: {
          name: 'foundations',
          // Each file has a TensorFlow.js engine of its own.
          include: [
            `packages/@(${foundations})/test/**/*.test.ts`,
            'bench/test/**/*.test.ts',
            'docs/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'variants',
          // They train and look at what training leaves: the files of a worker share an engine, which halves their time.
          isolate: false,
          include: [`packages/!(${foundations})/test/**/*.test.ts`],
        },
      },
    ],
  },
});
