/** What is remembered of terms, accruals and settlements, and what each event changes. */
import { boolean, bytes, type Infer, object, oneOf, option, toHex, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve } from '@plexus/kernel'
import { type Event, ending, party } from './events.ts'
import { disputeCode, type Group, groupOf, programme } from './programmes.ts'

const hash = bytes({ length: 32 })

const stands = ['accrued', 'claimed', 'validated', 'disputed', 'escalated', 'approved', 'settled'] as const
const status = oneOf(...stands, 'reversed', 'repaid')
export type Status = Infer<typeof status>
/** In these an accrual stands: it spends its fill's exclusivity. */
export const standing: readonly Status[] = stands

const version = object({ content: hash, startsAt: uint(), endsAt: uint(), height: uint() })
export type TermsVersion = Infer<typeof version>

const terms = object({
  counterpart: hash,
  /** How many versions both have signed. */
  versions: uint(),
  proposal: option(object({ by: party, content: hash, startsAt: uint(), endsAt: uint() })),
  /** From this second on no version is in force, whatever it says; null while nobody ended them. */
  endsAt: option(uint()),
  settlements: uint(),
})
export type Terms = Infer<typeof terms>

const accrual = object({
  status,
  programme,
  tag: hash,
  payer: hash,
  arbiter: option(hash),
  /** The newest commitment; its statement names the one before, down to the content at the accrual. */
  record: hash,
  /** Of the newest dispute. */
  code: option(disputeCode),
  /** When payment is due, or interest begins, in seconds since 1970: as it was said at the claim. */
  dueAt: option(uint()),
  /** Whether a settlement paid it: when it is reversed, that is owed back. */
  paid: boolean(),
  ending: option(ending),
  since: uint(),
})
export type Accrual = Infer<typeof accrual>

const settlement = object({ record: hash, height: uint() })
export type Settlement = Infer<typeof settlement>

export const state = {
  /** By the handle in hexadecimal, as accruals are. */
  terms: collection(terms),
  /** By handle and number, from 1. */
  versions: collection(version),
  settlements: collection(settlement),
  accruals: collection(accrual),
  /** By the tag of a fill and a group: the accrual that spends it. */
  spent: collection(hash),
  /** Hashes of one-time keys that are used, with the height. */
  keys: collection(uint()),
}

/** Ten digits hold every number that a settlement a second reaches in three hundred years, and sort as numbers do. */
const numberDigits = 10
export const numbered = (handle: string, number: number): string =>
  `${handle}/${number.toString().padStart(numberDigits, '0')}`

export const spentKey = (tag: Uint8Array, group: Group): string => `${toHex(tag)}/${group}`

type State = Draft<typeof state>

export const evolve: Evolve<typeof state, Event> = {
  'terms-proposed'({ terms, keys }, { handle, counterpart, content, startsAt, endsAt, height }) {
    for (const key of [handle, counterpart]) keys.set(toHex(key), height)
    const proposal = { by: 'proposer', content, startsAt, endsAt } as const
    terms.set(toHex(handle), { counterpart, versions: 0, proposal, endsAt: null, settlements: 0 })
  },
  'version-proposed'(draft, { handle, by, content, startsAt, endsAt }) {
    changeTerms(draft, handle, { proposal: { by, content, startsAt, endsAt } })
  },
  'version-signed'(draft, { handle, number, content, startsAt, endsAt, height }) {
    draft.versions.set(numbered(toHex(handle), number), { content, startsAt, endsAt, height })
    changeTerms(draft, handle, { versions: number, proposal: null })
  },
  'terms-ended'(draft, { handle, endsAt }) {
    changeTerms(draft, handle, { endsAt })
  },
  'net-settled'(draft, { handle, number, record, height }) {
    draft.settlements.set(numbered(toHex(handle), number), { record, height })
    changeTerms(draft, handle, { settlements: number })
  },
  accrued({ accruals, spent, keys }, { handle, tag, programme, payer, content, height }) {
    for (const key of [handle, payer]) keys.set(toHex(key), height)
    spent.set(spentKey(tag, groupOf[programme]), handle)
    accruals.set(toHex(handle), {
      status: 'accrued',
      programme,
      tag,
      payer,
      arbiter: null,
      record: content,
      code: null,
      dueAt: null,
      paid: false,
      ending: null,
      since: height,
    })
  },
  claimed(draft, { handle, record, dueAt, height }) {
    change(draft, handle, height, { status: 'claimed', record, dueAt })
  },
  validated: (draft, { handle, record, height }) => change(draft, handle, height, { status: 'validated', record }),
  disputed(draft, { handle, record, code, height }) {
    change(draft, handle, height, { status: 'disputed', record, code })
  },
  escalated(draft, { handle, arbiter, height }) {
    draft.keys.set(toHex(arbiter), height)
    change(draft, handle, height, { status: 'escalated', arbiter })
  },
  resolved: (draft, { handle, record, height }) => change(draft, handle, height, { status: 'validated', record }),
  approved: (draft, { handle, record, height }) => change(draft, handle, height, { status: 'approved', record }),
  restated: (draft, { handle, record, height }) => change(draft, handle, height, { status: 'approved', record }),
  settled: (draft, { handle, record, height }) =>
    change(draft, handle, height, { status: 'settled', record, paid: true }),
  repaid: (draft, { handle, record, height }) => change(draft, handle, height, { status: 'repaid', record }),
  reversed(draft, { handle, ending, record, height }) {
    const { tag, programme } = change(draft, handle, height, {
      status: 'reversed',
      ending,
      ...(record && { record }),
    })
    draft.spent.delete(spentKey(tag, groupOf[programme]))
  },
}

function change({ accruals }: State, handle: Uint8Array, since: number, to: Partial<Accrual>): Accrual {
  const id = toHex(handle)
  const known = accruals.get(id)
  if (!known) throw new Error('an accrual changed that never was')
  accruals.set(id, { ...known, ...to, since })
  return known
}

function changeTerms({ terms }: State, handle: Uint8Array, to: Partial<Terms>): void {
  const id = toHex(handle)
  const known = terms.get(id)
  if (!known) throw new Error('terms changed that were never proposed')
  terms.set(id, { ...known, ...to })
}
