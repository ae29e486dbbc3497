/** What benchmarks set up a world with; everything else of a node is reached through its process. */
export type { Custodians } from './custodians.ts'
export { asker, board, type Demonstration, employClinician, mintNpi, startDemonstration } from './demonstration.ts'
export { Directory } from './directory.ts'
export { type ImportReport, importFiles, inputFiles } from './import.ts'
export { type LocalDoors, openLocalDoors } from './local-doors.ts'
export type { MemberNode } from './member-node.ts'
export { Network } from './network.ts'
export { walletPort } from './wallet-port.ts'
