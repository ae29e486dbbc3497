/** What all processes of the suite know: the chain of its validators, their keys, and what their clients send. */
import { encode } from '@plexus/codec'
import { defaultPolicy, members, notary } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { type EngineHome, nodeIdOf } from '@plexus/engine'
import { type Chain, foundChain, sealEnvelope } from '@plexus/kernel'
import { bytesOf } from '../sponsors.ts'

export interface NetworkPlan {
  /** Seconds since 1970: the engine waits for a chain that begins later. */
  readonly foundedAt: number
  /** One validator listens on each. */
  readonly ports: readonly number[]
}

export interface NodePlan extends NetworkPlan {
  readonly index: number
  readonly directory: string
  readonly application: 'ledger' | 'stateless'
  readonly program: string
}

export interface Load {
  /** Signed before the clock starts. */
  readonly envelopes: number
  /** Offered and not answered, at most. */
  readonly atOnce: number
  /** Null: as soon as there is room. */
  readonly perSecond: number | null
  /** Null: until all are answered. */
  readonly seconds: number | null
}

export interface Loaded {
  readonly type: 'loaded'
  readonly sent: number
  /** Answered otherwise than with acceptance. */
  readonly lost: number
  /** Signatures that this node verified meanwhile, its own clients' and those of others. */
  readonly verified: number
  readonly seconds: number
  /** From offer to the own replica's durable block, of each that was accepted. */
  readonly milliseconds: readonly number[]
}

export type NodeWord =
  | { readonly type: 'up' | 'made' }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'tip'; readonly height: number; readonly appHash: string; readonly verified: number }
  | Loaded

const nameOf = (index: number): string => `member-${String(index).padStart(2, '0')}`
const sponsorSeed = (index: number): Uint8Array => bytesOf('sponsor', index)
const validatorSeed = (index: number): Uint8Array => bytesOf('validator', index)
const nodeSeed = (index: number): Uint8Array => bytesOf('node', index)

/** As far ahead of block time as an envelope may end, but for the age that block time may have. */
const validSeconds = 560
const quotaMax = 1_000_000

type MembersEvent = Parameters<(typeof members.event)['write']>[1]
const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })

function chainOf({ foundedAt, ports }: NetworkPlan): Chain {
  return foundChain({
    name: 'bench',
    time: foundedAt,
    engine: { type: 'cometbft' },
    founding: [
      ...ports.flatMap((_, index) => {
        const member = nameOf(index)
        const key = publicKeyOf(sponsorSeed(index))
        return [
          founding({
            type: 'member-founded',
            member,
            address: 'local:',
            sealingKey: new Uint8Array(1216),
            owner: member,
          }),
          founding({ type: 'key-registered', holder: member, key, scopes: ['sponsor'], next: null, height: 0 }),
          founding({ type: 'validator-set', member, key: publicKeyOf(validatorSeed(index)), power: 10, height: 0 }),
        ]
      }),
      founding({
        type: 'policy-set',
        ...defaultPolicy,
        parameters: { ...defaultPolicy.parameters, envelopesPerMinuteMax: quotaMax, objectsPerMinuteMax: quotaMax },
      }),
    ],
  })
}

export function networkOf(plan: NetworkPlan) {
  const chain = chainOf(plan)
  const listen = plan.ports.map((port) => ({ host: '127.0.0.1', port }))
  return {
    chain,
    homeOf(index: number, directory: string): EngineHome {
      return {
        directory,
        chain,
        member: nameOf(index),
        validatorSeed: validatorSeed(index),
        nodeSeed: nodeSeed(index),
        listen: listen[index] ?? { host: '127.0.0.1', port: 0 },
        peers: listen.flatMap((at, peer) =>
          peer === index ? [] : [{ nodeId: nodeIdOf(publicKeyOf(nodeSeed(peer))), ...at }],
        ),
      }
    },
    /** An envelope of this member that opens one new handle. */
    opening(index: number, number: number, now: number): Uint8Array {
      const name = `${nameOf(index)} ${plan.foundedAt}`
      return sealEnvelope(
        {
          chain: chain.id,
          sponsor: nameOf(index),
          nonce: bytesOf(`nonce ${name}`, number).subarray(0, 16),
          validUntil: Math.floor(now) + validSeconds,
          contract: notary.name,
          transaction: encode(notary.transaction, {
            type: 'open-handles',
            handles: [bytesOf(`handle ${name}`, number)],
          }),
        },
        [sponsorSeed(index)],
      )
    },
  }
}
