/**
 * A wallet of which nothing but the root is left finds itself again: its handles on the ledger, the sets that custodians hold,
 * the numbers of its prescriptions, and everything that lies in its mailboxes.
 */
import { no, ok, type Result } from '@plexus/codec'
import type { SignedDirectiveSet } from '@plexus/policy'
import type { StepRefusal, WalletClient } from './client.ts'
import { type HttpDoor, handlesAt, memberPath, organisationsAt } from './http-port.ts'
import { openOwnRecordPage, ownRecordRequestFor } from './own-record.ts'
import { numbersHeldAgainstLedger } from './prescription-check.ts'
import { type FoundHeads, findHeads, type HandleStatus, recover, takeSet } from './recovery.ts'

/** What others answer a wallet that comes back. */
export interface BringBackDoor {
  /** The member that acts for each organisation at which a patient of this wallet may be enrolled. */
  hosts(): Promise<ReadonlyMap<string, string>>
  handle(handle: Uint8Array): Promise<Result<HandleStatus | undefined, StepRefusal>>
  ownRecord(member: string, request: Uint8Array): Promise<Result<Uint8Array, StepRefusal>>
}

export interface BroughtBack {
  readonly custodian: string
  /** How many directives hold there; `behind` where the set that was signed last never arrived; null where nobody answered. */
  readonly directives: number | 'behind' | null
}

/** No chart has a record there: the page that comes has the set alone. */
const afterAllRecords = Number.MAX_SAFE_INTEGER

/** Over HTTP: `member` is asked what the ledger says of organisations and handles. */
export function bringBackDoor(door: HttpDoor, member: string): BringBackDoor {
  return {
    async hosts() {
      const known = await organisationsAt(door, member)
      return new Map(known.map((each) => [each.organisation, each.member]))
    },
    handle: handlesAt(door, member),
    ownRecord: (host, request) => door.ask(memberPath(host, '/own-record'), { octets: request }),
  }
}

/**
 * The client's wallet with all that could be found; kept once the mailboxes were fetched, and not before. `keeper`: the
 * member that most likely keeps the mailboxes; where it has nothing, the others are asked.
 */
export async function bringBack(
  client: WalletClient,
  door: BringBackDoor,
  keeper: string,
): Promise<Result<readonly BroughtBack[], StepRefusal>> {
  const hosts = await door.hosts()
  const organisations = [...hosts.keys()].sort().filter((custodian) => !client.knows(custodian))
  const found = await findHeads(client.wallet, organisations, door.handle)
  if (!found.ok) return found
  const recovered = await withMailboxes(client, found.value, [...new Set([keeper, ...hosts.values()])])
  if (!recovered.ok) return recovered
  if (client.readState) {
    const numbered = await numbersHeldAgainstLedger(client.wallet, client.readState)
    if (!numbered.ok) return numbered
    client.wallet = numbered.value
  }
  const places: BroughtBack[] = []
  for (const { custodian } of found.value) {
    const set = await setAt(client, door, custodian, hosts.get(custodian) ?? custodian)
    const taken = set && takeSet(client.wallet, { custodian, set })
    if (taken?.ok) client.wallet = taken.value
    const behind = taken?.ok === false && taken.reason.type === 'set-behind'
    const directives = behind ? 'behind' : taken?.ok ? client.directivesAt(custodian).length : null
    places.push({ custodian, directives })
  }
  // What the custodians told before is in the mailboxes: receipts, cases and prescriptions alike. It keeps the wallet too.
  const fetched = await client.fetch()
  return fetched.ok ? ok(places) : fetched
}

/** A relationship for each place, with the first member that has something in its mailbox: enrolment leaves a notice there. */
async function withMailboxes(
  client: WalletClient,
  found: readonly FoundHeads[],
  keepers: readonly string[],
): Promise<Result<void, StepRefusal>> {
  const before = client.wallet
  const now = Math.floor(client.now())
  for (const place of found) {
    const at = client.wallet
    for (const mailboxMember of [...keepers, ...keepers.slice(0, 1)]) {
      const back = recover(at, { found: [place], mailboxMember, now })
      if (!back.ok) {
        client.wallet = before
        return no(back.reason)
      }
      client.wallet = back.value
      const notices = await client.peek(place.custodian, mailboxMember)
      if (notices.ok && notices.value > 0) break
    }
  }
  return ok()
}

async function setAt(
  client: WalletClient,
  door: BringBackDoor,
  custodian: string,
  member: string,
): Promise<SignedDirectiveSet | null> {
  const asked = { custodian, after: afterAllRecords, now: Math.floor(client.now()) }
  const request = ownRecordRequestFor(client.wallet, asked)
  if (!request.ok) return null
  const sealed = await door.ownRecord(member, request.value)
  if (!sealed.ok) return null
  const opened = await openOwnRecordPage(client.wallet, { ...asked, request: request.value, sealed: sealed.value })
  return opened.ok ? opened.value.set : null
}
