/** Losses of two weights to walk on, by name: formula, range, where a walk starts, and what suits it. */
export const surfaces = {
  banana: {
    formula: '(1 - x)^2 + 10 * (y - x^2)^2',
    x: [-1.8, 1.8],
    y: [-0.9, 2.3],
    start: [-1.3, 1.7],
    learningRate: 0.005,
    rho: 0.2,
  },
  'two wells': {
    formula: '1 - exp(-8 * ((x + 1)^2 + y^2)) - 0.9 * exp(-0.8 * ((x - 1)^2 + y^2))',
    x: [-2, 2.4],
    y: [-1.5, 1.5],
    start: [-0.62, 0.3],
    learningRate: 0.05,
    rho: 0.4,
  },
  saddle: {
    formula: 'x^2 - y^2 + 0.25 * y^4',
    x: [-2.2, 2.2],
    y: [-2, 2],
    start: [1.5, 0.01],
    learningRate: 0.05,
    rho: 0.3,
  },
  '(1 - xy)²': {
    formula: '(1 - x * y)^2',
    x: [-0.5, 4],
    y: [-0.5, 2.5],
    start: [3.5, 0.6],
    learningRate: 0.02,
    rho: 0.3,
  },
  sinc: {
    formula: '1 - sin(4 * sqrt(x^2 + y^2 + 0.0001)) / (4 * sqrt(x^2 + y^2 + 0.0001))',
    x: [-2.2, 2.2],
    y: [-1.8, 1.8],
    start: [1.3, 0.6],
    learningRate: 0.05,
    rho: 0.3,
  },
};
