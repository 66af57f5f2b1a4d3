import { z } from 'zod';
import type { LabKind, LabTypes } from './part.js';

/** Which options are parts of their own. */
export const nestedKinds = z.registry<{ readonly kind: LabKind }>();

/** Which options are paths, and so no part of a trial's identity: the data's checksum is. */
export const locations = z.registry<{ readonly location: true }>();

/** An option that is a part: `{ "name": "mlp", … }` or its bare name in a study file, the part itself in `create`. */
export function nested<K extends LabKind>(kind: K): z.ZodType<LabTypes[K], unknown> {
  const schema = z.custom<unknown>((value) => value !== undefined, {
    error: `expected the name of a ${kind}, or { name, … }`,
  });
  return schema.register(nestedKinds, { kind }) as unknown as z.ZodType<LabTypes[K], unknown>;
}

/** An option that is the path of a file or folder; in a study file it begins at the file's folder. */
export function location(description: string): z.ZodString {
  return z.string().describe(description).register(locations, { location: true });
}
