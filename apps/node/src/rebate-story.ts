/**
 * The end of the second act: a discount on the fill is paid once. A covered entity claims it under 340B; the state's agency claims
 * the same fill for Medicaid, and is refused before anything is paid (42 U.S.C. 256b(a)(5)(A)(i)); the maker settles with the first.
 */
import type { Result } from '@plexus/codec'
import { fromHex, toHex } from '@plexus/codec'
import { asker, board, mintNpi } from './demonstration.ts'
import { maker, pharmacy } from './goods-story.ts'
import type { MemberNode } from './member-node.ts'
import { StoryFailed, stepSecondsMax, type Telling } from './telling.ts'

/** The bottle's product in eleven digits (5-4-2). */
export const product = '00406051201'
const unit = '{tbl}'
const daySeconds = 86_400
/** Thousandths of a unit; millionths of the currency for one: 25 cents for a tablet. */
const thousandths = 1_000n
const price = 250_000n
const unitsMax = 1_000n * thousandths

type Made = Result<{ readonly step: string }, { readonly type: string }>

/** `item`: of which `tablets` are filled at the pharmacy. */
export async function payRebateOnce(telling: Telling, item: Uint8Array, tablets: number): Promise<void> {
  const { network, parts } = telling
  const fill = network.node(pharmacy).books.prescriptions.dispenser.newestFill(item)
  if (!fill) throw new StoryFailed('the pharmacy knows no fill')
  // The pharmacy's record of dispensing has the key of the fill's tag; either claimant has a copy.
  const { tagSeed } = fill
  const kept = { tagSeed, pharmacy: mintNpi(parts.random), filledAt: Math.floor(parts.now()) }
  const claim = async (claimant: string, programme: '340b' | 'medicaid') => {
    const terms = await agreed(telling, claimant, programme)
    const { exchange, books } = network.node(claimant)
    const { rebates } = books
    const known = await exchange.run(() => rebates.keepFill(kept))
    if (!known.ok) throw new StoryFailed(`the fill was not kept: ${known.reason.type}`)
    const tag = fromHex(known.value.tag)
    const units = BigInt(tablets) * thousandths
    const made = await exchange.run(() => rebates.accrue({ terms, tag, product, unit, units }))
    return { terms, accrual: made.ok ? made.value.accrual : '', outcome: await ended(network.node(claimant), made) }
  }
  const first = await claim(asker, '340b')
  const second = await claim(board, 'medicaid')
  const payer = network.node(maker)
  const { rebates } = payer.books
  const stands = (member: string) =>
    network
      .node(member)
      .books.rebates.accruals(first.terms)
      .find(({ accrual }) => accrual === first.accrual)
  const until = (status: string, member: string) =>
    network.until(
      () => stands(member)?.status === status && !stands(member)?.underWay,
      stepSecondsMax,
      `the discount to be ${status}`,
    )
  await until('validated', maker)
  const approved = await ended(payer, await payer.exchange.run(() => rebates.approve(fromHex(first.accrual))))
  await until('approved', asker)
  const settled = await payer.exchange.run(() => rebates.settle(first.terms))
  if (!settled.ok) throw new StoryFailed(`the settlement was refused: ${settled.reason.type}`)
  for (const member of [maker, asker]) await until('settled', member)
  const paidAt = (member: string) => {
    const audit = network.node(member).books.rebates.audit(first.terms)
    return audit.ok ? audit.value.settled : null
  }
  // What the payer said with the payment comes to the claimant by a note, after the block.
  await network.until(
    () => [maker, asker].every((member) => paidAt(member) !== null),
    stepSecondsMax,
    'both books to hold against the ledger',
  )
  const paid = [maker, asker].map(paidAt)
  const { net, lines } = settled.value
  const due = (BigInt(tablets) * price) / 10_000n
  const amount = `${net / 100n}.${String(net % 100n).padStart(2, '0')}`
  telling.step({
    step: 'rebate',
    ok:
      first.outcome === 'accepted' &&
      second.outcome === 'exclusivity-spent' &&
      approved === 'accepted' &&
      lines === 1 &&
      net === due &&
      paid.every((each) => each === due),
    says: [
      `${asker} claimed a 340B discount for the ${tablets} tablets under terms that it signed with ${maker}; ${board}, as the state's agency, claimed the same fill for Medicaid, and was refused before anything was paid: ${second.outcome}.`,
      `${maker} settled ${amount} USD with ${asker}, once; both books hold against the ledger, which has neither product nor rate nor amount.`,
    ],
    facts: { first: first.outcome, second: second.outcome, approved, amount, lines, paid: paid.map(String) },
  })
}

/** Terms that the maker offers and the claimant signs. */
async function agreed(
  { network, parts }: Telling,
  claimant: string,
  programme: '340b' | 'medicaid',
): Promise<Uint8Array> {
  const payer = network.node(maker)
  const now = Math.floor(parts.now())
  const offered = await payer.exchange.run(() =>
    payer.books.rebates.propose({
      ...{ name: `${programme} ${toHex(parts.random(8))}`, with: claimant, role: 'payer', programme, arbiter: null },
      ...{ startsAt: now - daySeconds, endsAt: now + daySeconds, currency: 'USD', rounding: 'half-even' },
      rates: [{ product, unit, price, unitsMax }],
    }),
  )
  if (!offered.ok) throw new StoryFailed(`the terms were refused: ${offered.reason.type}`)
  const { terms } = offered.value
  const of = (member: string) =>
    network
      .node(member)
      .books.rebates.terms()
      .find((each) => each.terms === terms)
  await network.until(() => of(claimant)?.waitsFor === 'own', stepSecondsMax, 'terms to be offered')
  const other = network.node(claimant)
  const signed = await ended(other, await other.exchange.run(() => other.books.rebates.sign(fromHex(terms))))
  if (signed !== 'accepted') throw new StoryFailed(`the terms were not signed: ${signed}`)
  await network.until(() => of(maker)?.state === 'signed', stepSecondsMax, 'terms to be signed')
  return fromHex(terms)
}

async function ended({ books }: MemberNode, made: Made): Promise<string> {
  if (!made.ok) return made.reason.type
  const outcome = await books.shelf.outcome(made.value.step)
  return outcome.type === 'refused' ? outcome.reason : outcome.type
}
