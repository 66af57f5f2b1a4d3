import { gunzipSync } from 'node:zlib';

/** Most that a file without a header of its own may unpack to. */
const largest = 2 ** 30;

/** A file's bytes, unpacked where gzip packed them. @throws RangeError beyond a gibibyte. */
export function gunzipped(bytes: Uint8Array, path: string, limit = largest): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const tooLarge = code === 'ERR_BUFFER_TOO_LARGE';
    const reason = tooLarge ? `one that unpacks to more than ${limit} bytes` : message;
    throw new RangeError(`expected ${path} to be a whole gzip file, got ${reason}`);
  }
}
