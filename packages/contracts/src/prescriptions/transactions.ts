/** What may be asked of the contract of prescriptions. */
import { bytes, compareBytes, type Infer, object, option, sortedList, text, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { limitsName, remainderReason } from './limits.ts'

/** SHA-256 of a one-time public key, or a hiding commitment. */
const hash = bytes({ length: 32 })

/** Days since 1970 up to the year 4700: far beyond any order, and exact in every product. */
const dayMax = 1_000_000
/** Between the first place on earth where a day begins, UTC+14, and the last, UTC-12. */
const lagMinutesMax = 26 * 60
/** Twelve weeks cover the 90 days of a mail-order supply. */
const refillWeeksMax = 12
/** What a large organisation signs in some seconds. */
const itemsMax = 256
/** As many as `practitioners` is asked about at once. */
const prescribersMax = 64

/** Pharmacies named at one fill: enough to hide one among others of a town. */
const pharmaciesMax = 16
/** All who dispense in a large pharmacy in one week; with the pharmacy itself `practitioners` is asked about them at once. */
const pharmacistsMax = 63

const npi = text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' })
const alphabetic = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
export const prescriberSet = sortedList(npi, { min: 1, max: prescribersMax, order: alphabetic })

/**
 * A pharmacy and who dispenses there: `pharmacy` is the NPI under which it is licensed as an organisation; one who practises
 * alone has one NPI for both.
 */
export const dispenser = object({
  organisation: organisationId,
  pharmacy: npi,
  pharmacists: sortedList(npi, { min: 1, max: pharmacistsMax, order: alphabetic }),
})
export type Dispenser = Infer<typeof dispenser>
export const dispensers = sortedList(dispenser, {
  min: 1,
  max: pharmaciesMax,
  order: (a, b) => alphabetic(a.organisation, b.organisation),
})
export const lagMinutes = uint(lagMinutesMax)

/**
 * One line of a prescription, as it is signed. `handle` and `patient` are hashes of one-time keys, of the prescriber and
 * of the patient's wallet; `content` is a hiding commitment to the signed content. Days are counted since 1970 where it
 * was issued. `refillWeeks` lie at least between the completion of a fill and the claim for the next.
 */
export const signedItem = object({
  handle: hash,
  patient: hash,
  content: hash,
  limits: limitsName,
  issuedDay: uint(dayMax),
  firstDay: uint(dayMax),
  lastDay: uint(dayMax),
  refills: uint(),
  refillWeeks: uint(refillWeeksMax),
})
export type SignedItem = Infer<typeof signedItem>

export const signedItems = sortedList(signedItem, {
  min: 1,
  max: itemsMax,
  order: (a, b) => compareBytes(a.handle, b.handle),
})

export const transaction = variant({
  /**
   * By the organisation. `prescribers` are all who may have signed one of the items, and may be more: which of them
   * signed which is in the sealed content. `registrar` is the authority that registered each of them for controlled
   * substances, an organisation of its own. `dayLagMinutes`: how long after UTC+14 a day begins where they sign.
   */
  'sign-items': {
    organisation: organisationId,
    registrar: option(organisationId),
    prescribers: prescriberSet,
    dayLagMinutes: lagMinutes,
    items: signedItems,
  },
  /** By the patient's key, as the two below: who has the key behind `claimant` may claim the item. */
  'make-available': { handle: hash, claimant: hash },
  nominate: { handle: hash, claimant: hash },
  'open-refill': { handle: hash, claimant: hash },
  /** By the claimant's key; `holder` is the hash of a fresh one, which signs all that the pharmacy does from here on. */
  claim: { handle: hash, holder: hash },
  'offer-transfer': { handle: hash },
  'return-item': { handle: hash },
  /**
   * `level`: how much of this fill has been dispensed with it, in parts of `whole`; never a quantity. `record` is a
   * hiding commitment to the record of dispensing, `tag` the hash of a one-time key by which others may refer to the
   * fill. `remainder`: why only a part, where limits ask for it. `dispensers` are the pharmacy and all who may have
   * dispensed there, and may be more, of other pharmacies too: which of them did is in the record, and signed there.
   */
  fill: {
    handle: hash,
    level: uint(),
    record: hash,
    tag: hash,
    remainder: option(remainderReason),
    dispensers,
  },
  /** Takes the last fill back; `record` commits to why. */
  'reverse-fill': { tag: hash, record: hash },
  /** Only by another contract, of which something hangs on the fill: while it does, the fill is not taken back. */
  'bind-fill': { tag: hash },
  'unbind-fill': { tag: hash },
  'not-dispensed': { handle: hash },
  complete: { handle: hash },
  /** By the item's own key, the prescriber's. */
  cancel: { handle: hash },
  /** By anybody, once the item is over. */
  expire: { handle: hash },
})

export type Transaction = Infer<typeof transaction>
