import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startChild, temporaryDirectory } from './child.testing.ts'
import type { LedgerStore } from './ledger-reads.ts'
import { openLedgerStore } from './ledger-store.ts'
import { nextBlock, tallyMachine, transactionsOf } from './tally.testing.ts'
import { verifyLedger } from './verify-ledger.ts'
import { blockFiles } from './write-ahead.ts'

const machine = tallyMachine()

function open(directory: string, sizes: { readonly journalBytesMax?: number; readonly threadBytesMin?: number } = {}) {
  const store = openLedgerStore(directory, { chain: machine.chain.id, proofHeights: 20, ...sizes })
  onTestFinished(() => store.close())
  return store
}

const verified = (store: LedgerStore) => verifyLedger(store, machine, { scratchDirectory: temporaryDirectory() })

const waysToLmdb = [
  ['at once', '30000', '1000000000'],
  ['in the thread', '30000', '0'],
] as const

test.each(waysToLmdb)(
  'kill -9 at any moment leaves whole blocks, and all that were acknowledged: %s',
  async (...way) => {
    const directory = temporaryDirectory()
    let acknowledged = -1
    for (const [round, lines] of [1, 2, 9, 17, 40].entries()) {
      const child = startChild('./committing-child.testing.ts', [directory, '1000', ...way.slice(1)])
      await child.said(lines)
      await child.kill()
      expect(child.lines.length).toBeGreaterThanOrEqual(lines)
      expect(Number(child.lines[0])).toBeGreaterThan(acknowledged)
      acknowledged = Number(child.lines.at(-1))
      const store = open(directory)
      const height = store.tip()?.height ?? -1
      // A block may be durable although its acknowledgement died with the process.
      expect([acknowledged, acknowledged + 1], `round ${round}`).toContain(height)
      acknowledged = height
      store.close()
    }
    const store = open(directory)
    expect(verified(store)).toMatchObject({ ok: true, value: { height: acknowledged } })
  },
)

test.each(waysToLmdb)(
  'a full disk refuses the block with a typed error, and the state before it stands: %s',
  async (...way) => {
    const directory = temporaryDirectory()
    // Files end at 512 blocks of 512 or 1,024 bytes, by shell; what is written past that fails as on a full disk.
    const child = startChild('./committing-child.testing.ts', [directory, '100000', ...way.slice(1)], 'ulimit -f 512')
    await child.ended
    const heights = child.lines.slice(0, -1)
    const last = Number(heights.at(-1))
    expect(last).toBeGreaterThan(3)
    expect(child.lines.at(-1)).toBe(`write-failed at ${last}`)
    const store = open(directory)
    expect(store.tip()?.height).toBe(last)
    const { applied, header } = nextBlock(machine, store)
    store.commit(applied, header)
    expect(verified(store)).toMatchObject({ ok: true, value: { height: last + 1 } })
  },
)

test('blocks go on while earlier ones are on their way to LMDB, and read as if none were', () => {
  const directory = temporaryDirectory()
  const [beside, plain] = [open(directory, { journalBytesMax: 8_000, threadBytesMin: 0 }), open(temporaryDirectory())]
  for (let height = 0; height < 200; height++) {
    const time = (plain.tip()?.time ?? 1_800_000_000) + 1
    const transactions = transactionsOf(machine, height, time)
    for (const store of [beside, plain]) {
      const { applied, header } = nextBlock(machine, store, transactions)
      store.commit(applied, header)
    }
    expect(beside.tip()).toEqual(plain.tip())
    if (height % 10 === 0) expect([...beside.entries('')]).toEqual([...plain.entries('')])
  }
  expect([...beside.tiles()]).toEqual([...plain.tiles()])
  expect(beside.events(0, 1000)).toEqual(plain.events(0, 1000))
  expect(verified(beside)).toMatchObject({ ok: true, value: { height: 199 } })
  // Both files were written in turn, which only the thread does.
  for (const name of blockFiles) expect(statSync(join(directory, name)).size).toBeGreaterThan(10_000)
})
