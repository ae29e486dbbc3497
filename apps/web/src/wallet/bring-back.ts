/**
 * A wallet from paper finds itself again: its handles on the ledger, the sets that custodians hold, and everything that
 * lies in its mailboxes.
 */
import {
  findHeads,
  handlesAt,
  openOwnRecordPage,
  ownRecordRequestFor,
  recover,
  takeSet,
  type Wallet,
} from '@plexus/sdk'
import { ask, httpDoor } from '../node/door.ts'
import type { WalletKeeper } from './keeper.ts'

/** No chart has a record there: the page that comes has the set alone. */
const afterAllRecords = Number.MAX_SAFE_INTEGER

export interface BroughtBack {
  readonly custodian: string
  readonly name: string
  /** How many directives hold there; `behind` where the set that was signed last never arrived; null where nobody answered. */
  readonly directives: number | 'behind' | null
}

export interface BringingBack {
  readonly places: readonly BroughtBack[]
  /** The code of what stands in the way of looking at all. */
  readonly refused: string | null
}

/** Members of this door and the organisations that they act for: where a patient of this wallet may be enrolled. */
interface Members {
  readonly members: readonly { readonly member: string; readonly organisations: readonly string[] }[]
}

export function bringBack(keeper: WalletKeeper): Promise<BringingBack> {
  return keeper.turn(async ({ client }) => {
    const { members } = await httpDoor.must<Members>('/v1/members')
    const hosts = new Map(members.flatMap(({ member, organisations }) => organisations.map((each) => [each, member])))
    const known = [...hosts.keys()].sort().filter((custodian) => !client.knows(custodian))
    const found = await findHeads(client.wallet, known, handlesAt(httpDoor, keeper.sponsor))
    if (!found.ok) return { places: [], refused: found.reason.type }
    const now = Math.floor(Date.now() / 1000)
    const back = recover(client.wallet, { found: found.value, mailboxMember: keeper.sponsor, now })
    if (!back.ok) return { places: [], refused: back.reason.type }
    client.wallet = back.value
    const places: BroughtBack[] = []
    for (const { custodian } of found.value) {
      const set = await setAt(client.wallet, custodian, hosts.get(custodian) ?? custodian)
      const taken = set && takeSet(client.wallet, { custodian, set })
      if (taken?.ok) client.wallet = taken.value
      const behind = taken?.ok === false && taken.reason.type === 'set-behind'
      const directives = behind ? 'behind' : taken?.ok ? client.directivesAt(custodian).length : null
      places.push({ custodian, name: await keeper.nameOf(custodian), directives })
    }
    // It keeps the wallet too: what the custodians told before is in the mailboxes, receipts and cases alike.
    const fetched = await client.fetch()
    return { places, refused: fetched.ok ? null : fetched.reason.type }
  })
}

async function setAt(wallet: Wallet, custodian: string, member: string) {
  const asked = { custodian, after: afterAllRecords, now: Math.floor(Date.now() / 1000) }
  const request = ownRecordRequestFor(wallet, asked)
  if (!request.ok) return null
  const sealed = await ask(`/v1/members/${member}/own-record`, { octets: request.value })
  if (!sealed.ok) return null
  const opened = await openOwnRecordPage(wallet, { ...asked, request: request.value, sealed: sealed.value })
  return opened.ok ? opened.value.set : null
}
