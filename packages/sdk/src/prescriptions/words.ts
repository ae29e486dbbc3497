/**
 * What is said of an item away from the ledger: between the books of members, from a wallet to a book, and from a book to a
 * wallet. Each travels in a sealed note or notice.
 */
import { bytes, type Infer, object, option, variant } from '@plexus/codec'
import { mailbox, organisationId } from '@plexus/policy'
import { prescription } from './content.ts'
import { dispensingRecord } from './dispensing.ts'

const hash = bytes({ length: 32 })

/** A fill as its dispenser tells it: the record and its opening, under the tag that the ledger has. */
const told = { tag: hash, record: dispensingRecord, leafKey: hash }

/** As the books keep it. */
export const toldFill = object(told)

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
