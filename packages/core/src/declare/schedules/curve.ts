/** Progress from 0 to 1 over `steps` steps, 1 from then on. */
export const progress = (step: number, steps: number) => Math.min(step / steps, 1);

/** Half a cosine between two values, at `part` of the way. */
export function halfCosine(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}
