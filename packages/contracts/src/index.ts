/** Every contract of the network: the kernel runs this list, and all that is generated is generated from it. */
import { type RegisteredContract, register } from '@plexus/kernel'
import { members } from './members/index.ts'
import { notary } from './notary/index.ts'
import { practitioners } from './practitioners/index.ts'
import { prescriptions } from './prescriptions/index.ts'
import { rebates } from './rebates/index.ts'
import { releases } from './releases/index.ts'
import { supply } from './supply/index.ts'

export * from './members/index.ts'
export * from './notary/index.ts'
export * from './practitioners/index.ts'
export * from './prescriptions/index.ts'
export * from './rebates/index.ts'
export * from './releases/index.ts'
export type { Scope } from './scopes.ts'
export * from './supply/index.ts'

export const contracts: readonly RegisteredContract[] = [
  register(members),
  register(practitioners),
  register(notary),
  register(prescriptions),
  register(rebates),
  register(supply),
  register(releases),
]
