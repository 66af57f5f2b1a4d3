import { prepareBackend } from '@tfjs-sam/backends';

const { backend, attempts } = await prepareBackend({ log: console.error });

export {};
