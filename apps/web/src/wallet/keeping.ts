/** The wallet as pages read it: one snapshot after each thing that it did. */
import type { Directive } from '@plexus/policy'
import {
  casesIn,
  type Finding,
  findings,
  headOf,
  isAccepted,
  type Look,
  prescriptionsIn,
  type VerifiedAccess,
  type WalletCase,
  type WalletClient,
  type WalletPrescription,
  type WalletState,
  whoLooked,
} from '@plexus/sdk'
import type { LockRefusal } from './locks.ts'
import type { Lock } from './storage.ts'

export type Recall = WalletState['prescriptions']['recalls'][number]

export interface Relation {
  readonly custodian: string
  readonly name: string
  readonly directives: readonly Directive[]
  /** Version of the newest set; until the custodian confirms it, nothing is released to others. */
  readonly version: number
  readonly inForceAt: number | null
  readonly closedAt: number | null
}

export interface WalletView {
  readonly looks: readonly Look[]
  readonly findings: readonly Finding[]
  readonly relations: readonly Relation[]
  /** What the patient said is wrong, newest first. */
  readonly cases: readonly WalletCase[]
  /** What was prescribed to the patient, newest first. */
  readonly prescriptions: readonly WalletPrescription[]
  /** What dispensers said was recalled. */
  readonly recalls: readonly Recall[]
  /** When the mailbox was last fetched, seconds since 1970; null before. */
  readonly fetchedAt: number | null
  /** The code of what stands in the way now, if anything does. */
  readonly trouble: string | null
  /** A former version kept this wallet: it comes back from its root, and the patient reads what was found. */
  readonly former: boolean
}

export type Keeping =
  | { readonly type: 'loading' }
  | { readonly type: 'unreachable'; readonly code: string }
  | { readonly type: 'none' }
  | { readonly type: 'locked'; readonly lock: Lock['type']; readonly refused: LockRefusal | null }
  | { readonly type: 'open'; readonly lock: Lock['type']; readonly view: WalletView }

export type Proof =
  | {
      readonly type: 'holds'
      readonly access: VerifiedAccess
      readonly milliseconds: number
      readonly bundle: Uint8Array
      readonly orderedBy: 'one-key' | 'validators'
    }
  | { readonly type: 'fails'; readonly why: string; readonly milliseconds: number; readonly bundle: Uint8Array }

/** Everything that the pages show of a wallet now. */
export function viewOf(
  client: WalletClient,
  {
    nameOf,
    ...beside
  }: Pick<WalletView, 'fetchedAt' | 'former' | 'trouble'> & {
    readonly nameOf: (organisation: string) => string
  },
): WalletView {
  const { state } = client.wallet
  const relations = state.relationships.filter(isAccepted).map(
    (known): Relation => ({
      custodian: known.custodian,
      name: nameOf(known.custodian),
      directives: client.directivesAt(known.custodian),
      version: known.latest,
      inForceAt: headOf(known, known.latest).inForceAt,
      closedAt: known.latest > 1 ? headOf(known, known.latest - 1).closedAt : null,
    }),
  )
  return {
    looks: whoLooked(state),
    findings: findings(state),
    relations,
    cases: casesIn(state),
    prescriptions: prescriptionsIn(client.wallet, client.now()),
    recalls: state.prescriptions.recalls,
    ...beside,
  }
}
