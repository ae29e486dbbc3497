import { toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { openingLeadsTo, readEnvelope } from '@plexus/kernel'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { batchTables, nextKey, sizeClasses } from './batch-rows.ts'
import { clinic } from './founding.testing.ts'
import { JournalInMemory, Stopped } from './replica.testing.ts'
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

describe('statements in bulk', () => {
  let made = 0
  const statements = (count: number) =>
    Array.from({ length: count }, () => new Uint8Array(Int32Array.of(made++).buffer))
  const added = (count: number) => {
    const taken = batches().addMany('padding', statements(count))
    if (!taken.ok) throw new Error(taken.reason.type)
    return taken.value
  }
  const rootAt = (group: number, index: number) => {
    const opening = batches().opening({ group, index })
    const root = opening && openingLeadsTo(world.chain.id, opening)?.root
    return root && toHex(root)
  }

  test('go out in full batches at once, and what fills none waits until none is in flight', () => {
    const runs = added(2 * 4096 + 5)
    expect(runs.map(({ count }) => count)).toEqual([4096, 4096, 5])
    expect(submitted()).toHaveLength(2)
    const [first, second, rest] = runs.map(({ group }) => group) as [number, number, number]
    for (const group of [first, second])
      expect(new Set([0, 1, 2047, 4095].map((index) => rootAt(group, index))).size).toBe(1)
    expect(rootAt(first, 0)).not.toBe(rootAt(second, 0))
    expect(rootAt(rest, 0)).toBeUndefined()
    batches().tick()
    expect(submitted()).toHaveLength(2)
    world.block()
    batches().tick()
    const height = world.node(clinic).replica.tip().height
    expect([first, second].map((group) => batches().committedAt({ group, index: 4095 }))).toEqual([height, height])
    expect(batches().opening({ group: rest, index: 4 })?.size).toBe(16)
    world.block()
    batches().tick()
    expect(batches().idle).toBe(true)
  })

  test('are refused while more wait than the bound, and taken again when the ledger has moved', () => {
    const taken = (batchesWorth: number) => batches().addMany('padding', statements(batchesWorth * 4096))
    // The first sixteen batches are in flight, the next sixteen wait.
    expect(taken(16).ok).toBe(true)
    expect(taken(16).ok).toBe(true)
    expect(taken(1)).toEqual({ ok: false, reason: { type: 'leaves-waiting', retryAfterSeconds: 1 } })
    expect(submitted()).toHaveLength(16)
    // What is committed singly is taken all the same.
    const [single] = committed(1)
    world.block()
    batches().tick()
    expect(submitted()).toHaveLength(16)
    expect(taken(15).ok).toBe(true)
    for (let time = 0; time < 3; time++) {
      world.block()
      batches().tick()
    }
    expect(heightOf(single)).toBeDefined()
    expect(batches().idle).toBe(true)
  })

  test('are opened one by one from a few tens of kilobytes, however many stand beside them', () => {
    const [run] = added(4096)
    if (!run) throw new Error('nothing was added')
    world.block()
    world.restart(clinic)
    const { journal } = world.node(clinic)
    const read = vi.spyOn(journal, 'get')
    expect(rootAt(run.group, 3000)).toBeDefined()
    const bytes = read.mock.results.reduce(
      (sum, { value }) => sum + (value instanceof Uint8Array ? value.length : 0),
      0,
    )
    expect(bytes).toBeLessThan(32 * 1024)
  })

  test('and single ones share batches, in the order in which they became durable', () => {
    committed(1)
    const [waiting] = committed(1)
    const group = added(100)[0]?.group ?? -1
    world.block()
    batches().tick()
    expect(rootAt(group, 99)).toBe(rootOf(waiting))
    expect(batches().opening({ group, index: 0 })?.index).toBe(1)
  })
})

describe('statements that became durable in one write', () => {
  test('are opened by a node that was restarted with few readings of its journal', () => {
    const { exchange, journal } = world.node(clinic)
    const gathering = exchange.batches.gather()
    const places = Array.from({ length: 500 }, () => gathering.add('padding', world.random(100)).place)
    journal.write(gathering.changes())
    exchange.batches.tick()
    world.block()
    world.restart(clinic)
    const read = vi.spyOn(journal, 'get')
    const openings = places.map((place) => batches().opening(place))
    expect(
      new Set(openings.map((each) => each && toHex(openingLeadsTo(world.chain.id, each)?.root ?? each.leafKey))),
    ).toHaveLength(1)
    expect(places.every((place) => batches().committedAt(place) !== undefined)).toBe(true)
    expect(read.mock.calls.length).toBeLessThan(10)
  })

  test('cannot be joined by one more once their changes are made', () => {
    const gathering = batches().gather()
    gathering.changes()
    expect(() => gathering.add('padding', new Uint8Array(1))).toThrow('made already')
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

  test('keeps the numbers of what is committed: no later statement is found in their place', () => {
    const [old] = committed(1)
    world.block()
    batches().tick()
    const before = old && batches().opening(old)
    world.restart(clinic)
    const [later] = committed(1)
    world.block()
    batches().tick()
    expect(old && batches().opening(old)).toEqual(before)
    expect(rootOf(later)).not.toBe(rootOf(old))
    expect(heightOf(later)).toBeGreaterThan(heightOf(old) ?? Number.NaN)
  })

  test('of the disk that wrote a batch and said it did not is found out at the next tick', () => {
    const { journal } = world.node(clinic)
    const write = vi.spyOn(journal, 'write').mockImplementation((changes) => {
      JournalInMemory.prototype.write.call(journal, changes)
      if (changes.some(({ table }) => table === 'batch-in-flight')) throw new Error('input/output error')
    })
    expect(() => committed(1)).toThrow('input/output error')
    write.mockRestore()
    expect(submitted()).toEqual([])
    batches().tick()
    expect(submitted()).toHaveLength(1)
    world.block()
    batches().tick()
    expect(batches().idle).toBe(true)
  })

  test('is no reason to read what other code divided into rows in another way', () => {
    committed(1)
    const { journal } = world.node(clinic)
    const { next } = batchTables(journal)
    const last = next.get(nextKey)
    if (!last) throw new Error('no batch was formed')
    journal.write([next.put(nextKey, { ...last, format: last.format + 1 })])
    expect(() => world.restart(clinic)).toThrow('the batches of the journal have format 3, this code reads 2')
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

describe('a member whose key is replaced', () => {
  const keyOfLast = () => {
    const read = readEnvelope(submitted().at(-1) ?? new Uint8Array(0))
    return read.ok ? read.value.body.signers.map(toHex) : []
  }

  test('offers what is in flight again at once under the new key, and signs what comes later with it', () => {
    committed(1)
    const [before] = keyOfLast()
    const seed = world.random(32)
    world.exchange(clinic).organisations.set(clinic, { id: clinic, seed })
    batches().tick()
    expect(submitted()).toHaveLength(2)
    expect(keyOfLast()).toEqual([toHex(publicKeyOf(seed))])
    expect(keyOfLast()).not.toContain(before)
    // Once: from then on it is offered again byte for byte.
    batches().tick()
    expect(submitted()).toHaveLength(2)
  })
})
