/** What the page asks its worker for. */
export type Request =
  | { readonly kind: 'variants' }
  | {
      readonly kind: 'grid';
      readonly id: number;
      readonly formula: string;
      readonly x: readonly [number, number];
      readonly y: readonly [number, number];
      readonly columns: number;
      readonly rows: number;
    }
  | {
      readonly kind: 'walk';
      readonly id: number;
      readonly formula: string;
      readonly start: readonly [number, number];
      readonly variants: readonly string[];
      readonly rho: number;
      readonly learningRate: number;
      readonly steps: number;
      readonly metric: string;
    }
  | {
      readonly kind: 'digits';
      readonly id: number;
      readonly variants: readonly [string, string];
      readonly rho: number;
      readonly learningRate: number;
      readonly epochs: number;
    };

/** One place of a walk: the point, and the ball of the metric there as an outline. */
export interface Place {
  readonly point: readonly [number, number];
  readonly loss: number;
  readonly ball: readonly (readonly [number, number])[];
}

/** An epoch of the digits under one optimizer. */
export interface Epoch {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  /** L(θ + δ) − L(θ) on a fixed batch, δ one Euclidean ascent step of length 0.1. */
  readonly sharpness: number;
}

/** What the worker answers. */
export type Answer =
  | {
      readonly kind: 'ready';
      readonly backend: string;
      readonly variants: readonly string[];
      readonly metrics: readonly string[];
    }
  | { readonly kind: 'grid'; readonly id: number; readonly values: Float32Array }
  | {
      readonly kind: 'walk';
      readonly id: number;
      readonly variant: string;
      readonly places: readonly Place[];
      readonly done: boolean;
    }
  | { readonly kind: 'epoch'; readonly id: number; readonly side: 0 | 1; readonly epoch: Epoch }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };
