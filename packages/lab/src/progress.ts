/** Where text goes: a Node stream, which may be a terminal. */
export interface Output extends NodeJS.WritableStream {
  /** True for a terminal, where progress is drawn as bars. */
  readonly isTTY?: boolean | undefined;
}
