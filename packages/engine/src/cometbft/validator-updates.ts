/**
 * Who signs blocks, as the ledger says it, told to the engine. An update that the engine cannot take halts every node at
 * once (CometBFT `types/validator_set.go`), so what is told is made fit here, by the state alone.
 */
import { compareBytes, toHex } from '@plexus/codec'
import { Overlay, type StateChange, type StateReader } from '@plexus/kernel'

export interface Seat {
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array
  readonly power: number
}

/** How the ledger's state is read for the engine; whoever composes a node hands in what the contracts say. */
export interface ValidatorSource {
  /** Keys of the state under which anything about validators lies. */
  readonly prefix: string
  seats(state: StateReader): readonly Seat[]
}

/** A vote of each goes with every block: beyond this, agreement takes longer than a block may. */
export const validatorsMax = 100
/** The engine takes 2^63 / 8 in all. */
const powerMax = 1_000_000_000

/** The seats that the engine may be told of: real ones, each key once, the most powerful when there are too many. */
function fit(seats: readonly Seat[]): ReadonlyMap<string, Seat> {
  const byKey = new Map<string, Seat>()
  for (const seat of seats) {
    const usable =
      seat.key.length === 32 && Number.isSafeInteger(seat.power) && seat.power > 0 && seat.power <= powerMax
    if (usable && !byKey.has(toHex(seat.key))) byKey.set(toHex(seat.key), seat)
  }
  const ordered = [...byKey.entries()].sort(([, a], [, b]) => b.power - a.power || compareBytes(a.key, b.key))
  return new Map(ordered.slice(0, validatorsMax))
}

/** Power 0 takes a seat away. In the order of the keys, so that every node says the same bytes. */
export function validatorUpdates(before: readonly Seat[], after: readonly Seat[]): readonly Seat[] {
  const [old, next] = [fit(before), fit(after)]
  // An empty set would end the chain: whoever sits there stays.
  if (next.size === 0) return []
  const gone = [...old.entries()].filter(([key]) => !next.has(key)).map(([, { key }]) => ({ key, power: 0 }))
  const changed = [...next.entries()]
    .filter(([key, { power }]) => old.get(key)?.power !== power)
    .map(([, seat]) => seat)
  return [...gone, ...changed].sort((a, b) => compareBytes(a.key, b.key))
}

/** What a block changes among the validators. */
export function updatesOfBlock(
  { prefix, seats }: ValidatorSource,
  before: StateReader,
  changes: readonly StateChange[],
): readonly Seat[] {
  if (!changes.some(({ key }) => key.startsWith(prefix))) return []
  const after = new Overlay(before)
  for (const { key, value } of changes) {
    if (value) after.set(key, value)
    else after.delete(key)
  }
  return validatorUpdates(seats(before), seats(after))
}
