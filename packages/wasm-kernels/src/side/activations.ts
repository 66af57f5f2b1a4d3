/** The activations of `assembly/math.ts`. */
export const activations = { sigmoid: 0, hardSigmoid: 1, tanh: 2 } as const;

/** Attributes of the fused recurrent cells and of their gradients. */
export interface CellAttributes {
  /** The gates' activation: 1/(1 + e⁻ˣ), or min(max(x/5 + 1/2, 0), 1). */
  readonly gates: 'sigmoid' | 'hardSigmoid';
}
