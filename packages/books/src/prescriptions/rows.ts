/** What the book of prescriptions keeps, and what it remembers of a step until its end. */
import { bytes, type Infer, list, object, option, uint, variant } from '@plexus/codec'
import { mailbox, organisationId } from '@plexus/policy'
import { dispensingRecord, lineNames, ownName, prescription, toldFill } from '@plexus/sdk'

const hash = bytes({ length: 32 })
/** Seed of a one-time key, Ed25519. */
const seed = bytes({ length: 32 })
/** Ed25519. */
const signature = bytes({ length: 64 })

/** 53 fills in at most a few parts each, and those that were taken back. */
const fillsMax = 400
/** As many lines as one envelope signs. */
const itemsMax = 256

/** At the prescriber: a line that its organisation signed. */
export const orderRow = object({
  handle: hash,
  organisation: organisationId,
  order: ownName,
  line: uint(),
  names: option(lineNames),
  /** Of the item's own key: who has it may cancel. */
  seed,
  prescription,
  /** Of the patient's key, where the patient has no wallet and the practice acts on the patient's word; else null. */
  patientSeed: option(seed),
  /** How often a claimant was named by the practice. */
  nominations: uint(),
  mailbox: option(mailbox),
  /** Of the block that signed it; null while that is on its way. */
  height: option(uint()),
  /** Held against the ledger before they were kept. */
  fills: list(toldFill, { max: fillsMax }),
})
export type OrderRow = Infer<typeof orderRow>

/** At a dispenser: an item that was brought to it. */
export const broughtRow = object({
  handle: hash,
  /** The pharmacy, this member or a tenant of it. */
  pharmacy: organisationId,
  prescription,
  /** The key that may claim, and the one that holds since. */
  claimantSeed: seed,
  holderSeed: option(seed),
  mailbox: option(mailbox),
  names: option(lineNames),
  /** `name`: of the pharmacy's own system; null where it gave none. */
  fills: list(object({ told: toldFill, tagSeed: seed, name: option(ownName) }), { max: fillsMax }),
})
export type BroughtRow = Infer<typeof broughtRow>

/** Items that systems call by one name: as many as one envelope signs, and no more are looked up. */
export const namedMax = itemsMax
export const namedRow = list(hash, { max: namedMax })

/** What a step is about, until its end is known. */
export const about = variant({
  sign: { handles: list(hash, { max: itemsMax }) },
  nominate: { handle: hash, pharmacy: organisationId, claimantSeed: seed },
  claim: { handle: hash, holderSeed: seed },
  fill: { handle: hash, tagSeed: seed, record: dispensingRecord, signature, leafKey: hash, name: option(ownName) },
  /** A step after which nothing is kept that was not kept before. */
  move: { handle: hash },
})
export type About = Infer<typeof about>
