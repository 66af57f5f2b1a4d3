import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// As vitest.config.ts, without its projects, and with the tests that are named alone.
const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];

/** The quickest files first: one failure ends a mutant, and most are noticed by any file. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longestFirst = await super.sort(files);
    return longestFirst.reverse();
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import'] } },
  test: {
    environment: 'node',
    env: { TFJS_SAM_THREADS: '1' },
    // Instrumented code is slow; a mutant that hangs is ended by StrykerJS.
    testTimeout: 300_000,
    // The files of a worker share what they import, as in `npm test`.
    isolate: false,
    sequence: { sequencer: QuickestFirst },
    include: (process.env.TFJS_SAM_MUTATION_TESTS ?? 'packages/core/test/**/*.test.ts').split(' '),
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      '**/*.slow.test.ts',
      '**/browser.test.ts',
      // These look at what a process has once.
      '**/missing-kernel.test.ts',
      '**/two-copies.test.ts',
    ],
  },
});
