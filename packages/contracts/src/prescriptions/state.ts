/** What is remembered of items and fills, and what each event changes. */
import { boolean, bytes, type Infer, object, oneOf, option, sortedList, text, toHex, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve, organisationId } from '@plexus/kernel'
import { startOfDay } from './days.ts'
import type { Event } from './events.ts'
import { limitsName } from './limits.ts'
import { dispensers, lagMinutes, prescriberSet } from './transactions.ts'

const hash = bytes({ length: 32 })

/** The last four are terminal. */
const status = oneOf('signed', 'available', 'held', 'filled', 'completed', 'not-dispensed', 'cancelled', 'expired')
export type Status = Infer<typeof status>

const item = object({
  status,
  limits: limitsName,
  /** The commitment to the signed content: as it was signed, to the last fill. */
  content: hash,
  /** The lowest handle of the envelope that signed it: the key of its signing. */
  signing: hash,
  /** The hash of the patient's one-time key for this item. */
  patient: hash,
  issuedDay: uint(),
  dayLagMinutes: lagMinutes,
  /** From this second on the fill that is next may be claimed. */
  startsAt: uint(),
  /** The same of the fill after it; null until this one is complete. */
  nextStartsAt: option(uint()),
  /** From this second on nothing may be filled. */
  endsAt: uint(),
  refills: uint(),
  refillWeeks: uint(),
  /** Which of 1 + `refills` fills it is at. */
  fill: uint(),
  /** How much of this fill is dispensed, in parts of `whole`. */
  level: uint(),
  /** From this second on the rest of a first part may not be filled; null where nothing ends it but `endsAt`. */
  remainderEndsAt: option(uint()),
  /** The hash of the key that may claim it now. */
  claimant: option(hash),
  /** The hash of the key of the pharmacy that holds it. */
  holder: option(hash),
  /** How many have held it for this fill. */
  holders: uint(),
  /** Whether its holder lets the claimant take it over. */
  offered: boolean(),
  /** The height at which a cancellation found it held, or null. */
  marked: option(uint()),
  /** The height of the last change. */
  since: uint(),
})
export type Item = Infer<typeof item>

/** The name of another contract, as the kernel knows it. */
export const contractName = text({
  min: 1,
  max: 40,
  pattern: /^[a-z][a-z0-9-]*$/,
  says: 'a contract of 1 to 40 lower-case letters, digits and hyphens',
})
/** Each contract binds a fill once, and fewer contracts than this call this one. */
const boundByMax = 16

const fill = object({
  item: hash,
  fill: uint(),
  from: uint(),
  to: uint(),
  /** The commitment to the record of dispensing. */
  record: hash,
  /** The hash of the key that held the item. */
  holder: hash,
  /** All who stood at this height and may have dispensed it. */
  dispensers,
  /** The commitment to why it was taken back, or null while it stands. */
  reversed: option(hash),
  /** The contracts of which something hangs on the fill, in order. */
  boundBy: sortedList(contractName, { max: boundByMax, order: (a, b) => (a < b ? -1 : a > b ? 1 : 0) }),
  height: uint(),
})
export type Fill = Infer<typeof fill>

const signing = object({
  organisation: organisationId,
  registrar: option(organisationId),
  /** All who stood at this height and may have signed one of the items. */
  prescribers: prescriberSet,
  height: uint(),
})
export type Signing = Infer<typeof signing>

export const state = {
  /** By the item's handle in hexadecimal. */
  items: collection(item),
  /** By the fill's tag in hexadecimal. */
  fills: collection(fill),
  /** By the lowest handle that was signed with it. */
  signings: collection(signing),
  /** Hashes of one-time keys that are used, with the height: none is used again, so that no two objects share a value. */
  keys: collection(uint()),
}

/** A complete fill, in parts. Quantities up to a million units map to distinct levels, and products stay exact. */
export const whole = 1_000_000_000

export const terminal: readonly Status[] = ['completed', 'not-dispensed', 'cancelled', 'expired']

type State = Draft<typeof state>

export const evolve: Evolve<typeof state, Event> = {
  'items-signed'(
    { items, signings, keys },
    { organisation, registrar, prescribers, dayLagMinutes, items: signed, height },
  ) {
    const signing = signed[0]?.handle
    if (!signing) throw new Error('nothing was signed')
    signings.set(toHex(signing), { organisation, registrar, prescribers, height })
    const place = { lagMinutes: dayLagMinutes }
    for (const { handle, patient, content, limits, issuedDay, firstDay, lastDay, refills, refillWeeks } of signed) {
      keys.set(toHex(patient), height)
      items.set(toHex(handle), {
        status: 'signed',
        limits,
        content,
        signing,
        patient,
        issuedDay,
        dayLagMinutes,
        startsAt: startOfDay(firstDay, place),
        nextStartsAt: null,
        endsAt: startOfDay(lastDay + 1, place),
        refills,
        refillWeeks,
        fill: 1,
        level: 0,
        remainderEndsAt: null,
        claimant: null,
        holder: null,
        holders: 0,
        offered: false,
        marked: null,
        since: height,
      })
    }
  },
  'made-available'(draft, { handle, claimant, height }) {
    draft.keys.set(toHex(claimant), height)
    change(draft, handle, height, () => ({ status: 'available', claimant }))
  },
  nominated(draft, { handle, claimant, height }) {
    draft.keys.set(toHex(claimant), height)
    change(draft, handle, height, () => ({ claimant }))
  },
  'refill-opened'(draft, { handle, claimant, height }) {
    draft.keys.set(toHex(claimant), height)
    change(draft, handle, height, ({ fill, startsAt, nextStartsAt }) => ({
      status: 'available',
      claimant,
      fill: fill + 1,
      startsAt: nextStartsAt ?? startsAt,
      nextStartsAt: null,
      level: 0,
      remainderEndsAt: null,
      holder: null,
      holders: 0,
    }))
  },
  claimed(draft, { handle, holder, height }) {
    draft.keys.set(toHex(holder), height)
    change(draft, handle, height, ({ holders }) => ({
      status: 'held',
      claimant: null,
      holder,
      holders: holders + 1,
      offered: false,
    }))
  },
  'transfer-offered'(draft, { handle, height }) {
    change(draft, handle, height, () => ({ offered: true }))
  },
  returned(draft, { handle, height }) {
    change(draft, handle, height, () => ({ status: 'available', claimant: null, holder: null, offered: false }))
  },
  filled(draft, { handle, fill, from, to, record, tag, holder, dispensers, remainderEndsAt, nextStartsAt, height }) {
    const said = { item: handle, fill, from, to, record, holder, dispensers }
    draft.fills.set(toHex(tag), { ...said, reversed: null, boundBy: [], height })
    change(draft, handle, height, () => ({
      status: to === whole ? 'filled' : 'held',
      level: to,
      remainderEndsAt,
      nextStartsAt,
      offered: false,
    }))
  },
  'fill-reversed'(draft, { handle, tag, level, record, height }) {
    changeFill(draft, tag, () => ({ reversed: record }))
    change(draft, handle, height, ({ remainderEndsAt }) => ({
      status: 'held',
      level,
      nextStartsAt: null,
      remainderEndsAt: level === 0 ? null : remainderEndsAt,
    }))
  },
  'fill-bound'(draft, { tag, by }) {
    changeFill(draft, tag, ({ boundBy }) => ({ boundBy: [...boundBy, by].sort() }))
  },
  'fill-unbound'(draft, { tag, by }) {
    changeFill(draft, tag, ({ boundBy }) => ({ boundBy: boundBy.filter((each) => each !== by) }))
  },
  'not-dispensed': (draft, { handle, height }) => end(draft, handle, height, 'not-dispensed'),
  completed: (draft, { handle, height }) => end(draft, handle, height, 'completed'),
  cancelled: (draft, { handle, height }) => end(draft, handle, height, 'cancelled'),
  'cancellation-marked'(draft, { handle, height }) {
    change(draft, handle, height, () => ({ marked: height, offered: false }))
  },
  expired: (draft, { handle, height }) => end(draft, handle, height, 'expired'),
}

function change({ items }: State, handle: Uint8Array, since: number, to: (item: Item) => Partial<Item>): void {
  const id = toHex(handle)
  const known = items.get(id)
  if (!known) throw new Error('an item changed that was never signed')
  items.set(id, { ...known, ...to(known), since })
}

function changeFill({ fills }: State, tag: Uint8Array, to: (fill: Fill) => Partial<Fill>): void {
  const id = toHex(tag)
  const known = fills.get(id)
  if (!known) throw new Error('a fill changed that never was')
  fills.set(id, { ...known, ...to(known) })
}

function end(draft: State, handle: Uint8Array, height: number, status: Status): void {
  change(draft, handle, height, () => ({ status, claimant: null, holder: null, offered: false }))
}
