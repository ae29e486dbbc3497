/**
 * Gives the memory of bytes back at once, instead of when the collector comes: it is in no hurry, since buffers lie outside
 * its heap, and a stream of gigabytes leaves a hundred MiB of them lying about (measured). The bytes, and every other view
 * of their buffer, are empty from here on. Bytes that are only a part of a buffer are left alone.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes
  const whole = bytes.length > 0 && buffer.byteLength === bytes.length
  if (whole && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
