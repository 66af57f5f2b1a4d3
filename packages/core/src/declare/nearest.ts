/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! : row[j]!;
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swapped + 1, substituted));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

const compact = (name: string) => name.toLowerCase().replace(/[-_ ]/g, '');

/** Initials of all words but the last, and that one: `momentum-sam` is abbreviated to `msam`. */
const abbreviation = (name: string) => name.toLowerCase().replace(/([^-])[^-]*-/g, '$1');

/**
 * The known names that may be meant. Where something is a spelling or the abbreviation of some of them, all of
 * these, since papers abbreviate different methods alike: `m-sam` is `msam` or `momentum-sam`. Else at most three that
 * share at least half of its letters, best first.
 */
export function nearestNames(given: string, known: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  // Counting the edits of a megabyte would take minutes, and find nothing near.
  if (wanted.length > 2 * Math.max(...known.map(({ length }) => length))) return [];
  const short = compact(given);
  const meant = known.filter((name) => compact(name) === short || abbreviation(name) === short);
  if (meant.length > 0) return meant;
  return known
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .filter(
      ({ name, distance }) =>
        distance <= Math.max(name.length, wanted.length) / 2 || (wanted.length > 2 && name.includes(wanted)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}
