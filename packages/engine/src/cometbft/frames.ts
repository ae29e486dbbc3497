/**
 * How ABCI messages lie on a socket: each behind its length as an unsigned varint (CometBFT `abci/types/messages.go`;
 * before 0.37 the length was a zig-zag varint, which is why older servers cannot be a guide).
 */
import { concatBytes, no, ok, type Result } from '@plexus/codec'

export type FrameRefusal =
  | { readonly type: 'frame-length-malformed' }
  | { readonly type: 'frame-too-long'; readonly bytes: number; readonly max: number }

/** A chunk of a snapshot is at most 16 MB, a block at most 4 MiB: twice the larger. */
const frameBytesMax = 32 * 1024 * 1024

/** 2^35 is above every length that is taken. */
const lengthBytesMax = 5

/** Puts messages together from whatever pieces a socket gives. After a refusal nothing more can be read. */
export class FrameReader {
  private readonly max: number
  private chunks: Uint8Array[] = []
  /** Bytes in `chunks` that no frame has taken, and how many of the first chunk are taken. */
  private waiting = 0
  private taken = 0
  /** Of the length that is being read. */
  private lengthBytes = 0
  private length = 0
  /** Of the frame whose length is known. */
  private wanted: number | undefined

  constructor(max = frameBytesMax) {
    this.max = max
  }

  /** The messages that are whole now, in order. */
  push(chunk: Uint8Array): Result<readonly Uint8Array[], FrameRefusal> {
    if (chunk.length > 0) this.chunks.push(chunk)
    this.waiting += chunk.length
    const frames: Uint8Array[] = []
    for (;;) {
      const known = this.readLength()
      if (!known.ok) return known
      if (this.wanted === undefined || this.waiting < this.wanted) return ok(frames)
      frames.push(this.take(this.wanted))
      this.wanted = undefined
    }
  }

  private readLength(): Result<void, FrameRefusal> {
    while (this.wanted === undefined && this.waiting > 0) {
      const [byte = 0] = this.take(1)
      this.length += (byte & 0x7f) * 2 ** (7 * this.lengthBytes)
      this.lengthBytes += 1
      // A last byte of zero would be a second way to write a length.
      if (byte === 0 && this.lengthBytes > 1) return no({ type: 'frame-length-malformed' })
      if (byte < 0x80) {
        if (this.length > this.max) return no({ type: 'frame-too-long', bytes: this.length, max: this.max })
        this.wanted = this.length
        this.length = 0
        this.lengthBytes = 0
      } else if (this.lengthBytes === lengthBytesMax) return no({ type: 'frame-length-malformed' })
    }
    return ok()
  }

  /** The next `count` bytes, which are there. Pieces are joined once, when the last has come. */
  private take(count: number): Uint8Array {
    this.waiting -= count
    const parts: Uint8Array[] = []
    for (let left = count; left > 0; ) {
      const chunk = this.chunks[0] as Uint8Array
      const part = chunk.subarray(this.taken, Math.min(chunk.length, this.taken + left))
      parts.push(part)
      left -= part.length
      this.taken += part.length
      if (this.taken < chunk.length) break
      this.chunks.shift()
      this.taken = 0
    }
    const [only] = parts
    return parts.length === 1 && only ? only : concatBytes(...parts)
  }
}

/** A message as it travels. */
export function frame(message: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = message.length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80)
  length.push(rest)
  return concatBytes(Uint8Array.from(length), message)
}
