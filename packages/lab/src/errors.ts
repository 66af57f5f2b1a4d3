/** A mistake in how the command was called: shown as one line, without a stack, with exit code 2. */
export class UsageError extends Error {
  /** Tells it apart from other errors. */
  override readonly name = 'UsageError';
  /** One text a mistake; most have one. */
  readonly lines: readonly string[];

  constructor(lines: string | readonly string[]) {
    super(typeof lines === 'string' ? lines : lines.join('\n'));
    this.lines = typeof lines === 'string' ? [lines] : lines;
  }
}

/** The end of a command that did not do all that it was to do: shown as one line, without a stack. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Tells what the system refused (a full disk, a path that cannot be used) from mistakes of the program. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string';
}
