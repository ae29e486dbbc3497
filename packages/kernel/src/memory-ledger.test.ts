import { toHex } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppliedBlock } from './ledger.ts'
import { memoryLedger } from './memory-ledger.ts'

const founded: AppliedBlock = {
  tip: {
    height: 0,
    time: 0,
    stateRoot: new Uint8Array(32),
    history: [],
    appHash: new Uint8Array(32),
    nextEvent: 1,
  },
  summary: { height: 0, time: 0, transactionsRoot: new Uint8Array(32), outcomesRoot: new Uint8Array(32) },
  transactions: [],
  misbehaviour: [],
  envelopes: [],
  outcomes: [],
  events: [],
  changes: [],
  tiles: [],
  overwritten: [],
}
const block = (height: number, more: Partial<AppliedBlock>): AppliedBlock => ({
  ...founded,
  ...more,
  tip: { ...founded.tip, height },
})

test('a walk gives every key of its prefix in rising order, whatever was written and deleted before', () => {
  const key = fc.stringMatching(/^[a-c]{1,2}\/[a-z0-9]{0,3}$/)
  const writes = fc.array(fc.record({ key, value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 })) }), {
    minLength: 1000,
    maxLength: 3000,
    size: 'max',
  })
  fc.assert(
    fc.property(writes, fc.constantFrom('', 'a', 'b/', 'c/a', 'zz'), (changes, prefix) => {
      const ledger = memoryLedger({ found: () => founded })
      const model = new Map<string, Uint8Array>()
      ledger.commit(block(1, { changes }))
      for (const { key: at, value } of changes) value ? model.set(at, value) : model.delete(at)
      const shown = (entries: Iterable<readonly [string, Uint8Array]>) => [...entries].map(([at, v]) => [at, toHex(v)])
      const wanted = [...model].filter(([at]) => at.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
      expect(shown(ledger.reader.entries(prefix))).toEqual(shown(wanted))
      for (const { key: at } of changes) expect(ledger.reader.get(at)).toEqual(model.get(at))
    }),
    { numRuns: 20 },
  )
})

test('the newest state is read, and every state before it can be asked for', () => {
  const tile = (place: string, now: number | null, before: number | null) => ({
    place,
    tile: now === null ? null : Uint8Array.of(now),
    before: before === null ? null : Uint8Array.of(before),
  })
  const ledger = memoryLedger({ found: () => ({ ...founded, tiles: [tile('', 1, null), tile('a', 7, null)] }) })
  ledger.commit(block(1, { tiles: [tile('', 2, 1)], changes: [{ key: 'k', value: Uint8Array.of(5) }] }))
  ledger.commit(block(2, { tiles: [tile('a', null, 7)], changes: [{ key: 'k', value: null }] }))
  expect(ledger.reader.tile('')).toEqual(Uint8Array.of(2))
  expect(ledger.reader.tile('a')).toBeUndefined()
  const shown = [0, 1, 2].map((height) => {
    const state = ledger.stateAt(height)
    return [state?.tile(''), state?.tile('a'), state?.get('k')].map((each) => each?.[0])
  })
  expect(shown).toEqual([
    [1, 7, undefined],
    [2, 7, 5],
    [2, undefined, undefined],
  ])
  expect(ledger.stateAt(3)).toBeUndefined()
})

test('a block that does not follow the tip is a bug of the caller', () => {
  expect(() => memoryLedger({ found: () => founded }).commit(block(2, {}))).toThrow('does not follow')
})
