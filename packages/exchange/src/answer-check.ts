/** What comes back is believed only as far as this member's own replica and the commitments bear it out. */
import { decode, encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { merkleRoot, sha256, signedBytes, verify } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import {
  type Receipt,
  type RecordVersion,
  receipt,
  recordVersion,
  releaseNoteContent,
  statementBytesMax,
  statementTypes,
} from '@plexus/policy'
import { openRecord } from '@plexus/vault'
import type { Batches } from './batches.ts'
import { type Found, findOpened } from './facts.ts'
import type { MemberNote } from './notes.ts'
import type { Replica } from './ports.ts'
import type { AskedRow } from './requester-rows.ts'

/** Step 6: everything that an answer claims, held against the own replica. `not-committed` may only mean that it is behind. */
export function checkAnswer(
  { replica, batches }: { readonly replica: Replica; readonly batches: Batches },
  from: string,
  row: AskedRow,
  note: Extract<MemberNote, { type: 'answer' }>,
): Result<{ readonly receipt: Found<Receipt>; readonly records: readonly Found<RecordVersion>[] }, string> {
  const found = findOpened(replica, batches, note.receipt, statementTypes.receipt, (statement) =>
    decode(receipt, statement, statementBytesMax),
  )
  if (!found.ok) return no(found.reason.type === 'not-committed' ? 'not-committed' : 'receipt-invalid')
  const told = found.value.value
  if (found.value.batch.member !== from || told.custodian !== row.custodian || !equalBytes(told.intent, note.intent))
    return no('receipt-invalid')
  if (told.decision.type !== 'permit' && told.decision.type !== 'part') return no('receipt-invalid')
  const { content, signature } = note.note
  if (content.height > replica.tip().height) return no('not-committed')
  const view = viewOf(members, replica.state)
  // The holder at the height of the last decision: keys are replaced while answers are on their way.
  const holder = members.queries.holderAt(view, toHex(signature.key), content.height)
  if (holder !== row.custodian || !members.queries.keyOf(view, toHex(signature.key))?.scopes.includes('custodian'))
    return no('release-note-invalid')
  if (
    !verify(
      signature.key,
      signedBytes(statementTypes.releaseNote, replica.chain.id, encode(releaseNoteContent, content)),
      signature.signature,
    )
  )
    return no('release-note-invalid')
  if (!equalBytes(content.receipt, found.value.hash) || content.height < found.value.batch.height)
    return no('release-note-invalid')
  const records: Found<RecordVersion>[] = []
  for (const each of note.records) {
    const version = findOpened(replica, batches, each, statementTypes.recordVersion, (statement) =>
      decode(recordVersion, statement),
    )
    if (!version.ok) return no(version.reason.type === 'not-committed' ? 'not-committed' : 'record-invalid')
    if (version.value.batch.member !== from || version.value.value.custodian !== row.custodian)
      return no('record-invalid')
    records.push(version.value)
  }
  // A version named twice, or committed after the receipt, is not what a receipt can speak of.
  if (new Set(records.map(({ value }) => toHex(value.record))).size !== records.length) return no('record-invalid')
  if (records.some(({ batch }) => batch.height > found.value.batch.height)) return no('record-invalid')
  const root = merkleRoot(records.map(({ hash: hashed }) => hashed))
  if (records.length !== told.recordsCount || !equalBytes(root, told.recordsRoot)) return no('records-not-as-receipted')
  return ok({ receipt: found.value, records })
}

/** Each ciphertext is held against its commitment, opened, and the plaintext held against its own. */
export function openOne(
  version: RecordVersion,
  ciphertext: Uint8Array | null,
  key: Uint8Array,
): { readonly verified: 'missing' | 'mismatch' | 'verified'; readonly plaintext: Uint8Array } {
  const none = new Uint8Array(0)
  if (!ciphertext) return { verified: 'missing', plaintext: none }
  if (!equalBytes(sha256(ciphertext), version.ciphertextHash)) return { verified: 'mismatch', plaintext: none }
  const opened = openRecord({
    key,
    record: version.record,
    custodian: version.custodian,
    contentType: version.contentType,
    ciphertext,
  })
  if (!opened.ok || !equalBytes(sha256(opened.value), version.plaintextHash))
    return { verified: 'mismatch', plaintext: none }
  return { verified: 'verified', plaintext: opened.value }
}

export function readVersion(statement: Uint8Array): RecordVersion {
  const read = decode(recordVersion, statement)
  if (!read.ok) throw new Error('a received record version does not decode')
  return read.value
}
