import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../errors.js';
import { type ConfigError, type Problem, problemsOf } from './problem.js';
import { type Study, type StudyInput, studySchema } from './schema.js';

/** A study and where it came from. */
export interface StudySource {
  /** Path as the user gave it, for messages. */
  readonly file: string;
  /** Folder at which paths in the study begin. */
  readonly folder: string;
  readonly study: Study;
  /** Names file, line, path, value and what is accepted, for every problem. */
  explain(error: ConfigError): UsageError;
}

type Locate = (path: readonly PropertyKey[]) => number | undefined;

/** One line a problem; the first is all that a wrong call needs, the others save a second look. */
function usageError(file: string, locate: Locate, problems: readonly Problem[]): UsageError {
  const lines = problems.map(({ path, message }) => {
    const line = locate(path);
    return `${file}${line === undefined ? '' : `:${line}`}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`;
  });
  return new UsageError(lines.join('\n'));
}

/** The line of a path, or of the innermost thing on the way to it that the file says. */
function locator(text: string): Locate {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, keepSourceTokens: true });
  const keyOffset = (path: readonly PropertyKey[]): number | undefined => {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const items = (parent as { items?: { key?: { value?: unknown; range?: number[] } }[] } | null)?.items;
    return items?.find(({ key }) => key?.value === path.at(-1))?.key?.range?.[0];
  };
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const inner = path.slice(0, length);
      const node = document.getIn(inner, true) as { range?: number[] } | undefined;
      const offset = keyOffset(inner) ?? node?.range?.[0];
      if (offset !== undefined) return lines.linePos(offset).line;
    }
    return 1;
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new UsageError(`${file}: expected a study file (.yaml, .json or a module): ${reason}`);
  }
}

/** Checks what a file or a module says. */
function checked(file: string, folder: string, raw: unknown, locate: Locate): StudySource {
  const explain = (error: ConfigError): UsageError => usageError(file, locate, error.problems);
  const result = studySchema.safeParse(raw);
  if (!result.success) {
    throw usageError(file, locate, problemsOf(result.error, raw, [], Object.keys(studySchema.shape)));
  }
  return { file, folder, study: result.data, explain };
}

/** A study that a program holds already. @throws UsageError when it is wrong. */
export function studyFrom(input: StudyInput | Study, file = 'study', folder = process.cwd()): StudySource {
  return checked(file, folder, input, () => undefined);
}

/**
 * Reads a study: YAML, JSON, or a module that exports one by default.
 *
 * @throws UsageError with file, line, path, value and what is accepted.
 */
export async function readStudy(file: string): Promise<StudySource> {
  const folder = dirname(resolve(file));
  if (['.js', '.mjs', '.cjs'].includes(extname(file))) {
    if (!statSync(file, { throwIfNoEntry: false })) readText(file);
    const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    return checked(file, folder, module.default, () => undefined);
  }
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [wrong] = document.errors;
  if (wrong) {
    const message = wrong.message.split('\n')[0]!.replace(/ at line .*$/, '');
    throw new UsageError(`${file}:${lines.linePos(wrong.pos[0]).line}: ${message}`);
  }
  return checked(file, folder, document.toJS(), locator(text));
}
