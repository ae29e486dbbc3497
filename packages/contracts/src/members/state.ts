/** What is remembered of organisations and their keys, and what each event changes. */
import { boolean, bytes, type Infer, object, oneOf, text, toHex, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve, organisationId } from '@plexus/kernel'
import { type Scope, scopeSet } from '../scopes.ts'
import type { Event } from './events.ts'

/** An X-Wing public key (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519, for notes sealed to a member's node. */
export const sealingKey = bytes({ length: 1216 })
/** Where a member's node answers: a URL. */
export const address = text({ min: 1, max: 200 })
/** The group of companies that a member belongs to: members under one owner vote and fail together. */
export const owner = text({ min: 1, max: 80 })
const status = oneOf('active', 'suspended')

const member = object({ status, address, sealingKey, owner, since: uint() })
export type Membership = Infer<typeof member>

const tenant = object({ host: organisationId, status, since: uint() })
export type Tenancy = Infer<typeof tenant>

const key = object({ holder: organisationId, scopes: scopeSet, status: oneOf('active', 'revoked'), since: uint() })
export type RegisteredKey = Infer<typeof key>

/** A year of days bounds the walk over what custodians posted. */
const windowDaysMax = 366

export const policyParameters = object({
  /** Patients a day that one member may ask for on evidence of its own making; design, grade "self-asserted". */
  selfAssertedPatientsPerDayMax: uint(),
  selfAssertedPatientsPerClinicianPerDayMax: uint(),
  selfAssertedWindowDays: uint(windowDaysMax),
  intentSecondsMax: uint(),
  blockAgeSecondsMax: uint(),
  /** Envelopes that one member may sponsor in a minute of block time: its share when the network is full. */
  envelopesPerMinuteMax: uint(),
  /** Objects that its envelopes may open, close or post in that minute: one envelope may open thousands. */
  objectsPerMinuteMax: uint(),
  /** Between a proposal's passing and its effect, and between a powerful key's registration and its use. */
  votingDelaySeconds: uint(),
  /** How long a proposal may gather votes, and then, once it is due, wait to be enacted. */
  proposalSeconds: uint(),
  /** Members of one owner group whose votes count. */
  votesPerOwnerMax: uint(),
})

/** Whether exchange for treatment is permitted unless refused (us), or refused unless permitted (opt-in). */
export const profile = oneOf('us', 'opt-in')

const policy = object({ profile, version: uint(), parameters: policyParameters })
export type NetworkPolicy = Infer<typeof policy>

/** Counters of what a member has registered: limits and last keys are checked without a walk. */
const registrations = object({
  tenants: uint(),
  /** Keys of the member and of its tenants, revoked ones included. */
  keys: uint(),
  /** The member's own active keys with the scope governance, and with the scope sponsor. */
  governance: uint(),
  sponsor: uint(),
})
export type Registrations = Infer<typeof registrations>

export const state = {
  /** By the member's id; `since` is the height of the present status. */
  members: collection(member),
  /** By the tenant's id. */
  tenants: collection(tenant),
  /** By the public key in hexadecimal. */
  keys: collection(key),
  /** By the member's id. */
  registrations: collection(registrations),
  /** One entry, `current`. */
  policy: collection(policy),
  /** By `member/voter`: the standing vote of one member about another. */
  votes: collection(object({ suspend: boolean() })),
  /** By `day/asker/custodian`: requests on self-asserted evidence, rounded up. */
  counts: collection(object({ requests: uint() })),
  /** By `day/custodian`: that the custodian has posted for this day. */
  postings: collection(object({ height: uint() })),
}

/** Days are numbered from 1970; eight digits sort as numbers do. */
const dayDigits = 8
export const dayKey = (day: number): string => String(day).padStart(dayDigits, '0')
export const dayOfKey = (key: string): number => Number(key.slice(0, dayDigits))

const noRegistrations: Registrations = { tenants: 0, keys: 0, governance: 0, sponsor: 0 }

export const evolve: Evolve<typeof state, Event> = {
  'member-founded'({ members }, { member, address, sealingKey, owner }) {
    members.set(member, { status: 'active', address, sealingKey, owner, since: 0 })
  },
  'policy-set'({ policy }, { profile, version, parameters }) {
    policy.set('current', { profile, version, parameters })
  },
  'tenant-registered'({ tenants, registrations }, { tenant, host, height }) {
    tenants.set(tenant, { host, status: 'active', since: height })
    const counted = registrations.get(host) ?? noRegistrations
    registrations.set(host, { ...counted, tenants: counted.tenants + 1 })
  },
  'key-registered'(draft, { holder, key, scopes, height }) {
    draft.keys.set(toHex(key), { holder, scopes, status: 'active', since: height })
    count(draft, holder, scopes, 1)
  },
  'key-revoked'(draft, { key, height }) {
    const known = draft.keys.get(toHex(key))
    if (!known) throw new Error('a key was revoked that was never registered')
    draft.keys.set(toHex(key), { ...known, status: 'revoked', since: height })
    count(draft, known.holder, known.scopes, -1)
  },
  'suspension-voted'({ votes }, { member, voter, suspend }) {
    votes.set(`${member}/${voter}`, { suspend })
  },
  'member-suspended'(draft, { member, height }) {
    setStatus(draft, member, 'suspended', height)
  },
  'member-reinstated'(draft, { member, height }) {
    setStatus(draft, member, 'active', height)
  },
  'self-asserted-counts-posted'(draft, { custodian, day, counts, height }) {
    draft.postings.set(`${dayKey(day)}/${custodian}`, { height })
    for (const { asker, requests } of counts) draft.counts.set(`${dayKey(day)}/${asker}/${custodian}`, { requests })
  },
  'self-asserted-counts-forgotten'(draft, { before }) {
    for (const forgetting of [draft.counts, draft.postings]) {
      const gone: string[] = []
      for (const [key] of forgetting.entries()) {
        if (dayOfKey(key) >= before) break
        gone.push(key)
      }
      for (const key of gone) forgetting.delete(key)
    }
  },
}

/** A key counts once, for ever, towards its host's number of keys, and while it is active towards the scopes that must not run out. */
function count(draft: Draft<typeof state>, holder: string, scopes: readonly Scope[], step: 1 | -1): void {
  const host = draft.tenants.get(holder)?.host ?? holder
  const counted = draft.registrations.get(host) ?? noRegistrations
  draft.registrations.set(host, {
    ...counted,
    keys: counted.keys + (step === 1 ? 1 : 0),
    governance: counted.governance + (scopes.includes('governance') ? step : 0),
    sponsor: counted.sponsor + (scopes.includes('sponsor') ? step : 0),
  })
}

function setStatus(draft: Draft<typeof state>, id: string, to: 'active' | 'suspended', since: number): void {
  const known = draft.members.get(id)
  if (!known) throw new Error('the status of an unknown member changed')
  draft.members.set(id, { ...known, status: to, since })
}
