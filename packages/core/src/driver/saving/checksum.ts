/** The reflected Castagnoli polynomial's table. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * CRC-32C (Castagnoli), which neither Node's zlib nor browsers have.
 *
 * @param earlier - The checksum of the bytes before these. Default none.
 */
export function crc32c(data: Uint8Array, earlier = 0): number {
  let crc = ~earlier;
  for (let i = 0; i < data.length; i++) crc = table[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
