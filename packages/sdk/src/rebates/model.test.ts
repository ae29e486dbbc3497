/**
 * Random lives of the discounts of one contract, on the ledger and in a plain book of numbers: after every step the auditor, who sees
 * commitments and openings, comes to the sums of the plain book.
 */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Contract, type Discount, random, refundPrice, worldWithFills } from './contract.testing.ts'

const livesCount = 6
const fillsCount = 6
const stepsCount = 50

/** What two clerks would write down: cents, and a word. */
interface Line {
  state: 'accrued' | 'claimed' | 'disputed' | 'validated' | 'approved' | 'settled' | 'reversed' | 'repaid'
  amount: bigint
  /** What was paid in all, and whether it was paid back. */
  paid: bigint
}

/** Seeded, so that a failure can be run again. */
function dice(seed: number) {
  let count = 0
  return (sides: number) => createHash('sha256').update(`${seed}/${count++}`).digest().readUInt32BE(0) % sides
}

const sum = (lines: readonly Line[], of: (line: Line) => bigint) => lines.reduce((total, line) => total + of(line), 0n)
const stands = ({ state }: Line) => state === 'approved' || state === 'settled'

function totalsOf(lines: readonly Line[], moved: bigint) {
  return {
    approved: sum(lines, (line) => (stands(line) ? line.amount : 0n)),
    open: sum(lines, (line) => (line.state === 'approved' ? line.amount - line.paid : 0n)),
    settled: sum(lines, ({ paid }) => paid),
    reversed: sum(lines, ({ state, paid }) => (state === 'reversed' || state === 'repaid' ? paid : 0n)),
    owedBack: sum(lines, ({ state, paid }) => (state === 'reversed' ? paid : 0n)),
    moved,
    announced: 0n,
  }
}

test(`${livesCount} random lives: the audited books are those of two clerks at every height`, () => {
  const endings = new Set<string>()
  for (let seed = 1; seed <= livesCount; seed++) {
    const roll = dice(seed)
    const { world, tags } = worldWithFills(fillsCount)
    const contract = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const discounts = tags.map((tag) => contract.accrue(tag))
    const lines = tags.map((): Line => ({ state: 'accrued', amount: 290_00n, paid: 0n }))
    let moved = 0n
    const isOwed = ({ state, amount, paid }: Line) =>
      state === 'approved' || (state === 'reversed' && paid !== 0n && amount === 0n)
    for (let each = 1; each <= stepsCount; each++) {
      const item = roll(fillsCount)
      const [discount, line] = [discounts[item] as Discount, lines[item] as Line]
      const both = [discount.claimant, discount.payer]
      const other = BigInt(roll(40_000))
      const isOver = line.state === 'reversed' || line.state === 'repaid'
      if (roll(12) === 0 && !isOver) {
        if (roll(2) === 0) discount.step('withdraw', [discount.claimant], 0n)
        else
          world.take(
            { type: 'reverse-fill', tag: discount.tag.handle, record: random(32), through: 'prescriptions' },
            world.holderOf(item),
          )
        Object.assign(line, { state: 'reversed', amount: 0n })
      } else if (roll(6) === 0) {
        const due = lines.flatMap((each, index) => (isOwed(each) && roll(3) > 0 ? [index] : []))
        moved += contract.settle(...due.map((index) => discounts[index] as Discount))
        for (const index of due) {
          const paid = lines[index] as Line
          if (paid.state === 'approved') Object.assign(paid, { state: 'settled', paid: paid.amount })
          else paid.state = 'repaid'
        }
      } else if (line.state === 'accrued') {
        discount.step('claim', [discount.claimant])
        line.state = 'claimed'
      } else if (line.state === 'claimed' && roll(3) === 0) {
        discount.dispute()
        line.state = 'disputed'
      } else if (line.state === 'claimed') {
        discount.step('validate', [discount.payer])
        line.state = 'validated'
      } else if (line.state === 'disputed') {
        discount.step('resolve', both, other)
        Object.assign(line, { state: 'validated', amount: other })
      } else if (line.state === 'validated') {
        discount.step('approve', [discount.payer])
        line.state = 'approved'
      } else if (stands(line)) {
        discount.step('restate', both, other)
        Object.assign(line, { state: 'approved', amount: other })
      }
      expect([`life ${seed}, step ${each}`, contract.audit()]).toEqual([
        `life ${seed}, step ${each}`,
        totalsOf(lines, moved),
      ])
    }
    for (const { state, paid } of lines) endings.add(`${state} ${paid > 0n}`)
  }
  for (const ending of ['approved true', 'settled true', 'reversed false', 'repaid true'])
    expect([...endings]).toContain(ending)
})
