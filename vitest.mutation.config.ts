import { defineConfig } from 'vitest/config';

// As vitest.config.ts, without its projects, and with the tests that are named alone.
const conditions = ['@tfjs-sam/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import'] } },
  test: {
    environment: 'node',
    testTimeout: 60_000,
    include: (process.env.TFJS_SAM_MUTATION_TESTS ?? 'packages/core/test/**/*.test.ts').split(' '),
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.slow.test.ts', '**/browser.test.ts'],
  },
});
