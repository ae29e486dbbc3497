/** What we ask of the engine's RPC: to take envelopes into its mempool, those of one turn in one request, and how it is. */
import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue, readJson } from '@plexus/codec'
import { broadcastsMax } from './engine-home.ts'

export type BroadcastAnswer =
  /** In the mempool, or in a block already. */
  | { readonly type: 'waits' }
  /** The check of our own application refused it. */
  | { readonly type: 'refused' }
  | { readonly type: 'full' }
  /** The engine is down, or says what we do not know. */
  | { readonly type: 'unreachable' }

/** One request to the engine's RPC: body and answer are JSON. Rejects when it cannot be reached. */
export type PostToEngine = (body: string) => Promise<Uint8Array>

export interface Broadcasts {
  send(envelope: Uint8Array): Promise<BroadcastAnswer>
}

/** Requests under way at once: while they wait for checks, the next gather. */
const requestsMax = 4
const answerBytesMax = 4 * 1024 * 1024

interface Waiting {
  readonly envelope: Uint8Array
  readonly answered: (answer: BroadcastAnswer) => void
}

export function createBroadcasts(post: PostToEngine): Broadcasts {
  const waiting: Waiting[] = []
  let underWay = 0
  let wakes = false

  function pump(): void {
    wakes = false
    while (waiting.length > 0 && underWay < requestsMax) {
      const group = waiting.splice(0, broadcastsMax)
      underWay += 1
      const done = (answers: readonly BroadcastAnswer[]): void => {
        underWay -= 1
        for (const [index, { answered }] of group.entries()) answered(answers[index] ?? unreachable)
        pump()
      }
      post(broadcastBody(group.map(({ envelope }) => envelope))).then(
        (answer) => done(readBroadcastAnswers(answer, group.length)),
        () => done([]),
      )
    }
  }

  return {
    send: (envelope) =>
      new Promise((answered) => {
        waiting.push({ envelope, answered })
        if (wakes) return
        wakes = true
        setImmediate(pump)
      }),
  }
}

const unreachable: BroadcastAnswer = { type: 'unreachable' }

/** JSON-RPC 2.0, a batch of `broadcast_tx_sync`, which answers when the mempool has checked. */
function broadcastBody(envelopes: readonly Uint8Array[]): string {
  return JSON.stringify(
    envelopes.map((envelope, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'broadcast_tx_sync',
      params: { tx: Buffer.from(envelope).toString('base64') },
    })),
  )
}

/** An answer for each of `count` envelopes; what is missing or unknown counts as unreachable. */
export function readBroadcastAnswers(source: Uint8Array, count: number): readonly BroadcastAnswer[] {
  const answers: BroadcastAnswer[] = Array.from({ length: count }, () => unreachable)
  const read = readJson(source, { bytesMax: answerBytesMax })
  if (!read.ok) return answers
  // A batch of one is answered without a list around it.
  const entries = isJsonList(read.value.value) ? read.value.value : [read.value.value]
  for (const entry of entries) {
    if (!isJsonObject(entry)) continue
    const id = numberIn(entry.get('id'))
    if (id !== undefined && id >= 0 && id < count) answers[id] = answerIn(entry)
  }
  return answers
}

export const statusBody = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'status', params: {} })

/** Whether the answer to `statusBody` says that the engine is abreast: before, it takes no envelope. */
export function isAbreast(source: Uint8Array): boolean {
  const read = readJson(source, { bytesMax: answerBytesMax })
  let at: JsonValue | undefined = read.ok ? read.value.value : undefined
  for (const name of ['result', 'sync_info', 'catching_up']) at = isJsonObject(at) ? at.get(name) : undefined
  return at === false
}

export const peersBody = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'net_info', params: {} })

/** The ids of the nodes that the engine is connected to, as it answers to `peersBody`; what does not read is left out. */
export function peersIn(source: Uint8Array): readonly string[] {
  const read = readJson(source, { bytesMax: answerBytesMax })
  let at: JsonValue | undefined = read.ok ? read.value.value : undefined
  for (const name of ['result', 'peers']) at = isJsonObject(at) ? at.get(name) : undefined
  if (!isJsonList(at)) return []
  return at.flatMap((peer) => {
    const node = isJsonObject(peer) ? peer.get('node_info') : undefined
    const id = isJsonObject(node) ? node.get('id') : undefined
    return typeof id === 'string' ? [id] : []
  })
}

function answerIn(entry: JsonObject): BroadcastAnswer {
  const error = entry.get('error')
  if (isJsonObject(error)) {
    const said = String(error.get('data') ?? '')
    if (said.includes('already exists in cache')) return { type: 'waits' }
    return said.includes('mempool is full') ? { type: 'full' } : unreachable
  }
  const result = entry.get('result')
  const code = isJsonObject(result) ? numberIn(result.get('code')) : undefined
  if (code === undefined) return unreachable
  return { type: code === 0 ? 'waits' : 'refused' }
}

function numberIn(value: JsonValue | undefined): number | undefined {
  return value instanceof JsonNumber && Number.isSafeInteger(Number(value.text)) ? Number(value.text) : undefined
}
