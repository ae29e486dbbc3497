import { decode, encode, object, ok, text, toHex, uint, variant } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { expect, test } from 'vitest'
import {
  collection,
  createMachine,
  defineContract,
  kernelEvent,
  migration,
  Overlay,
  type RegisteredContract,
  register,
  Versions,
} from './index.ts'
import { accepted, chain, contracts, count, envelopeOf, quota, replica, seeds } from './tally.testing.ts'

const name = text({ min: 1, max: 20, pattern: /^[a-z]+$/ })
const before = { counts: collection(uint()) }
const after = { counts: collection(object({ count: uint(), since: uint() })), newest: collection(name) }

/** The tally that also remembers since when it counts, and the newest name; it counts in steps of ten. */
const later = register(
  defineContract({
    name: 'tally',
    version: 2,
    state: after,
    transaction: variant({ count: { name } }),
    event: variant({ counted: { name, height: uint() } }),
    rules: {
      count: (_, { name }, { height }) => ok({ events: [{ type: 'counted' as const, name, height }] }),
    },
    rejections: {},
    evolve: {
      counted({ counts, newest }, { name, height }) {
        const known = counts.get(name) ?? { count: 0, since: height }
        counts.set(name, { ...known, count: known.count + 10 })
        newest.set('name', name)
      },
    },
    queries: {},
    invariants: {},
    migration: migration({
      from: before,
      to: after,
      run(old, draft) {
        for (const [each, count] of [...old.counts.entries()]) {
          if (each === 'dropped') old.counts.delete(each)
          else draft.counts.set(each, { count, since: 0 })
        }
      },
    }),
  }),
)

const takesOverAt = 3
const clinic = toHex(publicKeyOf(seeds.clinic))
const directory = {
  contract: 'organisations',
  holderOf: (_: unknown, key: string) => (key === clinic ? { holder: 'clinic', scopes: ['sponsor'] } : undefined),
  isActive: () => true,
  quotaOf: () => quota,
  versionsAt: (_: unknown, height: number) =>
    new Map([
      ['purse', 1],
      ['tally', height >= takesOverAt ? 2 : 1],
    ]),
}
const machineWith = (having: readonly RegisteredContract[]) => createMachine({ chain, contracts: having, directory })
const both = [...contracts, later]

function upToTheHeight() {
  const ledger = replica(machineWith(both))
  ledger.apply([count('a'), count('a', { nonce: 'again' })])
  ledger.apply([count('dropped')])
  return ledger
}

const stateOf = (reader: { entries(prefix: string): Iterable<readonly [string, Uint8Array]> }) =>
  Object.fromEntries([...reader.entries('tally/')].map(([key, bytes]) => [key, toHex(bytes)]))

test('at its height a version takes over: its migration runs before the first transaction, and the feed says so', () => {
  const ledger = upToTheHeight()
  const applied = ledger.apply([count('a', { nonce: 'by the later one' })])
  expect(applied.outcomes).toEqual([accepted])
  expect(applied.events.map(({ contract }) => contract)).toEqual(['kernel', 'tally'])
  const [began] = applied.events
  expect(began && decode(kernelEvent, began.event)).toEqual({
    ok: true,
    value: { type: 'version-began', contract: 'tally', version: 2 },
  })
  const read = decode(after.counts.value, ledger.reader.get('tally/counts/a') ?? new Uint8Array(0))
  expect(read).toEqual({ ok: true, value: { count: 12, since: 0 } })
  expect(ledger.reader.get('tally/counts/dropped')).toBeUndefined()
})

test('a version takes over in a block without transactions too, and once', () => {
  const ledger = upToTheHeight()
  const root = ledger.tip().stateRoot
  expect(ledger.apply([]).events).toHaveLength(1)
  expect(ledger.tip().stateRoot).not.toEqual(root)
  expect(ledger.apply([]).events).toHaveLength(0)
})

test('before its height the earlier version judges, from then on the later one, also when the mempool asks', () => {
  const ledger = replica(machineWith(both))
  const forget = envelopeOf({ type: 'forget', name: 'founded' })
  const verdict = () => {
    const checked = ledger.machine.check(ledger.reader, forget, ledger.tip().time)
    return checked.ok ? 'accepted' : checked.reason.reason
  }
  expect(verdict()).toBe('accepted')
  ledger.apply([])
  expect(verdict()).toBe('accepted')
  ledger.apply([])
  expect(ledger.tip().height + 1).toBe(takesOverAt)
  expect(verdict()).toBe('transaction-malformed')
  expect(ledger.machine.check(ledger.reader, count('a'), ledger.tip().time).ok).toBe(true)
  expect(ledger.meets(forget)?.space).toBe('kernel')
  expect(verdict()).toBe('transaction-malformed')
})

test('a state that is fed with the events alone is equal, across a migration', () => {
  const ledger = upToTheHeight()
  const versions = new Versions(both, directory)
  const fed = new Overlay({ get: () => undefined, entries: () => [] })
  const again = replica(machineWith(both))
  const feed = [
    ...again.machine.found().events,
    ...again.apply([count('a'), count('a', { nonce: 'again' })]).events,
    ...again.apply([count('dropped')]).events,
    ...again.apply([count('b')]).events,
  ]
  for (const record of feed) versions.replay(fed, record)
  ledger.apply([count('b')])
  expect(stateOf(fed)).toEqual(stateOf(ledger.reader))
  expect(Object.keys(stateOf(fed))).toContain('tally/newest/name')
})

test('a build that lacks a version stops before the block of its height, and says what to install', () => {
  const ledger = replica(machineWith(contracts))
  ledger.apply([])
  ledger.apply([])
  const tip = ledger.tip()
  const says = /block 3 is under version 2 of the contract tally, which this build does not have: install a build/
  expect(() => ledger.apply([])).toThrow(says)
  expect(() => ledger.machine.check(ledger.reader, count('a'), tip.time)).toThrow(says)
  expect(ledger.tip()).toEqual(tip)
})

test('a contract that is not active at a height is unknown there', () => {
  const machine = createMachine({
    chain,
    contracts: both,
    directory: { ...directory, versionsAt: (_, height) => new Map(height < 2 ? [['tally', 1]] : []) },
  })
  const ledger = replica(machine)
  expect(ledger.meets(count('a'))).toEqual(accepted)
  expect(ledger.meets(count('b'))).toEqual({ space: 'kernel', code: 6 })
})

test('a version is registered once, and the kernel has its name for itself', () => {
  expect(() => machineWith([...both, later])).toThrow('registered twice')
  expect(() => machineWith([{ ...later, name: 'kernel' }])).toThrow('kernel')
})

test('an event of the feed that its version does not know is refused by whoever replays it', () => {
  const versions = new Versions(both, directory)
  const fed = new Overlay({ get: () => undefined, entries: () => [] })
  const record = { sequence: 1, height: 1, contract: 'tally', event: encode(uint(), 1) }
  expect(() => versions.replay(fed, record)).toThrow('malformed')
  expect(() => versions.replay(fed, { ...record, contract: 'nobody' })).toThrow('not active')
})
