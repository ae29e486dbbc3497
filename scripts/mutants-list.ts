/**
 * Deliberate mistakes, one a line of code each, and for each the test that must notice it. `npm run mutants` makes them
 * one at a time. A rule of design that no mistake here breaks is a rule that nobody knows to be tested.
 */
import { otherMutants } from './mutants-below.ts'
import { booksMutants } from './mutants-books.ts'
import { epcisMutants } from './mutants-epcis.ts'
import { exchangeMutants } from './mutants-exchange.ts'
import { governanceMutants } from './mutants-governance.ts'
import { lightMutants } from './mutants-light.ts'
import { networkMutants } from './mutants-network.ts'
import { peerMutants } from './mutants-peers.ts'
import { prescriptionsMutants } from './mutants-prescriptions.ts'
import { rebatesMutants } from './mutants-rebates.ts'
import { releasesMutants } from './mutants-releases.ts'
import { storageMutants } from './mutants-storage.ts'
import { supplyMutants } from './mutants-supply.ts'

export interface Mutant {
  /** The mistake, as a sentence. */
  readonly name: string
  /** Path from the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  readonly test: {
    readonly file: string
    /** Title of the one test that must fail, as it stands in the file; without it, any test of the file. */
    readonly name?: string
  }
}

export const mutants: readonly Mutant[] = [
  ...exchangeMutants,
  ...governanceMutants,
  ...booksMutants,
  ...prescriptionsMutants,
  ...rebatesMutants,
  ...releasesMutants,
  ...supplyMutants,
  ...storageMutants,
  ...lightMutants,
  ...networkMutants,
  ...peerMutants,
  ...epcisMutants,
  ...otherMutants,
]
