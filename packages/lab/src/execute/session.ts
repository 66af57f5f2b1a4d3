import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backendNames, prepareBackend } from '@tfjs-sam/backends';
import type { Registry } from '@tfjs-sam/core/registry';
import { describeMachine } from '../environment.js';
import { UsageError } from '../errors.js';
import { loadRegistry } from '../parts/load.js';
import { studyIn } from '../store/read-results.js';
import { StudyFolder, type StudyHeader } from '../store/study-folder.js';
import { differences } from '../study/difference.js';
import { type Expansion, expandStudy } from '../study/expand.js';
import { codeVersion } from '../study/identity.js';
import { outlineOf, trialsOf } from '../study/outline.js';
import { ConfigError, didYouMean } from '../study/problem.js';
import { pluginPaths, type StudySource, studyFrom } from '../study/read.js';
import type { Study } from '../study/schema.js';

/** A study at hand: expanded, with the registry of its parts, and the folder that it lives in. */
export interface Session {
  readonly source: StudySource;
  readonly registry: Registry;
  readonly expansion: Expansion;
  readonly folder: StudyFolder;
  readonly header: StudyHeader;
}

/** Settings of a session. */
export interface SessionOptions {
  /** Folder of the study. */
  readonly folder: string;
  /** The command that ran, to copy. */
  readonly command: string;
  /** Accepts a study that was added to. */
  readonly extend?: boolean | undefined;
  /** The time that is written down. Default: the system's. */
  readonly clock?: (() => Date) | undefined;
  readonly shard?: StudyHeader['shard'];
}

/** `auto` is what it becomes on the machine that begins the study; the others stay. */
async function resolvedBackend({ study, explain }: StudySource): Promise<Study['backend']> {
  const { backend } = study;
  if (backend.name !== 'auto') {
    if ((backendNames as readonly string[]).includes(backend.name)) return backend;
    const known = `one of [auto, ${backendNames.join(', ')}]`;
    const message = `expected ${known}, got "${backend.name}"${didYouMean(backend.name, backendNames)}`;
    throw explain(new ConfigError([{ path: ['backend'], message }]));
  }
  const { backend: name } = await prepareBackend({ log: () => {}, deterministic: backend.deterministic });
  return { ...backend, name };
}

/** Short revision of the working directory, with `+` where it has changes; undefined outside of git. */
function gitRevision(): string | undefined {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '-uno') === '' ? '' : '+'}`;
  } catch {
    return undefined;
  }
}

/** Refuses a study that is not the folder's, with what differs. */
function requireSame(before: StudyHeader, after: StudyHeader, folder: string, extend: boolean): void {
  if (before.hash === after.hash) return;
  const [old, now] = [trialsOf(before.outline), new Set(trialsOf(after.outline))];
  const lost = old.filter((id) => !now.has(id)).length;
  const shown = differences(before, after);
  const lines = shown.length > 0 ? shown : ['the data or a module of parts: its checksum'];
  const what = `${folder}: expected the study that began there, got another:\n  ${lines.join('\n  ')}`;
  if (lost > 0) {
    throw new UsageError(
      `${what}\n${lost} of its ${old.length} trials would no longer belong to it. Take another folder (--out), or the study as it was`,
    );
  }
  if (!extend) throw new UsageError(`${what}\nNothing of what is there would be lost: --extend adds to it`);
}

/** Opens a study for work: everything about it is checked before anything trains. */
export async function openStudy(source: StudySource, options: SessionOptions): Promise<Session> {
  const folder = new StudyFolder(options.folder);
  const before = folder.header;
  const plugins = pluginPaths(source);
  const registry = await loadRegistry(plugins);
  const code = codeVersion(plugins);
  // The value that `auto` became when the study began.
  const backend =
    (source.study.backend.name === 'auto' && before?.backend) || (await resolvedBackend(source));
  const expansion = await expandStudy(source, registry, code, backend);
  const header: StudyHeader = {
    format: 1,
    hash: expansion.hash,
    study: source.study,
    folder: source.folder,
    file: source.file,
    code,
    backend,
    outline: outlineOf(expansion, registry),
    shard: options.shard,
    provenance: before?.provenance ?? {
      command: options.command,
      startedAt: (options.clock?.() ?? new Date()).toISOString(),
      environment: { ...code, ...describeMachine(), backend: backend.name },
      git: gitRevision(),
    },
  };
  if (before) requireSame(before, header, options.folder, options.extend ?? false);
  return { source, registry, expansion, folder, header };
}

/** The study that a folder holds, as its file said it. @throws UsageError when there is none. */
export function sourceIn(path: string): StudySource & { readonly shard?: StudyHeader['shard'] } {
  const { study, file, folder, shard } = studyIn(path).header;
  return { ...studyFrom(study, file, folder), shard };
}

/** Copies results of equal trials from studies beside this one: the same trial is never run twice. @returns How many. */
export function reuse({ folder, header }: Pick<Session, 'folder' | 'header'>): number {
  const beside = dirname(folder.path);
  if (!existsSync(beside)) return 0;
  const others = readdirSync(beside)
    .map((name) => new StudyFolder(join(beside, name)))
    .filter((other) => other.path !== folder.path && existsSync(join(other.path, 'study.json')));
  const wanted = new Set(trialsOf(header.outline));
  const have = new Set(folder.begun());
  let count = 0;
  for (const other of others) {
    for (const id of other.begun()) {
      const result = wanted.has(id) && !have.has(id) ? other.trial(id).result : undefined;
      if (result?.state !== 'done') continue;
      folder.trial(id).adopt(result, other.trial(id).spec);
      have.add(id);
      count++;
    }
  }
  return count;
}
