/** A network in which one clinician stands, with one-time keys for everybody, for worded examples. */

import { toHex } from '@plexus/codec'
import { type Network, network } from '../network.testing.ts'
import { type Identity, identityOf } from '../world.testing.ts'
import { dayAt } from './days.ts'
import { type Dispenser, type Item, type PrescriptionsTransaction, prescriptions, type SignedItem } from './index.ts'

/** Stands from the founding on, at the first member; registered at `grove`. */
export const prescriber = '1003000126'
/** New York in winter. */
export const place = { lagMinutes: 1_140 }
export const secondsPerDay = 86_400

/** A pharmacy of one: the clinician who stands, under one NPI, registered too. */
export const dispensers = [{ organisation: 'alder', pharmacy: prescriber, pharmacists: [prescriber] }] as const

/** One-time keys in the order in which they are asked for. */
let number = 1_000
export const freshKey = (): Identity => identityOf(number++)

export interface Example {
  readonly world: Network
  readonly own: Identity
  readonly patient: Identity
  readonly handle: Uint8Array
  /** Through a member that is not concerned. */
  by(signer: Identity | null, transaction: PrescriptionsTransaction): string
  readonly item: Item
  readonly statusNow: string | undefined
}

export const signing = (...items: readonly SignedItem[]) =>
  ({
    type: 'sign-items',
    organisation: 'alder',
    registrar: 'grove',
    prescribers: [prescriber],
    dayLagMinutes: place.lagMinutes,
    items,
  }) as const satisfies PrescriptionsTransaction

export const byOffice = (world: Network) => ({ sponsor: 'alder', signers: world.officeKeys.slice(0, 1) })

export const today = (world: Network): number => dayAt(world.time, place)

/** An item that could be signed today: a month to fill it, unless told otherwise. */
export function line(world: Network, terms: Partial<SignedItem> = {}): SignedItem {
  const issuedDay = terms.issuedDay ?? today(world)
  return {
    handle: freshKey().handle,
    patient: freshKey().handle,
    content: freshKey().handle,
    limits: 'none',
    issuedDay,
    firstDay: issuedDay,
    lastDay: issuedDay + 30,
    refills: 0,
    refillWeeks: 0,
    ...terms,
  }
}

/** A signed item, and what moves it. */
export function signedExample(terms: Partial<SignedItem> = {}): Example {
  const world = network()
  const [own, patient] = [freshKey(), freshKey()]
  const { handle } = own
  const signed = line(world, { ...terms, handle, patient: patient.handle })
  const answer = world.submit(prescriptions, signing(signed), byOffice(world))
  if (answer !== 'accepted') throw new Error(`the example was not signed: ${answer}`)
  const id = toHex(handle)
  return {
    world,
    own,
    patient,
    handle,
    by: (signer, transaction) =>
      world.submit(prescriptions, transaction, { sponsor: 'birch', signers: signer ? [signer] : [] }),
    get item() {
      return prescriptions.queries.item(world.view(prescriptions), id) as Item
    },
    get statusNow() {
      return prescriptions.queries.statusAt(world.view(prescriptions), { handle: id, time: world.time })
    },
  }
}

/** The patient lets whoever has the key that comes back claim the item. */
export function opened(
  example: Example,
  type: 'make-available' | 'nominate' | 'open-refill' = 'make-available',
): Identity {
  const claimant = freshKey()
  const { handle, patient, by } = example
  const answer = by(patient, { type, handle, claimant: claimant.handle })
  if (answer !== 'accepted') throw new Error(`${type}: ${answer}`)
  return claimant
}

/** A pharmacy holds the item: the key with which it does. */
export function claimed(example: Example, claimant: Identity = opened(example)): Identity {
  const holder = freshKey()
  const answer = example.by(claimant, { type: 'claim', handle: example.handle, holder: holder.handle })
  if (answer !== 'accepted') throw new Error(`claim: ${answer}`)
  return holder
}

/** Asks for a fill up to a level; the tag that it opens comes back too. */
export function filling(
  { by, handle }: Example,
  holder: Identity,
  level: number,
  remainder: 'shortage' | 'requested' | null = null,
  named: readonly Dispenser[] = dispensers,
): { readonly answer: string; readonly tag: Uint8Array } {
  const tag = freshKey().handle
  const fill = { type: 'fill', handle, level, record: freshKey().handle, tag, remainder, dispensers: named } as const
  return { answer: by(holder, fill), tag }
}
