/** The node that served this page, from the page: same origin, every answer bounded in time, every refusal one with a code. */
import { no, ok, type Result } from '@plexus/codec'
import type { HttpDoor } from '@plexus/sdk'

/** A submission waits for a block; everything else is much faster. */
const answerMillisecondsMax = 60_000

/** `offline`: nothing answered. Everything else is the node's own code. */
export interface DoorRefusal {
  readonly type: string
}

/** A refusal where the caller expects none: shown as a state of the page. */
export class DoorShut extends Error {
  override readonly name = 'DoorShut'
  readonly type: string
  constructor(type: string) {
    super(type)
    this.type = type
  }
}

interface Sent {
  readonly json?: object
  readonly octets?: Uint8Array
  readonly token?: string
  readonly post?: boolean
}

export async function ask(
  path: string,
  { json, octets, token, post }: Sent = {},
): Promise<Result<Uint8Array, DoorRefusal>> {
  const body = octets ? new Uint8Array(octets) : json ? JSON.stringify(json) : undefined
  const headers = new Headers()
  if (octets) headers.set('content-type', 'application/octet-stream')
  if (json) headers.set('content-type', 'application/json')
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  try {
    const response = await fetch(path, {
      method: post || body !== undefined ? 'POST' : 'GET',
      headers,
      ...(body !== undefined && { body }),
      redirect: 'error',
      cache: 'no-store',
      signal: AbortSignal.timeout(answerMillisecondsMax),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    return response.ok ? ok(bytes) : no(refusalIn(bytes))
  } catch {
    return no({ type: 'offline' })
  }
}

export async function askJson<Value>(path: string, sent: Sent = {}): Promise<Result<Value, DoorRefusal>> {
  const answer = await ask(path, sent)
  if (!answer.ok) return answer
  const value = parsed(answer.value)
  // The node's own API: its shapes are the OpenAPI document's.
  return value === undefined ? no({ type: 'not-a-node' }) : ok(value as Value)
}

/** What a wallet needs of a door. */
export const httpDoor: HttpDoor = {
  async must<Value>(path: string) {
    const answer = await askJson<Value>(path)
    if (answer.ok) return answer.value
    throw new DoorShut(answer.reason.type)
  },
  json: askJson,
  ask,
}

/** Problem details (RFC 9457): the code of whoever refused behind the door, else the door's own. */
function refusalIn(bytes: Uint8Array): DoorRefusal {
  const { code, refusal } = (parsed(bytes) ?? {}) as Readonly<Record<string, unknown>>
  if (typeof refusal === 'string') return { type: refusal }
  return { type: typeof code === 'string' ? code : 'not-a-node' }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
