import type { Declarations } from '../option.js';
import { type Declaring, declared, type PartDeclaration, partOf } from '../part.js';
import type { ConfiguredSchedule } from './schedule.js';

/** A schedule's function, called with its options in order. */
export type Positional<Arguments extends unknown[]> = ((...args: Arguments) => ConfiguredSchedule) &
  Declaring<'schedule'>;

/** Declares a schedule whose function takes its options in the order in which they are declared. */
/*#__NO_SIDE_EFFECTS__*/
export function positional<const D extends Declarations, Arguments extends unknown[]>(
  declaration: Omit<PartDeclaration<'schedule', D, (step: number) => number>, 'kind'>,
): Positional<Arguments> {
  const part = partOf({ kind: 'schedule', ...declaration });
  const names = Object.keys(declaration.options);
  return declared(part, (...args: unknown[]) =>
    part.create(Object.fromEntries(names.map((name, i) => [name, args[i]]))),
  );
}
