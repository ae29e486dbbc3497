/** All that varies in a world comes from its seed: one named stream per purpose, so that a new draw in one moves no other. */
import { concatBytes, utf8 } from '@plexus/codec'
import { type RandomBytes, sha256 } from '@plexus/crypto'

export interface Chance {
  /** A whole number from 0 up to, and without, `count`. */
  below(count: number): number
  /** A whole number of `least` up to and with `most`. */
  between(least: number, most: number): number
  happens(probability: number): boolean
  pick<Value>(values: readonly Value[]): Value
  /** A few of them, at least one where there is one, in their order. */
  some<Value>(values: readonly Value[]): readonly Value[]
  readonly bytes: RandomBytes
  /** Another stream of the same seed. */
  stream(name: string): Chance
}

const twoTo32 = 0x1_0000_0000
/** Far finer than any probability that is asked for. */
const probabilitySteps = 1_000_000

export function chanceOf(seed: number): Chance {
  return streamOf(sha256(utf8(`plexus simulator seed ${seed}`)))
}

/** xoshiro128** 1.1 (Blackman and Vigna 2018), seeded by a hash: fast, and good far beyond what a simulation asks. */
function streamOf(key: Uint8Array): Chance {
  const words = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const state = new Uint32Array([words.getUint32(0), words.getUint32(4), words.getUint32(8), words.getUint32(12) | 1])

  function next(): number {
    const [a, b, c, d] = state as unknown as readonly [number, number, number, number]
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    const third = c ^ a
    const fourth = d ^ b
    state[1] = b ^ third
    state[0] = a ^ fourth
    state[2] = third ^ shifted
    state[3] = rotated(fourth, 11)
    return result
  }

  const below = (count: number): number => Math.floor((next() / twoTo32) * count)
  const chance: Chance = {
    below,
    between: (least, most) => least + below(most - least + 1),
    happens: (probability) => below(probabilitySteps) < probability * probabilitySteps,
    pick<Value>(values: readonly Value[]): Value {
      if (values.length === 0) throw new Error('nothing to pick from')
      return values[below(values.length)] as Value
    },
    some<Value>(values: readonly Value[]): readonly Value[] {
      const taken = values.filter(() => below(3) > 0)
      return taken.length > 0 || values.length === 0 ? taken : [chance.pick(values)]
    },
    bytes(length) {
      const drawn = new Uint8Array(length)
      for (let at = 0; at < length; at += 4) {
        const word = next()
        for (let byte = 0; byte < 4 && at + byte < length; byte++) drawn[at + byte] = word >>> (8 * byte)
      }
      return drawn
    },
    stream: (name) => streamOf(sha256(concatBytes(key, utf8(name)))),
  }
  return chance
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
