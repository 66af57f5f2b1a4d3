import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { prepareBackend } from '@tfjs-sam/backends';

setWasmPaths('/wasm-out/'); // before the backend starts
await prepareBackend();

export {};
