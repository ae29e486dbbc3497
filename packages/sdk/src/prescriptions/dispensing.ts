/** What a pharmacy records of a fill, and the transaction that says only that there was one. */
import {
  bytes,
  concatBytes,
  encode,
  equalBytes,
  type Infer,
  no,
  object,
  ok,
  type Result,
  text,
  uint,
} from '@plexus/codec'
import type { Dispenser, Fill, Item, PrescriptionsTransaction, RemainderReason } from '@plexus/contracts'
import { leafOf, type RandomBytes, sign, signedBytes, statementHash, verify } from '@plexus/crypto'
import { levelOf, quantityMax, quantityOf } from './amounts.ts'
import { type Drug, drug, type PrescriptionContent } from './content.ts'
import { handleOfSeed } from './keys.ts'

const hash = bytes({ length: 32 })
const printable = /^[\x20-\x7e]*$/
const npi = text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' })

/** Sealed to the patient, the prescriber and, for schedules II to V, the programme that monitors (21 CFR 1304.22(c)). */
export const dispensingRecord = object({
  handle: hash,
  fill: uint(),
  /** What was dispensed: the product, which may be another than was prescribed. */
  product: drug,
  lot: text({ max: 40, pattern: printable, says: 'a lot of ASCII characters' }),
  /** Units with this part, and of this fill with the parts before. */
  quantity: uint(quantityMax),
  filled: uint(quantityMax),
  /** Days since 1970 where the item was issued. */
  day: uint(),
  /** The pharmacy on the network, its NPI, and that of who dispensed it there: one of those that the fill names. */
  organisation: text({ min: 1, max: 64, pattern: printable, says: 'an organisation' }),
  pharmacy: npi,
  pharmacist: npi,
})
export type DispensingRecord = Infer<typeof dispensingRecord>

const recordType = 'dispensing'

/** Who dispenses, and who may have, so that the ledger does not tell which. */
export interface DispensedBy {
  readonly organisation: string
  /** NPI of the pharmacy; of one who practises alone it is the pharmacist's. */
  readonly pharmacy: string
  readonly pharmacist: string
  /** Of the pharmacist's key at the organisation, 32 bytes. */
  readonly seed: Uint8Array
  /** Others of this pharmacy, and other pharmacies with theirs: each must be in good standing now. */
  readonly beside: readonly Dispenser[]
}

export interface FilledPart {
  readonly record: DispensingRecord
  /** The pharmacist's, over the record. */
  readonly signature: Uint8Array
  /** The key of the record's commitment, and the seed of the one-time key by which others may refer to the fill. */
  readonly leafKey: Uint8Array
  readonly tagSeed: Uint8Array
  readonly transaction: PrescriptionsTransaction
}

/**
 * Composes the fill of `quantity` more units. Throws when more would be filled than is authorised: the ledger would
 * refuse it, and a pharmacy that has the content knows before.
 */
export function fillOf(
  { chain, item, content }: { readonly chain: Uint8Array; readonly item: Item; readonly content: PrescriptionContent },
  part: {
    readonly quantity: number
    readonly product: Drug
    readonly lot: string
    readonly day: number
    readonly by: DispensedBy
    readonly remainder: RemainderReason | null
  },
  random: RandomBytes,
): FilledPart {
  const { handle } = content
  const { remainder, by, ...said } = part
  const { organisation, pharmacy, pharmacist } = by
  const filled = quantityOf(item.level, content.quantity) + part.quantity
  const record = { handle, fill: item.fill, filled, ...said, organisation, pharmacy, pharmacist }
  const signature = sign(by.seed, signedBytes(recordType, chain, encode(dispensingRecord, record)))
  const [leafKey, tagSeed] = [random(32), random(32)]
  return {
    record,
    signature,
    leafKey,
    tagSeed,
    transaction: {
      type: 'fill',
      handle,
      level: levelOf(filled, content.quantity, random),
      record: recordCommitment(chain, { record, signature, leafKey }),
      tag: handleOfSeed(tagSeed),
      remainder,
      dispensers: namedDispensers(by),
    },
  }
}

/** One entry for each organisation, in order. */
function namedDispensers({ organisation, pharmacy, pharmacist, beside }: DispensedBy): readonly Dispenser[] {
  const own = beside.find((each) => each.organisation === organisation)
  const pharmacists = [...new Set([pharmacist, ...(own?.pharmacists ?? [])])].sort()
  const others = beside.filter((each) => each.organisation !== organisation)
  return [{ organisation, pharmacy, pharmacists }, ...others].sort((a, b) => (a.organisation < b.organisation ? -1 : 1))
}

/** Why a record of dispensing is not that of a fill on the ledger. */
export type RecordRefusal = {
  readonly type: 'other-record' | 'other-item' | 'dispenser-not-named' | 'quantity-differs'
}

/** A record as its pharmacy tells it, with what opens its commitment. */
export type ToldRecord = Pick<FilledPart, 'record' | 'signature' | 'leafKey'>

/**
 * Whether a record that a pharmacy shows is the one behind a fill, by one of those who stood then, and says the quantity for
 * which the ledger's parts stand. That the pharmacist signed it, `isOfPharmacist` says.
 */
export function checkRecord(
  told: ToldRecord,
  { chain, fill, content }: { readonly chain: Uint8Array; readonly fill: Fill; readonly content: PrescriptionContent },
): Result<void, RecordRefusal> {
  const { record } = told
  if (!equalBytes(recordCommitment(chain, told), fill.record)) return no({ type: 'other-record' })
  const sameItem = equalBytes(record.handle, fill.item) && equalBytes(content.handle, fill.item)
  if (!sameItem || record.fill !== fill.fill) return no({ type: 'other-item' })
  if (!fill.dispensers.some((each) => isAmong(record, each))) return no({ type: 'dispenser-not-named' })
  const [before, after] = [fill.from, fill.to].map((level) => quantityOf(level, content.quantity))
  const agrees = after === record.filled && before === record.filled - record.quantity
  return agrees ? ok() : no({ type: 'quantity-differs' })
}

/** Whether the record is signed with this key: the pharmacist's at the pharmacy, as `practitioners` has it. */
export function isOfPharmacist({ record, signature }: ToldRecord, chain: Uint8Array, key: Uint8Array): boolean {
  return verify(key, signedBytes(recordType, chain, encode(dispensingRecord, record)), signature)
}

const isAmong = (record: DispensingRecord, { organisation, pharmacy, pharmacists }: Dispenser): boolean =>
  record.organisation === organisation && record.pharmacy === pharmacy && pharmacists.includes(record.pharmacist)

/** The signature is part of it, so that no other may be put in its place. */
function recordCommitment(chain: Uint8Array, { record, signature, leafKey }: ToldRecord): Uint8Array {
  return leafOf(leafKey, statementHash(recordType, chain, concatBytes(encode(dispensingRecord, record), signature)))
}
