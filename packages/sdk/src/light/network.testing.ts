/** The blocks of a network that ran (vectors/light), and the same blocks changed by whoever would lie. */
import { readFileSync } from 'node:fs'
import { utf8 } from '@plexus/codec'
import { parseBase64 } from '../checkpoint/base64.ts'
import type { FetchLightBlock } from './follow.ts'
import type { Instant } from './instant.ts'
import type { LightBlock, TrustedBlock } from './light-block.ts'
import { readLightBlock } from './read-light-block.ts'
import { trustedOf } from './trusted-block.ts'

interface VectorBlock {
  readonly height: number
  readonly commit: unknown
  readonly validators: unknown
  readonly transactions: readonly string[]
}

interface Vectors {
  readonly chainName: string
  readonly genesis: {
    readonly height: number
    readonly validators: readonly { readonly key: string; readonly power: string }[]
  }
  readonly blocks: readonly VectorBlock[]
  readonly inclusion: {
    readonly height: number
    readonly proofs: readonly {
      readonly data: string
      readonly proof: { readonly total: string; readonly index: string; readonly aunts: readonly string[] }
    }[]
  }
}

const file = new URL('../../../../vectors/light/network.json', import.meta.url)
export const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))
export const { chainName } = vectors
/** Validators: two founders to block 4, four to block 13, then the two newcomers alone. */
export const heightMax = vectors.blocks.length

export function base64(text: string): Uint8Array {
  const bytes = parseBase64(text)
  if (!bytes) throw new Error('the vectors are no base 64')
  return bytes
}

export function answersOf(height: number): { readonly commit: Uint8Array; readonly validators: Uint8Array } {
  const found = vectors.blocks.find((block) => block.height === height)
  if (!found) throw new Error('no such height')
  return { commit: utf8(JSON.stringify(found.commit)), validators: utf8(JSON.stringify(found.validators)) }
}

export function blockOf(height: number): LightBlock {
  const read = readLightBlock(answersOf(height))
  if (!read.ok) throw new Error(JSON.stringify(read.reason))
  return read.value
}

export const trustedAt = (height: number): TrustedBlock => trustedOf(blockOf(height))

/** As long after a block as the network took for one. */
export function soonAfter(height: number): Instant {
  return { seconds: blockOf(height).header.time.seconds + 2, nanoseconds: 0 }
}

/** A source that tells the truth, and which heights it was asked for. */
export function honestSource(asked: number[] = []): FetchLightBlock {
  return async (height) => {
    asked.push(height)
    return height <= heightMax ? blockOf(height) : undefined
  }
}
