/** The charts of the organisations that this node acts for: sealed in the vault, chained, committed, and indexed by patient. */
import { encode, equalBytes, no, ok, type Result, uint, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type RecordVersion, recordVersion, type Segment, statementTypes } from '@plexus/policy'
import type { NewRecord, Vault } from '@plexus/vault'
import type { Batches, Gathering } from './batches.ts'
import {
  codesPerRecordMax,
  type IncomingRecord,
  type PatientRow,
  patientRow,
  type RecordRow,
  recordRow,
  zeroHash,
} from './custody-rows.ts'
import type { Journal, JournalChange, Surroundings } from './ports.ts'
import type { LeafPlace } from './statement-groups.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** Records of one patient that one decision weighs; a chart above it is answered with its newest. */
const recordsPerPatientMax = 10_000

/** The vault seals at most this many at once. */
const recordsPerSealMax = 500

const chainLabel = utf8('plexus/v1/record-chain\0')

/** The head of a record chain after one more leaf: SHA-256 over the head before it and the statement's hash. */
export function nextHead(previous: Uint8Array, statement: Uint8Array): Uint8Array {
  const input = new Uint8Array(chainLabel.length + 64)
  input.set(chainLabel)
  input.set(previous, chainLabel.length)
  input.set(statement, chainLabel.length + 32)
  return sha256(input)
}

/** A version that stands no more, and what takes its place. */
export interface Replaced {
  readonly record: Uint8Array
  readonly kind: 'entered-in-error' | 'superseded'
  readonly replacedBy: Uint8Array | null
}

/** What is to be written with the end of a version; `patient` is the key of the patient's row. */
export type Told = (patient: string, replaced: Replaced) => readonly JournalChange[]

export interface Registered {
  /** Sources whose bytes were new. The others were there already: an import that goes on after a kill. */
  readonly stored: ReadonlySet<string>
}

export class Custody {
  readonly patients
  private readonly journal: Journal
  private readonly batches: Batches
  private readonly vault: Vault
  private readonly surroundings: Surroundings
  private readonly blind: (...parts: readonly string[]) => string
  private readonly records
  private readonly sources
  private readonly cache = new Map<string, readonly RecordRow[]>()

  constructor(parts: {
    readonly journal: Journal
    readonly batches: Batches
    readonly vault: Vault
    readonly surroundings: Surroundings
    readonly blind: (...parts: readonly string[]) => string
  }) {
    this.journal = parts.journal
    this.batches = parts.batches
    this.vault = parts.vault
    this.surroundings = parts.surroundings
    this.blind = parts.blind
    this.patients = tableOf(parts.journal, 'patients', patientRow)
    this.records = tableOf(parts.journal, 'records', recordRow)
    this.sources = tableOf(parts.journal, 'record-sources', uint())
  }

  patientKey(custodian: string, patient: string): string {
    return this.blind('patient', custodian, patient)
  }

  newPatient(custodian: string, patient: string): PatientRow {
    return {
      custodian,
      patient,
      enrolment: null,
      set: null,
      receipts: 0,
      lastReceipt: zeroHash,
      chains: [],
      records: 0,
      given: [],
    }
  }

  /**
   * Takes records of one patient into custody. When it returns, each is sealed, chained, indexed and committed to in
   * durable writes; it counts for releases once its leaf's batch is on the ledger. The same bytes twice are kept once;
   * other bytes under the same source name are a new version: `told` gives what must be written with it, so that whoever
   * received the old one is told.
   */
  register(custodian: string, patient: string, incoming: readonly IncomingRecord[], told: Told = () => []): Registered {
    const stored = new Set<string>()
    for (let from = 0; from < incoming.length; from += recordsPerSealMax) {
      for (const source of this.registerSome(custodian, patient, incoming.slice(from, from + recordsPerSealMax), told))
        stored.add(source)
    }
    return { stored }
  }

  private registerSome(
    custodian: string,
    patient: string,
    incoming: readonly IncomingRecord[],
    told: Told,
  ): Iterable<string> {
    const key = this.patientKey(custodian, patient)
    const before = this.patients.get(key) ?? this.newPatient(custodian, patient)
    const fresh = new Map<string, { readonly each: IncomingRecord; readonly known: RecordRow | undefined }>()
    for (const each of incoming) {
      const known = this.known(key, each.source)
      if (!known || !equalBytes(known.plaintextHash, sha256(each.bytes))) fresh.set(each.source, { each, known })
    }
    const records = [...fresh.values()]
    if (records.length === 0) return []
    const sealed = this.vault.seal(
      records.map(
        ({ each: { segment, contentType, bytes } }): NewRecord => ({ custodian, patient, segment, contentType, bytes }),
      ),
    )
    // Durable: ciphertexts and their keys. A crash here leaves noise in the vault; the import brings the records again.
    const gathering = this.batches.gather()
    const changes: JournalChange[] = []
    let row = before
    for (const [index, { each, known }] of records.entries()) {
      const at = sealed[index]
      if (!at) throw new Error('the vault sealed fewer records than it was given')
      const version = (known?.version ?? 0) + 1
      const status = each.enteredInError ? ('entered-in-error' as const) : ('current' as const)
      const added = this.append(gathering, row, each.segment, {
        custodian,
        record: at.record,
        version,
        replaces: known?.record ?? null,
        status,
        resourceType: each.resourceType,
        contentType: each.contentType,
        ciphertextHash: at.ciphertextHash,
        plaintextHash: at.plaintextHash,
        length: at.length,
      })
      row = added.row
      if (known) {
        changes.push(
          this.records.put(`${key}/${sequenceKey(known.sequence)}`, { ...known, status: 'superseded' }),
          ...told(key, {
            record: known.record,
            kind: each.enteredInError ? 'entered-in-error' : 'superseded',
            replacedBy: each.enteredInError ? null : at.record,
          }),
        )
      }
      changes.push(
        this.records.put(`${key}/${sequenceKey(row.records)}`, {
          hash: added.hash,
          leaf: added.leaf,
          record: at.record,
          version,
          sequence: row.records,
          source: each.source,
          segment: each.segment,
          resourceType: each.resourceType,
          codes: each.codes.slice(0, codesPerRecordMax),
          status,
          contentType: each.contentType,
          where: at.where,
          plaintextHash: at.plaintextHash,
          position: added.position,
          head: added.head,
        }),
        this.sources.put(this.blind('source', key, each.source), row.records),
      )
    }
    changes.push(...gathering.changes(), this.patients.put(key, row))
    // Forgotten before the write: one that fails may have happened all the same.
    this.cache.delete(key)
    this.journal.append(changes)
    // Written: statements, chain and index. Once it is durable the records are this custodian's, whatever happens.
    return fresh.keys()
  }

  /**
   * A new version of a record that says it was entered in error; the version before stands no more once the changes are
   * written, together with what its receivers are told.
   */
  markInError(
    custodian: string,
    patient: string,
    source: string,
  ): Result<
    { readonly marked: RecordRow; readonly changes: readonly JournalChange[] },
    { readonly type: 'record-unknown' | 'already-in-error' }
  > {
    const key = this.patientKey(custodian, patient)
    const row = this.patients.get(key)
    const known = row && this.known(key, source)
    if (!row || !known) return no({ type: 'record-unknown' })
    if (known.status === 'entered-in-error') return no({ type: 'already-in-error' })
    const errorVersion = this.surroundings.random(16)
    const gathering = this.batches.gather()
    const added = this.append(gathering, row, known.segment, {
      custodian,
      record: errorVersion,
      version: known.version + 1,
      replaces: known.record,
      status: 'entered-in-error',
      resourceType: known.resourceType,
      contentType: known.contentType,
      ciphertextHash: zeroHash,
      plaintextHash: zeroHash,
      length: 0,
    })
    this.cache.delete(key)
    const changes = [
      ...gathering.changes(),
      this.records.put(`${key}/${sequenceKey(known.sequence)}`, { ...known, status: 'entered-in-error' }),
      this.records.put(`${key}/${sequenceKey(added.row.records)}`, {
        ...known,
        hash: added.hash,
        leaf: added.leaf,
        record: errorVersion,
        version: known.version + 1,
        sequence: added.row.records,
        status: 'entered-in-error',
        where: { object: '', offset: 0, length: 0 },
        plaintextHash: zeroHash,
        position: added.position,
        head: added.head,
      }),
      this.patients.put(key, added.row),
    ]
    return ok({ marked: known, changes })
  }

  /** Destroys the keys of a record, of all its versions; their ciphertexts, wherever a copy lies, are noise from then on. */
  eraseRecord(
    custodian: string,
    patient: string,
    source: string,
  ): Result<RecordRow, { readonly type: 'record-unknown' }> {
    const key = this.patientKey(custodian, patient)
    const known = this.known(key, source)
    if (!known) return no({ type: 'record-unknown' })
    const rows = this.versions(key).filter((row) => row.source === source)
    // The index first: a crash in between leaves keys that nothing names, and the erasure is asked for again.
    this.cache.delete(key)
    this.journal.write(
      rows.map((row) => this.records.put(`${key}/${sequenceKey(row.sequence)}`, { ...row, status: 'erased' as const })),
    )
    // A version that only says "entered in error" has no ciphertext and no key.
    for (const { record, where } of rows) if (where.object !== '') this.vault.eraseRecord(record)
    return ok(known)
  }

  /** Destroys the wrapping keys of a whole segment of a patient, of all epochs. Returns how many versions were open before. */
  eraseSegment(custodian: string, patient: string, of: Segment): number {
    const key = this.patientKey(custodian, patient)
    const rows = this.versions(key).filter((row) => row.segment === of && row.status !== 'erased')
    this.cache.delete(key)
    this.journal.write(
      rows.map((row) => this.records.put(`${key}/${sequenceKey(row.sequence)}`, { ...row, status: 'erased' as const })),
    )
    this.vault.eraseSegment({ custodian, patient, segment: of })
    return rows.length
  }

  /** The statement of one more version, its place in the chain, and the patient's row after it. */
  private append(
    gathering: Gathering,
    row: PatientRow,
    of: Segment,
    version: Omit<RecordVersion, 'madeAt' | 'position' | 'previousHead' | 'segment'>,
  ): {
    readonly hash: Uint8Array
    readonly leaf: LeafPlace
    readonly row: PatientRow
    readonly position: number
    readonly head: Uint8Array
  } {
    const chain = row.chains.find((each) => each.segment === of) ?? { segment: of, count: 0, head: zeroHash }
    const position = chain.count + 1
    const statement = encode(recordVersion, {
      ...version,
      segment: of,
      position,
      previousHead: chain.head,
      madeAt: Math.floor(this.surroundings.now()),
    })
    const { hash: hashed, place: leaf } = gathering.add(statementTypes.recordVersion, statement)
    const head = nextHead(chain.head, hashed)
    const chains = [...row.chains.filter((each) => each.segment !== of), { segment: of, count: position, head }].sort(
      (a, b) => (a.segment < b.segment ? -1 : 1),
    )
    return { hash: hashed, leaf, row: { ...row, chains, records: row.records + 1 }, position, head }
  }

  private known(key: string, source: string): RecordRow | undefined {
    const sequence = this.sources.get(this.blind('source', key, source))
    return sequence === undefined ? undefined : this.records.get(`${key}/${sequenceKey(sequence)}`)
  }

  /** Every version of a patient's records, oldest first. */
  versions(key: string): readonly RecordRow[] {
    const cached = this.cache.get(key)
    if (cached) return cached
    const rows = [...this.records.entries({ prefix: `${key}/`, limit: recordsPerPatientMax })].map(([, row]) => row)
    if (this.cache.size > 256) this.cache.clear()
    this.cache.set(key, rows)
    return rows
  }

  /** Versions that stand now and whose leaf is committed: what a decision weighs. */
  current(key: string): readonly RecordRow[] {
    return this.versions(key).filter(
      ({ status, leaf }) => status === 'current' && this.batches.committedAt(leaf) !== undefined,
    )
  }

  /** One version of a patient's records, by its random name. */
  recordOf(key: string, record: Uint8Array): RecordRow | undefined {
    return this.versions(key).find((row) => equalBytes(row.record, record))
  }

  /** The committed end of each segment's chain. */
  chainHeads(key: string): readonly { readonly segment: Segment; readonly count: number; readonly head: Uint8Array }[] {
    const heads = new Map<Segment, { segment: Segment; count: number; head: Uint8Array }>()
    for (const { segment: of, position, head, leaf } of this.versions(key)) {
      if (this.batches.committedAt(leaf) !== undefined && position > (heads.get(of)?.count ?? 0))
        heads.set(of, { segment: of, count: position, head })
    }
    return [...heads.values()].sort((a, b) => (a.segment < b.segment ? -1 : 1))
  }
}
