/** Trading partners' nodes and a board's, reached through their doors alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { systemRandom } from '@plexus/crypto'
import { Directory } from '../directory.ts'
import { Network } from '../network.ts'
import { createApi } from './api.ts'
import { createLogger } from './log.ts'
import { staffToken } from './staff-token.ts'

export interface Told {
  readonly status: number
  readonly value: Readonly<Record<string, unknown>>
}

interface Delivery {
  readonly shipment: string
  readonly status: string
}

export const now = (): number => Date.now() / 1000

export class SupplyNetwork {
  readonly network: Network
  readonly board: string
  readonly failures: unknown[]
  readonly #url: string
  readonly #tokens: Readonly<Record<string, string>>
  readonly #close: () => Promise<void>

  private constructor(parts: {
    readonly network: Network
    readonly board: string
    readonly failures: unknown[]
    readonly url: string
    readonly tokens: Readonly<Record<string, string>>
    readonly close: () => Promise<void>
  }) {
    this.network = parts.network
    this.board = parts.board
    this.failures = parts.failures
    this.#url = parts.url
    this.#tokens = parts.tokens
    this.#close = parts.close
  }

  /** `sees`: each sealed note and whom it goes to. */
  static async open(
    partners: readonly string[],
    board: string,
    sees: (to: string, note: Uint8Array) => void = () => {},
  ): Promise<SupplyNetwork> {
    const data = mkdtempSync(join(tmpdir(), 'plexus-supply-'))
    const members = [...partners, board]
    const failures: unknown[] = []
    const started = await Network.start({
      data,
      founding: { name: 'test', members, board, engine: { type: 'local', sequencer: board } },
      random: systemRandom,
      now,
      onFailure: (_, error) => failures.push(error),
      faults: {
        carry(_, to, note, deliver) {
          sees(to, note)
          deliver()
        },
      },
    })
    if (!started.ok) throw new Error(started.reason.type)
    const network = started.value
    const logger = createLogger(new Writable({ write: (_chunk, _encoding, done) => done() }))
    const app = await createApi({ network, directory: Directory.open(data), logger, random: systemRandom, now })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const tokens = Object.fromEntries(
      members.map((member) => [member, staffToken(network.node(member).layout, systemRandom)]),
    )
    const close = async () => {
      await app.close()
      await network.close()
      rmSync(data, { recursive: true, force: true })
    }
    return new SupplyNetwork({ network, board, failures, url, tokens, close })
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** With a body by POST; without one by GET. */
  ask(member: string, path: string, body?: object): Promise<Told> {
    return this.#call(member, path, body ? 'POST' : 'GET', body)
  }

  /** Without a body, by POST. */
  act(member: string, path: string): Promise<Told> {
    return this.#call(member, path, 'POST')
  }

  async must(member: string, path: string, body?: object): Promise<Told['value']> {
    const { status, value } = await this.ask(member, path, body)
    if (status !== 200) throw new Error(`${member} ${path}: ${JSON.stringify(value)}`)
    return value
  }

  /** One-time keys that people at the board grant. */
  async license(roles: Readonly<Record<string, string>>, count: number): Promise<void> {
    for (const [member, role] of Object.entries(roles))
      await this.must(member, '/keys', { role, count, authority: this.board })
    const partners = Object.keys(roles)
    await until(async () => {
      const { waiting } = (await this.must(this.board, '/keys')) as { readonly waiting: readonly object[] }
      return waiting.length === partners.length || undefined
    })
    const validUntil = Math.floor(now()) + 86_400 * 365
    for (const role of new Set(Object.values(roles))) {
      const asked = partners.filter((partner) => roles[partner] === role)
      await this.must(this.board, '/grants', { role, partners: asked, validUntil })
    }
  }

  /** Ships and receives; the height from which the goods are the receiver's. */
  async move(from: string, to: string, ...labels: readonly string[]): Promise<number> {
    const { shipment } = await this.must(from, '/shipments', { to, labels, purpose: 'trade' })
    await until(async () => {
      const { shipments } = (await this.must(to, '/shipments')) as { readonly shipments: readonly Delivery[] }
      return shipments.find((each) => each.shipment === shipment && each.status === 'arrived')
    })
    const received = await this.must(to, `/shipments/${String(shipment)}/receive`, { missing: [], damaged: [] })
    return Number(received['height'])
  }

  async #call(member: string, path: string, method: 'GET' | 'POST', body?: object): Promise<Told> {
    const response = await fetch(`${this.#url}/v1/members/${member}/supply${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#tokens[member]}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, value: (await response.json()) as Told['value'] }
  }
}

/** Notes and blocks come by themselves: asks again until it holds. */
export async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (const end = performance.now() + 20_000; ; ) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error('it does not come')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
