/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : substituted;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substituted, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

const compact = (name: string) => name.toLowerCase().replace(/[-_ ]/g, '');

/** Initials of all words but the last, and that one: `momentum-sam` is abbreviated to `msam`. */
function abbreviation(name: string): string {
  const words = name.toLowerCase().split('-');
  return [...words.slice(0, -1).map((word) => word.slice(0, 1)), words.at(-1)].join('');
}

/**
 * The known names that may be meant. Where something is a spelling or the abbreviation of some of them, all of
 * these, since papers abbreviate different methods alike: `m-sam` is `msam` or `momentum-sam`. Else at most three that
 * share at least half of its letters, best first.
 */
export function nearestNames(given: string, known: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  // Counting the edits of a megabyte would take minutes, and find nothing near.
  const longest = known.reduce((length, name) => Math.max(length, name.length), 0);
  if (wanted.length > 2 * longest) return [];
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
