/** Brings envelopes to a member's node, alone or in batches, and comes again when the node is full. */
import { encode, no, ok, type Result } from '@plexus/codec'
import {
  type BatchAnswer,
  batchBytesMax,
  batchEnvelopesMax,
  cborType,
  envelopeBatch,
  type Place,
  type SubmitRefused,
} from './submit-wire.ts'

export interface HttpAnswer {
  readonly status: number
  /** The header `Retry-After`, as it stands. */
  readonly retryAfter: string | null
  readonly text: string
}

/** The way to one member's node. It knows the address, `…/v1/members/MEMBER`, and the bearer token, and adds both. */
export interface SubmitPort {
  /** Posts bytes under a path such as `/ledger/transactions`; rejects when no whole answer came. */
  post(path: string, type: string, body: Uint8Array): Promise<HttpAnswer>
  pause(seconds: number): Promise<void>
}

/** A node that is full for longer is not a moment's matter: whoever submits should know. */
const attemptsMax = 10
/** A full node asks for a second or a few, a quota for the rest of its minute. */
const pauseSecondsMax = 60

/**
 * Submits one envelope; answers when it is durable at the node, or refused for good. The same bytes may be sent any number
 * of times and are accepted once, so what got no answer is sent again.
 */
export async function submitEnvelope(port: SubmitPort, envelope: Uint8Array): Promise<Result<Place, SubmitRefused>> {
  const [answer] = await persist(port, [envelope], async () => {
    const sent = await post(port, '/ledger/transactions', envelope)
    if (!sent.ok) return [sent.reason]
    return [appliedIn(sent.value) ?? refusedIn(sent.value)]
  })
  return resultOf(answer)
}

/**
 * Submits up to `batchEnvelopesMax` envelopes of `batchBytesMax` bytes together; answers one for each, in order. Those that
 * the node had no room for are sent again, in their order, without the others.
 */
export async function submitBatch(
  port: SubmitPort,
  envelopes: readonly Uint8Array[],
): Promise<readonly Result<Place, SubmitRefused>[]> {
  const answers = await persist(port, envelopes, async (these) => {
    const sent = await post(port, '/ledger/transactions/batch', encode(envelopeBatch, these))
    if (!sent.ok) return these.map(() => sent.reason)
    const came = sent.value.status === 200 ? fieldsIn(sent.value)?.['answers'] : undefined
    if (!Array.isArray(came) || came.length !== these.length) return these.map(() => refusedIn(sent.value))
    return came as readonly BatchAnswer[]
  })
  return answers.map(resultOf)
}

/** Whether these may go in one batch. */
export function fitsBatch(envelopes: readonly Uint8Array[]): boolean {
  if (envelopes.length === 0 || envelopes.length > batchEnvelopesMax) return false
  // Nine bytes are the longest head of a list, five those of an envelope.
  return envelopes.reduce((sum, { length }) => sum + length + 5, 9) <= batchBytesMax
}

type Refused = Extract<BatchAnswer, { readonly type: 'refused' }>

const lost: Refused = { type: 'refused', code: 'no-answer', refusal: null, height: null, retryAfterSeconds: 1 }

/** Sends until each envelope has an answer that stands, and after `attemptsMax` leaves it at the last one. */
async function persist(
  port: SubmitPort,
  envelopes: readonly Uint8Array[],
  send: (these: readonly Uint8Array[]) => Promise<readonly BatchAnswer[]>,
): Promise<readonly BatchAnswer[]> {
  const answers: BatchAnswer[] = envelopes.map(() => lost)
  let open = envelopes.map((_, index) => index)
  for (let attempt = 1; open.length > 0; attempt++) {
    const came = await send(open.map((index) => envelopes[index] as Uint8Array))
    for (const [at, index] of open.entries()) answers[index] = came[at] ?? lost
    const waits = open.map((index) => waitAfter(answers[index]))
    open = open.filter((_, at) => waits[at] !== null)
    if (attempt >= attemptsMax || open.length === 0) break
    const asked = Math.max(...waits.map((wait) => wait ?? 0))
    // Longer each time, so that many who were told the same do not come at the same time for ever.
    await port.pause(Math.min(pauseSecondsMax, asked * attempt))
  }
  return answers
}

function waitAfter(answer: BatchAnswer | undefined): number | null {
  return answer?.type === 'refused' ? answer.retryAfterSeconds : null
}

function resultOf(answer: BatchAnswer | undefined): Result<Place, SubmitRefused> {
  if (answer?.type === 'applied') return ok({ height: answer.height, index: answer.index })
  const { code, refusal, height, retryAfterSeconds } = answer ?? lost
  return no({ code, refusal, height, retryAfterSeconds })
}

async function post(port: SubmitPort, path: string, body: Uint8Array): Promise<Result<HttpAnswer, Refused>> {
  try {
    return ok(await port.post(path, cborType, body))
  } catch {
    return no(lost)
  }
}

function fieldsIn({ text }: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

function appliedIn(answer: HttpAnswer): BatchAnswer | undefined {
  const { height, index } = fieldsIn(answer) ?? {}
  if (answer.status !== 200 || typeof height !== 'number' || typeof index !== 'number') return undefined
  return { type: 'applied', height, index }
}

/** Problem details (RFC 9457); what else answers is no node. */
function refusedIn(answer: HttpAnswer): Refused {
  const { retryAfter } = answer
  const { code, refusal, height } = fieldsIn(answer) ?? {}
  return {
    type: 'refused',
    code: typeof code === 'string' ? code : 'not-a-node',
    refusal: typeof refusal === 'string' ? refusal : null,
    height: typeof height === 'number' ? height : null,
    retryAfterSeconds: retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Math.max(1, Number(retryAfter)) : null,
  }
}
