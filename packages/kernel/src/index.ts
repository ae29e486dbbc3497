/** All that contracts need of trees besides the state's: they reach no other part of `crypto`. */
export { verifyMerklePath } from '@plexus/crypto'
export * from './blocks.ts'
export * from './contract.ts'
export type { KeyDirectory } from './directory.ts'
export * from './envelope.ts'
export * from './genesis.ts'
export * from './ledger.ts'
export * from './machine.ts'
export * from './memory-ledger.ts'
export * from './opening.ts'
export * from './past-states.ts'
export type { Quota } from './quota.ts'
export * from './state.ts'
export {
  addLeaves,
  emptyRoot,
  proveState,
  type StateChange,
  type StateProof,
  stateProof,
  type TileChange,
  type TileReader,
  type TreeLeaf,
  treeLeafOf,
  updateTree,
  verifyStateProof,
} from './state-tree.ts'
export * from './versions.ts'
