/** Doors of the process and of the commands. */
import { createHash } from 'node:crypto'
import type { Schema } from '@plexus/codec'
import { Chance } from './chance.ts'
import { reach } from './reach.ts'
import { type Answer, accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'
import { samples } from './targets-schemas.ts'

const http = 'apps/node/src/http'
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

interface Route {
  readonly method: string
  readonly path: string
  readonly door: string
  answer(raw: { readonly params: unknown; readonly query: unknown; readonly body: unknown }, node: undefined): unknown
}

/** A problem is the route's refusal; its fields were understood when the handler was reached. */
async function answerFrom(route: Route, raw: Parameters<Route['answer']>[0]): Promise<Answer> {
  try {
    const answer = (await route.answer(raw, undefined)) as Readonly<Record<string, unknown>>
    if (typeof answer['code'] !== 'string') throw new Error('neither understood nor refused')
    return refused(`${route.path} ${answer['code']} ${answer['at'] ?? ''}`)
  } catch (error) {
    if (error instanceof Error && error.message === understood) return accepted
    throw error
  }
}

/** What a route of a member throws when its fields were understood and nobody is behind it. */
const understood = 'a route of a member was entered without its node'

export const appTargets: readonly Target[] = [
  {
    name: 'node/http-fields',
    reads: 'paths, queries and bodies of requests, from anybody: by the schemas of every route of a member',
    covers: [
      `${http}/route.ts#routeOf`,
      ...['checkpoint', 'recovery', 'staff', 'submit', 'wallet'].map(
        (name) => `${http}/${name}-routes.ts#${name}Routes`,
      ),
      `${http}/ledger-routes.ts#ledgerRoutes`,
    ],
    async load() {
      const { readJson, toPlain } = await import('@plexus/codec')
      const { foundChain } = await import('@plexus/kernel')
      const engine = { type: 'local', sequencer: new Uint8Array(32) } as const
      const chain = foundChain({ name: 'fuzz', time: 1_790_000_000, engine, founding: [] })
      // Members that run elsewhere are asked there: then the fields were understood, too.
      const elsewhere = { askForWallet: () => Promise.reject(new Error(understood)) }
      const parts = { network: { chain, nodes: new Map(), ...elsewhere }, directory: {}, now: () => 0 }
      const routes: Route[] = []
      for (const name of ['checkpoint', 'ledger', 'recovery', 'staff', 'submit', 'wallet'])
        routes.push(
          ...(await reach<(of: unknown) => readonly Route[]>(`${http}/${name}-routes.ts`, `${name}Routes`))(
            name === 'submit' ? new Map() : parts,
          ),
        )
      const behindMembers = routes.filter(({ door }) => door !== 'open')
      const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))
      const examples = [
        { params: { member: 'hospital-1' }, query: {}, body: {} },
        {
          params: { member: 'hospital-1', visit: '0'.repeat(32) },
          query: {},
          body: { npi: '1234567893', purpose: 'TREAT', types: ['Observation'] },
        },
        {
          params: { member: 'hospital-1', patient: 'p1' },
          query: {},
          body: { custodian: 'hospital-1', npi: '1234567893', sources: ['Observation/o1'] },
        },
        {
          params: { member: 'hospital-1' },
          query: { after: '12' },
          body: { body: 'AAAA', shares: [{ key: 'AA', signature: 'AA' }] },
        },
        { params: { member: 'hospital-1', level: '0' }, query: { from: '1' }, body: { batches: [] } },
      ]
      return {
        shape: 'json',
        seeds: behindMembers.flatMap((_, at) =>
          examples
            .slice(at % 2 === 0 ? 0 : 1)
            .map((example) => new Uint8Array([at, ...bytesOf(JSON.stringify(example))])),
        ),
        async run(bytes) {
          const route = behindMembers[(bytes[0] ?? 0) % behindMembers.length]
          const read = readJson(bytes.slice(1), { depthMax: 16, containersMax: 4_096 })
          if (!read.ok || !route) return refused('no JSON')
          const { params, query, body } = (toPlain(read.value.value) ?? {}) as Readonly<Record<string, unknown>>
          const answer = await answerFrom(route, { params, query, body })
          if (JSON.stringify(Object.getOwnPropertyNames(Object.prototype)) !== prototype || 'polluted' in {})
            throw new Error('the prototype of all objects was changed')
          return answer
        },
      }
    },
  },
  {
    name: 'node/token',
    reads: 'the header with a token, from anybody',
    covers: [`${http}/staff-token.ts#checkToken`],
    async load() {
      const check = await reach<(header: string | undefined, token: string) => { readonly code: string } | null>(
        `${http}/staff-token.ts`,
        'checkToken',
      )
      const token = '0123456789abcdef'.repeat(4)
      return {
        shape: 'text',
        seeds: [bytesOf(`Bearer ${token}`), bytesOf(`bearer ${'f'.repeat(64)}`)],
        run(bytes) {
          const header = Buffer.from(bytes).toString('latin1')
          const problem = check(header, token)
          if (!problem && !/^bearer [0-9a-f]{64}$/i.test(header)) throw new Error('another header is let in')
          return problem ? refused(problem.code) : accepted
        },
      }
    },
  },
  {
    name: 'node/passkey',
    reads:
      'client data and authenticator data of a passkey, from whoever has a link: the length of the second, it, the first',
    covers: ['readClientData', 'readAuthenticatorData'].map((name) => `apps/node/src/sign-in/passkey.ts#${name}`),
    async load() {
      const register = await reach<(given: object) => Parameters<typeof answerOf>[0]>(
        'apps/node/src/sign-in/passkey.ts',
        'registered',
      )
      const rpId = createHash('sha256').update('clinic.example').digest()
      const credential = Buffer.concat([Buffer.alloc(16), Buffer.from('000107a4010103272006215820', 'hex')])
      const data = Buffer.concat([rpId, Buffer.of(0x45), Buffer.alloc(4), credential, Buffer.alloc(32, 0x11)])
      const origin = 'https://clinic.example'
      const client = JSON.stringify({ type: 'webauthn.create', challenge: 'A'.repeat(43), origin, crossOrigin: false })
      return {
        shape: 'binary',
        seeds: [new Uint8Array(Buffer.concat([Buffer.of(data.length), data, Buffer.from(client)]))],
        run(bytes) {
          const end = 1 + (bytes[0] ?? 0)
          const given = { clientData: bytes.slice(end), authenticatorData: bytes.slice(1, end) }
          return answerOf(register({ ...given, challenge: new Uint8Array(32) }))
        },
      }
    },
  },
  {
    name: 'node/event',
    reads: 'an event as the feed shows it',
    covers: [`${http}/event-feed.ts#eventOf`],
    async load(seed) {
      const { contracts } = await import('@plexus/contracts')
      const { kernelEvent } = await import('@plexus/kernel')
      const show = await reach<(record: object) => { readonly event: { readonly type: string } }>(
        `${http}/event-feed.ts`,
        'eventOf',
      )
      const names = ['kernel', ...contracts.map(({ name }) => name), 'unknown']
      const schemas = [kernelEvent, ...contracts.map(({ event }) => event)] as readonly Schema<unknown>[]
      const chance = new Chance(seed)
      return {
        shape: 'cbor',
        seeds: schemas.flatMap((schema, at) =>
          samples(schema, 2, chance).map((sample) => new Uint8Array([at, ...sample])),
        ),
        run(bytes) {
          const contract = names[(bytes[0] ?? 0) % names.length]
          const { event } = show({ sequence: 1, height: 1, contract, event: bytes.slice(1) })
          JSON.stringify(event)
          return event.type === 'unreadable' ? refused('unreadable') : accepted
        },
      }
    },
  },
  {
    name: 'cli/refusal',
    reads: 'an answer of something that may be no node',
    covers: ['apps/cli/src/node-door.ts#refusalIn'],
    async load() {
      const read = await reach<(status: number, bytes: Uint8Array) => { readonly type: string }>(
        'apps/cli/src/node-door.ts',
        'refusalIn',
      )
      return {
        shape: 'json',
        seeds: [bytesOf('{"code":"member-not-here","title":"No such member","refusal":"x"}')],
        run(bytes) {
          const { type } = read(400, bytes)
          return type === 'not-a-node' ? refused(type) : accepted
        },
      }
    },
  },
]
