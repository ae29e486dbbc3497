/** A member's node on the network between members: what its connections are handed from ledger, keys and exchange. */
import { isIP } from 'node:net'
import { no, ok, type Result, toHex } from '@plexus/codec'
import { directory, members } from '@plexus/contracts'
import { publicKeyOf, type RandomBytes } from '@plexus/crypto'
import { type StateReader, viewOf } from '@plexus/kernel'
import { type PeerEvent, type Peers, type PeersOptions, readAddress, startPeers } from '@plexus/peers'
import { secretOf } from './layout.ts'
import type { MemberNode } from './member-node.ts'

/** The version of the program, as other nodes are told it. */
export const programVersion = '0.1.0'

export type PeerDoorRefusal = {
  readonly type: 'port-not-to-be-had'
  readonly host: string
  readonly port: number
  /** As the system calls it. */
  readonly code: string
}

export interface PeerDoorParts {
  /** Where the member answers, while its own replica does not say so yet. */
  readonly address?: string
  /** What a member's node is told that asks: public, and it changes nothing here. */
  readonly answer: (question: Uint8Array) => Promise<Uint8Array | undefined>
  /** What a wallet is answered that asks through a member's node. */
  readonly answerWallet: (asked: Uint8Array) => Promise<Uint8Array | undefined>
  readonly random: RandomBytes
  readonly now: () => number
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
  readonly observe?: (what: string, seconds?: number) => void
  readonly onFailure: (error: unknown) => void
}

/** By the own replica: the member whose node shows this key (hexadecimal), if any does now. */
function transportHolderOf(state: StateReader, key: string): string | undefined {
  const known = directory.holderOf(state, key)
  return known?.scopes.includes('transport') ? known.holder : undefined
}

/** By the own replica: where an active member says that its node answers. */
export function addressOf(state: StateReader, member: string): string | undefined {
  const known = members.queries.member(viewOf(members, state), member)
  return known?.status === 'active' ? known.address : undefined
}

/** The parts of a connection that follow from ledger and keys alone. */
export function transportOf(
  state: StateReader,
  layout: MemberNode['layout'],
  random: RandomBytes,
): Pick<PeersOptions, 'addressOf' | 'holderOf' | 'seed'> {
  let seed = secretOf(layout, 'transport', random)
  return {
    holderOf: (key) => transportHolderOf(state, key),
    addressOf: (member) => addressOf(state, member),
    seed() {
      // A key that was rotated lies in the file of the one before.
      if (transportHolderOf(state, toHex(publicKeyOf(seed))) === undefined) seed = secretOf(layout, 'transport', random)
      return seed
    },
  }
}

/** Listens at the member's own address; null where that is `local:`, since then nobody comes from outside. */
export async function openPeerDoor(
  node: MemberNode,
  parts: PeerDoorParts,
): Promise<Result<Peers | null, PeerDoorRefusal>> {
  const { member, store, layout } = node
  const { answer, answerWallet, random, now, schedule, observe, onFailure } = parts
  const own = readAddress(addressOf(store, member) ?? parts.address ?? '')
  if (!own.ok || own.value.type === 'local') return ok(null)
  // A name may stand for an address that only others see: then every interface of this machine is listened on.
  const host = isIP(own.value.host) ? own.value.host : '::'
  const { port } = own.value
  try {
    const peers = await startPeers(
      {
        ...transportOf(store, layout, random),
        member,
        async receive(_from, note) {
          if (node.recovery?.shut) return no({ type: 'node-busy' })
          try {
            return await node.exchange.receive(note)
          } catch (error) {
            onFailure(error)
            return no({ type: 'node-busy' })
          }
        },
        answer: (_from, question) => answer(question),
        answerWallet: (_from, asked) => answerWallet(asked),
        status: () => ({
          chain: node.chain.id,
          member,
          height: store.tip()?.height ?? 0,
          blockTime: store.tip()?.time ?? 0,
          clock: Math.floor(now()),
          version: programVersion,
        }),
        random,
        now,
        schedule,
        observe(event) {
          const delivered = event.type === 'sent' && event.outcome === 'delivered'
          observe?.(nameOf(event), delivered ? event.seconds : undefined)
        },
      },
      { host, port },
    )
    node.replica.onApplied(() => peers.refresh())
    return ok(peers)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error
    return no({ type: 'port-not-to-be-had', host, port, code })
  }
}

/** Few words for whoever counts. */
function nameOf(event: PeerEvent): string {
  switch (event.type) {
    case 'sent':
      return `peer-sent-${event.outcome}`
    case 'received':
      return `peer-received-${event.outcome}`
    case 'breaker':
      return `peer-breaker-${event.state}`
    case 'turned-away':
      return `peer-turned-away-${event.why}`
    case 'dial-failed':
      return `peer-dial-${event.refusal}`
    case 'connected':
    case 'disconnected':
      return `peer-${event.type}-${event.direction}`
  }
}
