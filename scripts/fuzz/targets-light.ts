/** Doors of the light client: what CometBFT's RPC may answer, trust that was kept, and signatures under its rule. */
import { readFileSync } from 'node:fs'
import { reach } from './reach.ts'
import { accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'

const light = 'packages/sdk/src/light'

interface VectorBlock {
  readonly commit: unknown
  readonly validators: unknown
}

/** Answers of a network that ran: two validators, four of whom one did not vote, and two others. */
const answers = (): readonly VectorBlock[] => {
  const file = new URL('../../vectors/light/network.json', import.meta.url)
  const { blocks } = JSON.parse(readFileSync(file, 'utf8')) as { readonly blocks: readonly VectorBlock[] }
  return [1, 8, 9, 14].flatMap((height) => blocks[height - 1] ?? [])
}

const bytesOf = ({ commit, validators }: VectorBlock): Uint8Array =>
  new Uint8Array(Buffer.from(JSON.stringify({ commit, validators })))

export const lightTargets: readonly Target[] = [
  {
    name: 'sdk/light-block',
    reads: 'a header with its votes and validators, from any node’s RPC: read, and held against one that is trusted',
    covers: [
      `${light}/read-light-block.ts#readLightBlock`,
      `${light}/json-fields.ts#documentOf`,
      `${light}/instant.ts#parseInstant`,
      `${light}/verify-header.ts#verifyWhole`,
    ],
    async load() {
      const { isJsonObject, readJson } = await import('@plexus/codec')
      const { lightSettings, readLightBlock, verifyAdjacent, verifyBackwards, verifyNonAdjacent } = await import(
        '@plexus/sdk'
      )
      const trustedOf = await reach<(block: unknown) => Parameters<typeof verifyAdjacent>[0]>(
        `${light}/trusted-block.ts`,
        'trustedOf',
      )
      const seeds = answers().map(bytesOf)
      const partsOf = (bytes: Uint8Array) => {
        const document = readJson(bytes)
        if (!document.ok || !isJsonObject(document.value.value)) return undefined
        const { value, span } = document.value
        const [commit, validators] = ['commit', 'validators'].map((name) => {
          const part = value.get(name)
          if (!isJsonObject(part)) return undefined
          const { start, end } = span(part)
          return bytes.subarray(start, end)
        })
        return commit && validators ? { commit, validators } : undefined
      }
      const trusted = seeds.slice(0, 2).map((seed) => {
        const read = readLightBlock(partsOf(seed) ?? { commit: seed, validators: seed })
        if (!read.ok) throw new Error('the vectors do not read')
        return trustedOf(read.value)
      })
      return {
        shape: 'json',
        inputBytesMax: 8 * 1024,
        seeds,
        run(bytes) {
          const parts = partsOf(bytes)
          if (!parts) return refused('no pair of answers')
          const read = readLightBlock(parts)
          if (!read.ok) return refused(`${read.reason.path} ${read.reason.expected}`)
          const now = { seconds: read.value.header.time.seconds + 1, nanoseconds: 0 }
          const verdicts = trusted.flatMap((from) => [
            verifyAdjacent(from, read.value, now, lightSettings),
            verifyNonAdjacent(from, read.value, now, lightSettings),
            verifyBackwards(from, read.value),
          ])
          return verdicts.some(({ ok }) => ok) ? accepted : answerOf(verdicts[1] ?? { ok: false, reason: 'none' })
        },
      }
    },
  },
  {
    name: 'sdk/trusted-block',
    reads: 'the last header that was verified, from a disk of one’s own',
    covers: [`${light}/trusted-block.ts#decodeTrusted`],
    async load() {
      const { decodeTrusted, encodeTrusted, readLightBlock } = await import('@plexus/sdk')
      const trustedOf = await reach<(block: unknown) => Parameters<typeof encodeTrusted>[0]>(
        `${light}/trusted-block.ts`,
        'trustedOf',
      )
      const part = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)))
      const seeds = answers().flatMap(({ commit, validators }) => {
        const read = readLightBlock({ commit: part(commit), validators: part(validators) })
        return read.ok ? [encodeTrusted(trustedOf(read.value))] : []
      })
      return { shape: 'cbor', seeds, run: (bytes) => answerOf(decodeTrusted(bytes), encodeTrusted) }
    },
  },
  {
    name: 'sdk/kept-blocks',
    reads: 'a file of votes, or evidence of a fork, from whoever hands it over',
    covers: [`${light}/kept-blocks.ts#decodeKeptBlocks`],
    async load() {
      const { decodeKeptBlocks, encodeKeptBlocks } = await import('@plexus/sdk')
      const part = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)))
      const [first, second] = answers().map(({ commit, validators }, index) => {
        return { height: index + 1, commit: part(commit), validators: part(validators) }
      })
      if (!first || !second) throw new Error('the vectors have no blocks')
      const chain = new Uint8Array(32)
      const checkpoint = { height: 1, hash: new Uint8Array(32) }
      const fork = { type: 'fork', chain, height: 2, seenAt: 3, primary: [first], witness: [second] } as const
      const seeds = [
        encodeKeptBlocks({ type: 'votes', chain, blocks: [first, second] }),
        encodeKeptBlocks({ ...fork, checkpoint }),
        encodeKeptBlocks({ ...fork, checkpoint: null, primary: [] }),
      ]
      return { shape: 'cbor', seeds, run: (bytes) => answerOf(decodeKeptBlocks(bytes), encodeKeptBlocks) }
    },
  },
  {
    name: 'crypto/zip215',
    reads: 'a vote’s key and signature, from a validator: taken wherever the strict profile takes it',
    covers: ['packages/crypto/src/zip215.ts#verifyZip215'],
    async load() {
      const { publicKeyOf, sign, verify, verifyZip215 } = await import('@plexus/crypto')
      const { concatBytes, utf8 } = await import('@plexus/codec')
      const message = utf8('a vote')
      const seed = new Uint8Array(32).fill(9)
      return {
        shape: 'binary',
        seeds: [concatBytes(publicKeyOf(seed), sign(seed, message)), new Uint8Array(96)],
        run(bytes) {
          const [publicKey, signature] = [bytes.slice(0, 32), bytes.slice(32)]
          const holds = verifyZip215(publicKey, message, signature)
          if (!holds && verify(publicKey, message, signature)) throw new Error('the strict profile takes it')
          return holds ? accepted : refused('does not hold')
        },
      }
    },
  },
]
