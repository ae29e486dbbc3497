/**
 * The key release agent: steps 4 and 5 of an access. It decides on what its own replica has applied, makes its receipt
 * durable and committed, decides again, and only then lets keys go, in one durable write with the patient's notice.
 */
import {
  bytes,
  concatBytes,
  encode,
  equalBytes,
  fromHex,
  type Infer,
  list,
  object,
  oneOf,
  option,
  text,
  toHex,
  uint,
  utf8,
} from '@plexus/codec'
import { sealTo, sha256 } from '@plexus/crypto'
import { type Opening, opening } from '@plexus/kernel'
import { type Evidence, type Intent, statementTypes } from '@plexus/policy'
import type { Vault } from '@plexus/vault'
import type { Batches } from './batches.ts'
import type { Cases } from './cases.ts'
import type { Custody } from './custody.ts'
import { zeroHash } from './custody-rows.ts'
import { type Found, findOpened, handleIsOpen, readEvidence, readIntent } from './facts.ts'
import { type MemberNote, memberNote, type NoteDesk, recordsPerReleaseMax } from './notes.ts'
import type { Journal, JournalChange, Organisation, Replica, Surroundings } from './ports.ts'
import type { Receipts } from './receipts.ts'
import type { Reviews } from './reviews.ts'
import type { SelfAsserted } from './self-asserted.ts'
import { tableOf } from './tables.ts'
import { exceptionOf, type Weighed, weigh } from './weigh.ts'

const hash = bytes({ length: 32 })

/** Requests that wait for this replica to reach the block of their intent; more than these are dropped, and come again. */
const parkedMax = 1_000
/** A block comes every five seconds at the latest; what is not found after a few of them is of no chain that we know. */
const parkedSecondsMax = 15
/** An answer with the openings of ten thousand record versions. */
const answerBytesMax = 32 * 1024 * 1024

/** HPKE `info` of a release. */
export const releaseInfo = 'plexus/v1/release'

const requestRow = object({
  state: oneOf('deciding', 'refused', 'released', 'void'),
  from: text({ max: 40 }),
  intent: opening,
  evidence: list(opening, { max: 4 }),
  custodian: text({ max: 40 }),
  /** Key of the patient's row. */
  patient: text({ max: 64 }),
  receipt: hash,
  /** What the first decision was, so that the second can be held against it. */
  fingerprint: hash,
  refusal: option(text({ max: 40 })),
  expiresAt: uint(),
  /** The handle of the head under which it was decided; null without a wallet. */
  head: option(hash),
})
type RequestRow = Infer<typeof requestRow>

interface Parked {
  readonly from: string
  readonly note: Extract<MemberNote, { type: 'request' }>
  readonly since: number
}

export interface CustodianParts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly custody: Custody
  readonly vault: Vault
  readonly receipts: Receipts
  readonly selfAsserted: SelfAsserted
  readonly cases: Cases
  readonly reviews: Reviews
  readonly desk: NoteDesk
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
  readonly blind: (...parts: readonly string[]) => string
}

export class Custodian {
  private readonly parts: CustodianParts
  private readonly requests
  /** Kept byte for byte for a repeated request. */
  private readonly answers
  /** By patient and intent: who was given which record versions, in the order of the answer. */
  private readonly releases
  private readonly deciding
  private readonly patientKeys
  /** By the intent's opening; each waits for a few seconds at most, and its requester sends it again. */
  private readonly parked = new Map<string, Parked>()
  /** The height of the newest block when `settle` began last, if it ended. */
  private settledAt: number | undefined

  constructor(parts: CustodianParts) {
    this.parts = parts
    const { journal } = parts
    this.requests = tableOf(journal, 'requests', requestRow)
    this.answers = tableOf(journal, 'request-answers', bytes({ max: answerBytesMax }))
    this.releases = tableOf(
      journal,
      'releases',
      object({ to: text({ max: 40 }), records: list(bytes({ length: 16 }), { max: recordsPerReleaseMax }) }),
    )
    this.deciding = tableOf(journal, 'requests-deciding', text({ max: 64 }))
    this.patientKeys = tableOf(journal, 'patient-signing-keys', text({ max: 64 }))
  }

  /** Step 4. What cannot be found on the replica yet is parked until the next block. */
  async request(from: string, note: Extract<MemberNote, { type: 'request' }>): Promise<void> {
    const { replica, batches, organisations } = this.parts
    const found = findOpened(replica, batches, note.intent, statementTypes.intent, readIntent)
    if (!found.ok) {
      if (found.reason.type === 'not-committed') this.park(from, note)
      return
    }
    const intent = found.value
    this.parked.delete(toHex(sha256(note.intent.statement)))
    if (intent.batch.member !== from) return
    const key = toHex(intent.hash)
    const known = this.requests.get(key)
    if (known) return this.repeat(key, known)
    const { content } = intent.value
    if (!organisations.has(content.custodian))
      return this.refuseUnreceipted(from, intent.hash, 'intent-of-another-custodian')
    const evidence = this.findEvidence(note.evidence)
    const patient = this.patientOf(content.custodian, evidence)
    const weighed = weigh(this.parts, intent, evidence, patient)
    const row = patient && this.parts.custody.patients.get(patient)
    if (!patient || !row)
      return this.refuseUnreceipted(
        from,
        intent.hash,
        weighed.decision.type === 'refuse' ? weighed.decision.code : 'patient-unknown',
      )
    const written = this.parts.receipts.write(row, weighed.receipt)
    this.parts.journal.append([
      ...written.changes,
      this.requests.put(key, {
        state: 'deciding',
        from,
        intent: note.intent,
        evidence: note.evidence,
        custodian: content.custodian,
        patient,
        receipt: written.hash,
        fingerprint: weighed.fingerprint,
        refusal: weighed.decision.type === 'refuse' ? weighed.decision.code : null,
        expiresAt: content.expiresAt,
        head: weighed.head,
      }),
      this.deciding.put(key, patient),
      ...this.parts.reviews.ofRequest(intent.value, intent.hash, row.patient),
      ...this.parts.selfAsserted.count(content, patient, weighed.decision, this.parts.replica.tip().time),
    ])
    // Durable: the receipt, its number and the use of the intent. A crash from here on ends in this receipt or a void one.
    this.parts.surroundings.observe?.('receipt')
  }

  private park(from: string, note: Parked['note']): void {
    const key = toHex(sha256(note.intent.statement))
    if (this.parked.has(key) || this.parked.size >= parkedMax) return
    this.parked.set(key, { from, note, since: this.parts.surroundings.now() })
  }

  /** Step 5, for every receipt whose block this replica has applied; and notices that a crash left untold. */
  async settle(): Promise<void> {
    const now = this.parts.surroundings.now()
    // Blocks that come while this waits are for the next time.
    const { height } = this.parts.replica.tip()
    for (const [key, { from, note, since }] of [...this.parked]) {
      if (Math.abs(now - since) > parkedSecondsMax) this.parked.delete(key)
      else await this.request(from, note)
    }
    for (const [key] of [...this.deciding.entries()]) {
      const row = this.requests.get(key)
      if (!row) throw new Error('a request in decision has no row')
      if (this.parts.batches.committedAt(row.receipt) !== undefined) await this.conclude(key, row)
    }
    this.parts.receipts.tell()
    this.settledAt = height
  }

  /** Whether nothing waits to be done that the newest block allows: no answer, and no notice of a refusal. */
  get idle(): boolean {
    if (this.settledAt === this.parts.replica.tip().height) return true
    for (const _ of this.deciding.entries({ limit: 1 })) return false
    return this.parts.receipts.toldOfAll
  }

  private async conclude(key: string, row: RequestRow): Promise<void> {
    const { replica, batches, vault, journal, surroundings } = this.parts
    const intent = findOpened(replica, batches, row.intent, statementTypes.intent, readIntent)
    if (!intent.ok) throw new Error('an intent that was found on the ledger is not there any more')
    const proof = batches.opening(row.receipt)
    if (!proof) throw new Error('a committed receipt has no opening')
    if (row.refusal !== null) {
      const refusal: MemberNote = {
        type: 'refusal',
        intent: intent.value.hash,
        code: row.refusal,
        exception: exceptionOf(row.refusal),
        receipt: proof,
      }
      const settled: RequestRow = { ...row, state: 'refused' }
      const answer = encode(memberNote, refusal)
      journal.append([
        this.requests.put(key, settled),
        this.answers.put(key, answer),
        this.deciding.drop(key),
        this.parts.receipts.duty(row.receipt, row),
      ])
      this.parts.receipts.tellAgain()
      surroundings.observe?.('refusal')
      return this.sendAnswer(key, settled, answer)
    }
    const evidence = this.findEvidence(row.evidence)
    const before = weigh(this.parts, intent.value, evidence, row.patient)
    const height = replica.tip().height
    const keys = before.released.map(({ record }) => vault.dataKey(record))
    if (!equalBytes(before.fingerprint, row.fingerprint) || keys.some((each) => !each.ok))
      return this.void(key, row, intent.value, before)
    const release = await sealTo({
      publicKey: intent.value.value.content.sessionKey,
      info: utf8(releaseInfo),
      context: concatBytes(intent.value.hash, row.receipt),
      plaintext: concatBytes(...keys.map((each) => (each.ok ? each.value : zeroHash))),
    })
    // Sealing waited, and blocks may have come. From here to the durable write nothing waits.
    const stands = replica.tip().height === height && !surroundings.ledgerInDoubt?.()
    const weighed = stands ? before : weigh(this.parts, intent.value, evidence, row.patient)
    const same = equalBytes(weighed.fingerprint, row.fingerprint) && weighed.released.length === keys.length
    if (!same || !this.parts.receipts.canSignFor(row.custodian)) return this.void(key, row, intent.value, weighed)
    const note = this.parts.receipts.signNote(row.custodian, row.receipt)
    const notice = this.parts.receipts.notice(row, proof, note)
    if (!notice) return this.void(key, row, intent.value, weighed)
    const records = weighed.released.map(({ leaf }) => batches.opening(leaf))
    if (records.some((each) => !each)) throw new Error('a committed record version has no opening')
    const answer: MemberNote = {
      type: 'answer',
      intent: intent.value.hash,
      receipt: proof,
      note,
      release,
      records: records.filter((each) => each !== undefined),
      disputes: this.parts.cases.disputesOf(row.patient, weighed.released),
    }
    const settled: RequestRow = { ...row, state: 'released' }
    const encoded = encode(memberNote, answer)
    journal.append([
      this.requests.put(key, settled),
      this.answers.put(key, encoded),
      this.releases.put(`${row.patient}/${key}`, {
        to: row.from,
        records: weighed.released.map(({ record }) => record),
      }),
      this.deciding.drop(key),
      ...notice,
    ])
    // Durable: release, release note and notice. Only now may the answer leave.
    surroundings.observe?.('release')
    return this.sendAnswer(key, settled, encoded)
  }

  /** What was decided no longer stands, or its time is over: a void receipt ends the intent. */
  private void(key: string, row: RequestRow, intent: Found<Intent>, weighed: Weighed): Promise<void> {
    const { journal, custody } = this.parts
    const code = weighed.decision.type === 'refuse' ? weighed.decision.code : 'facts-changed'
    const patient = custody.patients.get(row.patient)
    if (!patient) throw new Error('a request names a patient who is not in custody')
    const written = this.parts.receipts.write(patient, { ...weighed.receipt, decision: { type: 'void', code } })
    const refusal: MemberNote = {
      type: 'refusal',
      intent: intent.hash,
      code,
      exception: exceptionOf(code),
      receipt: null,
    }
    const settled: RequestRow = { ...row, state: 'void', receipt: written.hash }
    const answer = encode(memberNote, refusal)
    journal.append([
      ...written.changes,
      this.requests.put(key, settled),
      this.answers.put(key, answer),
      this.deciding.drop(key),
      this.parts.receipts.duty(row.receipt, row),
      this.parts.receipts.duty(written.hash, row),
    ])
    this.parts.receipts.tellAgain()
    this.parts.surroundings.observe?.('void')
    return this.sendAnswer(key, settled, answer)
  }

  /** A repeated request gets the same bytes, until it ends or the head under which it was decided is closed. */
  private async repeat(key: string, row: RequestRow): Promise<void> {
    if (row.state === 'deciding') {
      // Its receipt waits for a block, and none comes: whoever asks is told so now, since nothing is released by it.
      if (row.refusal === 'ledger-stale') await this.refuseUnreceipted(row.from, fromHex(key), row.refusal)
      return
    }
    if (row.state === 'released' && this.latest() > row.expiresAt)
      return this.refuseUnreceipted(row.from, fromHex(key), 'intent-expired')
    const answer = this.answers.get(key)
    if (!answer) throw new Error('a settled request has no answer')
    return this.sendAnswer(key, row, answer)
  }

  private async sendAnswer(key: string, row: RequestRow, answer: Uint8Array): Promise<void> {
    const { desk, surroundings } = this.parts
    const sealed = await desk.seal(row.from, answer)
    // The head may have been closed while the note was sealed, or while it waits for the disk or for the receiver's node: then
    // nothing leaves, although it was released before, and the requester asks again.
    const inDoubt = (): boolean => surroundings.ledgerInDoubt?.() ?? false
    const mayLeave = (): boolean => row.state !== 'released' || (!inDoubt() && this.headOpen(row))
    if (!mayLeave()) return this.refuseUnreceipted(row.from, fromHex(key), inDoubt() ? 'ledger-stale' : 'head-closed')
    if (sealed) surroundings.send(row.from, sealed, mayLeave)
  }

  private headOpen(row: RequestRow): boolean {
    const patient = this.parts.custody.patients.get(row.patient)
    if (!row.head) return !patient?.set
    const { replica } = this.parts
    const set = patient?.set?.content
    return set !== undefined && equalBytes(set.head, row.head) && handleIsOpen(replica, row.head)
  }

  /** Ciphertexts of a released answer. They open with the released keys alone, so they need no second decision. */
  contents(from: string, wanted: Extract<MemberNote, { type: 'fetch' }>): MemberNote | undefined {
    const key = toHex(wanted.intent)
    const row = this.requests.get(key)
    if (!row) return undefined
    const released = this.releases.get(`${row.patient}/${key}`)
    if (released?.to !== from) return undefined
    const known = new Map(this.parts.custody.versions(row.patient).map((version) => [toHex(version.record), version]))
    const ciphertexts = released.records.slice(wanted.from, wanted.from + wanted.count).map((record) => {
      const where = known.get(toHex(record))?.where
      const ciphertext = where && this.parts.vault.ciphertext(where)
      return ciphertext?.ok ? ciphertext.value : null
    })
    return { type: 'contents', intent: wanted.intent, from: wanted.from, ciphertexts }
  }

  /** Members that received a record version: what was released is kept beside the receipt that says so. */
  receiversOf(patient: string, record: Uint8Array): readonly string[] {
    const receivers = new Set<string>()
    for (const [, { to, records }] of this.releases.entries({ prefix: `${patient}/` }))
      if (records.some((each) => equalBytes(each, record))) receivers.add(to)
    return [...receivers].sort()
  }

  /** Registers the key under which a patient's evidence is known here. */
  patientKeyChanges(custodian: string, signingKey: Uint8Array, patient: string): JournalChange {
    return this.patientKeys.put(this.parts.blind('signing-key', custodian, toHex(signingKey)), patient)
  }

  /** The patient who enrolled with this key, last or before. */
  patientOfKey(custodian: string, signingKey: Uint8Array): string | undefined {
    return this.patientKeys.get(this.parts.blind('signing-key', custodian, toHex(signingKey)))
  }

  private findEvidence(openings: readonly Opening[]): readonly Found<Evidence>[] {
    const found: Found<Evidence>[] = []
    for (const each of openings) {
      const one = findOpened(this.parts.replica, this.parts.batches, each, statementTypes.evidence, readEvidence)
      if (one.ok) found.push(one.value)
    }
    return found
  }

  /** The one patient whom all evidence names, as this custodian knows them. */
  private patientOf(custodian: string, evidence: readonly Found<Evidence>[]): string | undefined {
    const named = new Set<string | undefined>(
      evidence.map(({ value: { content } }) => {
        if (content.subject.type === 'key') return this.patientOfKey(custodian, content.subject.key)
        const key = this.parts.custody.patientKey(custodian, content.subject.number)
        return this.parts.custody.patients.get(key) && key
      }),
    )
    return named.size === 1 ? [...named][0] : undefined
  }

  private refuseUnreceipted(to: string, intent: Uint8Array, code: string): Promise<void> {
    return this.parts.desk.tell(to, { type: 'refusal', intent, code, exception: exceptionOf(code), receipt: null })
  }

  private latest(): number {
    return Math.max(this.parts.surroundings.now(), this.parts.replica.tip().time)
  }
}
