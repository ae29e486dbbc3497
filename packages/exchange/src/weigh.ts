/** One weighing of a request: the facts, the decision, and what a receipt says of it. Step 4 weighs, and step 5 weighs again. */
import { bytes, encode, list, object, option, text, uint } from '@plexus/codec'
import { merkleRoot, sha256 } from '@plexus/crypto'
import { type Decision, decide, type Evidence, type Intent, type ReceiptDecision, refusals } from '@plexus/policy'
import type { Custody } from './custody.ts'
import type { RecordRow } from './custody-rows.ts'
import { clinicianSigned, evidenceFacts, type Found, ledgerFacts } from './facts.ts'
import type { Replica, Surroundings } from './ports.ts'
import type { ReceiptFrame, Receipts } from './receipts.ts'
import type { SelfAsserted } from './self-asserted.ts'

const hash = bytes({ length: 32 })

export interface Weighed {
  readonly decision: Decision
  readonly released: readonly RecordRow[]
  readonly receipt: ReceiptFrame
  /** Equal when the same would be released, for the same reasons, under the same profile and head. */
  readonly fingerprint: Uint8Array
  readonly head: Uint8Array | null
}

export interface WeighParts {
  readonly replica: Replica
  readonly custody: Custody
  readonly surroundings: Surroundings
  readonly selfAsserted: SelfAsserted
  readonly receipts: Receipts
}

const fingerprintSchema = object({
  type: text({ max: 20 }),
  code: text({ max: 40 }),
  grade: text({ max: 20 }),
  reasons: list(text({ max: 40 }), { max: 8 }),
  profile: text({ max: 20 }),
  profileVersion: uint(),
  head: option(hash),
  headVersion: option(uint()),
  recordsRoot: hash,
})

/** Gathers the facts on the replica's newest block, asks the policy, and says what the receipt would state. */
export function weigh(
  { replica, custody, surroundings, selfAsserted, receipts }: WeighParts,
  intent: Found<Intent>,
  evidence: readonly Found<Evidence>[],
  patient: string | undefined,
): Weighed {
  const { content } = intent.value
  const row = patient === undefined ? undefined : custody.patients.get(patient)
  const set = row?.set?.content ?? null
  const rows = patient === undefined ? [] : custody.current(patient)
  const facts = ledgerFacts(replica, surroundings.now(), { content, batch: intent.batch, set })
  // Of two ledgers neither has a newest block: what the other one closed is not known here.
  const ledger = surroundings.ledgerInDoubt?.() ? { ...facts, blockTime: 0 } : facts
  const decision = decide({
    ledger,
    custodian: content.custodian,
    intent: content,
    intentCommittedAt: intent.batch.height,
    clinicianSigned: clinicianSigned(replica, intent.value),
    evidence: evidence.map((each) => evidenceFacts(replica, each)),
    patient:
      row && patient
        ? {
            set,
            enrolled: row.enrolment !== null,
            records: rows,
            selfAssertedToday: selfAsserted.today(content, patient, ledger.blockTime),
          }
        : null,
  })
  const released = decision.type === 'refuse' ? [] : decision.released.map((index) => rows[index] as RecordRow)
  const recordsRoot = merkleRoot(released.map(({ hash: hashed }) => hashed))
  const open = decision.type === 'refuse' ? [] : decision.open
  const frame = receipts.frame(content.custodian, row)
  return {
    decision,
    released,
    head: set?.head ?? null,
    receipt: {
      ...frame,
      intent: intent.hash,
      decision: receiptDecision(decision),
      recordsRoot,
      recordsCount: released.length,
      chains: row && patient ? receipts.chains(row, patient, open, intent.hash) : [],
    },
    fingerprint: sha256(
      encode(fingerprintSchema, {
        type: decision.type,
        code: decision.type === 'refuse' ? decision.code : '',
        grade: decision.type === 'refuse' ? '' : decision.grade,
        reasons: decision.type === 'refuse' ? [] : decision.reasons,
        profile: frame.profile,
        profileVersion: frame.profileVersion,
        head: set?.head ?? null,
        headVersion: frame.headVersion,
        recordsRoot,
      }),
    ),
  }
}

function receiptDecision(decision: Decision): ReceiptDecision {
  if (decision.type === 'refuse') return { type: 'refuse', code: decision.code, exception: decision.exception }
  return decision.type === 'permit' ? { type: 'permit' } : { type: 'part', reasons: decision.reasons }
}

export function exceptionOf(code: string): string | null {
  return code in refusals ? refusals[code as keyof typeof refusals].exception : null
}
