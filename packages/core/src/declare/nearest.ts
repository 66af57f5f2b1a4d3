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

/** The known names closest to what was given, best first: at most three, sharing at least half of their letters. */
export function nearestNames(given: string, known: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  // Counting the edits of a megabyte would take minutes, and find nothing near.
  const longest = known.reduce((length, name) => Math.max(length, name.length), 0);
  if (wanted.length > 2 * longest) return [];
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
