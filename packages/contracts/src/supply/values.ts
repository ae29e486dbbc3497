/** What transactions, events and state of the supply chain are made of. */
import { bytes, compareBytes, type Infer, list, object, oneOf, option, sortedList, uint } from '@plexus/codec'

/** SHA-256 of a one-time public key, a tag, a root, or a hiding commitment. */
export const hash = bytes({ length: 32 })
export const hashes = (limit: { readonly min?: number; readonly max: number }) =>
  sortedList(hash, { ...limit, order: compareBytes })

/** What one envelope carries of parcels, with the paths of each: a truck's pallets, a case's bottles. */
export const parcelsMax = 256
/** A pallet's cases, or the keys that a board grants in a quarter to a hundred partners; noise included. */
export const leavesMax = 4_096
const pathMax = 12
/** Of a mixed pallet. */
export const lotsMax = 16

/** The lots of which there is something in a parcel, by their handles. */
export const lotSet = hashes({ min: 1, max: lotsMax })

/** What a package holds, unseen: the root of a tree (RFC 6962) whose leaves are encoded members, and noise. */
export const contents = object({ root: hash, leaves: uint(leavesMax) })

/**
 * One unit or package, as it is committed in the tree of what holds it. `tag` is a pseudorandom value of its identifier under
 * a key on its label; `contents` is null for a unit, which is of one lot.
 */
export const member = object({ tag: hash, contents: option(contents), lots: lotSet })
export type Member = Infer<typeof member>
export const members = sortedList(member, { min: 1, max: parcelsMax, order: (a, b) => compareBytes(a.tag, b.tag) })

/** A member with its place in the tree of the package that holds it. */
const placedMember = object({ member, index: uint(leavesMax), path: list(hash, { max: pathMax }) })
export const placedMembers = sortedList(placedMember, {
  min: 1,
  max: parcelsMax,
  order: (a, b) => compareBytes(a.member.tag, b.member.tag),
})

/** What a key is granted for. A regulator recalls; the others trade. */
export const role = oneOf('maker', 'distributor', 'dispenser', 'regulator')
export type Role = Infer<typeof role>

/** Shows that a key is among those that an authority granted, and not whose it is. */
export const licence = object({ grant: hash, index: uint(leavesMax), path: list(hash, { max: pathMax }) })
export type Licence = Infer<typeof licence>

/** A lot begins: `label` commits to GTIN, lot and expiry; from `endsAt` on, in seconds since 1970, nothing of it is traded. */
const newLot = object({ handle: hash, label: hash, endsAt: uint() })
export const newLots = sortedList(newLot, { min: 1, max: lotsMax, order: (a, b) => compareBytes(a.handle, b.handle) })

/** To be sold on or dispensed, or back to whoever takes it back. */
export const purpose = oneOf('trade', 'return')

/** What came without being expected, or not as expected; `record` commits to what. */
const exceptionNote = object({ kind: oneOf('overage', 'wrong-serial', 'no-data'), record: hash })
/** Above it a delivery is refused as a whole. */
const notesMax = 16
export const exceptionNotes = list(exceptionNote, { max: notesMax })

/** How a parcel ends, other than by being dispensed. */
export const gone = ['destroyed', 'exported', 'lost', 'stolen', 'transformed'] as const
export const ending = oneOf(...gone)
export type Ending = Infer<typeof ending>
