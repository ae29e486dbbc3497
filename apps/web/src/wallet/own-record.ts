/** The own chart of one custodian, page after page, opened and checked here. */
import type { EntryInput, SourceInput } from '@plexus/assembly'
import { isJsonObject, readJson, toHex } from '@plexus/codec'
import type { RecordFacts } from '@plexus/policy'
import { type OwnRecordEntry, openOwnRecordPage, ownRecordRequestFor, type Wallet } from '@plexus/sdk'
import { ask, httpDoor } from '../node/door.ts'

/** A chart of fifty thousand records comes in fewer. */
const pagesMax = 400

export interface ChartSource {
  readonly name: string
  readonly source: SourceInput
  /** What directives can tell of its entries, but for labels: codes are not read here. */
  readonly facts: readonly RecordFacts[]
}

/** What went wrong is said of the source: a record with a gap is still a record. */
export async function readOwnRecord(wallet: Wallet, custodian: string, name: string): Promise<ChartSource> {
  const entries: EntryInput[] = []
  const facts: RecordFacts[] = []
  const failed = (code: string): ChartSource => ({
    name,
    source: { custodian, state: { type: 'unavailable', code }, entries: [] },
    facts: [],
  })
  const answer = await httpDoor.json<{ readonly member: string }>(
    `/v1/members/${hostFor(wallet, custodian)}/organisations/${encodeURIComponent(custodian)}`,
  )
  if (!answer.ok) return failed(answer.reason.type)
  let [after, leftOut, height] = [0, 0, 0]
  for (let page = 0; page < pagesMax; page++) {
    const request = ownRecordRequestFor(wallet, { custodian, after, now: Math.floor(Date.now() / 1000) })
    if (!request.ok) return failed(request.reason.type)
    const sealed = await ask(`/v1/members/${answer.value.member}/own-record`, { octets: request.value })
    if (!sealed.ok) return failed(sealed.reason.type)
    const opened = await openOwnRecordPage(wallet, { custodian, after, request: request.value, sealed: sealed.value })
    if (!opened.ok) return failed(opened.reason.type)
    entries.push(...opened.value.entries.map(entryOf))
    for (const { statement } of opened.value.entries) facts.push({ ...statement, codes: [] })
    after = opened.value.entries.at(-1)?.place ?? after
    leftOut = opened.value.leftOut
    height = opened.value.height
    if (opened.value.more === 0) break
  }
  const count = entries.length
  const bad = entries.filter(({ verified }) => !verified).length
  const of = count + leftOut
  if (bad > 0)
    return {
      name,
      facts,
      source: { custodian, state: { type: 'failed-verification', count, of, failed: bad }, entries },
    }
  if (leftOut > 0)
    return {
      name,
      facts,
      source: { custodian, state: { type: 'part', height, count, of, reasons: ['segment-closed'] }, entries },
    }
  return { name, facts, source: { custodian, state: { type: 'complete', height, count, of }, entries } }
}

/** Any member that the wallet deals with knows who acts for whom. */
function hostFor({ state }: Wallet, custodian: string): string {
  return state.relationships.find((each) => each.custodian === custodian)?.mailboxMember ?? custodian
}

function entryOf({ record, statement, committedAt, content }: OwnRecordEntry): EntryInput {
  const replaces = statement.replaces === null ? null : toHex(statement.replaces)
  // The wallet knows its own cases: they are shown beside the lines.
  const frame = { record, version: statement.version, replaces, committedAt, dispute: null }
  const read = content ? readJson(content) : undefined
  const value = read?.ok && isJsonObject(read.value.value) ? read.value.value : undefined
  return value
    ? { ...frame, verified: true, value }
    : { ...frame, verified: false, resourceType: statement.resourceType }
}
