import { toHex } from '@plexus/codec'
import { openingLeadsTo, readEnvelope } from '@plexus/kernel'
import { beforeEach, describe, expect, test } from 'vitest'
import { sizeClasses } from './batches.ts'
import { clinic } from './founding.testing.ts'
import { Stopped } from './replica.testing.ts'
import { World } from './world.testing.ts'

let world: World
beforeEach(async () => {
  world = await World.start()
  const { replica } = world.node(clinic)
  replica.submitted.length = 0
})

/** Makes that many statements durable, and forms what batch there is to form. */
function committed(count: number): readonly Uint8Array[] {
  const { exchange, journal } = world.node(clinic)
  const made = Array.from({ length: count }, () => exchange.batches.commit('padding', world.random(32)))
  journal.write(made.flatMap(({ changes }) => [...changes]))
  exchange.batches.tick()
  return made.map(({ hash }) => hash)
}

const batches = () => world.exchange(clinic).batches
const submitted = () => world.node(clinic).replica.submitted
const heightOf = (hash: Uint8Array | undefined) => hash && batches().committedAt(hash)
const rootOf = (hash: Uint8Array | undefined) => {
  const opening = hash && batches().opening(hash)
  const root = opening && openingLeadsTo(world.chain.id, opening)?.root
  return root && toHex(root)
}

describe('a batch', () => {
  test.each([
    [1, 16],
    [16, 16],
    [17, 64],
    [65, 256],
  ] as const)('of %i statements has %i leaves, and every statement opens to its root', (count, size) => {
    expect(sizeClasses).toContain(size)
    const hashes = committed(count)
    const opened = hashes.map((hash) => batches().opening(hash))
    expect(opened.every((opening) => opening?.size === size)).toBe(true)
    expect(new Set(hashes.map(rootOf)).size).toBe(1)
    world.block()
    batches().tick()
    expect(new Set(hashes.map(heightOf))).toEqual(new Set([world.node(clinic).replica.tip().height]))
  })

  test('shows each statement at its own place only', () => {
    const [first, second] = committed(2)
    const [a, b] = [first, second].map((hash) => hash && batches().opening(hash))
    if (!a || !b) throw new Error('a batch was not formed')
    expect(openingLeadsTo(world.chain.id, { ...a, index: b.index })?.root).not.toEqual(
      openingLeadsTo(world.chain.id, a)?.root,
    )
  })

  test('is not committed before its block is applied here', () => {
    const [hash] = committed(1)
    expect(heightOf(hash)).toBeUndefined()
    world.block(clinic)
    batches().tick()
    expect(heightOf(hash)).toBeUndefined()
    world.catchUp(clinic)
    expect(heightOf(hash)).toBeDefined()
  })

  test('holds up what comes after it, which then travels together', () => {
    const [first] = committed(1)
    const [second] = committed(1)
    const [third] = committed(1)
    expect(submitted()).toHaveLength(1)
    world.block()
    batches().tick()
    expect(heightOf(first)).toBeDefined()
    expect(rootOf(second)).toBe(rootOf(third))
    expect(rootOf(second)).not.toBe(rootOf(first))
  })
})

describe('a batch that the engine lost', () => {
  test('is submitted again byte for byte, every two seconds', () => {
    committed(1)
    const [lost] = submitted().splice(0)
    batches().tick()
    expect(submitted()).toEqual([])
    world.time += 2
    batches().tick()
    expect(submitted()).toEqual([lost])
  })

  test('is submitted again byte for byte by a node that was restarted', () => {
    const [hash] = committed(1)
    const root = rootOf(hash)
    const [lost] = submitted().splice(0)
    world.restart(clinic).batches.tick()
    expect(submitted()).toEqual([lost])
    expect(rootOf(hash)).toBe(root)
    world.block()
    batches().tick()
    expect(heightOf(hash)).toBeDefined()
    expect(batches().idle).toBe(true)
  })

  test('goes out under a new envelope when its envelope has ended, with the same root', () => {
    const [hash] = committed(1)
    const root = rootOf(hash)
    const [lost] = submitted().splice(0)
    world.time += 302
    world.block()
    batches().tick()
    const [again] = submitted()
    if (!lost || !again) throw new Error('nothing was submitted')
    const [before, after] = [lost, again].map((bytes) => readEnvelope(bytes))
    if (!before?.ok || !after?.ok) throw new Error('an envelope does not read')
    expect(after.value.body.transaction).toEqual(before.value.body.transaction)
    expect(after.value.id).not.toEqual(before.value.id)
    expect(rootOf(hash)).toBe(root)
    world.block()
    batches().tick()
    expect(heightOf(hash)).toBeDefined()
  })

  test('is committed once, though both its envelopes reach blocks', () => {
    const [hash] = committed(1)
    const [first] = submitted()
    world.block()
    const height = heightOf(hash)
    submitted().push(first as Uint8Array)
    world.block()
    expect(world.node(clinic).replica.outcomes).not.toContain(0)
    batches().tick()
    expect(heightOf(hash)).toBe(height)
  })
})

describe('a crash', () => {
  test('before a batch is durable submits nothing, and the statements wait for the next', () => {
    const { journal } = world.node(clinic)
    journal.stopBefore = (changes) => changes.some(({ table }) => table === 'batch-in-flight')
    expect(() => committed(3)).toThrow(Stopped)
    expect(submitted()).toEqual([])
    world.restart(clinic).batches.tick()
    expect(submitted()).toHaveLength(1)
    expect(batches().idle).toBe(false)
  })

  test('does not let a new statement take the place of one that waits', () => {
    committed(1)
    const [waiting] = committed(1)
    world.restart(clinic)
    const [later] = committed(1)
    world.block()
    batches().tick()
    world.block()
    batches().tick()
    expect(heightOf(waiting)).toBeDefined()
    expect(heightOf(later)).toBeDefined()
  })
})
