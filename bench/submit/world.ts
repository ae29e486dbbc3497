/** A network of one node and 64 sponsors: its genesis, the node's keys, and the envelopes that the suite submits. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@plexus/codec'
import { defaultPolicy, members, notary } from '@plexus/contracts'
import { publicKeyOf, sha256, systemRandom } from '@plexus/crypto'
import { type Chain, foundChain, sealEnvelope } from '@plexus/kernel'
import { writeDurably } from '@plexus/store'

/** The member whose node runs. The sponsors are other members, whose envelopes it carries. */
export const host = 'hospital'
/** As many members as send at once; keys repeat within a block, as they do in a network of members. */
const sponsorsCount = 64
/** Far above what a run submits: the suite measures the doors, not what a member may send. */
const perMinuteMax = 100_000_000
const validSeconds = 590

type MembersEvent = Parameters<(typeof members.event)['write']>[1]

const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })
const seedOf = (name: string, number: number): Uint8Array =>
  sha256(Uint8Array.from(Buffer.from(`${name}/${number}`, 'latin1')))
const sponsors = Array.from({ length: sponsorsCount }, (_, index) => ({
  id: `member-${String(index).padStart(2, '0')}`,
  seed: seedOf('sponsor', index),
}))

/** Writes genesis and the host's keys into an empty folder, as a network that was founded there lies on the disk. */
export function foundIn(data: string, now: number): Chain {
  const keys = join(data, host, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const hostSeed = seedOf('host', 0)
  const sequencerSeed = seedOf('sequencer', 0)
  writeDurably(join(keys, 'member.secret'), hostSeed)
  writeDurably(join(keys, 'sequencer.secret'), sequencerSeed)
  const chain = foundChain({
    name: 'bench',
    time: Math.floor(now),
    engine: { type: 'local', sequencer: publicKeyOf(sequencerSeed) },
    founding: [
      ...[{ id: host, seed: hostSeed }, ...sponsors].flatMap(({ id, seed }) => [
        founding({
          type: 'member-founded',
          member: id,
          address: 'local:',
          sealingKey: new Uint8Array(1216),
          owner: id,
        }),
        founding({
          type: 'key-registered',
          holder: id,
          key: publicKeyOf(seed),
          scopes: ['sponsor'],
          next: null,
          height: 0,
        }),
      ]),
      founding({
        type: 'policy-set',
        ...defaultPolicy,
        parameters: {
          ...defaultPolicy.parameters,
          envelopesPerMinuteMax: perMinuteMax,
          objectsPerMinuteMax: perMinuteMax,
        },
      }),
    ],
  })
  writeDurably(join(data, 'genesis.cbor'), chain.bytes, 0o644)
  return chain
}

let made = 0

/** Envelopes that open one fresh handle each, by the sponsors in turn. */
export function openings(chain: Uint8Array, count: number, now: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => {
    const { id, seed } = sponsors[made++ % sponsorsCount] as (typeof sponsors)[number]
    return sealEnvelope(
      {
        chain,
        sponsor: id,
        nonce: systemRandom(16),
        validUntil: Math.floor(now) + validSeconds,
        contract: notary.name,
        transaction: encode(notary.transaction, { type: 'open-handles', handles: [systemRandom(32)] }),
      },
      [seed],
    )
  })
}
