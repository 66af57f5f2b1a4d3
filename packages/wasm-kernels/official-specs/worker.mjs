// Runs the bundled specs: node worker.mjs BUNDLE BACKEND IMPLEMENTATION RESULT, and writes { passed, failed } as JSON.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Jasmine from 'jasmine';

const [bundle, backend, implementation, result] = process.argv.slice(2);
const jasmine = new Jasmine({});
jasmine.exitOnCompletion = false;
jasmine.clearReporters();
jasmine.jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
jasmine.env.configure({ random: false });

/** A spec's name without that of its environment. */
const plain = (name) => name.replace(/test \{.*?\}\s*/, '');
const passed = [];
const failed = [];
jasmine.addReporter({
  specDone({ status, fullName, failedExpectations: [first] }) {
    if (status === 'passed') passed.push(plain(fullName));
    if (status === 'failed') failed.push([plain(fullName), first?.message ?? '']);
  },
});
await createRequire(import.meta.url)(bundle).load(backend, implementation);
await jasmine.execute();
writeFileSync(result, JSON.stringify({ passed, failed }));
process.exit(0);
