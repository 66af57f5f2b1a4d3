import { readFileSync } from 'node:fs';

/** The lab's version. */
export function labVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
