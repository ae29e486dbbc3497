/** A network of one node and 64 sponsors: its genesis, the node's keys, and the envelopes that the suite submits. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { type Chain, sealEnvelope } from '@plexus/kernel'
import { writeDurably } from '@plexus/store'
import { bytesOf, foundedBy, type Sponsor, sequencerSeed, sponsors, sponsorsCount } from '../sponsors.ts'

/** The member whose node runs. The sponsors are other members, whose envelopes it carries. */
export const host = 'hospital'
/** Far above what a run submits: the suite measures the doors, not what a member may send. */
const perMinuteMax = 100_000_000
const validSeconds = 590

/** Writes genesis and the host's keys into an empty folder, as a network that was founded there lies on the disk. */
export function foundIn(data: string, now: number): Chain {
  const keys = join(data, host, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const hostSeed = bytesOf('host', 0)
  writeDurably(join(keys, 'member.secret'), hostSeed)
  writeDurably(join(keys, 'sequencer.secret'), sequencerSeed)
  const chain = foundedBy([{ id: host, seed: hostSeed }, ...sponsors], Math.floor(now), {
    envelopesPerMinuteMax: perMinuteMax,
    objectsPerMinuteMax: perMinuteMax,
  })
  writeDurably(join(data, 'genesis.cbor'), chain.bytes, 0o644)
  return chain
}

let made = 0

/** Envelopes that open one fresh handle each, by the sponsors in turn. */
export function openings(chain: Uint8Array, count: number, now: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => {
    const { id, seed } = sponsors[made++ % sponsorsCount] as Sponsor
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
