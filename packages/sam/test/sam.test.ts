import { describeGolden, describeVariant } from '@tfjs-sam/testing';
import { asam, pNormAscent, sam } from '../src/index.js';

const isKernel = ({ name }: { name: string }) => /kernel|gamma/.test(name);

describeGolden({ variant: 'sam', create: (base, { hyper }) => sam(base, { rho: hyper.rho }) });
describeGolden({
  variant: 'asam',
  create: (base, { hyper }) =>
    hyper.adaptive ? asam(base, { rho: hyper.rho, eta: 0 }) : sam(base, { rho: hyper.rho }),
});
describeGolden({
  variant: 'asam_eta',
  create: (base, { hyper }) => asam(base, { rho: hyper.rho, eta: hyper.eta, scaled: isKernel }),
});
describeGolden({
  variant: 'asam_eta_all',
  create: (base, { hyper }) => asam(base, { rho: hyper.rho, eta: hyper.eta }),
});

describeVariant({ name: 'sam', create: sam });
describeVariant({ name: 'asam', create: asam });
describeVariant({
  name: 'sam in the box',
  create: (base, options) => sam(base, { ...options, metric: pNormAscent({ p: 'infinity' }) }),
});
