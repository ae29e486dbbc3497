/** Looks once whether a member can be reached, for whoever finds out what is wrong: each step, and where it ends. */
import { connect as http2Connect } from 'node:http2'
import { no, ok, type Result } from '@plexus/codec'
import { credentialsOf } from './certificate.ts'
import { type DialRefusal, dial } from './dial.ts'
import { statusPath } from './note-intake.ts'
import { type PeersOptions, timingDefault } from './ports.ts'
import { type PeerStatus, readStatus, statusBytesMax } from './status.ts'

export type ProbeRefusal =
  | DialRefusal
  /** It has the right key, and closed without an answer: most likely it does not take ours. */
  | { readonly type: 'not-let-in' }
  | { readonly type: 'status-malformed' }

export interface Probed {
  readonly status: PeerStatus
  /** From the first packet to the answer. */
  readonly seconds: number
}

type ProbeParts = Pick<PeersOptions, 'addressOf' | 'holderOf' | 'now' | 'random' | 'schedule' | 'seed' | 'timing'>

export async function probe(parts: ProbeParts, member: string): Promise<Result<Probed, ProbeRefusal>> {
  const timing = { ...timingDefault, ...parts.timing }
  const from = parts.now()
  const dialled = await dial(parts, { member, credentials: credentialsOf(parts.seed(), parts.random), timing })
  if (!dialled.ok) return dialled
  const { socket } = dialled.value
  const answer = await new Promise<Buffer | undefined>((resolve) => {
    const http = http2Connect('https://peer', { createConnection: () => socket })
    http.on('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    const cancel = parts.schedule(() => resolve(undefined), timing.idle)
    const stream = http.request({ ':method': 'GET', ':path': statusPath })
    const chunks: Buffer[] = []
    let bytes = 0
    stream.on('error', () => resolve(undefined))
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > statusBytesMax) stream.close()
      else chunks.push(chunk)
    })
    stream.on('close', () => {
      cancel()
      resolve(stream.readableEnded ? Buffer.concat(chunks) : undefined)
    })
  })
  const seconds = parts.now() - from
  socket.destroy()
  if (!answer || answer.length === 0) return no({ type: 'not-let-in' })
  const status = readStatus(answer)
  return status.ok ? ok({ status: status.value, seconds }) : status
}
