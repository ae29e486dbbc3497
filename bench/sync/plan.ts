/** What all processes of the suite know: the chain of one validator, its keys, and the envelopes that open handles. */
import { compareBytes, encode } from '@plexus/codec'
import { defaultPolicy, members, notary } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { type BeginFromSnapshot, type EngineHome, nodeIdOf } from '@plexus/engine'
import { foundChain, sealEnvelope } from '@plexus/kernel'
import { bytesOf } from '../sponsors.ts'

export interface NodePlan {
  /** Seconds since 1970: the engine waits for a chain that begins later. */
  readonly foundedAt: number
  /** Where the validator listens. */
  readonly port: number
  /** The validator, or one that joins. */
  readonly name: string
  readonly directory: string
  readonly program: string
  readonly snapshotEvery: number
  readonly begin?: BeginFromSnapshot
}

export type NodeWord =
  | { readonly type: 'up' | 'opened' }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'snapshot'; readonly height: number }
  | { readonly type: 'height'; readonly height: number }
  | { readonly type: 'told'; readonly appHash: string; readonly begins: number; readonly handles: number }

export type ToNode =
  /** Opens so many handles, as many in an envelope as it may hold. */
  | { readonly type: 'open'; readonly handles: number }
  /** Asks for the app hash after a block. */
  | { readonly type: 'tell'; readonly height: number }
  | { readonly type: 'stop' }

export const validator = 'member-00'
/** What one envelope may open. */
const handlesPerEnvelopeMax = 4_096
const validSeconds = 560
/** What a policy may allow at most. */
const quotaMax = 1_000_000

type MembersEvent = Parameters<(typeof members.event)['write']>[1]
const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })
const seedOf = (what: string): Uint8Array => bytesOf(what, 0)

export function networkOf({ foundedAt, port }: Pick<NodePlan, 'foundedAt' | 'port'>) {
  const holder = { member: validator, owner: validator, address: 'local:', sealingKey: new Uint8Array(1216) }
  const key = publicKeyOf(seedOf('sponsor'))
  const seat = { member: validator, key: publicKeyOf(seedOf(`validator ${validator}`)), power: 10, height: 0 }
  const parameters = { ...defaultPolicy.parameters, envelopesPerMinuteMax: quotaMax, objectsPerMinuteMax: quotaMax }
  const chain = foundChain({
    name: 'bench',
    time: foundedAt,
    engine: { type: 'cometbft' },
    founding: [
      founding({ type: 'member-founded', ...holder }),
      founding({ type: 'key-registered', holder: validator, key, scopes: ['sponsor'], next: null, height: 0 }),
      founding({ type: 'validator-set', ...seat }),
      founding({ type: 'policy-set', ...defaultPolicy, parameters }),
    ],
  })
  return {
    chain,
    homeOf({ name, directory, begin }: NodePlan): EngineHome {
      const peer = { nodeId: nodeIdOf(publicKeyOf(seedOf(`node ${validator}`))), host: '127.0.0.1', port }
      const isValidator = name === validator
      return {
        ...{ directory, chain, member: name },
        validatorSeed: seedOf(`validator ${name}`),
        nodeSeed: seedOf(`node ${name}`),
        // Nobody calls those that join: any port will do.
        listen: { host: '127.0.0.1', port: isValidator ? port : 0 },
        peers: isValidator ? [] : [peer],
        ...(begin && { begin }),
      }
    },
    /** Envelopes that open the handles from number `from` up to and without `to`. */
    *openings(from: number, to: number, now: () => number): Iterable<Uint8Array> {
      for (let at = from; at < to; at += handlesPerEnvelopeMax) {
        const count = Math.min(handlesPerEnvelopeMax, to - at)
        const handles = Array.from({ length: count }, (_, index) => bytesOf('handle', at + index)).sort(compareBytes)
        yield sealEnvelope(
          {
            chain: chain.id,
            sponsor: validator,
            nonce: bytesOf('nonce', at).subarray(0, 16),
            validUntil: Math.floor(now()) + validSeconds,
            contract: notary.name,
            transaction: encode(notary.transaction, { type: 'open-handles', handles }),
          },
          [seedOf('sponsor')],
        )
      }
    },
  }
}
