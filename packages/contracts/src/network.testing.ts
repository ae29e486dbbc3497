/** A network for worded examples: one ledger, one envelope a block, and an answer in one word. */
import { decode, encode, type Schema } from '@plexus/codec'
import {
  type Collections,
  createMachine,
  type Misbehaviour,
  memoryLedger,
  type RegisteredContract,
  type StateReader,
  sealEnvelope,
  type Variant,
  type View,
  validatorAddressOf,
  viewOf,
} from '@plexus/kernel'
import { contracts, directory } from './index.ts'
import { type Cast, castOf, type Identity } from './world.testing.ts'
import { chainOf, helpers, subjects } from './worlds.testing.ts'

export interface Network extends Cast {
  /** Seconds since 1970 of the next block; an example may move it on. */
  time: number
  /** The type of the rejection, or `accepted`. The sponsor's key with the scope sponsor always signs. */
  submit<Tx extends Variant>(
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
    by: { readonly sponsor: string; readonly signers?: readonly Identity[] },
  ): string
  /** A block without envelopes in which the engine proves it of this key: the types of the events that follow. */
  prove(key: Uint8Array, kind?: Misbehaviour['kind']): readonly string[]
  view<State extends Collections>(contract: { readonly name: string; readonly state: State }): View<State>
  readonly reader: StateReader
}

/** A founded network of up to five members; `limited` puts the limits in force that tests can reach. */
export function network({
  size = 5,
  limited = false,
}: {
  readonly size?: number
  readonly limited?: boolean
} = {}): Network {
  const cast = castOf(size)
  const chain = chainOf([...subjects, ...helpers], cast)
  const running: readonly RegisteredContract[] = [
    ...(limited ? subjects.map(({ contract }) => contract) : contracts),
    ...helpers.map(({ contract }) => contract),
  ]
  const machine = createMachine({ chain, contracts: running, directory })
  const { reader, commit } = memoryLedger(machine)
  let height = 0
  const made: Network = {
    ...cast,
    reader,
    time: chain.genesis.time,
    submit(contract, transaction, { sponsor, signers = [] }) {
      height++
      const sponsorKey =
        cast.sponsorKeys[cast.members.indexOf(sponsor)] ?? cast.candidates.find(({ id }) => id === sponsor)?.identity
      const envelope = sealEnvelope(
        {
          chain: chain.id,
          sponsor,
          nonce: encodeNonce(height),
          validUntil: made.time,
          contract: contract.name,
          transaction: encode(contract.transaction, transaction),
        },
        [...new Set([...(sponsorKey ? [sponsorKey] : []), ...signers])].map(({ seed }) => seed),
      )
      const checked = machine.check(reader, envelope, made.time)
      commit(machine.apply(reader, { height, time: made.time, transactions: [envelope] }))
      return checked.ok ? 'accepted' : checked.reason.reason
    },
    prove(key, kind = 'double-vote') {
      height++
      const misbehaviour = [{ kind, validator: validatorAddressOf(key), height: height - 1 }]
      const applied = machine.apply(reader, { height, time: made.time, transactions: [], misbehaviour })
      commit(applied)
      return applied.events.map(({ contract, event }) => {
        const schema = running.find(({ name }) => name === contract)?.event
        const read = schema && decode(schema, event)
        return read?.ok ? read.value.type : 'unread'
      })
    },
    view: (contract) => viewOf(contract, reader),
  }
  return made
}

function encodeNonce(height: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => (index < 2 ? (height >> (8 * index)) & 255 : 0))
}
