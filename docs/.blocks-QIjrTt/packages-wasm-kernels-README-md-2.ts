import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';

const { threads } = await registerTrainingKernels({ threads: 4 }); // or prepareBackend({ threads: 4 })

export {};
