/** A version that does not stand any more: everyone who received it is told, and says that it is durable there. */
import { boolean, encode, no, object, ok, type Result, text, toHex, uint } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf, sign, signedBytes, statementHash, verify } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import { acknowledgement, correction, statementTypes } from '@plexus/policy'
import type { Batches } from './batches.ts'
import type { Custodian } from './custodian.ts'
import type { Custody, Replaced } from './custody.ts'
import type { MemberNote, NoteDesk } from './notes.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, JournalChange, Organisation, Replica, Surroundings } from './ports.ts'
import { tableOf } from './tables.ts'

const row = object({ content: correction, from: text({ max: 40 }), height: uint(), acknowledged: boolean() })

export interface ReceivedCorrection {
  /** Statement hash in hexadecimal: what an acknowledgement names. */
  readonly id: string
  readonly custodian: string
  readonly record: Uint8Array
  readonly kind: 'entered-in-error' | 'superseded'
  readonly height: number
  readonly acknowledged: boolean
}

export interface CorrectionsParts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly custody: Custody
  readonly custodian: Custodian
  readonly outbox: Outbox
  readonly desk: NoteDesk
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
  readonly member: string
  /** Seed of the member's key with the scope `batches`. */
  readonly seed: Uint8Array
}

export class Corrections {
  private readonly parts: CorrectionsParts
  private readonly received

  constructor(parts: CorrectionsParts) {
    this.parts = parts
    this.received = tableOf(parts.journal, 'corrections-received', row)
  }

  /** Marks a record as entered in error and tells every receiver of it. Returns how many there are. */
  enteredInError(
    custodian: string,
    patient: string,
    source: string,
  ): Result<{ readonly receivers: readonly string[] }, { readonly type: 'already-in-error' | 'record-unknown' }> {
    const { custody, journal } = this.parts
    const marked = custody.markInError(custodian, patient, source)
    if (!marked.ok) return marked
    const { record } = marked.value.marked
    const told = this.changesFor(custodian, custody.patientKey(custodian, patient), {
      record,
      kind: 'entered-in-error',
      replacedBy: null,
    })
    // One write: a crash between the mark and the news of it would leave receivers that nobody ever tells.
    journal.append([...marked.value.changes, ...told.changes])
    return ok({ receivers: told.receivers })
  }

  /** What belongs into the write by which a version stops to stand: the news of it for each receiver, and for the patient. */
  changesFor(
    custodian: string,
    patient: string,
    gone: Replaced,
  ): { readonly receivers: readonly string[]; readonly changes: readonly JournalChange[] } {
    const { custody, custodian: agent, batches, outbox, replica, surroundings, organisations } = this.parts
    const organisation = organisations.get(custodian)
    if (!organisation) throw new Error('a record is corrected of an organisation that this node does not act for')
    const receivers = agent.receiversOf(patient, gone.record)
    const madeAt = Math.floor(surroundings.now())
    const changes = receivers.flatMap((to) => {
      // One statement per receiver: an acknowledgement then names one of them, and two receivers cannot compare values.
      const content = { id: surroundings.random(16), custodian, madeAt, ...gone }
      const statement = encode(correction, content)
      const committed = batches.commit(statementTypes.correction, statement)
      const signature = {
        key: publicKeyOf(organisation.seed),
        signature: sign(organisation.seed, signedBytes(statementTypes.correction, replica.chain.id, statement)),
      }
      return [...committed.changes, ...outbox.add(to, committed.hash, { type: 'correction', content, signature })]
    })
    const mailbox =
      receivers.length > 0 || gone.kind === 'entered-in-error'
        ? custody.patients.get(patient)?.enrolment?.content.mailbox
        : null
    const { record, kind } = gone
    const notice = mailbox
      ? outbox.addNotice(mailbox, { type: 'corrected', custodian, record, kind, receivers: receivers.length, madeAt })
      : []
    return { receivers, changes: [...changes, ...notice] }
  }

  /** Takes a correction from its custodian; durable before anything is answered. */
  async take(from: string, { content, signature }: Extract<MemberNote, { type: 'correction' }>): Promise<void> {
    const { replica, journal } = this.parts
    const view = viewOf(members, replica.state)
    const key = members.queries.keyOf(view, toHex(signature.key))
    // A correction waits for its receiver as it was signed, and the key may be replaced meanwhile: it need not be in force
    // any more. The node that sent it has just shown that it acts for the custodian, under a key that is.
    if (
      !key ||
      key.from === null ||
      key.holder !== content.custodian ||
      members.queries.hostOf(view, content.custodian) !== from
    )
      return
    const statement = encode(correction, content)
    if (
      !verify(signature.key, signedBytes(statementTypes.correction, replica.chain.id, statement), signature.signature)
    )
      return
    const id = toHex(statementHash(statementTypes.correction, replica.chain.id, statement))
    const known = this.received.get(id)
    if (!known)
      journal.append([this.received.put(id, { content, from, height: replica.tip().height, acknowledged: false })])
    else if (known.acknowledged) await this.sendAcknowledgement(id)
  }

  /** A person at the receiver took note; the custodian stops repeating it. */
  async acknowledge(id: string): Promise<Result<void, { readonly type: 'correction-unknown' }>> {
    const known = this.received.get(id)
    if (!known) return no({ type: 'correction-unknown' })
    this.parts.journal.append([this.received.put(id, { ...known, acknowledged: true })])
    await this.sendAcknowledgement(id)
    return ok()
  }

  list(): readonly ReceivedCorrection[] {
    return [...this.received.entries()].map(([id, { content, height, acknowledged }]) => ({
      id,
      custodian: content.custodian,
      record: content.record,
      kind: content.kind,
      height,
      acknowledged,
    }))
  }

  acknowledged(from: string, { content, signature }: Extract<MemberNote, { type: 'acknowledged' }>): void {
    const { replica, outbox } = this.parts
    const key = members.queries.keyOf(viewOf(members, replica.state), toHex(signature.key))
    if (content.receiver !== from || key?.status !== 'active' || key.holder !== from) return
    if (
      !verify(
        signature.key,
        signedBytes(statementTypes.acknowledgement, replica.chain.id, encode(acknowledgement, content)),
        signature.signature,
      )
    )
      return
    outbox.acknowledged(content.correction)
  }

  private async sendAcknowledgement(id: string): Promise<void> {
    const { replica, desk, surroundings, member, seed } = this.parts
    const known = this.received.get(id)
    if (!known) return
    const hashed = statementHash(statementTypes.correction, replica.chain.id, encode(correction, known.content))
    const content = { correction: hashed, receiver: member, madeAt: Math.floor(surroundings.now()) }
    const signature = {
      key: publicKeyOf(seed),
      signature: sign(
        seed,
        signedBytes(statementTypes.acknowledgement, replica.chain.id, encode(acknowledgement, content)),
      ),
    }
    await desk.tell(known.from, { type: 'acknowledged', content, signature })
  }
}
