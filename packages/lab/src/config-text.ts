import { readFileSync, statSync } from 'node:fs';

/** Bytes of the largest configuration that is read: a thousand times a long one. */
const LARGEST = 4_000_000;

/** Levels of the deepest configuration that is read: parsers of YAML end the process some thousands farther down. */
const DEEPEST = 100;

/** True where a text opens more levels than any configuration has, by brackets or by the beginnings of a line. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return true;
  }
  return text.split('\n').some((line) => /^[-?: \t]*/.exec(line)![0].length > 4 * DEEPEST);
}

/**
 * The text of a file that a person wrote.
 *
 * @throws Error when there is none, it is no file, or it is too large or too deep to be one.
 */
export function readConfigText(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error('there is no such file');
  if (!found.isFile()) throw new Error('it is no file');
  if (found.size > LARGEST)
    throw new Error(`expected at most ${LARGEST / 1e6} MB, got ${(found.size / 1e6).toFixed(1)} MB`);
  const text = readFileSync(path, 'utf8');
  if (isTooDeep(text)) throw new Error(`expected at most ${DEEPEST} levels, got more`);
  return text;
}

/** Path of the first key `__proto__` of a tree, which no schema sees; undefined where there is none. */
export function protoPath(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const key of Object.keys(value)) {
    const inner = key === '__proto__' ? [] : protoPath((value as Record<string, unknown>)[key]);
    if (inner) return [key, ...inner];
  }
  return undefined;
}
