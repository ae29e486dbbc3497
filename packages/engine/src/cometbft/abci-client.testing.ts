/** The engine's side of a connection, for tests: asks in frames, and reads what comes back in order. */
import { type Duplex, duplexPair } from 'node:stream'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import type { Application } from './application.ts'
import { type ConnectionRefusal, serveConnection } from './connection.ts'
import { FrameReader, frame } from './frames.ts'

/** One request, by its name; fields that are left out are empty. */
type Asked = { readonly [Type in keyof Request]?: Partial<NonNullable<Request[Type]>> }

export interface AbciClient {
  readonly stream: Duplex
  ask(request: Asked): Promise<Response>
  /** Bytes as they are, whole messages or not. */
  write(bytes: Uint8Array): void
  /** What the other side found wrong, if it did. */
  readonly refused: () => ConnectionRefusal | undefined
  readonly failed: () => unknown
  readonly closed: Promise<void>
}

export const request = (asked: Asked): Uint8Array =>
  frame(Request.encode(Request.fromPartial(asked as Parameters<(typeof Request)['fromPartial']>[0])).finish())

export function connect(application: Pick<Application, 'answer'>): AbciClient {
  const [here, there] = duplexPair()
  let refused: ConnectionRefusal | undefined
  let failed: unknown
  const closed = Promise.withResolvers<void>()
  serveConnection({
    stream: there,
    answer: application.answer,
    onRefused: (refusal) => {
      refused = refusal
    },
    onFailure: (error) => {
      failed = error
    },
    onClosed: closed.resolve,
  })
  const reader = new FrameReader()
  const waiting: ((response: Response) => void)[] = []
  here.on('data', (chunk: Uint8Array) => {
    const frames = reader.push(chunk)
    if (!frames.ok) throw new Error(frames.reason.type)
    for (const message of frames.value) waiting.shift()?.(Response.decode(message))
  })
  here.on('error', () => {})
  return {
    stream: here,
    ask: (asked) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        here.write(request(asked))
      }),
    write: (bytes) => void here.write(bytes),
    refused: () => refused,
    failed: () => failed,
    closed: closed.promise,
  }
}
