/** What stands under a verified header: a transaction of its block, and entries of the state before it. */
import { equalBytes } from '@plexus/codec'
import { merkleLeafHash, rootOfPath, sha256 } from '@plexus/crypto'
import { appHash, type StateProof, verifyStateProof } from '@plexus/kernel'
import type { LightHeader } from './light-block.ts'

export interface InclusionPath {
  readonly index: number
  /** Of the block's transactions. */
  readonly count: number
  readonly path: readonly Uint8Array[]
}

/** Whether a transaction is in the block of this header (`Tx.Hash`, `Txs.Proof` of CometBFT, types/tx.go). */
export function isTransactionIn(
  { dataHash }: Pick<LightHeader, 'dataHash'>,
  transaction: Uint8Array,
  { index, count: size, path }: InclusionPath,
): boolean {
  const reached = rootOfPath({ leafHash: merkleLeafHash(sha256(transaction)), index, size, path })
  return reached !== undefined && equalBytes(reached, dataHash)
}

export interface ShownState {
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
  readonly key: string
  /** Null to show that there is no such entry. */
  readonly value: Uint8Array | null
  readonly proof: StateProof
}

/** Whether this was so in the state on which the header's block ran: the state after the block before it. */
export function isStateUnder(header: Pick<LightHeader, 'appHash'>, shown: ShownState): boolean {
  const { stateRoot, key, value, proof } = shown
  return equalBytes(appHash(shown), header.appHash) && verifyStateProof({ root: stateRoot, key, value, proof })
}
