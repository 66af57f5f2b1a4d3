import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors.js';

/** Who holds a folder. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, as its system counts: another process may have its number by now. */
  readonly began?: string | undefined;
  readonly since: string;
}

/** The holder touches its lock so often, in milliseconds. */
const beatMs = 1_000;
/** A lock of another machine that was not touched for so long is dead; clocks of machines differ. */
const deadAfterMs = 30_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is alive, and someone else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ticks from the machine's start to that of a process, with the machine's own start; undefined but on Linux. */
function beginningOf(pid: number): string | undefined {
  try {
    // The name in brackets may hold blanks.
    const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').split(' ')[20];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`;
  } catch {
    return undefined;
  }
}

/** This process, as the holder of a lock. */
const self = (): Holder => ({
  token: randomUUID(),
  pid: process.pid,
  host: hostname(),
  began: beginningOf(process.pid),
  since: new Date().toISOString(),
});

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isDead(path: string, holder: Holder): boolean {
  if (holder.host === hostname()) {
    const { pid, began } = holder;
    return !isAlive(pid) || (began !== undefined && began !== beginningOf(pid));
  }
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - touched > deadAfterMs;
}

/** Makes `path` a file with this content unless there is one: whole, or not at all. */
function created(path: string, content: string): boolean {
  const own = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(own, content);
    linkSync(own, path);
    return true;
  } catch (error) {
    // ENOENT: the holder has cleared the folder of what killed processes left, and this with it.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes the lock of a dead holder. A second lock keeps two runners from removing one another's. */
function clear(path: string, dead: Holder): void {
  const guard = `${path}.takeover`;
  if (!created(guard, JSON.stringify(self()))) {
    const other = holderOf(guard);
    if (other && isDead(guard, other)) rmSync(guard, { force: true });
    return;
  }
  try {
    if (holderOf(path)?.token === dead.token) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/** True where somebody who is alive holds a folder. */
export function isLocked(folder: string): boolean {
  const path = join(folder, 'lock');
  const holder = holderOf(path);
  return holder !== undefined && !isDead(path, holder);
}

/** One runner's hold of a folder: it alone writes there. */
export class FolderLock {
  readonly #path: string;
  readonly #token: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
    this.#beat = setInterval(() => this.#touch(), beatMs);
    this.#beat.unref();
  }

  /** @throws UsageError when another runner holds the folder. */
  static take(folder: string): FolderLock {
    const path = join(folder, 'lock');
    const holder = self();
    for (let attempt = 0; attempt < 20; attempt++) {
      if (created(path, JSON.stringify(holder))) return new FolderLock(path, holder.token);
      const other = holderOf(path);
      if (other === undefined) continue;
      if (!isDead(path, other)) {
        const who = `process ${other.pid} on ${other.host}, since ${other.since}`;
        throw new UsageError(
          `${folder}: expected a folder that nobody is working in, got one held by ${who}. Wait for it, or stop it`,
        );
      }
      clear(path, other);
    }
    throw new UsageError(`${folder}: could not take the lock ${path}. Remove it if no runner is alive`);
  }

  #touch(): void {
    try {
      utimesSync(this.#path, new Date(), new Date());
    } catch {
      // Somebody removed it: held() tells.
    }
  }

  /** True while the lock is this runner's: a machine that slept may have lost it. */
  readonly held = (): boolean => holderOf(this.#path)?.token === this.#token;

  release(): void {
    clearInterval(this.#beat);
    if (this.held()) rmSync(this.#path, { force: true });
  }
}
