/** From what an ask gathered to the sources of an assembled record: what is verified is shown, what is missing is named. */

import {
  type AssembledRecord,
  assemble,
  type Changes,
  changesSince,
  type EntryInput,
  type SourceInput,
  type SourceState,
} from '@plexus/assembly'
import { type JsonObject, readJson, toHex } from '@plexus/codec'
import type { Gathered, GatheredRecord, GatheredSource } from './requester-rows.ts'

/** The assembled record of one ask: a pure function of what is durable, so that it can be made again on any later day. */
export function viewOfAsk({ sources, requester, purpose, height }: Gathered): AssembledRecord {
  return assemble({ sources: sources.map(sourceInput), requester, purpose, height })
}

/** What is otherwise than in the record of an earlier ask, made again from what is durable of both. */
export const changesBetween = (before: Gathered, now: Gathered): Changes =>
  changesSince(viewOfAsk(before), viewOfAsk(now))

function sourceInput(source: GatheredSource): SourceInput {
  return {
    custodian: source.custodian,
    state: stateOf(source),
    entries: source.state === 'complete' ? source.records.map(entryInput) : [],
  }
}

function stateOf({ state, code, exception, reasons, height, records }: GatheredSource): SourceState {
  if (state === 'refused') return { type: 'withheld', code: code ?? 'refused', exception }
  // An answer that did not bear out is no fact about the record: nothing of it is shown.
  if (state === 'failed' && code !== 'contents-unavailable')
    return { type: 'failed-verification', count: 0, of: null, failed: 0 }
  if (state !== 'complete') return { type: 'unavailable', code: code ?? state }
  const failed = records.filter(({ verified }) => verified !== 'verified').length
  const [count, of] = [records.length, records.length]
  if (failed > 0) return { type: 'failed-verification', count, of, failed }
  if (reasons.length > 0) return { type: 'part', height: height ?? 0, count, of: null, reasons }
  return { type: 'complete', height: height ?? 0, count, of }
}

function entryInput({ statement, committedAt, verified, plaintext, dispute }: GatheredRecord): EntryInput {
  const { record, version, replaces, resourceType } = statement
  const frame = { record: toHex(record), version, replaces: replaces && toHex(replaces), committedAt, dispute }
  const value = verified === 'verified' ? contentOf(plaintext) : undefined
  return value ? { ...frame, verified: true, value } : { ...frame, verified: false, resourceType }
}

/** What was committed is shown as far as it can be read; a document that is not JSON is named by its type alone. */
function contentOf(plaintext: Uint8Array): JsonObject | undefined {
  const read = readJson(plaintext)
  return read.ok && read.value.value instanceof Map ? read.value.value : undefined
}
