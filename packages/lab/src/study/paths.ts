/** A value of a study file: what YAML and JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of such values. */
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `value` with `inner` at a path of keys; objects on the way are made where they are missing. */
export function withValue(value: JsonObject, path: readonly string[], inner: Json): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const old = value[key];
  if (rest.length > 0) return { ...value, [key]: withValue(isObject(old) ? old : {}, rest, inner) };
  return { ...value, [key]: merged(old, inner) };
}

/** An object that names a part replaces the old one; any other object changes what it mentions. */
function merged(old: Json | undefined, inner: Json): Json {
  if (!isObject(inner) || !isObject(old) || 'name' in inner || 'variant' in inner) return inner;
  return Object.entries(inner).reduce((result, [key, value]) => withValue(result, [key], value), old);
}

/** `value` with entries whose keys are dotted paths laid over it: `{ "base.momentum": 0.5 }`. */
export function overlaid(value: JsonObject, entries: JsonObject): JsonObject {
  return Object.entries(entries).reduce(
    (result, [path, inner]) => withValue(result, path.split('.'), inner),
    value,
  );
}

/** Every leaf by its dotted path; arrays are leaves. */
export function flattened(value: Json, prefix = ''): Record<string, Json> {
  if (!isObject(value)) return { [prefix]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) =>
      flattened(inner, prefix === '' ? key : `${prefix}.${key}`),
    ),
  );
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
