/** A method that is replaced by one that may hand over to the original. */
export interface Patch {
  /** The prototype that has the method; `undefined` where it is not loaded. */
  readonly owner: () => object | undefined;
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: methods of any type are patched, each by a function of its own type
  readonly wrap: (original: any) => (...args: any[]) => unknown;
}

type Method = (...args: unknown[]) => unknown;
interface Applied {
  readonly owner: Record<string, Method>;
  readonly method: string;
  readonly original: Method;
  readonly replacement: Method;
}

const applied: Applied[] = [];

/** Replaces a method, once. */
export function applyPatch({ owner: ownerOf, method, wrap }: Patch): void {
  const owner = ownerOf() as Record<string, Method> | undefined;
  if (!owner || applied.some((patch) => patch.owner === owner && patch.method === method)) return;
  const original = owner[method]!;
  const replacement = wrap(original) as Method;
  owner[method] = replacement;
  applied.push({ owner, method, original, replacement });
}

/** Puts all methods back that nobody has replaced since; the others hand over once the kernels are gone. */
export function removePatches(): void {
  for (const { owner, method, original, replacement } of applied.splice(0))
    if (owner[method] === replacement) owner[method] = original;
}
