// TensorFlow.js's wasm module defines its memory itself, with a limit; so does the import of the side module. One bit of such
// a declaration says that threads share the memory: set while the module is loaded, every thread can work on the same heap.

/** Sections of a WebAssembly binary. */
const IMPORTS = 2;
const MEMORY = 5;
const EXPORTS = 7;
/** Kind of an import. */
const IMPORTED_MEMORY = 2;
/** Flags of a memory: it has a limit; it has one and is shared. */
const LIMITED = 1;
const SHARED = 3;

/** Reads a binary from a position on. */
class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  /** A number in LEB128. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Skips what follows its own length. */
  skip(): void {
    const length = this.number();
    this.at += length;
  }
}

/** Where each section's content begins and ends. */
function sections(bytes: Uint8Array): Map<number, readonly [begin: number, end: number]> {
  const found = new Map<number, readonly [number, number]>();
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const id = bytes[reader.at++]!;
    const length = reader.number();
    found.set(id, [reader.at, reader.at + length]);
    reader.at += length;
  }
  return found;
}

/** Position of the flags of an imported memory; the side module's imports before it are functions. */
function importedFlags(bytes: Uint8Array, begin: number): number | undefined {
  const reader = new Reader(bytes, begin);
  for (let left = reader.number(); left > 0; left--) {
    reader.skip();
    reader.skip();
    const kind = bytes[reader.at++];
    if (kind === IMPORTED_MEMORY) return reader.at;
    if (kind !== 0) return undefined;
    reader.number();
  }
  return undefined;
}

/** A copy of a binary whose one memory, its own or imported, is shared; undefined where it has none with a limit. */
export function declareShared(binary: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(binary);
  const found = sections(bytes);
  const [memory, imports] = [found.get(MEMORY), found.get(IMPORTS)];
  const at = memory ? memory[0] + 1 : imports && importedFlags(bytes, imports[0]);
  if (at === undefined || bytes[at] !== LIMITED) return undefined;
  bytes[at] = SHARED;
  return bytes;
}

/** True of TensorFlow.js's module: others that are loaded at the same time are left alone. */
function isTensorflows(binary: Uint8Array): boolean {
  const range = sections(binary).get(EXPORTS);
  return Boolean(
    range && new TextDecoder('latin1').decode(binary.subarray(...range)).includes('register_tensor'),
  );
}

const viewOf = (source: BufferSource): Uint8Array =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);

type Instantiate = typeof WebAssembly.instantiate;

/** `WebAssembly.instantiate` that gives TensorFlow.js's module a shared memory, or an ordinary one where the engine refuses. */
function sharing(original: Instantiate): Instantiate {
  const replacement = async (source: BufferSource | WebAssembly.Module, imports: WebAssembly.Imports) => {
    if (source instanceof WebAssembly.Module) return original(source, imports);
    const binary = viewOf(source);
    const shared = isTensorflows(binary) && declareShared(binary);
    // A limit of 4 GB is reserved at once: where that much address space is not to be had, the heap is this thread's alone.
    if (shared) return original(shared, imports).catch(() => original(source, imports));
    return original(source, imports);
  };
  return replacement as Instantiate;
}

/** True where this engine lets threads share memory: Node does, a browser on cross-origin-isolated pages. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer === 'function' && Reflect.get(globalThis, 'crossOriginIsolated') !== false;

/** Runs `start`, which loads TensorFlow.js's module, so that its heap is shared. */
export async function withSharedMemory<T>(start: () => Promise<T> | T): Promise<T> {
  const { instantiate, instantiateStreaming } = WebAssembly;
  const ours = sharing(WebAssembly.instantiate);
  WebAssembly.instantiate = ours;
  WebAssembly.instantiateStreaming = async (source, imports) =>
    ours(await (await source).arrayBuffer(), imports);
  try {
    return await start();
  } finally {
    Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  }
}

/** True of a memory that threads share. */
export const isShared = (memory: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer === 'function' && memory.buffer instanceof SharedArrayBuffer;
