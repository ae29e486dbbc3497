/** One access on CometBFT, as bytes for any implementation (vectors/light/access.json): made here, and read back. */
import { readFileSync } from 'node:fs'
import { toHex, utf8 } from '@plexus/codec'
import { readGenesis } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { verifyBundle } from '../bundle.ts'
import { toBase64 } from '../checkpoint/base64.ts'
import { bundleOf, World } from '../world.testing.ts'
import { headersOf } from './bundle-headers.ts'
import { onCometbft } from './bundle-light.testing.ts'
import { answersOfBlock, type Seat, seats, sourceOf } from './mint.testing.ts'
import { base64 } from './network.testing.ts'
import { readLightBlock } from './read-light-block.ts'
import { startFromCheckpoint, trustedOf } from './trusted-block.ts'
import { lightSettings } from './verify-header.ts'

/** All validators are others from block 9 on, so that skipping has to stop there. */
const changes = new Map<number, readonly Seat[]>([
  [1, seats('ann bob cleo dan')],
  [9, seats('eve fay gil hal')],
])

async function made() {
  const world = new World()
  for (let empty = 0; empty < 20; empty++) world.block([])
  const { bundle, blocks } = onCometbft(world.access(), { heightMax: 30, changes })
  const [first, last] = [blocks[0], blocks.at(-1)]
  if (!first || !last) throw new Error('no blocks')
  const now = { seconds: last.header.time.seconds + 1, nanoseconds: 0 }
  const bytes = bundleOf(bundle)
  const asked: number[] = []
  const sources = { primary: sourceOf(blocks, asked), witnesses: [] }
  const headers = await headersOf(bytes, { trusted: trustedOf(first), now, settings: lightSettings }, sources)
  if (!headers.ok) throw new Error(headers.reason.type)
  const heights = [...new Set([1, ...asked])].sort((a, b) => a - b)
  return {
    genesis: toBase64(world.chain.bytes),
    bundle: toBase64(bytes),
    now: now.seconds,
    checkpoint: { chainName: first.header.chainName, height: 1, hash: toHex(trustedOf(first).hash) },
    blocks: heights.map((height) => {
      const block = blocks[height - 1]
      if (!block) throw new Error('no such block')
      return { height, ...answersOfBlock(block) }
    }),
  }
}

const file = new URL('../../../../vectors/light/access.json', import.meta.url)
const kept: Awaited<ReturnType<typeof made>> = JSON.parse(readFileSync(file, 'utf8'))

test('the bytes that are kept are those that are made', async () => {
  expect(kept).toEqual(await made())
})

test('the access is verified from the checkpoint alone', async () => {
  const chain = readGenesis(base64(kept.genesis))
  if (!chain.ok) throw new Error('the genesis does not read')
  const bytes = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
  const read = kept.blocks.map(({ commit, validators }) =>
    readLightBlock({ commit: bytes(commit), validators: bytes(validators) }),
  )
  const blocks = read.flatMap((each) => (each.ok ? [each.value] : []))
  const { hash, ...checkpoint } = kept.checkpoint
  const start = blocks[0] && startFromCheckpoint({ ...checkpoint, hash: Buffer.from(hash, 'hex') }, blocks[0])
  if (!start?.ok) throw new Error('the checkpoint does not hold')
  const step = { trusted: start.value, now: { seconds: kept.now, nanoseconds: 0 }, settings: lightSettings }
  const asked: number[] = []
  const headers = await headersOf(base64(kept.bundle), step, { primary: sourceOf(blocks, asked), witnesses: [] })
  if (!headers.ok) throw new Error(headers.reason.type)
  expect(asked.length).toBeGreaterThan(2)
  expect(verifyBundle(chain.value, base64(kept.bundle), headers.value.trust)).toMatchObject({
    ok: true,
    value: { receipt: { custodian: 'hospital' }, receiptHeight: 22, intentHeight: 21 },
  })
})
