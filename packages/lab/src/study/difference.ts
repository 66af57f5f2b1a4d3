import type { StudyHeader } from '../store/study-folder.js';
import { flattened, type Json } from './paths.js';
import type { Study } from './schema.js';

/** Fields of a study that may change without changing its results. */
const free = new Set([
  'description',
  'retries',
  'stallSeconds',
  'checkpointSeconds',
  'plugins',
  'baseline',
  'full',
]);

type Side = Pick<StudyHeader, 'study' | 'code' | 'backend'>;

const said = ({ study, code, backend }: Side): Record<string, Json> => {
  const rest = Object.fromEntries(Object.entries(study).filter(([key]) => !free.has(key))) as Partial<Study>;
  return flattened({ ...rest, backend, version: code } as unknown as Json);
};

/** Lines `path: old → new` for all that would change results. */
export function differences(before: Side, after: Side): string[] {
  const [old, now] = [said(before), said(after)];
  const show = (value: Json | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((path) => JSON.stringify(old[path]) !== JSON.stringify(now[path]))
    .map((path) => `${path}: ${show(old[path])} → ${show(now[path])}`);
}
