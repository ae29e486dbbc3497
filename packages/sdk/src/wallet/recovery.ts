/** A phone is lost, the root came back: where are the heads? Derived for every organisation, and looked up on the ledger. */
import { encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import { publicKeyOf, signedBytes, verify } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import { directiveSetContent, type SignedDirectiveSet, statementTypes } from '@plexus/policy'
import { headHandle, headSeed, type KeyPlace } from './keys.ts'
import { custodiansMax, headsMax, relationshipWith, withRelationship } from './state.ts'
import { placeOf, strangers, type Wallet, type WalletRefusal, withState } from './wallet.ts'

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
 * Which of these organisations the patient is enrolled at, in their order. `handle` looks one of 32 bytes up in the
 * notary's state; open and closed both count, or a patient who changed directives often would not be found. What nobody
 * answered is a refusal: silence must not pass for "never opened".
 */
export async function findHeads<Refusal>(
  { root, chain }: { readonly root: Uint8Array; readonly chain: Chain },
  custodians: readonly string[],
  handle: (handle: Uint8Array) => Promise<Result<HandleStatus | undefined, Refusal>>,
): Promise<Result<readonly FoundHeads[], Refusal>> {
  const places = custodians.map((custodian) => headsAt({ root, chain: chain.id, custodian }, handle))
  const found: FoundHeads[] = []
  for (const place of await Promise.all(places)) {
    if (!place.ok) return place
    if (place.value.opened > 0) found.push(place.value)
  }
  return ok(found)
}

async function headsAt<Refusal>(
  place: KeyPlace,
  handle: (handle: Uint8Array) => Promise<Result<HandleStatus | undefined, Refusal>>,
): Promise<Result<FoundHeads, Refusal>> {
  const closed: { readonly number: number; readonly height: number }[] = []
  let [opened, current, missing]: [number, number | null, number] = [0, null, 0]
  for (let number = 1; number <= headsMax && missing <= holeMax; number++) {
    const answer = await handle(headHandle(place, number))
    if (!answer.ok) return answer
    const known = answer.value
    missing = known ? 0 : missing + 1
    if (known) opened = number
    if (known?.status === 'open') current ??= number
    if (known && known.closed !== null) closed.push({ number, height: known.closed })
  }
  return ok({ custodian: place.custodian, current, opened, closed })
}

/**
 * The wallet with a relationship for each custodian found. What the directives say is not on the ledger: a recovered
 * relationship has no set until its custodian shows the one that it holds (`takeSet`), and its history comes back from the
 * mailbox.
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

export type SetNotTaken =
  | { readonly type: 'not-enrolled' | 'set-not-ours' }
  /**
   * The ledger shows a later head in force: its set was signed and had not reached the custodian, which releases nothing
   * until it has one. The wallet signs that set again.
   */
  | { readonly type: 'set-behind'; readonly version: number; readonly inForce: number }

/** The set that a custodian holds, into a wallet that lost its own: a head of this wallet signed it, so no custodian makes one up. */
export function takeSet(
  wallet: Wallet,
  { custodian, set }: { readonly custodian: string; readonly set: SignedDirectiveSet },
): Result<Wallet, SetNotTaken> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled' })
  const { content, signature } = set
  const { version } = content
  if (content.custodian !== custodian || version < 1 || version > headsMax) return no({ type: 'set-not-ours' })
  const key = publicKeyOf(headSeed(placeOf(wallet, custodian), version))
  const message = signedBytes(statementTypes.directiveSet, wallet.chain.id, encode(directiveSetContent, content))
  if (!equalBytes(signature.key, key) || !verify(key, message, signature.signature)) return no({ type: 'set-not-ours' })
  if (version < known.latest) return no({ type: 'set-behind', version, inForce: known.latest })
  // A wallet that remembers sets of its own knows as much; one above the head in force cannot be, or the ledger lags.
  if (known.sets.length > 0 || version > known.latest) return ok(wallet)
  return ok(withState(wallet, withRelationship(wallet.state, { ...known, sets: [set] })))
}
