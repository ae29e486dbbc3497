/** The node of the suite and its three doors for envelopes: one in a request, lists in requests, and the stream. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@plexus/codec'
import {
  bearerProtocol,
  cborType,
  envelopeBatch,
  openSubmitStream,
  type StreamPort,
  type SubmitStream,
} from '@plexus/sdk'
import { now } from '../world.ts'
import { HttpLine, openLines } from './http-line.ts'
import { type Contender, overLines } from './processes.ts'
import { foundIn, openings } from './world.ts'

export interface OwnNode {
  readonly envelopeBytes: number
  readonly single: Contender
  readonly stream: Contender
  readonly batch: Contender
  /** Milliseconds of each of so many single submissions, one after the other. */
  oneByOne(count: number): Promise<readonly number[]>
  /** Submits one envelope twice over HTTP and once more on the stream, and tells the three heights. */
  again(): Promise<readonly number[]>
  /** Envelopes that were answered as accepted. */
  readonly accepted: () => number
  /** Events of handles opened that the member's replica has. */
  opened(): Promise<number>
  stop(): Promise<void>
}

export async function startOwn({
  lines,
  batchLines,
  perBatch,
}: {
  readonly lines: number
  readonly batchLines: number
  readonly perBatch: number
}): Promise<OwnNode> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-submit-'))
  const chain = foundIn(data, now()).id
  const child = fork(new URL('./serve.ts', import.meta.url), [data], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [{ address, token }] = (await once(child, 'message')) as [{ readonly address: string; readonly token: string }]
  const { origin, pathname } = new URL(address)
  const headers = { authorization: `Bearer ${token}`, 'content-type': cborType }
  const singlePath = `${pathname}/ledger/transactions`
  let accepted = 0

  async function postOne(line: HttpLine, envelope: Uint8Array): Promise<number> {
    const { status, body } = await line.post(line.head(singlePath, headers), envelope)
    if (status !== 200) throw new Error(`the node answered ${status}: ${body}`)
    accepted += 1
    return (JSON.parse(body) as { readonly height: number }).height
  }

  async function postMany(line: HttpLine, batch: Uint8Array): Promise<void> {
    const { status, body } = await line.post(line.head(`${singlePath}/batch`, headers), batch)
    const { answers } = JSON.parse(body) as { readonly answers?: readonly { readonly type: string }[] }
    if (status !== 200 || !answers?.every(({ type }) => type === 'applied'))
      throw new Error(`the node answered ${status}: ${body.slice(0, 200)}`)
    accepted += answers.length
  }

  async function openStream(): Promise<SubmitStream> {
    const stream = openSubmitStream(streamPort(address, token))
    await stream.room()
    return stream
  }

  return {
    envelopeBytes: openings(chain, 1, now())[0]?.length ?? 0,
    single: {
      name: 'one envelope in a request',
      prepare: async (count) =>
        overLines(await openLines(origin, lines), openings(chain, count, now()), async (line, envelope) => {
          await postOne(line, envelope)
        }),
    },
    batch: {
      name: `requests of ${perBatch} envelopes`,
      async prepare(count) {
        const bodies = Array.from({ length: Math.ceil(count / perBatch) }, () =>
          encode(envelopeBatch, openings(chain, perBatch, now())),
        )
        return overLines(await openLines(origin, batchLines), bodies, postMany)
      },
    },
    stream: {
      name: 'envelopes on one stream',
      async prepare(count) {
        const envelopes = openings(chain, count, now())
        const stream = await openStream()
        return {
          async run() {
            await streamed(stream, envelopes)
            accepted += envelopes.length
          },
          close: stream.close,
        }
      },
    },
    async oneByOne(count) {
      const line = await HttpLine.open(origin)
      const times: number[] = []
      for (const envelope of openings(chain, count, now())) {
        const from = performance.now()
        await postOne(line, envelope)
        times.push(performance.now() - from)
      }
      line.close()
      return times
    },
    async again() {
      const [envelope] = openings(chain, 1, now())
      if (!envelope) throw new Error('no envelope')
      const line = await HttpLine.open(origin)
      const heights = [await postOne(line, envelope), await postOne(line, envelope)]
      accepted -= 1
      line.close()
      const stream = await openStream()
      heights.push(...(await streamed(stream, [envelope])))
      stream.close()
      return heights
    },
    accepted: () => accepted,
    opened: () => openedAt(address),
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Sends as the window allows; resolves with the heights when all are answered, and rejects at a refusal. */
async function streamed(stream: SubmitStream, envelopes: readonly Uint8Array[]): Promise<readonly number[]> {
  const heights: number[] = []
  let refused: string | undefined
  let told = (): void => {}
  for (const envelope of envelopes) {
    const send = () =>
      stream.submit(envelope, (answer) => {
        if (answer.ok) heights.push(answer.value.height)
        else refused ??= answer.reason.refusal ?? answer.reason.code
        told()
      })
    while (!send() && stream.open()) await stream.room()
  }
  while (heights.length < envelopes.length && refused === undefined)
    await new Promise<void>((resolve) => {
      told = resolve
    })
  if (refused !== undefined) throw new Error(`the stream refused: ${refused}`)
  return heights
}

async function openedAt(address: string): Promise<number> {
  let opened = 0
  for (let after = 0; ; ) {
    const response = await fetch(`${address}/ledger/events?after=${after}&limit=500`)
    const { events, next } = (await response.json()) as {
      readonly events: readonly { readonly event: { readonly type: string } }[]
      readonly next: number
    }
    if (events.length === 0) return opened
    opened += events.filter(({ event }) => event.type === 'handles-opened').length
    after = next
  }
}

function streamPort(address: string, token: string): StreamPort {
  return {
    connect(path, protocol, { message, closed }) {
      const socket = new WebSocket(address.replace('http', 'ws') + path, [protocol, bearerProtocol(token)])
      socket.addEventListener('message', ({ data }) => message(String(data)))
      socket.addEventListener('close', closed)
      return { send: (bytes) => socket.send(new Uint8Array(bytes)), close: () => socket.close() }
    },
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  }
}
