/** One request over a connection of its own, for whoever asks seldom: each step on the way, and where it ends. */
import { connect as http2Connect } from 'node:http2'
import { no, ok, type Result } from '@plexus/codec'
import { credentialsOf } from './certificate.ts'
import { type DialRefusal, dial } from './dial.ts'
import { type PeersOptions, timingDefault } from './ports.ts'

export type OneRequestRefusal =
  | DialRefusal
  /** It has the right key, and closed without an answer: most likely it does not take ours. */
  | { readonly type: 'not-let-in' }

export type OneRequestParts = Pick<
  PeersOptions,
  'addressOf' | 'holderOf' | 'now' | 'random' | 'schedule' | 'seed' | 'timing'
>

export interface Answered {
  /** As HTTP has it (RFC 9110 §15). */
  readonly status: number
  readonly bytes: Uint8Array
  /** From the first packet to the answer. */
  readonly seconds: number
}

export async function requestOnce(
  parts: OneRequestParts,
  member: string,
  asked: { readonly path: string; readonly body?: Uint8Array; readonly answerBytesMax: number },
): Promise<Result<Answered, OneRequestRefusal>> {
  const timing = { ...timingDefault, ...parts.timing }
  const from = parts.now()
  const dialled = await dial(parts, { member, credentials: credentialsOf(parts.seed(), parts.random), timing })
  if (!dialled.ok) return dialled
  const { socket } = dialled.value
  const answer = await new Promise<Omit<Answered, 'seconds'> | undefined>((resolve) => {
    const http = http2Connect('https://peer', { createConnection: () => socket })
    http.on('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    const cancel = parts.schedule(() => resolve(undefined), timing.idle)
    const { path, body, answerBytesMax } = asked
    const stream = http.request({ ':method': body ? 'POST' : 'GET', ':path': path })
    const chunks: Buffer[] = []
    let status = 0
    let bytes = 0
    stream.on('error', () => resolve(undefined))
    stream.on('response', (headers) => {
      status = Number(headers[':status'])
    })
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > answerBytesMax) stream.close()
      else chunks.push(chunk)
    })
    stream.on('close', () => {
      cancel()
      resolve(stream.readableEnded ? { status, bytes: Buffer.concat(chunks) } : undefined)
    })
    if (body) stream.end(body)
  })
  const seconds = parts.now() - from
  socket.destroy()
  return answer ? ok({ ...answer, seconds }) : no({ type: 'not-let-in' })
}
