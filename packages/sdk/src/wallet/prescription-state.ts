/** What a wallet remembers of prescriptions: the items that were sealed to it, what it did with them, what was filled and recalled. */
import { bytes, type Infer, list, object, oneOf, option, text, uint } from '@plexus/codec'
import { prescriptions } from '@plexus/contracts'
import { organisationId } from '@plexus/policy'
import { prescription } from '../prescriptions/content.ts'
import { toldFill } from '../prescriptions/words.ts'
import { recalledUnits } from '../supply/words.ts'

/** Two orders a week over a lifetime are more; whoever floods the box with more adds nothing. */
export const itemsMax = 4_000
/** Each nomination is a step on the ledger, which a person takes. */
export const nominationsMax = 64
/** Parts and refills of all of them. */
export const fillsMax = 16_000
export const recallsMax = 1_000

const refusal = text({ max: 40 })

const nomination = object({
  /** Null where the patient took the item back, so that nobody may claim it. */
  pharmacy: option(organisationId),
  /** Of the claimant's key: `claimantSeed`. */
  number: uint(),
  /** Of the block that has it. */
  height: uint(),
  /** Whether the pharmacy has what it needs. */
  brought: oneOf('yes', 'no'),
})
export type Nomination = Infer<typeof nomination>

const heldItem = object({
  handle: bytes({ length: 32 }),
  /** Of the wallet's own key: `patientItemSeed`. */
  number: uint(),
  /** In whose mailbox it lay; there the fills are told too. */
  custodian: organisationId,
  prescription,
  /** Of the claimant's key that comes next: a number is used once, whatever becomes of the step. */
  nextClaimant: uint(),
  nominations: list(nomination, { max: nominationsMax }),
  /** The item as the state before the block `height` has it; null until the ledger showed it. */
  seen: option(object({ height: uint(), item: prescriptions.state.items.value })),
  /** Which check against the ledger it failed. */
  refused: option(refusal),
})
export type HeldItem = Infer<typeof heldItem>

const heldFill = object({
  /** Of the item; it may come before the item does. */
  handle: bytes({ length: 32 }),
  told: toldFill,
  /** `holds`: the ledger has the fill with this record. */
  standing: oneOf('told', 'holds', 'reversed', 'refused'),
  refused: option(refusal),
})
export type HeldFill = Infer<typeof heldFill>

export const heldPrescriptions = object({
  /** The number of the wallet's key for the item that comes next. */
  nextNumber: uint(),
  /** By their handles. */
  items: list(heldItem, { max: itemsMax }),
  /** By their tags. */
  fills: list(heldFill, { max: fillsMax }),
  /** What dispensers said of recalls; which of them is not told. */
  recalls: list(recalledUnits, { max: recallsMax }),
})
export type HeldPrescriptions = Infer<typeof heldPrescriptions>

export const noPrescriptions: HeldPrescriptions = { nextNumber: 0, items: [], fills: [], recalls: [] }
