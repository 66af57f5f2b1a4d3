import type { ArmInfo } from '../results.js';

/** Distinct hues of middle lightness, readable on white and on black. */
const hues = (
  '2f8fe0 e8743b 2fa36b c65bcf c99a17 17a2b8 e0527a 7a6ff0 ' +
  '9c6b3f 6fa31f b23f3f 3f62b2 2f8f86 d98fb0 a08fd9 5f7f2f'
)
  .split(' ')
  .map((color) => `#${color}`);

/** Grey, for what the others are compared with. */
const baselineColor = '#8b939c';

/** Dashes by which arms of one group are told apart, also without colour. */
const dashes = ['none', '7 3', '2 3', '9 3 2 3', '1 2', '12 4', '5 2 1 2 1 2', '4 4'];

/** The style in which an arm is drawn. */
export interface ArmLook {
  readonly color: string;
  readonly dash: string;
}

/** One colour per group, and a dash for each arm in it; the baseline is grey. */
export function looks(arms: readonly ArmInfo[], baseline: string): Map<string, ArmLook> {
  const groups = [...new Set(arms.filter(({ name }) => name !== baseline).map(({ group }) => group))];
  const members = new Map<string, number>();
  return new Map(
    arms.map(({ name, group }) => {
      if (name === baseline) return [name, { color: baselineColor, dash: 'none' }];
      const place = members.get(group) ?? 0;
      members.set(group, place + 1);
      const color = hues[groups.indexOf(group) % hues.length]!;
      return [name, { color, dash: dashes[place % dashes.length]! }];
    }),
  );
}

/** More arms than this are drawn group by group. */
const oneDrawingHolds = 8;

/** Arms that share a drawing: all of them, or the groups one by one, each with the baseline. */
export function panels(arms: readonly ArmInfo[], baseline: string): { title: string; arms: ArmInfo[] }[] {
  if (arms.length <= oneDrawingHolds) return [{ title: '', arms: [...arms] }];
  const reference = arms.filter(({ name }) => name === baseline);
  const others = arms.filter(({ name }) => name !== baseline);
  return [...new Set(others.map(({ group }) => group))].flatMap((group) => {
    const own = others.filter((arm) => arm.group === group);
    const parts = Math.ceil(own.length / oneDrawingHolds);
    return Array.from({ length: parts }, (_, part) => ({
      title: parts > 1 ? `${group}, ${part + 1} of ${parts}` : group,
      arms: [...reference, ...own.slice(part * oneDrawingHolds, (part + 1) * oneDrawingHolds)],
    }));
  });
}
