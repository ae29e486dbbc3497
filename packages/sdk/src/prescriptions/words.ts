/**
 * What is said of an item away from the ledger: between the books of members, from a wallet to a book, and from a book to a
 * wallet. Each travels in a sealed note or notice.
 */
import { bytes, type Infer, object, option, text, variant } from '@plexus/codec'
import { mailbox, organisationId } from '@plexus/policy'
import { prescription } from './content.ts'
import { dispensingRecord } from './dispensing.ts'

const hash = bytes({ length: 32 })

/** A fill as its dispenser tells it: the record, the pharmacist's signature and the opening, under the tag that the ledger has. */
const told = { tag: hash, record: dispensingRecord, signature: bytes({ length: 64 }), leafKey: hash }

/** As the books keep it. */
export const toldFill = object(told)

/** What a practice's own system calls an order or a line of it, or a pharmacy's system a dispensing. */
export const ownName = text({
  min: 1,
  max: 64,
  pattern: /^[\x20-\x7e]+$/,
  says: 'a name of 1 to 64 ASCII characters',
})

/** By which systems at the practice and the pharmacy mean the same line. The ledger and the signed content have the handle alone. */
export const lineNames = object({ order: ownName, line: ownName })
export type LineNames = Infer<typeof lineNames>

/** To the book of a pharmacy or of a practice. */
export const prescriptionNote = variant({
  /**
   * Brings an item to a pharmacy, with the seed of the key that may claim it: from the practice, or from the patient's
   * wallet itself. `mailbox`: where the patient's copy of what is dispensed goes.
   */
  nomination: {
    pharmacy: organisationId,
    handle: hash,
    claimantSeed: bytes({ length: 32 }),
    prescription,
    mailbox: option(mailbox),
    /** Null where the practice's system has none, and from a wallet. */
    names: option(lineNames),
  },
  /** To whoever signed the item: what was dispensed. */
  dispensed: { handle: hash, ...told },
})
export type PrescriptionNote = Infer<typeof prescriptionNote>

/** To the patient's wallet. */
export const prescriptionWord = variant({
  prescribed: { handle: hash, prescription },
  dispensed: { handle: hash, ...told },
})
export type PrescriptionWord = Infer<typeof prescriptionWord>
