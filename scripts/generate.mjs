// Writes what follows from declarations, folders and measurements: node scripts/generate.mjs [--check]
import { outdated, wiredFiles, writeFiles } from './wiring.mjs';

const { tableFiles } = await import('./tables.mjs');
const files = { ...wiredFiles(), ...(await tableFiles()) };

if (process.argv.includes('--check')) {
  const stale = outdated(files);
  for (const path of stale) console.error(`generate: ${path} says something else than what it follows from`);
  if (stale.length > 0) console.error('generate: npm run generate writes them');
  process.exit(stale.length > 0 ? 1 : 0);
}
for (const path of writeFiles(files)) console.log(`generate: ${path}`);
