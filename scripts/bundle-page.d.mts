/** Writes the bundle of a plain page; by default into the package that is published. */
export function bundlePage(outfile?: string): Promise<unknown>;
