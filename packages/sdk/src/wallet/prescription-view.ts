/** A wallet's prescriptions as its owner reads them: what, how much, where, until when, and what may be done. */
import { decode, equalBytes, toHex } from '@plexus/codec'
import { type ItemStatus, itemEndings, itemStatusAt, startOfDay } from '@plexus/contracts'
import { quantityOf } from '../prescriptions/amounts.ts'
import { type Drug, type PrescriptionContent, prescriptionContent } from '../prescriptions/content.ts'
import { claimantSeed, handleOfSeed, patientItemSeed } from '../prescriptions/keys.ts'
import type { HeldFill, HeldItem, Nomination } from './prescription-state.ts'
import type { Wallet } from './wallet.ts'

/** Where an item is. Of a pharmacy the ledger says nothing: the wallet knows whom it named. */
export type ItemPlace =
  /** With nobody: not yet put on the exchange, given back, taken back, or over. */
  | { readonly type: 'nowhere' }
  /** It may claim the item. `brought`: it has what it needs for that. */
  | { readonly type: 'named'; readonly pharmacy: string; readonly brought: boolean }
  /** It has claimed it; null where another wallet of this patient named it. `offered`: it lets whoever is named take over. */
  | { readonly type: 'held'; readonly pharmacy: string | null; readonly offered: boolean }

/** Why no pharmacy can be named now, or null. */
export type NamingRefusal =
  | 'item-ended'
  | 'held-by-another'
  | 'marked-for-cancellation'
  | 'no-refills-left'
  | 'not-on-the-ledger-yet'
  | 'prescription-refused'
  | 'past-its-end'

export interface WalletFill {
  /** Which of `1 + refills` fills it is a part of. */
  readonly fill: number
  readonly day: number
  readonly quantity: number
  readonly product: Drug
  readonly lot: string
  readonly pharmacist: string
  /** `told`: by the dispenser, and not on the ledger yet; `refused`: the ledger does not bear it out. */
  readonly standing: HeldFill['standing']
  /** Which units of its lot were recalled, as a dispenser said. */
  readonly recalled: readonly { readonly maker: string; readonly gtin: string; readonly serials: readonly string[] }[]
}

export interface WalletPrescription {
  /** Hexadecimal. */
  readonly handle: string
  readonly content: PrescriptionContent
  /** Null while the ledger has not shown it. */
  readonly status: ItemStatus | null
  /** The prescriber cancelled while it was with a pharmacy: nothing more is filled. */
  readonly marked: boolean
  readonly place: ItemPlace
  /** Units of the fill that it is at, and which of `1 + refills` that is. */
  readonly filled: number
  readonly fill: number
  /** Seconds since 1970: the first second at which nothing is filled any more. */
  readonly endsAt: number | null
  /** In the order of their days. */
  readonly fills: readonly WalletFill[]
  readonly naming: NamingRefusal | null
  /** Which check against the ledger it failed. */
  readonly refused: string | null
}

/** All of them, the newest first. `now`: seconds since 1970. */
export function prescriptionsIn(wallet: Wallet, now: number): readonly WalletPrescription[] {
  const { items } = wallet.state.prescriptions
  return items.map((item) => prescriptionOf(wallet, item, now)).sort(newestFirst)
}

/** One of them, as it is held. */
export function prescriptionOf(wallet: Wallet, held: HeldItem, now: number): WalletPrescription {
  const content = contentOf(held)
  const { seen, refused } = held
  const status = seen && statusOf(held, now)
  const filled = seen ? quantityOf(seen.item.level, content.quantity) : 0
  return {
    handle: toHex(held.handle),
    content,
    status,
    marked: seen !== null && seen.item.marked !== null,
    place: placeOf(wallet, held, status),
    filled,
    fill: seen?.item.fill ?? 1,
    endsAt: seen ? startOfDay(content.lastDay + 1, { lagMinutes: seen.item.dayLagMinutes }) : null,
    fills: fillsOf(wallet, held),
    naming: namingOf(held, status, now),
    refused,
  }
}

/** What was signed. It was read before it was kept. */
function contentOf({ prescription }: HeldItem): PrescriptionContent {
  const read = decode(prescriptionContent, prescription.content)
  if (!read.ok) throw new Error('a prescription of the wallet is no content')
  return read.value
}

/** The newest nomination may be on the ledger at a height that no header has shown yet. */
const isAhead = ({ seen, nominations }: HeldItem): boolean => (nominations.at(-1)?.height ?? 0) >= (seen?.height ?? 0)

function statusOf(held: HeldItem, now: number): ItemStatus | null {
  if (!held.seen) return null
  const status = itemStatusAt(held.seen.item, now)
  return isAhead(held) && (status === 'signed' || status === 'filled') ? 'available' : status
}

function placeOf(wallet: Wallet, held: HeldItem, status: ItemStatus | null): ItemPlace {
  const { seen, nominations } = held
  const newest = nominations.at(-1)
  if (!seen || status === null || itemEndings.includes(status) || status === 'signed') return { type: 'nowhere' }
  const named = isAhead(held) || stands(wallet, held, newest)
  if (status === 'available') return named ? namedBy(newest) : { type: 'nowhere' }
  // Whoever holds it took it by the nomination that stood then: the newest, unless that one still waits.
  const by = named ? nominations.at(-2) : newest
  return { type: 'held', pharmacy: by?.pharmacy ?? null, offered: seen.item.offered }
}

/** Whether the ledger names the claimant of this nomination. */
function stands({ root, chain }: Wallet, { number, seen }: HeldItem, nomination: Nomination | undefined): boolean {
  if (!nomination || !seen?.item.claimant) return false
  const patient = patientItemSeed({ root, chain: chain.id }, number)
  return equalBytes(handleOfSeed(claimantSeed(patient, chain.id, nomination.number)), seen.item.claimant)
}

function namedBy(nomination: Nomination | undefined): ItemPlace {
  if (!nomination || nomination.pharmacy === null) return { type: 'nowhere' }
  return { type: 'named', pharmacy: nomination.pharmacy, brought: nomination.brought === 'yes' }
}

function namingOf({ seen, refused }: HeldItem, status: ItemStatus | null, now: number): NamingRefusal | null {
  if (!seen || status === null) return 'not-on-the-ledger-yet'
  const { item } = seen
  if (refused !== null) return 'prescription-refused'
  if (itemEndings.includes(status)) return 'item-ended'
  if (item.marked !== null) return 'marked-for-cancellation'
  // The ledger would take the word; it helps nobody before the holder lets the item go, and shows it to one pharmacy more.
  if (status === 'held' && !item.offered) return 'held-by-another'
  if (status === 'filled' && item.fill > item.refills) return 'no-refills-left'
  return now < item.endsAt ? null : 'past-its-end'
}

function fillsOf({ state: { prescriptions } }: Wallet, { handle }: HeldItem): readonly WalletFill[] {
  return prescriptions.fills
    .filter((each) => equalBytes(each.handle, handle))
    .map(({ told: { record }, standing }) => {
      const { fill, day, quantity, product, lot, pharmacist } = record
      const recalled = prescriptions.recalls
        .filter((recall) => recall.lot === lot)
        .map(({ maker, gtin, serials }) => ({ maker, gtin, serials }))
      return { fill, day, quantity, product, lot, pharmacist, standing, recalled }
    })
    .sort((a, b) => a.fill - b.fill || a.day - b.day || b.quantity - a.quantity)
}

const newestFirst = (a: WalletPrescription, b: WalletPrescription): number =>
  b.content.issuedDay - a.content.issuedDay || (a.handle < b.handle ? -1 : 1)
