/**
 * Looks until something has changed, or the time is over. Between two looks it does next to nothing for some hundred cycles, divisions that
 * wait for one another: a thread that looks leaves the core to the other one that the core may have.
 *
 * @returns Whether it has changed.
 */
export function look(hasChanged: () => boolean, milliseconds: number): boolean {
  const until = performance.now() + milliseconds;
  let x = 1;
  for (let turn = 1; !hasChanged(); turn++) {
    if (turn % 8 === 0 && performance.now() > until) return hasChanged();
    for (let i = 0; i < 16; i++) x = 1 / (x + 0.5);
  }
  // Never: it keeps the divisions from being left out.
  return x > 0;
}
