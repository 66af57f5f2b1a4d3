/** An array of numbers as an IDX file holds it. */
export interface IdxArray {
  /** Length of each axis, outermost first. */
  readonly shape: readonly number[];
  /** The numbers, row-major, in the type of the file. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

type NumbersOf = new (buffer: ArrayBuffer) => IdxArray['data'];

/** An element type. */
interface ElementType {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly numbers: NumbersOf;
}

const types: Readonly<Record<number, ElementType>> = {
  8: { bytes: 1, numbers: Uint8Array },
  9: { bytes: 1, numbers: Int8Array },
  11: { bytes: 2, numbers: Int16Array },
  12: { bytes: 4, numbers: Int32Array },
  13: { bytes: 4, numbers: Float32Array },
  14: { bytes: 8, numbers: Float64Array },
};

/** IDX is big-endian, and so may the machine be, whose order typed arrays have. */
const bigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/** Turns every number of so many bytes around, in place. */
const turning: Readonly<Record<ElementType['bytes'], (buffer: ArrayBuffer) => void>> = {
  1: () => {},
  2: (buffer) => {
    const halves = new Uint16Array(buffer);
    for (let i = 0; i < halves.length; i++) halves[i] = (halves[i]! << 8) | (halves[i]! >>> 8);
  },
  4: (buffer) => {
    const words = new Uint32Array(buffer);
    for (let i = 0; i < words.length; i++) words[i] = turned(words[i]!);
  },
  8: (buffer) => {
    const words = new Uint32Array(buffer);
    for (let i = 0; i < words.length; i += 2) {
      const first = turned(words[i]!);
      words[i] = turned(words[i + 1]!);
      words[i + 1] = first;
    }
  },
};

function turned(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The promise of a file's first bytes. */
interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Where the numbers start. */
  readonly start: number;
  /** Bytes of the whole file. */
  readonly length: number;
}

/** Bytes of the longest header: 255 axes. */
const LONGEST_HEADER = 4 + 4 * 255;

function headerOf(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  if (bytes.length < 4 || view.getUint16(0) !== 0) {
    throw new TypeError('readIdx: expected an IDX file, which starts with two zero bytes');
  }
  const type = types[view.getUint8(2)];
  if (!type)
    throw new TypeError(`readIdx: expected an element type of IDX, got 0x${view.getUint8(2).toString(16)}`);
  const start = 4 + 4 * view.getUint8(3);
  if (bytes.length < start)
    throw new RangeError(`readIdx: expected a header of ${start} bytes, got ${bytes.length}`);
  const shape = Array.from({ length: view.getUint8(3) }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, length) => product * length, 1);
  return { type, shape, start, length: start + count * type.bytes };
}

function requireLength({ shape, length }: Header, got: number | string): void {
  if (got === length) return;
  throw new RangeError(`readIdx: expected ${length} bytes for shape [${shape}], got ${got}`);
}

function parse(bytes: Uint8Array): IdxArray {
  const header = headerOf(bytes);
  requireLength(header, bytes.length);
  const { type, shape, start } = header;
  // A copy of its own, where its buffer starts.
  const { buffer } = new Uint8Array(bytes.subarray(start));
  if (!bigEndian) turning[type.bytes](buffer);
  return { shape, data: new type.numbers(buffer) };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Unpacks a file as far as its header promises, and not a byte farther. */
async function gunzip(packed: Uint8Array): Promise<Uint8Array> {
  let start = new Uint8Array();
  let whole: { readonly header: Header; readonly bytes: Uint8Array } | undefined;
  let length = 0;
  const put = ({ header, bytes }: NonNullable<typeof whole>, part: Uint8Array) => {
    if (length + part.length > header.length) requireLength(header, 'more');
    bytes.set(part, length);
    length += part.length;
  };
  const begin = () => {
    const header = headerOf(start);
    whole = { header, bytes: roomFor(header, packed.length) };
    put(whole, start);
    return whole;
  };
  for await (const part of unpacking(packed)) {
    if (whole) put(whole, part);
    else {
      start = joined(start, part);
      if (start.length >= LONGEST_HEADER) begin();
    }
  }
  const { header, bytes } = whole ?? begin();
  requireLength(header, length);
  return bytes;
}

/** The parts of an unpacked file, as they come. Who stops reading frees the rest. */
async function* unpacking(packed: Uint8Array): AsyncGenerator<Uint8Array> {
  try {
    yield* nodeUnpacking(packed) ?? webUnpacking(packed);
  } catch (cause) {
    throw new TypeError(
      `readIdx: expected a whole gzip file, got ${packed.length} bytes that do not unpack`,
      {
        cause,
      },
    );
  }
}

/** Node's own way: large parts, which are several times faster than the web's. */
function nodeUnpacking(packed: Uint8Array): AsyncIterable<Uint8Array> | undefined {
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  const stream = zlib?.createGunzip({ chunkSize: 1 << 20 });
  stream?.end(packed);
  return stream as AsyncIterable<Uint8Array> | undefined;
}

async function* webUnpacking(packed: Uint8Array): AsyncGenerator<Uint8Array> {
  // The copy has an ArrayBuffer of its own, as Blob asks for.
  const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  try {
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read())
      yield value!;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** No gzip file unpacks to more than 1,032 times its size. */
const LARGEST_RATIO = 1032;

function roomFor(header: Header, packed: number): Uint8Array {
  const possible = packed * LARGEST_RATIO;
  if (header.length > possible) requireLength(header, `a gzip file of ${packed}, which hold less`);
  return new Uint8Array(header.length);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/**
 * Reads an IDX file, the format of MNIST and its relatives, compressed with gzip or not.
 *
 * @param bytes - The whole file.
 * @returns Shape and numbers, as in the file: nothing is normalised.
 * @throws TypeError when the bytes are no IDX file, or no whole gzip file; RangeError when their number does not fit
 *   the header. Unpacking stops where the header's promise ends.
 * @see LeCun, Cortes & Burges, "The MNIST database of handwritten digits", section "File formats".
 */
export async function readIdx(bytes: Uint8Array): Promise<IdxArray> {
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return parse(compressed ? await gunzip(bytes) : bytes);
}
