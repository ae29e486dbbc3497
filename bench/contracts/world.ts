/** The world of suite `contracts`: members whose one key may do everything, and the one-time keys of a round. */
import { encode, type Schema } from '@plexus/codec'
import { contracts, directory, members, npiOf, prescriptions, rebates, releases, supply } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { type Chain, createMachine, foundChain, type Machine, sealEnvelope, type Variant } from '@plexus/kernel'
import { foundedAt } from '../engine/world.ts'
import { bytesOf, foundedBy, type Sponsor, sponsors } from '../sponsors.ts'

/** As far ahead of block time as an envelope may end. */
const validSeconds = 600

/** Members that are their own licensing boards, clinics and carriers: whose key it is costs nothing, that it is checked does. */
export function contractsChain(): Chain {
  const { genesis } = foundedBy(sponsors, foundedAt, {}, [
    'batches',
    'credentials',
    'custodian',
    'governance',
    'licensing-board',
    'sponsor',
  ])
  const activated = [prescriptions, rebates, releases, supply].map(({ name, version }) => ({
    contract: members.name,
    event: encode(members.event, { type: 'contract-activated', contract: name, version, height: 0 }),
  }))
  return foundChain({ ...genesis, founding: [...genesis.founding, ...activated] })
}

export const machineOf = (
  chain: Chain,
  signaturesHold: NonNullable<Parameters<typeof createMachine>[0]['signaturesHold']>,
): Machine => createMachine({ chain, contracts, directory, signaturesHold })

/** A transaction with the seeds that sign besides its sponsor's. */
export interface Step {
  readonly contract: string
  readonly transaction: Uint8Array
  readonly seeds: readonly Uint8Array[]
}

export const step = <Transaction extends Variant>(
  { name, transaction: schema }: { readonly name: string; readonly transaction: Schema<Transaction> },
  transaction: Transaction,
  ...seeds: readonly Uint8Array[]
): Step => ({ contract: name, transaction: encode(schema, transaction), seeds })

/** The member that carries, and answers for, everything about the object with this number. */
export const sponsorOf = (index: number): Sponsor => sponsors[index % sponsors.length] as Sponsor

export function envelopeOf(
  chain: Chain,
  { contract, transaction, seeds }: Step,
  { index, nonce, time }: { readonly index: number; readonly nonce: number; readonly time: number },
): Uint8Array {
  const { id, seed } = sponsorOf(index)
  return sealEnvelope(
    {
      chain: chain.id,
      sponsor: id,
      nonce: bytesOf('nonce', nonce).subarray(0, 16),
      validUntil: time + validSeconds,
      contract,
      transaction,
    },
    [seed, ...seeds],
  )
}

/** A one-time key: its seed, and the hash that names it. */
export interface OneTimeKey {
  readonly seed: Uint8Array
  readonly key: Uint8Array
  readonly handle: Uint8Array
}

/** The objects of one round, numbered from 0, with the keys of each: the same in every run. */
export class Round {
  readonly number: number
  readonly objects: number
  private readonly keys = new Map<string, OneTimeKey>()

  constructor(number: number, objects: number) {
    this.number = number
    this.objects = objects
  }

  key(of: string, index: number): OneTimeKey {
    const name = `${of} ${index}`
    const known = this.keys.get(name)
    if (known) return known
    const seed = this.hash(`key of ${of}`, index)
    const key = publicKeyOf(seed)
    const made = { seed, key, handle: handleOf(key) }
    this.keys.set(name, made)
    return made
  }

  /** A commitment, or anything else of 32 bytes. */
  hash(of: string, index: number): Uint8Array {
    return bytesOf(`${of} in round ${this.number}`, index)
  }

  /** The clinician who signs for an object: an NPI with its check digit. */
  npi(index: number): string {
    return npiOf(`1${String(this.number * this.objects + index).padStart(8, '0')}`)
  }
}
