/** A phone is lost, the root came back: where are the heads? Derived for every organisation, and looked up on the ledger. */
import { no, ok, type Result } from '@plexus/codec'
import { headHandle } from './keys.ts'
import { custodiansMax, headsMax, relationshipWith, withRelationship } from './state.ts'
import { strangers, type Wallet, type WalletRefusal, withState } from './wallet.ts'

/** Heads are opened in order; an envelope that was lost may leave a hole, rarely a second one next to it. */
const holeMax = 2

/** What the ledger says of a handle: the notary's entry, or as much of it as is asked. */
export interface HandleStatus {
  readonly status: 'closed' | 'open'
  /** Height of the closing, or null while it is open. */
  readonly closed: number | null
}

/** The heads of one patient at one custodian, by number. */
export interface FoundHeads {
  readonly custodian: string
  /** The lowest that is open: the head under which the custodian decides, or null when all are closed. */
  readonly current: number | null
  /** The highest that was ever opened. */
  readonly opened: number
  readonly closed: readonly { readonly number: number; readonly height: number }[]
}

/**
 * Which of these organisations the patient is enrolled at. `handle` looks one of 32 bytes up in the notary's state; open
 * and closed both count, or a patient who changed directives often would not be found.
 */
export function findHeads(
  root: Uint8Array,
  chain: Uint8Array,
  custodians: readonly string[],
  handle: (handle: Uint8Array) => HandleStatus | undefined,
): readonly FoundHeads[] {
  const found: FoundHeads[] = []
  for (const custodian of custodians) {
    const closed: { readonly number: number; readonly height: number }[] = []
    let [opened, current, missing]: [number, number | null, number] = [0, null, 0]
    for (let number = 1; number <= headsMax && missing <= holeMax; number++) {
      const known = handle(headHandle({ root, chain, custodian }, number))
      missing = known ? 0 : missing + 1
      if (known) opened = number
      if (known?.status === 'open') current ??= number
      if (known && known.closed !== null) closed.push({ number, height: known.closed })
    }
    if (opened > 0) found.push({ custodian, current, opened, closed })
  }
  return found
}

/**
 * The wallet with a relationship for each custodian found. What the directives say is not on the ledger: a recovered
 * relationship has no set until the patient makes one, and its history comes back from the mailbox. A set that was
 * signed and had not reached its custodian when the phone was lost is gone; then the patient enrols again in person.
 */
export function recover(
  wallet: Wallet,
  {
    found,
    mailboxMember,
    now,
  }: { readonly found: readonly FoundHeads[]; readonly mailboxMember: string; readonly now: number },
): Result<Wallet, WalletRefusal> {
  let { state } = wallet
  for (const { custodian, current, opened, closed } of found) {
    if (relationshipWith(state, custodian)) return no({ type: 'already-enrolled', custodian })
    if (state.relationships.length >= custodiansMax)
      return no({ type: 'wallet-full', of: 'custodians', max: custodiansMax })
    state = withRelationship(state, {
      ...strangers(custodian, mailboxMember, now),
      opened,
      latest: current ?? opened,
      heads: closed.map(({ number, height }) => ({
        version: number,
        closedAt: height,
        inForceAt: null,
        refused: null,
      })),
    })
  }
  return ok(withState(wallet, state))
}
