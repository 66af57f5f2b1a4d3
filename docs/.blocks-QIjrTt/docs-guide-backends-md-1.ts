import { prepareBackend } from '@tfjs-sam/backends';

const { kernels } = await prepareBackend({ threads: 4 }); // or TFJS_SAM_THREADS=4
console.log(kernels?.threads);

export {};
