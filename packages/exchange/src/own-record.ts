/** The own chart, for the patient whose wallet is enrolled here: each request proves itself, each page is sealed to that wallet. */
import { decode, encode, equalBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { sealTo, sha256, signedBytes, verify } from '@plexus/crypto'
import {
  type OwnRecordPage,
  ownRecordInfo,
  ownRecordPage,
  ownRecordPageBytesMax,
  ownRecordRequest,
  ownRecordRequestType,
  ownRecordsPerPageMax,
  signedOwnRecordRequest,
} from '@plexus/policy'
import type { Vault } from '@plexus/vault'
import type { Batches } from './batches.ts'
import type { Custodian } from './custodian.ts'
import type { Custody } from './custody.ts'
import type { RecordRow } from './custody-rows.ts'
import type { Organisation, Replica, Surroundings } from './ports.ts'

/** A request is good for this long, either way of the custodian's clock. */
const requestSecondsMax = 120
/** Contents of one page together; what surrounds them has its room beside. */
const contentBytesMax = ownRecordPageBytesMax / 2

export interface OwnRecordRefusal {
  readonly type: 'custodian-not-here' | 'not-enrolled' | 'request-malformed' | 'request-stale' | 'signature-invalid'
}

export class OwnRecord {
  private readonly parts

  constructor(parts: {
    readonly replica: Replica
    readonly batches: Batches
    readonly custody: Custody
    readonly custodian: Custodian
    readonly vault: Vault
    readonly surroundings: Surroundings
    readonly organisations: ReadonlyMap<string, Organisation>
  }) {
    this.parts = parts
  }

  /** The page after the place that the request names, sealed; the wallet that asks is the one that is enrolled now. */
  async page(request: Uint8Array): Promise<Result<Uint8Array, OwnRecordRefusal>> {
    const { replica, custody, custodian, surroundings, organisations } = this.parts
    const read = decode(signedOwnRecordRequest, request)
    if (!read.ok) return no({ type: 'request-malformed' })
    const { content, signature } = read.value
    if (!organisations.has(content.custodian)) return no({ type: 'custodian-not-here' })
    const key = custodian.patientOfKey(content.custodian, signature.key)
    const enrolment = key === undefined ? undefined : custody.patients.get(key)?.enrolment
    if (key === undefined || !enrolment || !equalBytes(enrolment.content.signingKey, signature.key))
      return no({ type: 'not-enrolled' })
    const message = signedBytes(ownRecordRequestType, replica.chain.id, encode(ownRecordRequest, content))
    if (!verify(signature.key, message, signature.signature)) return no({ type: 'signature-invalid' })
    if (Math.abs(surroundings.now() - content.madeAt) > requestSecondsMax) return no({ type: 'request-stale' })
    const plaintext = encode(ownRecordPage, this.read(key, content.custodian, content.after))
    const info = utf8(ownRecordInfo)
    return ok(await sealTo({ publicKey: enrolment.content.sealingKey, info, context: sha256(request), plaintext }))
  }

  private read(key: string, custodian: string, after: number): OwnRecordPage {
    const { replica, batches, custody } = this.parts
    const current = custody.current(key)
    const open = current.filter(({ segment }) => segment !== 'psychotherapy')
    const waiting = open.filter(({ sequence }) => sequence > after)
    const records: OwnRecordPage['records'][number][] = []
    let size = 0
    for (const row of waiting) {
      const content = this.contentOf(row, custodian)
      size += content?.length ?? 0
      if (records.length >= ownRecordsPerPageMax || (records.length > 0 && size > contentBytesMax)) break
      const statement = batches.statement(row.leaf)
      const committedAt = batches.committedAt(row.leaf)
      if (!statement || committedAt === undefined) throw new Error('a current record has no committed statement')
      records.push({ place: row.sequence, statement, committedAt, content })
    }
    return {
      records,
      more: waiting.length - records.length,
      leftOut: current.length - open.length,
      set: custody.patients.get(key)?.set ?? null,
      height: replica.tip().height,
    }
  }

  private contentOf({ record, where, contentType, plaintextHash }: RecordRow, custodian: string): Uint8Array | null {
    if (where.length > contentBytesMax) return null
    const opened = this.parts.vault.open({ record, where, custodian, contentType })
    return opened.ok && equalBytes(sha256(opened.value), plaintextHash) ? opened.value : null
  }
}
