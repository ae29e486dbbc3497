import { compareBytes, encode, toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { type Identity, identities } from '../world.testing.ts'
import { notary } from './index.ts'

const root = new Uint8Array(32).fill(7)
const [key, otherKey] = identities.slice(20) as [Identity, Identity]
const byAlder = (world: Network) => ({ sponsor: 'alder', signers: world.officeKeys.slice(0, 1) })
const open = (world: Network, ...keys: readonly Identity[]) =>
  world.submit(
    notary,
    { type: 'open-handles', handles: keys.map(({ handle }) => handle).sort(compareBytes) },
    { sponsor: 'birch' },
  )
const close = (world: Network, handle: Uint8Array, signer: Identity) =>
  world.submit(notary, { type: 'close-handle', handle }, { sponsor: 'cedar', signers: [signer] })

describe('post-batch', () => {
  test('a member posts the root of a batch, and the height is kept', () => {
    const world = network()
    expect(world.submit(notary, { type: 'post-batch', root, leaves: 64 }, byAlder(world))).toBe('accepted')
    expect(notary.queries.batch(world.view(notary), toHex(root))).toEqual({ member: 'alder', leaves: 64, height: 1 })
  })

  test('scope-missing: the key that sponsors does not post batches', () => {
    const transaction = { type: 'post-batch', root, leaves: 64 } as const
    expect(network().submit(notary, transaction, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('not-a-size-class: a batch is padded, so that its size says little', () => {
    const world = network()
    for (const leaves of [0, 15, 17, 4097])
      expect(world.submit(notary, { type: 'post-batch', root, leaves }, byAlder(world))).toBe('not-a-size-class')
  })

  test('batch-known: a root is posted once, whoever posts it', () => {
    const world = network()
    world.submit(notary, { type: 'post-batch', root, leaves: 64 }, byAlder(world))
    const byBirch = { sponsor: 'birch', signers: world.officeKeys.slice(1, 2) }
    expect(world.submit(notary, { type: 'post-batch', root, leaves: 16 }, byBirch)).toBe('batch-known')
  })
})

describe('handles', () => {
  test('any member opens handles, and each closes by its own key through any other', () => {
    const world = network()
    expect(open(world, key, otherKey)).toBe('accepted')
    expect(close(world, key.handle, key)).toBe('accepted')
    const view = world.view(notary)
    expect(notary.queries.handle(view, toHex(key.handle))).toEqual({
      status: 'closed',
      opened: 1,
      closed: 2,
      sponsor: 'birch',
    })
    expect(notary.queries.handle(view, toHex(otherKey.handle))?.status).toBe('open')
  })

  test('one envelope opens 4,096 handles', () => {
    const handles = Array.from({ length: 4096 }, (_, index) =>
      new Uint8Array(32)
        .fill(1)
        .fill(index >> 8, 0, 1)
        .fill(index & 255, 1, 2),
    )
    const world = network()
    expect(world.submit(notary, { type: 'open-handles', handles }, { sponsor: 'alder' })).toBe('accepted')
    expect(notary.queries.handle(world.view(notary), toHex(handles[4095] as Uint8Array))?.status).toBe('open')
  })

  test('a set of handles has one encoding: out of order or twice is malformed', () => {
    const handles = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)]
    expect(() => encode(notary.transaction, { type: 'open-handles', handles })).toThrow()
  })

  test('handle-known: one known handle refuses the whole opening, also when it is closed', () => {
    const world = network()
    open(world, key)
    expect(open(world, key, otherKey)).toBe('handle-known')
    expect(notary.queries.handle(world.view(notary), toHex(otherKey.handle))).toBeUndefined()
    close(world, key.handle, key)
    expect(open(world, key)).toBe('handle-known')
  })

  test('handle-unknown: what was never opened cannot be closed, by its own key either', () => {
    expect(close(network(), key.handle, key)).toBe('handle-unknown')
  })

  test("not-its-key: another key's signature closes nothing", () => {
    const world = network()
    open(world, key, otherKey)
    expect(close(world, key.handle, otherKey)).toBe('not-its-key')
  })

  test('handle-closed: a closed handle stays closed', () => {
    const world = network()
    open(world, key)
    close(world, key.handle, key)
    expect(close(world, key.handle, key)).toBe('handle-closed')
  })
})
