/** What the asking side keeps, and how it reads: visits, asks, one row per intent, and the records that came. */
import { bytes, equalBytes, type Infer, list, object, oneOf, option, text, uint } from '@plexus/codec'
import {
  casesPerPatientMax,
  type Dispute,
  dispute,
  type Emergency,
  npi,
  type Purpose,
  purpose,
  type RecordVersion,
  randomId,
} from '@plexus/policy'
import { readVersion } from './answer-check.ts'

const hash = bytes({ length: 32 })
const custodiansPerVisitMax = 64

export const visitRow = object({
  requester: text({ max: 40 }),
  evidence: list(object({ custodian: text({ max: 40 }), hash }), { max: custodiansPerVisitMax }),
  madeAt: uint(),
})
export const askRow = object({
  visit: randomId,
  requester: text({ max: 40 }),
  npi,
  purpose,
  intents: list(hash, { max: custodiansPerVisitMax }),
  madeAt: uint(),
})
export const askedRow = object({
  ask: randomId,
  custodian: text({ max: 40 }),
  to: text({ max: 40 }),
  evidence: list(hash, { max: 4 }),
  state: oneOf('committing', 'complete', 'expired', 'failed', 'fetching', 'refused', 'sent'),
  /** Seed of the session key; gone once the answer is open or the intent ended. */
  session: option(hash),
  expiresAt: uint(),
  /** A refusal's or a failure's code, and the paragraph of 45 CFR 171. */
  code: option(text({ max: 40 })),
  exception: option(text({ max: 20 })),
  /** Height of the custodian's last decision, and of the end of this source. */
  height: option(uint()),
  /** The released record versions as statements with the heights of their commitments, and their data keys in the same order. */
  records: list(object({ statement: bytes({ max: 2048 }), committedAt: uint() }), { max: 10_000 }),
  keys: bytes({ max: 32 * 10_000 }),
  reasons: list(text({ max: 40 }), { max: 8 }),
  received: uint(),
})
export type AskedRow = Infer<typeof askedRow>

export const receivedRow = object({
  record: randomId,
  verified: oneOf('missing', 'mismatch', 'verified'),
  plaintext: bytes({ max: 64 * 1024 * 1024 }),
})

/** As many as one answer brings. */
export const disputesRow = list(dispute, { max: casesPerPatientMax })

/** How one source stands, as far as this requester has proof of it. */
export interface GatheredSource {
  readonly custodian: string
  readonly state: AskedRow['state']
  readonly code: string | null
  readonly exception: string | null
  readonly reasons: readonly string[]
  readonly height: number | null
  readonly records: readonly GatheredRecord[]
}

export interface GatheredRecord {
  readonly statement: RecordVersion
  readonly committedAt: number
  readonly verified: 'missing' | 'mismatch' | 'verified'
  /** Exactly as the custodian received it; empty when it did not verify. */
  readonly plaintext: Uint8Array
  /** What the custodian says that the patient holds against it; null where nothing was said. */
  readonly dispute: Omit<Dispute, 'record'> | null
}

export interface Gathered {
  readonly ask: Uint8Array
  readonly requester: string
  readonly purpose: Purpose
  /** The highest height at which a source was decided: the view is as of this height. */
  readonly height: number
  readonly settled: boolean
  readonly sources: readonly GatheredSource[]
}

const notReceived = { verified: 'missing', plaintext: new Uint8Array(0) } as const

export function gatheredSource(
  { custodian, state, code, exception, reasons, height, records }: AskedRow,
  received: ReadonlyMap<number, Infer<typeof receivedRow>>,
  disputes: readonly Dispute[],
): GatheredSource {
  const gathered = records.map(({ statement, committedAt }, index): GatheredRecord => {
    const version = readVersion(statement)
    const { verified, plaintext } = received.get(index) ?? notReceived
    const found = disputes.find(({ record }) => equalBytes(record, version.record))
    const held = found ? { statement: found.statement, denial: found.denial } : null
    return { statement: version, committedAt, verified, plaintext, dispute: held }
  })
  return { custodian, state, code, exception, reasons, height, records: gathered }
}

export type AskRefusal = { readonly type: 'evidence-not-committed' | 'visit-unknown' }

/** `seed`: the clinician's signing key. `emergency`: with the purpose `ETREAT`, and with it alone. */
export interface Asking {
  readonly visit: Uint8Array
  readonly clinician: { readonly npi: string; readonly seed: Uint8Array }
  readonly purpose: Purpose
  readonly emergency: Emergency | null
  readonly types: readonly string[]
}

/** Why evidence that was brought to a visit is not taken. */
export type VisitRefusal = {
  readonly type: 'evidence-does-not-hold' | 'evidence-for-another-requester' | 'custodian-unknown'
}
