import { expect, test } from 'vitest'
import type { Party } from './party.ts'
import { settlementDiffers } from './settling.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const [terms, accrual] = [hash(1), hash(2)]

/** A book with one discount of 290.00 that is approved, as the ledger has it. */
const party = {
  rows: {
    accrualOf: () => ({ terms, handle: accrual }),
    bookOf: () => ({ accrual: { content: { amount: 290_00n } }, steps: [] }),
  },
  accrualNow: () => ({ status: 'approved', paid: false }),
} as unknown as Party

test('a sum that is not what the own book says is due is not signed', () => {
  const of = (amount: bigint, net = amount) =>
    settlementDiffers(party, { terms, number: 1, lines: [{ accrual, amount }], net })
  expect(of(290_00n)).toBeUndefined()
  expect(of(291_00n)).toBe('amount-differs')
  expect(of(290_00n, 300_00n)).toBe('net-differs')
})
