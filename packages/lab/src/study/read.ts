import { existsSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { protoPath, readConfigText } from '../config-text.js';
import { UsageError } from '../errors.js';
import { importWithin } from '../plugin-modules.js';
import { isObject, overlaid } from './paths.js';
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
  return new UsageError(lines);
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
    return readConfigText(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file}: expected a study file (.yaml, .json or a module): ${reason}`);
  }
}

/** A study with its section `full` laid over it, by paths or as a tree. */
function atFullSize(file: string, raw: unknown): unknown {
  const { full, ...rest } = isObject(raw) ? raw : {};
  if (isObject(full)) return overlaid(rest, full);
  throw new UsageError(`${file}: expected a section "full", which --full lays over the study, got none`);
}

/** Checks what a file or a module says. */
function checked(file: string, folder: string, raw: unknown, locate: Locate): StudySource {
  const explain = (error: ConfigError): UsageError => usageError(file, locate, error.problems);
  const strange = protoPath(raw);
  if (strange)
    throw usageError(file, locate, [{ path: strange, message: 'expected another key, got "__proto__"' }]);
  const result = studySchema.safeParse(raw);
  if (!result.success) {
    throw usageError(file, locate, problemsOf(result.error, raw, [], Object.keys(studySchema.shape)));
  }
  return { file, folder, study: result.data, explain };
}

/** The modules that a study names, paths made absolute. */
export function pluginPaths({ study, folder }: StudySource): string[] {
  return study.plugins.map((plugin) => (/^\.{1,2}[/\\]/.test(plugin) ? resolve(folder, plugin) : plugin));
}

/** A study that a program holds already. @throws UsageError when it is wrong. */
export function studyFrom(input: StudyInput | Study, file = 'study', folder = process.cwd()): StudySource {
  return checked(file, folder, input, () => undefined);
}

async function imported(file: string): Promise<{ default?: unknown }> {
  try {
    return await importWithin(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file}: expected a module that exports a study by default: ${reason}`);
  }
}

/**
 * Reads a study: YAML, JSON, or a module that exports one by default.
 *
 * @param full - Whether at its full size: with its section `full` laid over it.
 * @throws UsageError with file, line, path, value and what is accepted.
 */
export async function readStudy(file: string, full = false): Promise<StudySource> {
  const sized = (raw: unknown): unknown => (full ? atFullSize(file, raw) : raw);
  const folder = dirname(resolve(file));
  if (['.js', '.mjs', '.cjs'].includes(extname(file))) {
    if (!existsSync(file)) readText(file);
    const module = await imported(file);
    return checked(file, folder, sized(module.default), () => undefined);
  }
  const text = readText(file);
  return checked(file, folder, sized(parsed(file, text)), locator(text));
}

/** The content of YAML (JSON is YAML), when it is a tree. */
function parsed(file: string, text: string): unknown {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [wrong] = document.errors;
    if (wrong) {
      const message = wrong.message.split('\n')[0]!.replace(/ at line .*$/, '');
      throw new UsageError(`${file}:${lines.linePos(wrong.pos[0]).line}: ${message}`);
    }
    const value = document.toJS() as unknown;
    // Throws where an anchor holds itself, which YAML allows.
    JSON.stringify(value);
    return value;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UsageError(`${file}: expected a tree of values, got something else: ${reason}`);
  }
}
