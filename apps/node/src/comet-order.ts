/**
 * CometBFT beside each member of this process, on the loopback: the members agree by the votes of those that validate. On
 * machines of their own the same engine runs beside one member.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { no, ok, type Result } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import {
  builtEngineIn,
  type CometEngine,
  type CometStartRefusal,
  type EngineProgramRefusal,
  findEngine,
  nodeIdOf,
  startCometEngine,
  type ValidatorSource,
} from '@plexus/engine'
import { viewOf } from '@plexus/kernel'
import type { OrderParts } from './embedded-order.ts'
import { engineSockets } from './engine-sockets.ts'
import { secretOf } from './layout.ts'
import type { MemberNode } from './member-node.ts'
import type { Order } from './order.ts'

/** Names of the secrets that an engine is given: one signs votes, by the other nodes know each other. */
export const validatorSecret = 'validator'
const nodeSecret = 'engine-node'

const host = '127.0.0.1'

export type CometOrderRefusal =
  | { readonly type: 'no-engine'; readonly refusal: EngineProgramRefusal }
  | { readonly type: 'engine-refused'; readonly member: string; readonly refusal: CometStartRefusal }

const validators: ValidatorSource = {
  prefix: 'members/validators/',
  seats: (state) => members.queries.validatorSet(viewOf(members, state)),
}

const repository = new URL('../../..', import.meta.url).pathname

/** Where `npm run engine` puts the program of this release. */
export const builtEngine = builtEngineIn({
  goFolder: join(repository, 'packages/engine/go'),
  cache: join(repository, 'node_modules/.cache/engine'),
})

/** Resolves when every member's engine takes envelopes, or refuses; then nothing runs. */
export async function startCometOrder(order: OrderParts): Promise<Result<Order, CometOrderRefusal>> {
  const { parts, chain, nodes, pool, schedule } = order
  // The path is where a program is looked for, and the only thing that is asked of the environment here.
  const program = await findEngine({ built: builtEngine, path: process.env['PATH'] ?? '' })
  if (!program.ok) return no({ type: 'no-engine', refusal: program.reason })
  const ports = await freePorts(nodes.size)
  const peers = [...nodes.values()].map((node, index) => ({
    member: node.member,
    nodeId: nodeIdOf(publicKeyOf(secretOf(node.layout, nodeSecret, parts.random))),
    host,
    port: ports[index] as number,
  }))
  const known = new Set(peers.map(({ nodeId }) => nodeId))
  const engines = new Map<string, CometEngine>()
  let stopping = false

  const start = async (node: MemberNode, port: number): Promise<CometOrderRefusal | undefined> => {
    const { machine, replica, signatures } = node.cometReplica
    const started = await startCometEngine({
      home: {
        directory: node.layout.engine,
        chain,
        member: node.member,
        validatorSeed: secretOf(node.layout, validatorSecret, parts.random),
        nodeSeed: secretOf(node.layout, nodeSecret, parts.random),
        listen: { host, port },
        peers: peers.filter(({ member }) => member !== node.member),
      },
      program: program.value,
      machine,
      replica,
      store: node.store,
      signatures,
      validators,
      admits: (_, nodeId) => known.has(nodeId),
      sockets: engineSockets,
      clock: { now: parts.now },
      schedule,
      onEvent() {},
      onFailure: (error) => parts.onFailure(node.member, error),
    })
    if (!started.ok) return { type: 'engine-refused', member: node.member, refusal: started.reason }
    engines.set(node.member, started.value)
    return undefined
  }

  async function stop(): Promise<void> {
    stopping = true
    await Promise.all(Array.from(engines.values(), (engine) => engine.stop()))
  }

  const refusals = await Promise.all([...nodes.values()].map((node, index) => start(node, ports[index] as number)))
  const refused = refusals.find((each) => each !== undefined)
  if (refused) {
    await stop()
    return no(refused)
  }
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (stopping || [...engines.values()].every((engine) => engine.isUp())) resolve()
      else schedule(look, lookMilliseconds)
    }
    look()
  })
  return ok({
    lightBlock: async (name, height) => engines.get(name)?.lightBlock(height),
    member(name) {
      const engine = engines.get(name)
      if (!engine) throw new Error(`no engine runs beside ${name}`)
      return engine.member
    },
    readings: () => ({ mempoolWaiting: 0, verifierWaiting: pool.waiting }),
    stop,
  })
}

const lookMilliseconds = 20

/** Ports of the loopback on which nobody listens now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, host, () => {
            const address = server.address()
            if (typeof address === 'object' && address) resolve(address.port)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}
