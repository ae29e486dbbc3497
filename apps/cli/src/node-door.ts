/** The HTTP doors of a node, from outside: every answer is bounded in time and size, every refusal is one with a code. */
import { no, ok, type Result } from '@plexus/codec'
import type { HttpAnswer } from '@plexus/sdk'
import { Refused } from './screen.ts'

export const defaultNode = 'http://127.0.0.1:7400'

/** A submission waits for a block; everything else is much faster. */
const answerMillisecondsMax = 60_000
const answerBytesMax = 256 * 1024 * 1024

/** The node's refusal. `refusal` is the code of whoever refused behind its door. */
export interface DoorRefusal {
  readonly type: string
  readonly status: number
  readonly title: string
}

interface Sent {
  readonly json?: object
  readonly octets?: Uint8Array
  readonly token?: string
}

const memberPath = /^\/v1\/members\/([a-z0-9-]+)/

export class NodeDoor {
  readonly address: string
  /** The member that the address names, when it ends in `/v1/members/MEMBER`. */
  readonly named: string | undefined
  /** Where other members run, each a process of its own. */
  private readonly others: readonly NodeDoor[]
  private homes: Promise<ReadonlyMap<string, NodeDoor>> | undefined

  constructor(address: string, others: readonly string[] = []) {
    const url = URL.canParse(address) ? new URL(address) : undefined
    if (!url || !/^https?:$/.test(url.protocol))
      throw new Refused('node-address', `${address} is not the address of a node.`, `Give one such as ${defaultNode}.`)
    const path = url.pathname.replace(/\/+$/, '')
    this.named = /\/v1\/members\/([a-z0-9-]+)$/.exec(path)?.[1]
    this.address = url.origin + path.replace(/\/v1\/members\/[a-z0-9-]+$/, '')
    this.others = others.map((other) => new NodeDoor(other))
  }

  /** Which of the addresses is a member's; this one for whoever runs at none of them. */
  private async homeOf(path: string): Promise<NodeDoor> {
    const member = memberPath.exec(path)?.[1]
    if (member === undefined || this.others.length === 0) return this
    return (await this.membersBehind()).get(member) ?? this
  }

  /** Asked once: members do not move while a command runs. */
  private membersBehind(): Promise<ReadonlyMap<string, NodeDoor>> {
    const ask = async () => {
      const homes = new Map<string, NodeDoor>()
      for (const door of [new NodeDoor(this.address), ...this.others]) {
        // One that is down takes no other with it: whoever needs its member is told.
        const members = await door.members().catch(() => [])
        for (const member of members) homes.set(member, door)
      }
      return homes
    }
    this.homes ??= ask()
    return this.homes
  }

  /** The members that run at this address; the named one alone when there is one. */
  async members(): Promise<readonly string[]> {
    if (this.named !== undefined) return [this.named]
    if (this.others.length > 0) return [...(await this.membersBehind()).keys()]
    const { members } = await this.must<{ readonly members: readonly { readonly member: string }[] }>('/v1/members')
    return members.map(({ member }) => member)
  }

  async json<Value>(path: string, sent: Sent & { readonly post?: boolean } = {}): Promise<Result<Value, DoorRefusal>> {
    const answer = await this.ask(path, sent)
    if (!answer.ok) return answer
    // The node's own API: its shapes are the OpenAPI document's.
    return ok(JSON.parse(new TextDecoder().decode(answer.value)) as Value)
  }

  async must<Value>(path: string, sent: Sent & { readonly post?: boolean } = {}): Promise<Value> {
    const answer = await this.json<Value>(path, sent)
    if (answer.ok) return answer.value
    throw refusedBy(answer.reason)
  }

  async ask(
    path: string,
    { json, octets, token, post = false }: Sent & { readonly post?: boolean },
  ): Promise<Result<Uint8Array, DoorRefusal>> {
    const body = octets ? new Uint8Array(octets) : json && JSON.stringify(json)
    const type = octets ? 'application/octet-stream' : 'application/json'
    const response = await this.send(path, {
      method: post || body !== undefined ? 'POST' : 'GET',
      ...(body !== undefined && { body, type }),
      ...(token !== undefined && { token }),
    })
    const bytes = await bounded(response)
    return response.ok ? ok(bytes) : no(refusalIn(response.status, bytes))
  }

  /** Posts bytes of this media type; the answer as it came, whatever it says. */
  async post(path: string, type: string, body: Uint8Array, token: string): Promise<HttpAnswer> {
    const response = await this.send(path, { method: 'POST', body: new Uint8Array(body), type, token })
    const text = new TextDecoder().decode(await bounded(response))
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text }
  }

  private async send(
    path: string,
    {
      method,
      body,
      type,
      token,
    }: {
      readonly method: 'GET' | 'POST'
      readonly body?: Uint8Array<ArrayBuffer> | string
      readonly type?: string
      readonly token?: string
    },
  ): Promise<Response> {
    const { address } = await this.homeOf(path)
    try {
      return await fetch(address + path, {
        method,
        headers: {
          ...(type !== undefined && { 'content-type': type }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body }),
        redirect: 'error',
        signal: AbortSignal.timeout(answerMillisecondsMax),
      })
    } catch {
      throw new Refused(
        'node-unreachable',
        `No node answers at ${address}.`,
        'Start one with `plexus demo` or `plexus start --data DIR`, or give its address with --node.',
      )
    }
  }
}

export function refusedBy({ type, title }: DoorRefusal): Refused {
  return new Refused(type, title, adviceFor(type))
}

function adviceFor(code: string): string {
  if (code === 'token-missing' || code === 'token-wrong')
    return 'Give --data DIR of the member (its keys hold the token), or --token.'
  if (['evidence-not-committed', 'member-not-reached', 'node-busy'].includes(code)) return 'Try again in a moment.'
  if (code === 'member-not-here') return 'Ask /v1/members which members run there.'
  return 'Check what you gave; the node says no more.'
}

async function bounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > answerBytesMax)
      throw new Refused('answer-too-large', 'The node’s answer is larger than any of its kind.', 'Check --node.')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** Problem details (RFC 9457); anything else comes from something that is not a node. */
function refusalIn(status: number, bytes: Uint8Array): DoorRefusal {
  try {
    const { code, title, refusal } = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>
    if (typeof code === 'string' && typeof title === 'string')
      return { type: typeof refusal === 'string' ? refusal : code, status, title }
  } catch {
    // Said below.
  }
  return { type: 'not-a-node', status, title: 'What answers there is no node of this version.' }
}
