import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { type Transaction, transaction } from './transactions.ts'

/** Units and packages of drugs: one holder each, each step by whoever is licensed, and nobody else learns of whom. */
export const supply = defineContract({
  name: 'supply',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  objects,
})

/** What stays: lots, units and packages that stand for themselves, shipments, keys, dispensings, incidents. */
function objects(transaction: Transaction): number {
  switch (transaction.type) {
    case 'commission':
      return 1 + transaction.lots.length + transaction.packages.length
    case 'unpack':
      return transaction.children.length
    case 'withdraw-keys':
      return transaction.keys.length
    case 'ship':
    case 'report':
      return 2
    case 'grant-keys':
    case 'pack':
    case 'dispense':
    case 'recall':
      return 1
    default:
      return 0
  }
}

export type { Event as SupplyEvent } from './events.ts'
export type { Whereabouts } from './queries.ts'
export type { Rejection as SupplyRejection } from './rejections.ts'
export {
  type Dispensing,
  endings as parcelEndings,
  type Grant,
  type Incident,
  type Lot,
  type Parcel,
  type Shipment,
  type Status as ParcelStatus,
} from './state.ts'
export type { Transaction as SupplyTransaction } from './transactions.ts'
export {
  type Licence as SupplyLicence,
  leavesMax as packageLeavesMax,
  type Member as PackageMember,
  member as packageMember,
  type Role as SupplyRole,
} from './values.ts'
