/** The 64 members whose envelopes the suites of the ledger send, and a chain that they found. */
import { encode } from '@plexus/codec'
import { defaultPolicy, members, type Scope } from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { type Chain, foundChain } from '@plexus/kernel'

export interface Sponsor {
  readonly id: string
  /** Of its one key, which may sponsor. */
  readonly seed: Uint8Array
}

/** As many members as send transactions at once; keys repeat within a block, as they do in a permissioned network. */
export const sponsorsCount = 64

/** 32 bytes that depend on a name and a number alone. */
export function bytesOf(name: string, number: number): Uint8Array {
  return sha256(Uint8Array.from(Buffer.from(`${name}/${number}`, 'latin1')))
}

export const sponsors: readonly Sponsor[] = Array.from({ length: sponsorsCount }, (_, index) => ({
  id: `member-${String(index).padStart(2, '0')}`,
  seed: bytesOf('sponsor', index),
}))

export const sequencerSeed = bytesOf('sequencer', 0)

type MembersEvent = Parameters<(typeof members.event)['write']>[1]

const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })

/** A chain of these founders; `time` in seconds since 1970. `scopes`: of each founder's key, in alphabetical order. */
export function foundedBy(
  founders: readonly Sponsor[],
  time: number,
  parameters: Partial<typeof defaultPolicy.parameters> = {},
  scopes: readonly Scope[] = ['sponsor'],
): Chain {
  return foundChain({
    name: 'bench',
    time,
    engine: { type: 'local', sequencer: publicKeyOf(sequencerSeed) },
    founding: [
      ...founders.flatMap(({ id, seed }) => [
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
          scopes,
          next: null,
          height: 0,
        }),
      ]),
      founding({
        type: 'policy-set',
        ...defaultPolicy,
        parameters: { ...defaultPolicy.parameters, ...parameters },
      }),
    ],
  })
}
