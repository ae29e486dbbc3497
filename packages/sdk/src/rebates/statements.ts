/**
 * What the parties of a discount say to each other and the ledger keeps commitments to: terms, accruals, steps, settlements. A
 * note is a statement with the key of its commitment: who has it can open what the ledger holds. It travels sealed.
 */
import {
  amount,
  bytes,
  compareBytes,
  decode,
  encode,
  type Infer,
  no,
  object,
  ok,
  oneOf,
  option,
  type Result,
  type Schema,
  sortedList,
  text,
  uint,
  utf8,
  variant,
} from '@plexus/codec'
import { leafOf, openSealed, type SealRefusal, sealTo, statementHash } from '@plexus/crypto'
import type { Member } from '@plexus/kernel'

const hash = bytes({ length: 32 })
const name = text({ min: 1, max: 100 })
const programme = oneOf('340b', 'medicaid', 'mfp', 'commercial')

/** Eleven digits, 5-4-2: labeller, product and package. Other forms of the same number are refused, not guessed. */
const product = text({ min: 11, max: 11, pattern: /^[0-9]{11}$/, says: 'a product of eleven digits' })
/** UCUM, of the unit to which a price refers: millilitres are no vials. */
const unit = text({ min: 1, max: 40, pattern: /^[\x21-\x7e]+$/, says: 'a unit of 1 to 40 ASCII characters' })

/** What one contract lists; more products are another contract. */
const ratesMax = 500

/**
 * One version of terms. `price`: due for one unit, in millionths of `currency`. `unitsMax`: thousandths of a unit that one fill
 * plausibly has, at most; more is most often a wrong unit.
 */
export const termsContent = object({
  handle: hash,
  number: uint(),
  programme,
  payer: name,
  claimant: name,
  /** Who decides what the parties cannot; null where nobody is agreed on. */
  arbiter: option(name),
  startsAt: uint(),
  endsAt: uint(),
  currency: text({ min: 3, max: 3, pattern: /^[A-Z]{3}$/, says: 'a currency of ISO 4217' }),
  /** Of the rounding point `amount`: once for each accrual. */
  rounding: oneOf('half-even', 'half-up'),
  rates: sortedList(object({ product, unit, price: amount(), unitsMax: amount() }), {
    min: 1,
    max: ratesMax,
    order: (a, b) => (a.product < b.product ? -1 : a.product > b.product ? 1 : 0),
  }),
})
export type TermsContent = Infer<typeof termsContent>

/** One discount on one fill. `units` in thousandths, `amount` in minor units. */
export const accrualContent = object({
  accrual: hash,
  tag: hash,
  terms: hash,
  version: uint(),
  programme,
  product,
  unit,
  units: amount(),
  pharmacy: text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' }),
  /** Seconds since 1970, from the record of dispensing. */
  filledAt: uint(),
  amount: amount(),
})
export type AccrualContent = Infer<typeof accrualContent>

const stepName = oneOf(
  'approve',
  'claim',
  'decide',
  'displace',
  'dispute',
  'repay',
  'resolve',
  'restate',
  'settle',
  'validate',
  'withdraw',
)
export type StepName = Infer<typeof stepName>

/** What is said with a step. `before` is the commitment before it, so that no step can be left out. */
export const stepContent = object({
  accrual: hash,
  before: hash,
  step: stepName,
  /** In minor units, as it stands after the step. */
  amount: amount(),
  /** The settlement of the terms in which it was paid or paid back; null in every other step. */
  settlement: option(uint()),
  note: text({ max: 300 }),
})
export type StepContent = Infer<typeof stepContent>

/** A statement of so many lines is below 64 KiB; more accruals are more settlements. */
const linesMax = 1_000

/** What one settlement of terms moves: `amount` and `net` in minor units, from payer to claimant, or back when negative. */
export const settlementContent = object({
  terms: hash,
  number: uint(),
  lines: sortedList(object({ accrual: hash, amount: amount() }), {
    max: linesMax,
    order: (a, b) => compareBytes(a.accrual, b.accrual),
  }),
  net: amount(),
})
export type SettlementContent = Infer<typeof settlementContent>

const contents = { terms: termsContent, accrual: accrualContent, step: stepContent, settlement: settlementContent }

export const rebateNote = variant({
  terms: { content: termsContent, leafKey: hash },
  accrual: { content: accrualContent, leafKey: hash },
  step: { content: stepContent, leafKey: hash },
  settlement: { content: settlementContent, leafKey: hash },
})
export type RebateNote = Infer<typeof rebateNote>
export type NoteOf<Type extends RebateNote['type']> = Member<RebateNote, Type>

/** The hiding commitment that the ledger keeps of a statement, 32 bytes. */
export function rebateCommitment(chain: Uint8Array, { type, content, leafKey }: RebateNote): Uint8Array {
  const statement = encode(contents[type] as Schema<typeof content>, content)
  return leafOf(leafKey, statementHash(`rebate-${type}`, chain, statement))
}

const sealInfo = utf8('plexus/v1/rebate-note')
/** The terms with most rates. */
const noteBytesMax = 64 * 1024

/** Sealed to one who may read it: 1,216 bytes of public key that passed `checkSealingKey`. */
export function sealRebateNote(
  note: RebateNote,
  { chain, publicKey }: { readonly chain: Uint8Array; readonly publicKey: Uint8Array },
): Promise<Uint8Array> {
  return sealTo({ publicKey, info: sealInfo, context: chain, plaintext: encode(rebateNote, note) })
}

/** What was sealed on this chain to the key of this seed (32 bytes, X-Wing). What it is worth, the ledger's commitment says. */
export async function openRebateNote(
  sealed: Uint8Array,
  { chain, seed }: { readonly chain: Uint8Array; readonly seed: Uint8Array },
): Promise<Result<RebateNote, SealRefusal | { readonly type: 'malformed' }>> {
  const opened = await openSealed({ seed, info: sealInfo, context: chain, sealed })
  if (!opened.ok) return opened
  const read = decode(rebateNote, opened.value, noteBytesMax)
  return read.ok ? ok(read.value) : no({ type: 'malformed' })
}
