/** The members' doors as a wallet and a program reach them: a member that is down is a refusal like any other. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { HttpDoor, StepRefusal } from '@plexus/sdk'
import { answerMillisecondsMax, type Member } from './member.ts'

const memberPath = /^\/v1\/members\/([a-z0-9-]+)/

export class Door implements HttpDoor {
  private readonly members: readonly Member[]

  constructor(members: readonly Member[]) {
    this.members = members
  }

  async ask(path: string, sent: { readonly octets: Uint8Array }): Promise<Result<Uint8Array, StepRefusal>> {
    const body = new Uint8Array(sent.octets)
    return this.send(path, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body })
  }

  /** `asStaff`: with the token of the member that is asked. */
  async json<Value>(
    path: string,
    { json, asStaff = false }: { readonly json?: object; readonly asStaff?: boolean } = {},
  ): Promise<Result<Value, StepRefusal>> {
    const answer = await this.send(path, {
      headers: {
        ...(json && { 'content-type': 'application/json' }),
        ...(asStaff && { authorization: `Bearer ${toHex(this.memberAt(path).secret('api-token'))}` }),
      },
      ...(json && { method: 'POST', body: JSON.stringify(json) }),
    })
    return answer.ok ? ok(JSON.parse(Buffer.from(answer.value).toString()) as Value) : answer
  }

  async must<Value>(path: string, sent: { readonly json?: object; readonly asStaff?: boolean } = {}): Promise<Value> {
    const answer = await this.json<Value>(path, sent)
    if (!answer.ok) throw new Error(`${path}: ${answer.reason.type}`)
    return answer.value
  }

  private memberAt(path: string): Member {
    const found = this.members.find(({ name }) => name === memberPath.exec(path)?.[1])
    if (!found) throw new Error(`no member answers at ${path}`)
    return found
  }

  private async send(path: string, request: RequestInit): Promise<Result<Uint8Array, StepRefusal>> {
    try {
      const signal = AbortSignal.timeout(answerMillisecondsMax)
      const response = await fetch(this.memberAt(path).url + path, { ...request, signal })
      const bytes = new Uint8Array(await response.arrayBuffer())
      if (response.ok) return ok(bytes)
      const { code = '', refusal } = JSON.parse(Buffer.from(bytes).toString()) as { code?: string; refusal?: string }
      return no({ type: refusal ?? code })
    } catch {
      return no({ type: 'node-unreachable' })
    }
  }
}
