/** The world of the engine's suites: a network of 64 sponsors, the envelopes that open and close handles, and blocks of them. */
import { compareBytes, encode } from '@plexus/codec'
import { contracts, defaultPolicy, directory, members, notary } from '@plexus/contracts'
import { handleOf, publicKeyOf, sha256 } from '@plexus/crypto'
import { type Chain, createMachine, foundChain, type Machine, type MachineOptions, sealEnvelope } from '@plexus/kernel'

/** As many members as send transactions at once; keys repeat within a block, as they do in a permissioned network. */
const sponsorsCount = 64
/** What one envelope may open. */
export const handlesPerEnvelopeMax = 4_096
/** Far from any clock: the suites tell the time themselves. */
export const foundedAt = 1_700_000_000
/** As far ahead of block time as an envelope may end. */
const validSeconds = 600

export interface Sponsor {
  readonly id: string
  readonly seed: Uint8Array
}

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

/** 32 bytes that depend on a name and a number alone. */
export function bytesOf(name: string, number: number): Uint8Array {
  return sha256(Uint8Array.from(Buffer.from(`${name}/${number}`, 'latin1')))
}

export function engineWorld(): EngineWorld {
  const sponsors = Array.from({ length: sponsorsCount }, (_, index) => ({
    id: `member-${String(index).padStart(2, '0')}`,
    seed: bytesOf('sponsor', index),
  }))
  const sequencerSeed = bytesOf('sequencer', 0)
  const founding = (event: Parameters<typeof encode<MembersEvent>>[1]) => ({
    contract: members.name,
    event: encode(members.event, event),
  })
  const chain = foundChain({
    name: 'bench',
    time: foundedAt,
    engine: { type: 'local', sequencer: publicKeyOf(sequencerSeed) },
    founding: [
      ...sponsors.flatMap(({ id, seed }) => [
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
      founding({ type: 'policy-set', ...defaultPolicy }),
    ],
  })
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

type MembersEvent = Parameters<(typeof members.event)['write']>[1]

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
