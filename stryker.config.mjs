// Mutation testing, on demand, by `npm run mutation`: docs/reliability.md says more.
export default {
  packageManager: 'pnpm',
  // Files are mutated where they lie, and put back: a copy of the workspace would link to the original packages.
  inPlace: true,
  disableTypeChecks: false,
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  concurrency: Number(process.env.TFJS_SAM_MUTATION_WORKERS ?? 2),
  dryRunTimeoutMinutes: 30,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'html', 'json'],
  htmlReporter: { fileName: 'runs/mutation/report.html' },
  jsonReporter: { fileName: 'runs/mutation/report.json' },
  tempDirName: 'runs/mutation/sandbox',
  thresholds: { high: 85, low: 85, break: 85 },
  // Texts of messages are read by people: a test of each word would be a copy of it.
  mutator: { excludedMutations: ['StringLiteral'] },
};
