/**
 * CometBFT beside each member of this process: the members agree by the votes of those that validate. A member whose
 * engine has an address on the ledger is found there by engines on other machines; the others meet on the loopback.
 */
import { isIP } from 'node:net'
import { join } from 'node:path'
import { no, ok, type Result } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import {
  type BeginFromSnapshot,
  builtEngineIn,
  type CometEngine,
  type CometStartRefusal,
  type EnginePeer,
  type EngineProgramRefusal,
  findEngine,
  foundOnce,
  nodeIdOf,
  readEngineAddress,
  startCometEngine,
  type ValidatorSource,
} from '@plexus/engine'
import { type StateReader, viewOf } from '@plexus/kernel'
import type { OrderParts } from './embedded-order.ts'
import { engineSockets } from './engine-sockets.ts'
import { engineNodeSecret, validatorSecret } from './founding.ts'
import { freePorts } from './free-ports.ts'
import { askingMember, type HeaderSource, openRelay } from './header-sources.ts'
import { secretOf } from './layout.ts'
import type { MemberNode } from './member-node.ts'
import type { Order } from './order.ts'
import { takeSeatKey } from './seat-key.ts'

const loopback = '127.0.0.1'

export type CometOrderRefusal =
  | { readonly type: 'no-engine'; readonly refusal: EngineProgramRefusal }
  | { readonly type: 'engine-refused'; readonly member: string; readonly refusal: CometStartRefusal }

/** What the own replica does not know yet, because it is new or was away for long. */
export interface CometPlaces {
  /** Where the engine beside the only member of this process answers, `ID@HOST:PORT`. */
  readonly own?: string
  /** Further engines of the network, which are believed to belong to it. */
  readonly others: readonly EnginePeer[]
  /** From what a new node begins; without it, from the first block. */
  readonly begin?: Omit<BeginFromSnapshot, 'sources'> & { readonly sources: readonly HeaderSource[] }
}

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

/** An engine of this process: where it answers, and whether others find it by the ledger. */
interface Place extends EnginePeer {
  readonly apart: boolean
}

/** Resolves when the engines of members that share this process take envelopes; one that stands alone may wait for others. */
export async function startCometOrder(
  order: OrderParts,
  known: CometPlaces = { others: [] },
): Promise<Result<Order, CometOrderRefusal>> {
  const { parts, chain, nodes, pool, schedule } = order
  // The path is where a program is looked for, and the only thing that is asked of the environment here.
  const program = await findEngine({ built: builtEngine, path: process.env['PATH'] ?? '' })
  if (!program.ok) return no({ type: 'no-engine', refusal: program.reason })
  // Who belongs to the network stands in the founding from the first moment on.
  for (const { cometReplica, store } of nodes.values()) foundOnce(cometReplica.machine, store)
  const places = await placesOf(order, known)
  const together = [...places].filter(([, { apart }]) => !apart)
  const trusted = new Set([...together.map(([, each]) => each), ...known.others].map(({ nodeId }) => nodeId))
  const engines = new Map<string, CometEngine>()
  const relays: (() => Promise<void>)[] = []
  let stopping = false

  /** Where the engine asks each source. */
  const urlOf = async (node: MemberNode, source: HeaderSource, index: number): Promise<string> => {
    if (source.type === 'engine') return source.url
    const { layout, store } = node
    // No longer than the names of the engine's own sockets, whose length was looked at.
    const file = join(layout.engine, `s${index}.sock`)
    const way = { layout, state: store, random: parts.random, now: parts.now, schedule }
    relays.push(await openRelay(file, askingMember(source, way)))
    return `unix://${file}`
  }

  const start = async (node: MemberNode, own: Place): Promise<CometOrderRefusal | undefined> => {
    const { machine, replica, signatures } = node.cometReplica
    takeSeatKey(node.layout, members.queries.validatorSet(viewOf(members, node.store)), node.member)
    // What a member that was put back forgot stands in blocks that a snapshot leaves out.
    const begin = node.recovery ? undefined : known.begin
    const sources = await Promise.all((begin?.sources ?? []).map((each, index) => urlOf(node, each, index)))
    const near = together.filter(([member]) => member !== node.member).map(([, each]) => each)
    const started = await startCometEngine({
      home: {
        directory: node.layout.engine,
        chain,
        member: node.member,
        validatorSeed: secretOf(node.layout, validatorSecret, parts.random),
        nodeSeed: secretOf(node.layout, engineNodeSecret, parts.random),
        // A name may stand for an address that only others see: then every interface of this machine is listened on.
        listen: { host: isIP(own.host.replace(/^\[|\]$/g, '')) ? own.host : '0.0.0.0', port: own.port },
        // Whoever starts the node may know another way to an engine than the ledger tells everybody.
        peers: peersOf(own, [...near, ...enginesOnLedger(node.store), ...known.others]),
        // Only a ledger without blocks belongs to a key that has signed none.
        mayHaveSigned: node.recovery !== undefined || (node.store.tip()?.height ?? 0) > 0,
        ...(begin && { begin: { ...begin, sources } }),
      },
      program: program.value,
      machine,
      replica,
      store: node.store,
      signatures,
      ...(node.snapshots && { snapshots: node.snapshots }),
      validators,
      admits: (state, nodeId) =>
        trusted.has(nodeId) || enginesOnLedger(state).some((engine) => engine.nodeId === nodeId),
      sockets: engineSockets,
      clock: { now: parts.now },
      schedule,
      onEvent: (event) => parts.onEngineEvent?.(node.member, event),
      onFailure: (error) => parts.onFailure(node.member, error),
    })
    if (!started.ok) return { type: 'engine-refused', member: node.member, refusal: started.reason }
    engines.set(node.member, started.value)
    return undefined
  }

  async function stop(): Promise<void> {
    stopping = true
    await Promise.all(Array.from(engines.values(), (engine) => engine.stop()))
    await Promise.all(relays.map((close) => close()))
  }

  const refusals = await Promise.all([...nodes.values()].map((node) => start(node, placeIn(places, node.member))))
  const refused = refusals.find((each) => each !== undefined)
  if (refused) {
    await stop()
    return no(refused)
  }
  const isUp = (member: string): boolean => engines.get(member)?.isUp() ?? false
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (stopping || together.every(([member]) => isUp(member))) resolve()
      else schedule(look, lookMilliseconds)
    }
    look()
  })
  return ok({
    isUp,
    askLight: async (name, question) => engines.get(name)?.askLight(question),
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

/** The engines that the ledger says belong to the network. */
function enginesOnLedger(state: StateReader): readonly EnginePeer[] {
  return members.queries.enginesOf(viewOf(members, state)).flatMap(({ address }) => {
    const read = readEngineAddress(address)
    return read.ok ? [read.value] : []
  })
}

async function placesOf({ parts, nodes }: OrderParts, known: CometPlaces): Promise<ReadonlyMap<string, Place>> {
  const ports = await freePorts(nodes.size)
  return new Map(
    [...nodes.values()].map(({ member, layout, store }, index) => {
      const nodeId = nodeIdOf(publicKeyOf(secretOf(layout, engineNodeSecret, parts.random)))
      const stated = members.queries.enginesOf(viewOf(members, store)).find((each) => each.member === member)
      const read = readEngineAddress(stated?.address ?? known.own ?? '')
      // The ledger tells others the id; the key that makes it is the one in this folder.
      const place = read.ok
        ? { ...read.value, nodeId, apart: true }
        : { nodeId, host: loopback, port: ports[index] as number, apart: false }
      return [member, place]
    }),
  )
}

function placeIn(places: ReadonlyMap<string, Place>, member: string): Place {
  const place = places.get(member)
  if (!place) throw new Error(`${member} has no place for its engine`)
  return place
}

/** Each once, in a stated order, without the one that they are for. */
function peersOf(own: EnginePeer, all: readonly EnginePeer[]): readonly EnginePeer[] {
  const byId = new Map(all.map(({ nodeId, host, port }) => [nodeId, { nodeId, host, port }]))
  byId.delete(own.nodeId)
  return [...byId.values()]
}
