/** A receipt bundle on CometBFT: believed for the votes of validators, whoever sent bundle and headers. */
import { describe, expect, test } from 'vitest'
import { verifyBundle } from '../bundle.ts'
import { bundleRefusals } from '../bundle-refusals.ts'
import { bundleOf, npi, World } from '../world.testing.ts'
import { headersOf } from './bundle-headers.ts'
import { onCometbft } from './bundle-light.testing.ts'
import { fetchesMax } from './follow.ts'
import { isStateUnder } from './included.ts'
import type { LightBlock } from './light-block.ts'
import { hashOf, mint, type Seat, seats, sourceOf } from './mint.testing.ts'
import { trustedOf } from './trusted-block.ts'
import { lightSettings } from './verify-header.ts'

const heightMax = 40
const changes = new Map<number, readonly Seat[]>([
  [1, seats('eve fay gil hal')],
  [2, seats('ann bob cleo dan')],
])
const world = new World()
for (let empty = 0; empty < 20; empty++) world.block([])
const access = world.access()
const { bundle, blocks } = onCometbft(access, { heightMax, changes })
const at = (height: number): LightBlock => blocks[height - 1] as LightBlock
const receiptHeight = bundle.receipt.header.header.height
const intentHeight = bundle.intent?.header.header.height ?? 0
const step = { now: { seconds: at(heightMax).header.time.seconds + 2, nanoseconds: 0 }, settings: lightSettings }
const sources = { primary: sourceOf(blocks), witnesses: [sourceOf(blocks)] }

async function checked(from: number, shown = bundle) {
  const bytes = bundleOf(shown)
  const headers = await headersOf(bytes, { ...step, trusted: trustedOf(at(from)) }, sources)
  if (!headers.ok) throw new Error(headers.reason.type)
  return verifyBundle(world.chain, bytes, headers.value.trust)
}
const refusalOf = (type: keyof typeof bundleRefusals, part: 'intent' | 'receipt') => ({
  ok: false,
  reason: { type, part, says: bundleRefusals[type].replace('{part}', part) },
})

test('the access is the one that the embedded engine shows, and what is proven rests on the validators', async () => {
  const embedded = verifyBundle(world.chain, bundleOf(access))
  const light = await checked(1)
  if (!embedded.ok || !light.ok) throw new Error('a bundle was refused')
  const { notProven, ...facts } = embedded.value
  expect(light.value).toMatchObject(facts)
  expect(light.value.notProven).toEqual([
    'Two thirds of the validators agreed on the blocks: this proves nothing against so many of them together.',
    ...notProven.slice(1),
  ])
})

test('it makes no difference whether trust began before the blocks, between them, at them or after them', async () => {
  const heights = [1, intentHeight, receiptHeight, receiptHeight + 3, heightMax]
  for (const from of heights) expect(await checked(from), String(from)).toMatchObject({ ok: true })
})

test('the next bundle may begin where this one ended', async () => {
  const headers = await headersOf(bundleOf(bundle), { ...step, trusted: trustedOf(at(1)) }, sources)
  expect(headers).toMatchObject({ ok: true, value: { trusted: trustedOf(at(receiptHeight)) } })
})

test('two batches of one block stand under one data hash', async () => {
  const together = new World()
  const shown = together.commit([
    {
      type: 'receipt',
      bytes: together.receiptBytes({ decision: { type: 'own-staff', clinician: npi } }),
      sponsor: 'hospital',
    },
    { type: 'intent', bytes: together.intentOf(), sponsor: 'emergency' },
  ])
  const [receipt, intent] = shown
  if (!receipt || !intent) throw new Error('nothing was committed')
  const moved = onCometbft({ intent, receipt, note: null }, { heightMax: 3 })
  const header = moved.blocks[receipt.header.header.height - 1]?.header
  const answer = verifyBundle(together.chain, bundleOf({ ...moved.bundle, intent: null }), {
    type: 'light-client',
    headerAt: () => header,
  })
  expect(answer.ok ? answer.value.receiptHeight : answer.reason).toBe(receipt.header.header.height)
})

describe('a bundle is refused', () => {
  test('where no votes were seen for its block', () => {
    const none = { type: 'light-client', headerAt: () => undefined } as const
    expect(verifyBundle(world.chain, bundleOf(bundle), none)).toEqual(refusalOf('header-not-verified', 'receipt'))
  })

  test('where it shows another state or time than the validators voted for', async () => {
    for (const change of [{ appHash: hashOf('other') }, { time: bundle.receipt.header.header.time + 1 }]) {
      const header = { ...bundle.receipt.header, header: { ...bundle.receipt.header.header, ...change } }
      const shown = { ...bundle, receipt: { ...bundle.receipt, header } }
      expect(await checked(1, shown)).toEqual(refusalOf('header-of-another-block', 'receipt'))
    }
  })

  test('where it points at another block of the same validators', async () => {
    const header = { ...bundle.receipt.header, header: { ...bundle.receipt.header.header, height: receiptHeight + 1 } }
    const shown = { ...bundle, receipt: { ...bundle.receipt, header } }
    expect(await checked(1, shown)).toEqual(refusalOf('header-of-another-block', 'receipt'))
  })

  test('where its path leads to the root that the embedded engine signs', async () => {
    const shown = { ...bundle, receipt: { ...bundle.receipt, index: 1, count: 2, path: [hashOf('sibling')] } }
    expect(await checked(1, shown)).toEqual(refusalOf('batch-not-in-block', 'receipt'))
  })

  test('where the engine’s key signed and no validator voted', () => {
    expect(verifyBundle(world.chain, bundleOf(bundle))).toEqual(refusalOf('header-not-signed', 'receipt'))
  })
})

describe('whoever sends a bundle', () => {
  const claiming = (height: number, time: number) => {
    const header = { ...bundle.receipt.header, header: { ...bundle.receipt.header.header, height, time } }
    return bundleOf({ ...bundle, receipt: { ...bundle.receipt, header } })
  }
  const trusted = trustedOf(at(1))
  const long = step.now.seconds - 3600

  test('invents a block, and gets a refusal of the bundle, not of the wallet', async () => {
    for (const [height, time] of [
      [heightMax + 1, long],
      [Number.MAX_SAFE_INTEGER, 0],
      [0, long],
      [heightMax + 1, step.now.seconds + 3600],
    ] as const) {
      const bytes = claiming(height, time)
      const headers = await headersOf(bytes, { ...step, trusted }, sources)
      if (!headers.ok) throw new Error(headers.reason.type)
      expect(verifyBundle(world.chain, bytes, headers.value.trust)).toEqual(refusalOf('header-not-verified', 'receipt'))
    }
  })

  test('names a block that the source may not have yet, and is asked to wait', async () => {
    const answer = await headersOf(claiming(heightMax + 1, step.now.seconds - 3), { ...step, trusted }, sources)
    expect(answer).toEqual({ ok: false, reason: { type: 'not-sent', height: heightMax + 1 } })
  })

  test('is not blamed for a source that is gone, or lies about what is known', async () => {
    const bytes = claiming(heightMax + 1, long)
    const gone = async () => undefined
    const other = async (height: number) => (height === 1 ? mint({ height, validators: seats('mallory') }) : at(height))
    for (const primary of [gone, other])
      expect(await headersOf(bytes, { ...step, trusted }, { primary, witnesses: [] })).toMatchObject({ ok: false })
  })

  test('goes back too far, and gets a refusal of the bundle', async () => {
    const high = fetchesMax + 100
    const late = { ...trusted, header: { ...trusted.header, height: high } }
    const headers = await headersOf(bundleOf(bundle), { ...step, trusted: late }, sources)
    expect(headers).toMatchObject({ ok: true, value: { trusted: late } })
    expect(headers.ok && verifyBundle(world.chain, bundleOf(bundle), headers.value.trust)).toEqual(
      refusalOf('header-not-verified', 'receipt'),
    )
  })
})

test('headers that do not hold are told, and the bundle is not looked at', async () => {
  const lying = { primary: async (height: number) => mint({ height, validators: seats('mallory') }), witnesses: [] }
  const answer = await headersOf(bundleOf(bundle), { ...step, trusted: trustedOf(at(1)) }, lying)
  expect(answer).toMatchObject({ ok: false, reason: { type: 'not-verified' } })
})

test('an entry of the state, and that there is none, is shown under the header after it', () => {
  const { header, stateRoot, historyRoot, facts } = bundle.receipt
  const verified = at(header.header.height).header
  const shown = facts.map((fact) => ({ stateRoot, historyRoot, ...fact }))
  expect(shown.some(({ value }) => value === null)).toBe(true)
  for (const each of shown) {
    expect(isStateUnder(verified, each)).toBe(true)
    expect(isStateUnder(at(heightMax).header, each)).toBe(false)
    expect(isStateUnder(verified, { ...each, value: each.value ? null : new Uint8Array(1) })).toBe(false)
    expect(isStateUnder(verified, { ...each, historyRoot: hashOf('other') })).toBe(false)
  }
})
