/** The world of the engine's suites: a network of 64 sponsors, the envelopes that open and close handles, and blocks of them. */
import { compareBytes, encode } from '@plexus/codec'
import { contracts, directory, notary } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { type Chain, createMachine, type Machine, type MachineOptions, sealEnvelope } from '@plexus/kernel'
import { bytesOf, foundedBy, type Sponsor, sequencerSeed, sponsors } from '../sponsors.ts'

/** What one envelope may open. */
export const handlesPerEnvelopeMax = 4_096
/** Far from any clock: the suites tell the time themselves. */
export const foundedAt = 1_700_000_000
/** As far ahead of block time as an envelope may end. */
const validSeconds = 600

export interface EngineWorld {
  readonly chain: Chain
  readonly sequencerSeed: Uint8Array
  readonly sponsors: readonly Sponsor[]
  machine(signaturesHold?: MachineOptions['signaturesHold']): Machine
  /** The envelope that opens these handles, which it puts into order. `index` picks the sponsor and makes the nonce. */
  opening(index: number, handles: readonly Uint8Array[], time: number): Uint8Array
  /** The envelope that closes the handle of this one-time seed. */
  closing(index: number, seed: Uint8Array, time: number): Uint8Array
}

export function engineWorld(): EngineWorld {
  const chain = foundedBy(sponsors, foundedAt)
  const sponsorOf = (index: number): Sponsor => sponsors[index % sponsors.length] as Sponsor
  const content = (index: number, time: number) => ({
    chain: chain.id,
    sponsor: sponsorOf(index).id,
    nonce: bytesOf('nonce', index).subarray(0, 16),
    validUntil: time + validSeconds,
    contract: notary.name,
  })
  return {
    chain,
    sequencerSeed,
    sponsors,
    machine: (signaturesHold) =>
      createMachine({ chain, contracts, directory, ...(signaturesHold && { signaturesHold }) }),
    opening: (index, handles, time) =>
      sealEnvelope(
        {
          ...content(index, time),
          transaction: encode(notary.transaction, { type: 'open-handles', handles: [...handles].sort(compareBytes) }),
        },
        [sponsorOf(index).seed],
      ),
    closing: (index, seed, time) =>
      sealEnvelope(
        {
          ...content(index, time),
          transaction: encode(notary.transaction, { type: 'close-handle', handle: handleOf(publicKeyOf(seed)) }),
        },
        [sponsorOf(index).seed, seed],
      ),
  }
}

/** Blocks of one envelope each that open `count` handles, from number `from`, as fast as that goes. */
export function* openingBlocks(
  world: EngineWorld,
  { from, count, time }: { readonly from: number; readonly count: number; readonly time: number },
): Iterable<readonly Uint8Array[]> {
  for (let at = 0; at < count; at += handlesPerEnvelopeMax) {
    const size = Math.min(handlesPerEnvelopeMax, count - at)
    const handles = Array.from({ length: size }, (_, index) => bytesOf('handle', from + at + index))
    yield [world.opening((from + at) / handlesPerEnvelopeMax, handles, time)]
  }
}
