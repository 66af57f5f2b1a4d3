/** The default comparison at one radius: two models, three methods. */
export const comparison = ({ seeds, epochs }: { readonly seeds: number; readonly epochs: number }) => ({
  study: 'comparison',
  task: { dataset: { name: 'digits', testFraction: 0.5 }, batchSize: 32, epochs, validation: 0.2 },
  tasks: { cnn: { model: 'cnn' }, mlp: { model: 'mlp' } },
  optimizer: { base: { name: 'sgd', learningRate: 0.05, momentum: 0.9 } },
  arms: { sgd: {}, sam: { variant: 'sam', rho: 0.1 }, msam: { variant: 'msam', rho: 0.1 } },
  seeds,
});
