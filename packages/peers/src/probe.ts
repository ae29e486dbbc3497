/** Looks once whether a member can be reached, for whoever finds out what is wrong: each step, and where it ends. */
import { no, ok, type Result } from '@plexus/codec'
import { statusPath } from './note-intake.ts'
import { type OneRequestParts, type OneRequestRefusal, requestOnce } from './one-request.ts'
import { type PeerStatus, readStatus, statusBytesMax } from './status.ts'

export type ProbeRefusal = OneRequestRefusal | { readonly type: 'status-malformed' }

export interface Probed {
  readonly status: PeerStatus
  /** From the first packet to the answer. */
  readonly seconds: number
}

export async function probe(parts: OneRequestParts, member: string): Promise<Result<Probed, ProbeRefusal>> {
  const asked = await requestOnce(parts, member, { path: statusPath, answerBytesMax: statusBytesMax })
  if (!asked.ok) return asked
  const { bytes, seconds } = asked.value
  if (bytes.length === 0) return no({ type: 'not-let-in' })
  const status = readStatus(bytes)
  return status.ok ? ok({ status: status.value, seconds }) : status
}
