/** The receipts of a custodian: numbered and chained per patient, and each told to the patient once it is committed. */
import { bytes, concatBytes, encode, fromHex, object, option, text, toHex, utf8 } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { hmacSha256, merkleRoot, publicKeyOf, sha256, sign, signedBytes } from '@plexus/crypto'
import { type Opening, opening, viewOf } from '@plexus/kernel'
import {
  type Receipt,
  receipt,
  releaseNoteContent,
  type Segment,
  type SignedReleaseNote,
  statementTypes,
} from '@plexus/policy'
import type { Vault } from '@plexus/vault'
import type { Batches } from './batches.ts'
import { bundleOf } from './bundles.ts'
import type { Custody } from './custody.ts'
import { type PatientRow, type RecordRow, zeroHash } from './custody-rows.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, JournalChange, Organisation, Replica, Surroundings } from './ports.ts'
import { tableOf } from './tables.ts'

/** Bundles of some ten kilobytes each: one write stays below a megabyte. */
const noticesPerWriteMax = 64
/** Below that of genesis. */
const noHeight = -1

/** A receipt before it has its number and time. */
export type ReceiptFrame = Omit<Receipt, 'number' | 'previous' | 'madeAt'>

export interface ReceiptParts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly custody: Custody
  readonly vault: Vault
  readonly outbox: Outbox
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
}

/** Which access a receipt belongs to: the patient's row, and the intent, or null for a read by own staff. */
export interface About {
  readonly patient: string
  readonly intent: Opening | null
}

export interface OwnStaffRead {
  readonly custodian: string
  readonly patient: string
  readonly clinician: string
}

export interface OwnRecords {
  readonly row: PatientRow
  readonly records: readonly RecordRow[]
}

export class Receipts {
  private readonly parts: ReceiptParts
  private readonly telling
  private readonly kept
  /** What became committed came with a block: until the next one there is nothing more to tell. */
  private toldAt = noHeight

  constructor(parts: ReceiptParts) {
    this.parts = parts
    const { journal } = parts
    this.telling = tableOf(journal, 'receipts-to-tell', object({ patient: text({ max: 64 }), intent: option(opening) }))
    this.kept = tableOf(journal, 'bundles-kept', bytes({ max: 256 * 1024 }))
  }

  frame(custodian: string, row: PatientRow | undefined) {
    const { replica } = this.parts
    const { profile, version } = members.queries.policy(viewOf(members, replica.state))
    return {
      custodian,
      profile,
      profileVersion: version,
      headVersion: row?.set?.content.version ?? null,
      mailbox: row?.enrolment?.content.mailbox ?? null,
      height: replica.tip().height,
    }
  }

  /** Count and head of each chain that is open to the reader; of the others a commitment under the wrapping key, which the wallet has. */
  chains(row: PatientRow, patient: string, open: readonly Segment[], intent: Uint8Array): Receipt['chains'] {
    return this.parts.custody.chainHeads(patient).map(({ segment, count, head }) => {
      if (open.includes(segment)) return { type: 'open' as const, segment, count, head }
      const { key } = this.parts.vault.wrappingKey({ custodian: row.custodian, patient: row.patient, segment })
      return {
        type: 'closed' as const,
        commitment: hmacSha256(key, concatBytes(utf8(`plexus/v1/chain-head/${segment}/${count}/`), head, intent)),
      }
    })
  }

  write(
    row: PatientRow,
    frame: ReceiptFrame,
  ): { readonly hash: Uint8Array; readonly row: PatientRow; readonly changes: readonly JournalChange[] } {
    const { batches, custody, surroundings } = this.parts
    const statement = encode(receipt, {
      ...frame,
      number: row.receipts + 1,
      previous: row.lastReceipt,
      madeAt: Math.floor(surroundings.now()),
    })
    const committed = batches.commit(statementTypes.receipt, statement)
    const key = custody.patientKey(row.custodian, row.patient)
    const next = { ...row, receipts: row.receipts + 1, lastReceipt: committed.hash }
    return { hash: committed.hash, row: next, changes: [...committed.changes, custody.patients.put(key, next)] }
  }

  /** Whether the key that signs here for a custodian is in force on the replica: around a rotation it may not be. */
  canSignFor(custodian: string): boolean {
    const organisation = this.parts.organisations.get(custodian)
    const view = viewOf(members, this.parts.replica.state)
    return (
      organisation !== undefined &&
      members.queries.keyOf(view, toHex(publicKeyOf(organisation.seed)))?.status === 'active'
    )
  }

  signNote(custodian: string, of: Uint8Array): SignedReleaseNote {
    const { organisations, replica, surroundings } = this.parts
    const organisation = organisations.get(custodian)
    if (!organisation) throw new Error('a request names an organisation that this node does not act for')
    const content = { custodian, receipt: of, height: replica.tip().height, madeAt: Math.floor(surroundings.now()) }
    const signature = sign(
      organisation.seed,
      signedBytes(statementTypes.releaseNote, replica.chain.id, encode(releaseNoteContent, content)),
    )
    return { content, signature: { key: publicKeyOf(organisation.seed), signature } }
  }

  /** A duty to tell the patient of a receipt that releases nothing, once it is committed. */
  duty(of: Uint8Array, { patient, intent }: About): JournalChange {
    return this.telling.put(toHex(of), { patient, intent })
  }

  /** A receipt that stands on the ledger already has become a duty: the next look need not wait for a block. */
  tellAgain(): void {
    this.toldAt = noHeight
  }

  /** Notices of receipts that released nothing go out when the receipt is committed: once for each block, many in a write. */
  tell(): void {
    const { batches, journal, replica } = this.parts
    const { height } = replica.tip()
    if (height === this.toldAt) return
    let changes: JournalChange[] = []
    let notices = 0
    for (const [key, { patient, intent }] of [...this.telling.entries()]) {
      const hashed = fromHex(key)
      if (batches.committedAt(hashed) === undefined) continue
      const proof = batches.opening(hashed)
      if (!proof) throw new Error('a committed receipt has no opening')
      const notice = this.notice({ patient, intent }, proof, null)
      // Without proof nothing is told and the duty stays: a replica that is restored may prove it later.
      if (!notice) continue
      changes.push(this.telling.drop(key), ...notice)
      if (++notices % noticesPerWriteMax > 0) continue
      journal.append(changes)
      changes = []
    }
    if (changes.length > 0) journal.append(changes)
    this.toldAt = height
  }

  /** Whether no receipt stands of which its patient is still to be told. */
  get toldOfAll(): boolean {
    for (const _ of this.telling.entries({ limit: 1 })) return false
    return true
  }

  /**
   * The patient's notice of one receipt: into the outbox, or kept for an enrolment. Undefined when the replica cannot
   * prove the commitments any more: then nothing may be released on it.
   */
  notice(of: About, proof: Opening, note: SignedReleaseNote | null): readonly JournalChange[] | undefined {
    const { replica, batches, custody, outbox } = this.parts
    const row = custody.patients.get(of.patient)
    if (!row) throw new Error('a receipt names a patient who is not in custody')
    const bundle = bundleOf(replica, batches, { custodian: row.custodian, intent: of.intent, receipt: proof, note })
    if (!bundle) return undefined
    if (!row.enrolment) return [this.kept.put(`${of.patient}/${toHex(sha256(bundle)).slice(0, 16)}`, bundle)]
    return outbox.addNotice(row.enrolment.content.mailbox, {
      type: 'access',
      from: 'custodian',
      teller: row.custodian,
      bundle,
    })
  }

  /** One read, as `ownStaffReads`. */
  ownStaffRead(read: OwnStaffRead): OwnRecords | undefined {
    return this.ownStaffReads([read])[0]
  }

  /**
   * Reads by the custodian's own people, in order; undefined where the custodian has no such patient. The receipts are
   * durable before any bytes are shown, all in one write. Each joins its patient's chain and the next batch, and the
   * patient sees it. As many as a caller has waiting, which is for it to bound: a receipt takes some 500 bytes.
   */
  ownStaffReads(reads: readonly OwnStaffRead[]): readonly (OwnRecords | undefined)[] {
    const { custody, journal } = this.parts
    // A receipt follows the last one of its chain, which may be of the same write.
    const rows = new Map<string, PatientRow>()
    const changes: JournalChange[] = []
    const shown = reads.map(({ custodian, patient, clinician }) => {
      const key = custody.patientKey(custodian, patient)
      const row = rows.get(key) ?? custody.patients.get(key)
      if (!row) return undefined
      const records = custody.versions(key).filter(({ status }) => status === 'current')
      const written = this.write(row, {
        ...this.frame(custodian, row),
        intent: zeroHash,
        decision: { type: 'own-staff', clinician },
        recordsRoot: merkleRoot(records.map(({ hash }) => hash)),
        recordsCount: records.length,
        chains: [],
      })
      changes.push(...written.changes, this.duty(written.hash, { patient: key, intent: null }))
      rows.set(key, written.row)
      return { row, records }
    })
    if (changes.length > 0) journal.append(changes)
    return shown
  }

  /** Bundles that were kept for a patient without a wallet. */
  keptBundles(patient: string): readonly (readonly [string, Uint8Array])[] {
    return [...this.kept.entries({ prefix: `${patient}/` })]
  }

  dropKept(key: string): JournalChange {
    return this.kept.drop(key)
  }
}
