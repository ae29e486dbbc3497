/** Throws when our own code hands over bytes of the wrong length: that is a bug, not a refusal. Shows no value. */
export function expectLength(bytes: Uint8Array, length: number, name: string): void {
  if (bytes.length !== length) throw new RangeError(`${name}: expected ${length} bytes, came ${bytes.length}`)
}
