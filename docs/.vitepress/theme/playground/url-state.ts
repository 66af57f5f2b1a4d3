/** Reads and writes the page's settings in its address, so that a link shows what its sender saw. */
export function readState(): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** Replaces the settings in the address; the history gains no entry. */
export function writeState(state: Readonly<Record<string, string | number>>): void {
  const query = new URLSearchParams(Object.entries(state).map(([key, value]) => [key, String(value)]));
  window.history.replaceState(
    window.history.state,
    '',
    `${window.location.pathname}?${query}${window.location.hash}`,
  );
}
