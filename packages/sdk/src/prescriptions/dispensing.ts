/** What a pharmacy records of a fill, and the transaction that says only that there was one. */
import { bytes, encode, equalBytes, type Infer, no, object, ok, type Result, text, uint } from '@plexus/codec'
import type { Fill, Item, PrescriptionsTransaction, RemainderReason } from '@plexus/contracts'
import { leafOf, type RandomBytes, statementHash } from '@plexus/crypto'
import { levelOf, quantityMax, quantityOf } from './amounts.ts'
import { type Drug, drug, type PrescriptionContent } from './content.ts'
import { handleOfSeed } from './keys.ts'

const hash = bytes({ length: 32 })
const printable = /^[\x20-\x7e]*$/

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
  pharmacist: text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' }),
})
export type DispensingRecord = Infer<typeof dispensingRecord>

const recordType = 'dispensing'

export interface FilledPart {
  readonly record: DispensingRecord
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
    readonly pharmacist: string
    readonly remainder: RemainderReason | null
  },
  random: RandomBytes,
): FilledPart {
  const { handle } = content
  const { remainder, ...said } = part
  const filled = quantityOf(item.level, content.quantity) + part.quantity
  const record = { handle, fill: item.fill, filled, ...said }
  const [leafKey, tagSeed] = [random(32), random(32)]
  return {
    record,
    leafKey,
    tagSeed,
    transaction: {
      type: 'fill',
      handle,
      level: levelOf(filled, content.quantity, random),
      record: recordCommitment(chain, record, leafKey),
      tag: handleOfSeed(tagSeed),
      remainder,
    },
  }
}

/** Why a record of dispensing is not that of a fill on the ledger. */
export type RecordRefusal = { readonly type: 'other-record' | 'other-item' | 'quantity-differs' }

/** Whether a record that a pharmacy shows is the one behind a fill, and says the quantity for which the ledger's parts stand. */
export function checkRecord(
  { record, leafKey }: Pick<FilledPart, 'record' | 'leafKey'>,
  { chain, fill, content }: { readonly chain: Uint8Array; readonly fill: Fill; readonly content: PrescriptionContent },
): Result<void, RecordRefusal> {
  if (!equalBytes(recordCommitment(chain, record, leafKey), fill.record)) return no({ type: 'other-record' })
  const sameItem = equalBytes(record.handle, fill.item) && equalBytes(content.handle, fill.item)
  if (!sameItem || record.fill !== fill.fill) return no({ type: 'other-item' })
  const [before, after] = [fill.from, fill.to].map((level) => quantityOf(level, content.quantity))
  const agrees = after === record.filled && before === record.filled - record.quantity
  return agrees ? ok() : no({ type: 'quantity-differs' })
}

function recordCommitment(chain: Uint8Array, record: DispensingRecord, leafKey: Uint8Array): Uint8Array {
  return leafOf(leafKey, statementHash(recordType, chain, encode(dispensingRecord, record)))
}
