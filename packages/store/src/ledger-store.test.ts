import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { encode, equalBytes, toHex } from '@plexus/codec'
import { appHash, blockSummary, type Machine, readSignedHeader, verifyStateProof } from '@plexus/kernel'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from './child.testing.ts'
import type { LedgerStore } from './ledger-reads.ts'
import { openLedgerStore } from './ledger-store.ts'
import { StoreError } from './store-error.ts'
import { endOf, envelopeOf, idOf, nextBlock, tallyMachine, transactionsOf } from './tally.testing.ts'
import { verifyLedger } from './verify-ledger.ts'

const machine = tallyMachine()

/** `threadBytesMin` 0: what ages goes to LMDB in the thread. */
function open(
  directory: string,
  proofHeights = 1_000,
  of: Machine = machine,
  journalBytesMax = 16_000,
  threadBytesMin = 1e9,
): LedgerStore {
  const store = openLedgerStore(directory, { chain: of.chain.id, proofHeights, journalBytesMax, threadBytesMin })
  onTestFinished(() => store.close())
  return store
}

function commitBlocks(store: LedgerStore, count: number, of: Machine = machine): void {
  for (let made = 0; made < count; made++) {
    const { applied, header } = nextBlock(of, store)
    store.commit(applied, header)
  }
}

const verified = (store: LedgerStore) => verifyLedger(store, machine, { scratchDirectory: temporaryDirectory() })

test('a reopened ledger stands where it stood, and goes on', () => {
  const directory = temporaryDirectory()
  const first = open(directory)
  expect(first.tip()).toBeUndefined()
  commitBlocks(first, 12)
  const tip = first.tip()
  const state = [...first.entries('')]
  const block = first.block(5)
  expect(block?.transactions.length).toBe(4)
  first.close()

  const second = open(directory)
  expect(second.tip()).toEqual(tip)
  expect([...second.entries('')]).toEqual(state)
  expect(second.block(5)).toEqual(block)
  expect(readSignedHeader(second.header(11) ?? new Uint8Array(0))).toMatchObject({
    ok: true,
    value: { header: { height: 11 } },
  })
  commitBlocks(second, 3)
  expect(second.tip()?.height).toBe(14)
  expect(verified(second)).toMatchObject({ ok: true, value: { height: 14, transactions: 14 * 4 } })
})

test('entries come in byte order under their prefix and nowhere else', () => {
  const store = open(temporaryDirectory())
  commitBlocks(store, 1)
  const names = ['b', 'B', 'a~', 'a', 'a!', 'a/b', 'ab', 'Z', '0', '~']
  const envelopes = names.map((name) =>
    envelopeOf(machine, { type: 'count', name, note: new Uint8Array(0) }, 1_800_000_000),
  )
  const { applied, header } = nextBlock(machine, store, envelopes)
  store.commit(applied, header)
  const keys = (prefix: string) => [...store.entries(prefix)].map(([key]) => key.slice('tally/counts/'.length))
  expect(keys('tally/counts/')).toEqual(['0', 'B', 'Z', 'a', 'a!', 'a/b', 'ab', 'a~', 'b', 'founded', '~'])
  expect(keys('tally/counts/a')).toEqual(['a', 'a!', 'a/b', 'ab', 'a~'])
  expect([...store.entries('tally/counts/none')]).toEqual([])
  expect(store.get('tally/counts/é')).toBeUndefined()
  // The quota of the one sponsor stands beside them.
  expect([...store.entries('')].length).toBe(names.length + 2)
})

test('a walk that ends early lets the next block be committed and read', () => {
  const store = open(temporaryDirectory())
  commitBlocks(store, 3)
  for (const [key] of store.entries('')) {
    expect(key).toBeTypeOf('string')
    break
  }
  commitBlocks(store, 1)
  expect(store.tip()?.height).toBe(3)
})

test('the feed goes on behind a cursor, and an envelope is found where it was accepted', () => {
  const store = open(temporaryDirectory())
  commitBlocks(store, 4)
  const all = store.events(0, 100)
  expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1))
  expect(store.events(3, 2)).toEqual(all.slice(3, 5))
  expect(store.events(all.length, 10)).toEqual([])

  const accepted = envelopeOf(machine, { type: 'count', name: 'x', note: new Uint8Array(1) }, 1_800_000_003)
  for (const block of [[accepted, accepted], [accepted]]) {
    const { applied, header } = nextBlock(machine, store, block)
    store.commit(applied, header)
  }
  expect(store.block(4)?.outcomes.map(({ code }) => code)).toEqual([0, 5])
  expect(store.transactionPlace(idOf(accepted), endOf(accepted))).toEqual({ height: 4, index: 0 })
  expect(store.transactionPlace(new Uint8Array(32), endOf(accepted))).toBeUndefined()
})

test.each([
  ['each in LMDB', 1, 1e9],
  ['some in LMDB, some in memory', 30_000, 1e9],
  ['some in LMDB, some in memory, some between both', 12_000, 0],
  ['all in memory', 1e9, 1e9],
])(
  'every state inside the window can be proven, with the value that stood then; older ones are gone: %s',
  (_, journalBytesMax, threadBytesMin) => {
    const directory = temporaryDirectory()
    const window = 8
    const store = open(directory, window, machine, journalBytesMax, threadBytesMin)
    const keys = [
      'tally/counts/founded',
      'tally/counts/never',
      ...Array.from({ length: 50 }, (_, n) => `tally/counts/name-${n}`),
    ]
    const states: ReadonlyMap<string, Uint8Array>[] = []
    for (let height = 0; height <= 40; height++) {
      commitBlocks(store, 1)
      states.push(new Map(store.entries('')))
    }
    // A name that is there in some of these states and not in later ones.
    expect(keys.some((key) => states[34]?.has(key) && !states[40]?.has(key))).toBe(true)
    for (let height = 0; height <= 41; height++) {
      const inside = height > 40 - window && height <= 40
      for (const key of keys) {
        const proven = store.proveStateAt(height, key)
        expect(proven !== undefined, `height ${height}`).toBe(inside)
        if (!proven) continue
        expect(proven.value).toEqual(states[height]?.get(key) ?? null)
        expect(verifyStateProof({ root: proven.stateRoot, key, value: proven.value, proof: proven.proof })).toBe(true)
        const carried = appHash({ stateRoot: proven.stateRoot, historyRoot: proven.historyRoot })
        expect(equalBytes(carried, store.rootAt(height)?.appHash ?? new Uint8Array(0))).toBe(true)
      }
    }
    store.close()
    // Opened again, it tells the states that LMDB kept, and of the blocks that LMDB lacked all that fit.
    const wider = open(directory, 30)
    const provable = [...Array(41).keys()].filter((height) => wider.proveStateAt(height, 'tally/counts/founded'))
    expect(provable).toEqual(Array.from({ length: provable.length }, (_, index) => 41 - provable.length + index))
    expect(provable.length).toBe({ 1: window + 1, 1e9: 30 }[journalBytesMax] ?? provable.length)
    expect(provable.length).toBeGreaterThanOrEqual(window)
    for (const height of provable) {
      const value = wider.proveStateAt(height, 'tally/counts/name-1')?.value
      expect(value).toEqual(states[height]?.get('tally/counts/name-1') ?? null)
    }
    expect(wider.rootAt(3)).toBeDefined()
  },
)

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && toHex(bytes)

test('each block can be proven in the history of every size, and each history in the later ones', () => {
  const store = open(temporaryDirectory())
  const roots = [...Array(20).keys()].map(() => {
    commitBlocks(store, 1)
    return store.rootAt(store.tip()?.height ?? 0)?.historyRoot ?? new Uint8Array(0)
  })
  const leaves = [...Array(19).keys()].map((index) => {
    const summary = store.summary(index + 1)
    return summary ? encode(blockSummary, summary) : new Uint8Array(0)
  })
  for (let size = 1; size <= 19; size++) {
    expect(toHex(referenceRoot(leaves.slice(0, size)))).toBe(hex(roots[size]))
    for (let height = 1; height <= size; height++) {
      const proven = store.proveBlock(height, size)
      expect(proven).toMatchObject({ index: height - 1, size, root: roots[size] })
      expect(proven?.path.map((each) => toHex(each))).toEqual(
        referencePath(leaves.slice(0, size), height - 1).map(toHex),
      )
    }
    expect(store.proveGrowth(size, 19)?.map(toHex)).toEqual(referenceGrowth(leaves, size, true).map(toHex))
  }
  expect(store.proveBlock(20, 20)).toBeUndefined()
  expect(store.proveBlock(0, 5)).toBeUndefined()
  expect(store.proveBlock(6, 5)).toBeUndefined()
  expect(store.proveGrowth(5, 20)).toBeUndefined()
})

// RFC 6962 §2.1, written as the RFC writes it: from the root down, over all leaves.
const sha = (...parts: readonly Uint8Array[]) =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())
const split = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1)
function referenceRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (leaves.length === 1 && only) return sha(Uint8Array.of(0), only)
  const k = split(leaves.length)
  return sha(Uint8Array.of(1), referenceRoot(leaves.slice(0, k)), referenceRoot(leaves.slice(k)))
}
function referencePath(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return index < k
    ? [...referencePath(leaves.slice(0, k), index), referenceRoot(leaves.slice(k))]
    : [...referencePath(leaves.slice(k), index - k), referenceRoot(leaves.slice(0, k))]
}
function referenceGrowth(leaves: readonly Uint8Array[], before: number, whole: boolean): readonly Uint8Array[] {
  if (before === leaves.length) return whole ? [] : [referenceRoot(leaves)]
  const k = split(leaves.length)
  return before <= k
    ? [...referenceGrowth(leaves.slice(0, k), before, whole), referenceRoot(leaves.slice(k))]
    : [...referenceGrowth(leaves.slice(k), before - k, false), referenceRoot(leaves.slice(0, k))]
}

test('a ledger of another chain, a journal, and what is no store at all are refused', async () => {
  const { openJournal } = await import('./journal.ts')
  const directory = temporaryDirectory()
  const store = open(directory)
  commitBlocks(store, 3)
  store.close()
  const other = tallyMachine('other-chain')
  expect(refusal(() => open(directory, 10, other))).toBe('other-content')
  expect(refusal(() => openJournal(directory))).toBe('other-content')

  for (const content of [Buffer.alloc(5_000, 7), Buffer.from('not a ledger'), Buffer.alloc(100_000)]) {
    const foreign = temporaryDirectory()
    mkdirSync(foreign, { recursive: true })
    writeFileSync(join(foreign, 'data.mdb'), content)
    expect(refusal(() => open(foreign))).toBe('damaged')
  }
})

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof StoreError) return error.type
    throw error
  }
  return 'accepted'
}

test.each([2, 3, 5, 9])(
  'a file torn to 1/%i of its length is refused or named by verify, and never ends the process',
  (part) => {
    const directory = temporaryDirectory()
    const store = open(directory)
    commitBlocks(store, 30)
    store.close()
    const file = join(directory, 'data.mdb')
    truncateSync(file, Math.floor(statSync(file).size / part))
    expect(
      refusal(() => {
        const result = verified(open(directory))
        if (!result.ok) throw new StoreError('damaged', result.reason.what)
      }),
    ).toBe('damaged')
  },
)

test('verify names the first height that was changed behind the back of the store', () => {
  const directory = temporaryDirectory()
  const store = open(directory)
  commitBlocks(store, 20)
  const block = store.block(7)
  store.close()
  const at = positionOf(join(directory, 'data.mdb'), block?.transactions[1] ?? new Uint8Array(1))
  expect(at.length).toBeGreaterThan(0)
  const file = openSync(join(directory, 'data.mdb'), 'r+')
  for (const position of at) writeSync(file, Uint8Array.of(0x2a), 0, 1, position + 150)
  closeSync(file)
  expect(verified(open(directory))).toEqual({
    ok: false,
    reason: { type: 'ledger-differs', height: 7, what: 'transactions' },
  })
})

test('verify names a changed value of the state, though every block is right', () => {
  const directory = temporaryDirectory()
  const store = open(directory)
  commitBlocks(store, 9)
  const note = new Uint8Array(40).fill(0xa7)
  const { applied, header } = nextBlock(machine, store, [
    envelopeOf(machine, { type: 'count', name: 'marked', note }, 1_800_000_008),
  ])
  const changes = applied.changes.map((change) =>
    change.key === 'tally/counts/marked' && change.value
      ? { ...change, value: change.value.map((byte) => (byte === 0xa7 ? 0xa8 : byte)) }
      : change,
  )
  store.commit({ ...applied, changes }, header)
  expect(() => store.proveStateAt(9, 'tally/counts/marked')).toThrow(StoreError)
  expect(verified(store)).toEqual({ ok: false, reason: { type: 'ledger-differs', height: 9, what: 'state' } })
})

const other = new Uint8Array(32).fill(7)
test.each([
  ['another key', { seed: other }, 'signature'],
  ['another past', { previous: other }, 'previous-header'],
  ['another state', { appHash: other }, 'app-hash'],
  ['other envelopes', { transactionsRoot: other }, 'transactions'],
  ['another chain', { chain: other }, 'header'],
  ['another height', { height: 9 }, 'header'],
] as const)('verify names a header of %s', (_, change, what) => {
  const store = open(temporaryDirectory())
  commitBlocks(store, 6)
  const { applied, header } = nextBlock(machine, store, undefined, change)
  store.commit(applied, header)
  commitBlocks(store, 2)
  expect(verified(store)).toEqual({ ok: false, reason: { type: 'ledger-differs', height: 6, what } })
})

test('verify names outcomes and events that do not follow from the block', () => {
  for (const what of ['outcomes', 'events'] as const) {
    const store = open(temporaryDirectory())
    commitBlocks(store, 4)
    const { applied, header } = nextBlock(machine, store)
    const outcomes = applied.outcomes.map((each, index) => (index === 1 ? { space: 'tally', code: 1 } : each))
    const events = applied.events.map((each, index) => (index === 1 ? { ...each, contract: 'other' } : each))
    store.commit({ ...applied, ...(what === 'outcomes' ? { outcomes } : { events }) }, header)
    expect(verified(store)).toEqual({ ok: false, reason: { type: 'ledger-differs', height: 4, what } })
  }
})

test('a tip that does not fit its roots is refused at once', () => {
  const directory = temporaryDirectory()
  const store = open(directory, 10, machine, 1)
  commitBlocks(store, 5)
  const tip = store.tip()
  // With the next block, this one goes to LMDB.
  commitBlocks(store, 1)
  store.close()
  const path = join(directory, 'data.mdb')
  const at = positionOf(path, tip?.appHash ?? new Uint8Array(1))
  expect(at.length).toBeGreaterThan(1)
  const file = openSync(path, 'r+')
  for (const position of at) writeSync(file, Uint8Array.of((tip?.appHash[3] ?? 0) ^ 1), 0, 1, position + 3)
  closeSync(file)
  expect(refusal(() => open(directory))).toBe('damaged')
})

function positionOf(path: string, wanted: Uint8Array): readonly number[] {
  const content = readFileSync(path)
  const found: number[] = []
  for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + 1)) found.push(at)
  return found
}

test('a block that does not follow is not stored', () => {
  const store = open(temporaryDirectory())
  commitBlocks(store, 2)
  const { applied, header } = nextBlock(machine, store)
  store.commit(applied, header)
  expect(() => store.commit(applied, header)).toThrow(/where 3 follows/)
  expect(store.tip()?.height).toBe(2)
})

test('an unchanged stream of transactions gives the same bytes on two stores', () => {
  const stores = [open(temporaryDirectory()), open(temporaryDirectory())]
  for (let height = 0; height < 15; height++) {
    const time = (stores[0]?.tip()?.time ?? 1_800_000_000) + 1
    const transactions = transactionsOf(machine, height, time)
    for (const store of stores) {
      const { applied, header } = nextBlock(machine, store, transactions)
      store.commit(applied, header)
    }
  }
  const [left, right] = stores.map((store) => ({
    tip: store.tip(),
    state: [...store.entries('')],
    events: store.events(0, 1000),
  }))
  expect(left).toEqual(right)
})
