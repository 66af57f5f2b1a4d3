/** Members of the npm package `webgpu` (Dawn) that are used. */
export interface Dawn {
  create(flags: string[]): object;
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * The globals of WebGPU that TensorFlow.js's backend names without a prefix. It does so whenever it makes a buffer or a
 * texture and whenever it reads one, not only while it starts: they have to stay.
 */
export const LASTING_GLOBALS = [
  'GPUBuffer',
  'GPUBufferUsage',
  'GPUMapMode',
  'GPUTexture',
  'GPUTextureUsage',
] as const;

/** Defines a property, and returns what puts back the one that was there. */
function define(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}

/** A navigator that has been there before keeps all else that it knows (Node 21 and later have one). */
function defineNavigatorGpu(gpu: object): () => void {
  const navigator = Reflect.get(globalThis, 'navigator') as object | undefined;
  return navigator ? define(navigator, 'gpu', gpu) : define(globalThis, 'navigator', { gpu });
}

/**
 * Starts TensorFlow.js's backend with the globals that it wants.
 *
 * `navigator.gpu` is there for the whole process while the backend starts, which reads it from first to last, and for nobody
 * afterwards: other libraries take a navigator for a browser. The five globals of {@link LASTING_GLOBALS} stay where the
 * backend starts; none stays where it does not.
 *
 * @param start - Whether the backend has started.
 */
export async function withWebgpuGlobals(
  { globals }: Dawn,
  gpu: object,
  start: () => Promise<boolean>,
): Promise<boolean> {
  const missing = LASTING_GLOBALS.filter((name) => !(name in globalThis));
  const restore = missing.map((name) => define(globalThis, name, globals[name]));
  const restoreNavigator = defineNavigatorGpu(gpu);
  let started = false;
  try {
    started = await start();
  } finally {
    restoreNavigator();
    if (!started) for (const undo of restore) undo();
  }
  return started;
}
