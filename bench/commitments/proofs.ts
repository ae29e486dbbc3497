/** From a leaf to the ledger's signed header, checked by the pure verifiers, on nothing but what a stranger is shown. */
import { equalBytes, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import {
  appHash,
  headerHolds,
  type Opening,
  openingLeadsTo,
  sequencerKeyOf,
  stateKey,
  verifyStateProof,
  viewOf,
} from '@plexus/kernel'
import type { MemberNode } from '@plexus/node'
import { numberOf, type Producer } from './producer.ts'

/** Shows one statement committed, and checks it. False when the replica has no later header over its batch yet. */
export function proveStatement(producer: Producer, node: MemberNode, number: number): boolean {
  const place = producer.placeOf(number)
  const committed = producer.batches().committedAt(place)
  const height = node.replica.height()
  // A header carries the state after the block before it.
  if (committed === undefined || committed >= height) return false
  const opening = producer.batches().opening(place)
  if (!opening) throw new Error('a committed statement has no opening')
  if (numberOf(opening.statement) !== number) throw new Error('an opening shows another statement')
  if (!holds(node, height, opening)) throw new Error(`the proof of statement ${number} does not hold`)
  return true
}

/** Whether the same with a changed leaf key, index, statement or path is refused. */
export function forgeriesFail(producer: Producer, node: MemberNode, number: number): boolean {
  const opening = producer.batches().opening(producer.placeOf(number))
  if (!opening) throw new Error('a committed statement has no opening')
  const { index, path, statement } = opening
  const forged: readonly Partial<Opening>[] = [
    { leafKey: systemRandom(32) },
    { statement: systemRandom(statement.length) },
    { index: index ^ 1 },
    { type: 'receipt' },
    { path: path.with(0, systemRandom(32)) },
    { path: path.slice(1) },
  ]
  const height = node.replica.height()
  return forged.every((changes) => !holds(node, height, { ...opening, ...changes }))
}

function holds(node: MemberNode, height: number, opening: Opening): boolean {
  const { id, genesis } = node.chain
  const root = openingLeadsTo(id, opening)?.root
  if (!root) return false
  const key = stateKey(notary.name, 'batches', toHex(root))
  const shown = node.embeddedReplica.stateProof(height, key)
  if (!shown) throw new Error(`the state before block ${height} is not provable any more`)
  const { value, proof, stateRoot, historyRoot, header } = shown
  const sequencer = sequencerKeyOf({ genesis })
  if (!sequencer || !headerHolds(header, sequencer) || !equalBytes(header.header.chain, id)) return false
  if (!equalBytes(header.header.appHash, appHash({ stateRoot, historyRoot }))) return false
  if (value === null || !verifyStateProof({ root: stateRoot, key, value, proof })) return false
  const proven = { get: (name: string) => (name === key ? value : undefined), entries: () => [] }
  const batch = notary.queries.batch(viewOf(notary, proven), toHex(root))
  return batch?.member === node.member && batch.leaves === opening.size
}
