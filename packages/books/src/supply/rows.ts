/** What a member keeps of its goods, and what books of supply say to each other. */
import { boolean, bytes, type Infer, list, object, oneOf, option, text, uint, variant } from '@plexus/codec'
import { packageLeavesMax, packageMember } from '@plexus/contracts'
import { dispensingRecord, lotStatement, ownName } from '@plexus/sdk'

export const hash = bytes({ length: 32 })
/** Ed25519. */
const signature = bytes({ length: 64 })
const organisation = text({ min: 2, max: 40, pattern: /^[a-z0-9-]+$/, says: 'an organisation id' })
const gtin = text({ min: 14, max: 14, pattern: /^[0-9]{14}$/, says: 'a GTIN of 14 digits' })
const gs1Text = text({ min: 1, max: 20, pattern: /^[!"%-?A-Z_a-z]+$/, says: 'at most 20 characters of GS1’s set 82' })

export const identifier = variant({
  unit: { gtin, serial: gs1Text },
  package: { sscc: text({ min: 18, max: 18, pattern: /^[0-9]{18}$/, says: 'an SSCC of 18 digits' }) },
})

/** Levels of packing that a maker seals into each other. */
export const depthMax = 8
/** Of a mixed pallet, as the contract bounds it. */
export const lotsMax = 16

const toldThing = {
  identifier,
  labelKey: hash,
  member: packageMember,
  /**
   * What is in a package; null for a unit. `noiseSeed`: of the noise among what its maker sealed; null for what a holder
   * packed of things that stand for themselves.
   */
  inside: option(object({ tags: list(hash, { min: 1, max: packageLeavesMax }), noiseSeed: option(hash) })),
}

/** One unit or package whose label this member has, or had, in hand. By tag in hexadecimal. */
export const thingRow = object({
  ...toldThing,
  /** Packages that it was sealed in, innermost first. */
  around: list(hash, { max: depthMax }),
})
export type Thing = Infer<typeof thingRow>

/** Few enough that one unit is found in a millisecond, enough that a case is one row. */
export const unitsPerRowMax = 64

/** Units of one sealed package, some of them. By the package's tag in hexadecimal and the part's number. */
export const unitsRow = object({
  /** Packages that they were sealed in, innermost first. */
  around: list(hash, { min: 1, max: depthMax }),
  units: list(object({ tag: hash, gtin, serial: gs1Text, labelKey: hash, lot: hash }), {
    min: 1,
    max: unitsPerRowMax,
  }),
})

export type UnitsRow = Infer<typeof unitsRow>

/** What a maker said of a lot, and the public key that signed it. */
const shownLot = { statement: lotStatement, makerKey: hash }

/** By handle in hexadecimal. */
export const lotRow = object({
  ...shownLot,
  /** The maker's own: what opens the labels of the lot, and what recalls it. */
  own: option(object({ traceKey: hash, seed: hash, packages: list(hash, { min: 1, max: 256 }) })),
})
export type LotRow = Infer<typeof lotRow>

export const role = oneOf('maker', 'distributor', 'dispenser', 'regulator')
const licence = object({
  grant: hash,
  index: uint(packageLeavesMax),
  path: list(hash, { max: 12 }),
})

/** A one-time key. By its hash in hexadecimal. */
export const keyRow = object({
  seed: hash,
  role,
  /** Null until the authority granted it. */
  licence: option(licence),
  /** `offered` to a partner who may ship to it; `used` once it stands on the ledger, or may. */
  use: oneOf('asked', 'free', 'offered', 'used'),
  partner: option(organisation),
})
export type KeyRow = Infer<typeof keyRow>

/** Parcels that one envelope carries. */
export const parcelsMax = 256

/** A delivery. By its handle in hexadecimal. */
export const shipmentRow = object({
  direction: oneOf('out', 'in'),
  partner: organisation,
  tags: list(hash, { min: 1, max: parcelsMax }),
  purpose: oneOf('trade', 'return'),
  /**
   * Out: a key of the receiver is asked for, the step waits for its block, the goods are on their way. In: parts of what is
   * said of the goods have come, all have, it was received. Either: it ended, by what `ending` says.
   */
  status: oneOf('key-asked', 'shipping', 'shipped', 'told-in-part', 'arrived', 'receiving', 'received', 'ended'),
  /** The note that asks for the receiver's key, until it is answered. */
  asking: option(text({ max: 80 })),
  ending: option(text({ max: 60 })),
  /** Seconds since 1970. */
  since: uint(),
})
export type ShipmentRow = Infer<typeof shipmentRow>

/** What became of a label that was shown here. By number. */
export const scanRow = object({
  identifier,
  lot: option(gs1Text),
  /** The maker that was asked whether it made this; null where the member's own books told. */
  asked: option(organisation),
  /** `asked` until the maker answered. */
  answer: text({ max: 40 }),
  tag: option(hash),
  /** Of the incident that was reported because of it. */
  incident: option(hash),
  /** Opens what the incident's record commits to. */
  recordKey: option(hash),
  at: uint(),
})
export type ScanRow = Infer<typeof scanRow>

/** Twice as many tags as a delivery has, the signers, and what frames them. */
const agreementBodyBytesMax = 32 * 1024

/** What a holder did with goods that do not go on, or go on again. */
export const whatWasDone = oneOf('cleared', 'destroyed', 'exported', 'lost', 'quarantined', 'stolen', 'transformed')
/** A sentence or two, for an inspector. */
export const holdingWhyMax = 400

/** Why something was held back, let go again, or ended. By number. */
export const holdingRow = object({
  tag: hash,
  what: whatWasDone,
  why: text({ max: holdingWhyMax }),
  at: uint(),
  /** Opens what the ledger commits to. */
  recordKey: hash,
  /** Whether the step was accepted. */
  stands: boolean(),
})
export type HoldingRow = Infer<typeof holdingRow>

/** What two partners say together, as the transaction has it but for its record. */
export const agreementAbout = variant({
  resolve: { shipment: hash, lost: list(hash, { max: parcelsMax }), found: list(hash, { max: parcelsMax }) },
  clear: { tag: hash },
})
export type AgreementAbout = Infer<typeof agreementAbout>

const agreementSaid = {
  about: agreementAbout,
  why: text({ max: holdingWhyMax }),
  at: uint(),
  /** Opens the record to which the ledger's step commits. */
  recordKey: hash,
  /** The public key of whoever asks. */
  key: hash,
}

/** By id in hexadecimal. */
export const agreementRow = object({
  ...agreementSaid,
  side: oneOf('asks', 'answers'),
  partner: organisation,
  /** `stands`: at whoever answered, once its step is on the ledger. */
  status: oneOf('asked', 'agreed', 'declined', 'stands'),
  /** What the other is to sign, until it did. */
  body: option(bytes({ max: agreementBodyBytesMax })),
})
export type AgreementRow = Infer<typeof agreementRow>

/** What concerns goods that this member has or had. By number. */
export const alertRow = object({
  about: variant({
    /** A label was shown elsewhere though its unit is not there. */
    reported: { tag: hash, incident: hash, noticeDueAt: uint() },
    recalled: { lot: hash, held: uint(), dispensed: uint(), told: uint() },
    /** To the maker: what a holder has of a recalled lot. */
    'held-elsewhere': { lot: hash, holder: organisation, held: uint(), dispensed: uint() },
    /** A proof of an own lot was made, and what opens its labels was handed out. */
    traced: { lot: hash },
  }),
  height: uint(),
})
export type AlertRow = Infer<typeof alertRow>

/** What went to a patient. By tag in hexadecimal. */
export const dispensedRow = object({
  units: list(hash, { min: 1, max: parcelsMax }),
  /** The part of a prescription that moved with them; null for what is not on the exchange. */
  fill: option(
    object({ item: hash, tagSeed: hash, leafKey: hash, record: dispensingRecord, signature, name: option(ownName) }),
  ),
  status: oneOf('dispensing', 'dispensed', 'ended'),
})
export type DispensedRow = Infer<typeof dispensedRow>

/** What authorities and partners say of keys, and partners of goods, each sealed to its receiver. */
export const supplyNote = variant({
  'keys-asked': { role, keys: list(hash, { min: 1, max: 1_024 }) },
  'keys-granted': { validUntil: uint(), keys: list(object({ key: hash, licence }), { min: 1, max: 1_024 }) },
  'key-asked': { shipment: hash },
  'key-offered': { shipment: hash, key: hash },
  /** What is said of a delivery, in parts: each thing stands before what is inside of it. */
  parcel: {
    shipment: hash,
    part: uint(1_000),
    parts: uint(1_000),
    lots: list(object(shownLot), { max: lotsMax * parcelsMax }),
    things: list(object(toldThing), { min: 1, max: 4_096 }),
  },
  /** Whether the receiver made a unit of this label; with lot and expiry, which nobody guesses with the serial. */
  'label-asked': { scan: uint(), identifier, lot: gs1Text },
  /** What is known of it, or null: one answer for a label that was never made and for one that says something else. */
  'label-answered': {
    scan: uint(),
    found: option(object({ labelKey: hash, ...shownLot, around: list(hash, { max: depthMax }) })),
  },
  /** To the maker of a recalled lot. */
  'recall-answered': { lot: hash, held: uint(), dispensed: uint() },
  'agreement-asked': { id: hash, ...agreementSaid },
  'agreement-declined': { id: hash },
  /** The other agrees: its book composed this, and wants the share of whoever asked. */
  'agreement-share-asked': { id: hash, body: bytes({ max: agreementBodyBytesMax }) },
  'agreement-share': { id: hash, signature },
})
export type SupplyNote = Infer<typeof supplyNote>

/** What a step was for, when its end comes. */
export const stepWords = variant({
  commission: { lot: hash, key: hash },
  grant: { root: hash },
  ship: { shipment: hash },
  receive: { shipment: hash },
  pack: { tag: hash },
  dispense: { tag: hash },
  report: { scan: uint(), incident: hash },
  holding: { record: uint() },
  withdraw: { shipment: hash },
  agreement: { id: hash },
  /** Nothing of the member's own follows. */
  other: {},
})
export type StepWords = Infer<typeof stepWords>

/** Why the book does not do what it was asked. */
export type SupplyRefusal = {
  readonly type:
    | 'label-malformed'
    | 'label-known'
    | 'label-unknown'
    | 'not-a-package'
    | 'not-held'
    | 'held-under-other-keys'
    | 'no-key'
    | 'lot-known'
    | 'lot-unknown'
    | 'plan-too-large'
    | 'shipment-unknown'
    | 'not-arrived'
    | 'not-shipped'
    | 'not-our-lot'
    | 'not-open'
    | 'not-provable'
    | 'nothing-asked'
    | 'nothing-inside'
    | 'several-makers'
    | 'dispensing-unknown'
    | 'scan-unknown'
}
