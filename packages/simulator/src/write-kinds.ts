/** The durable writes of a node by name: each is one promise that a crash before or after it must not break. */
import type { JournalChange } from '@plexus/exchange'

export const writeKinds = [
  'acknowledged',
  'answer',
  'ask',
  'ask-ended',
  'ask-sent',
  'batch-committed',
  'batch-formed',
  'block',
  'code-issued',
  'contents',
  'correction-received',
  'deposit',
  'directive-set',
  'enrolment',
  'entered-in-error',
  'own-staff',
  'receipt',
  'refusal',
  'registration',
  'release',
  'sequencer-block',
  'told',
  'vault-keys',
  'vault-pack',
  'visit',
  'void',
] as const
export type WriteKind = (typeof writeKinds)[number]

/** What a write of the journal is for, told from the tables that it touches. */
export function kindOf(changes: readonly JournalChange[]): WriteKind | 'other' {
  const puts = new Set(changes.filter(({ value }) => value !== null).map(({ table }) => table))
  const drops = new Set(changes.filter(({ value }) => value === null).map(({ table }) => table))
  if (puts.has('leaf-places')) return 'batch-formed'
  if (drops.has('batch-in-flight')) return 'batch-committed'
  if (puts.has('requests')) {
    if (puts.has('requests-deciding')) return 'receipt'
    if (!puts.has('receipts-to-tell')) return 'release'
    return puts.has('statements') ? 'void' : 'refusal'
  }
  if (drops.has('receipts-to-tell')) return 'told'
  if (puts.has('receipts-to-tell')) return 'own-staff'
  if (puts.has('visits')) return 'visit'
  if (puts.has('asks')) return 'ask'
  if (puts.has('records-received')) return 'contents'
  if (puts.has('intents-asked')) {
    if (puts.has('outbox')) return 'answer'
    return drops.has('intents-active') ? 'ask-ended' : 'ask-sent'
  }
  if (puts.has('mailbox-notices')) return 'deposit'
  if (drops.has('outbox')) return 'acknowledged'
  if (puts.has('enrolment-codes')) return 'code-issued'
  if (drops.has('enrolment-codes')) return 'enrolment'
  if (puts.has('record-sources')) return 'registration'
  if (puts.has('records')) return 'entered-in-error'
  if (puts.has('corrections-received')) return 'correction-received'
  if (puts.has('patients') && puts.has('statements')) return 'directive-set'
  return 'other'
}
