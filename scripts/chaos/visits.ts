/**
 * The exchange at work while faults happen: a patient with a wallet, one custodian, a clinician elsewhere who asks at visit
 * after visit, and a door that the patient closes and opens. Whatever is lost on the way is tried again, as people do.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode, toHex } from '@plexus/codec'
import { npiOf, practitioners } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import {
  beliefIn,
  closeHandleBody,
  createWallet,
  findings,
  headHandle,
  httpPort,
  isPending,
  lightSource,
  memberPath,
  relationshipWith,
  WalletClient,
  whoLooked,
} from '@plexus/sdk'
import { Door } from './door.ts'
import { type Acknowledged, offer } from './load.ts'
import { command, type Member } from './member.ts'
import { ReleaseJudge, readLeft, type Seen } from './releases.ts'

const patient = 'chaos-patient'
const visitSeconds = 3_600
const licenceSeconds = 31_557_600
/** A click that brings nothing in this time is left, and the next is made: it may still be answered. */
const clickSecondsMax = 8
const stepSecondsMax = 120
/** Of so many visits the door is closed at one. */
const visitsInRound = 4
const eventsPerPage = 500
const looksPerSecond = 5

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const now = (): number => Date.now() / 1000
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

interface Ask {
  readonly settled: boolean
  readonly sources: readonly {
    readonly state: string
    readonly code: string | null
    readonly exception: string | null
  }[]
}

interface EventPage {
  readonly events: readonly {
    readonly height: number
    readonly contract: string
    readonly event: { readonly type: string; readonly root?: string; readonly handle?: string }
  }[]
  readonly next: number
}

export class Visits {
  readonly custodian: Member
  readonly asker: Member
  /** Of the envelopes that made the clinician. */
  readonly acknowledged: Acknowledged[] = []
  /** How the sources of asks ended, by state and code. */
  readonly ended = new Map<string, number>()
  private readonly chain: Chain
  private readonly data: string
  private readonly sponsor: Member
  private readonly board: Member
  private readonly door: Door
  private readonly client: WalletClient
  private readonly judge: ReleaseJudge
  private readonly batches = new Map<string, number>()
  private readonly closings = new Map<string, number>()
  private npi = ''
  /** Asks that are waited for. */
  private readonly open = new Set<string>()
  private visits = 0
  private weighed = 0
  private cursor = 0
  private going = false
  private running: Promise<void> = Promise.resolve()

  constructor(chain: Chain, data: string, members: readonly Member[]) {
    const [custodian, asker, sponsor] = members
    const board = members.at(-1)
    if (!custodian || !asker || !sponsor || !board) throw new Error('visits take three members')
    this.chain = chain
    this.data = data
    this.custodian = custodian
    this.asker = asker
    this.sponsor = sponsor
    this.board = board
    const door = new Door(members)
    this.door = door
    const wallet = createWallet({ chain, root: random(32), random })
    const sources = { primary: lightSource(door, sponsor.name), witnesses: [lightSource(door, board.name)] }
    this.client = new WalletClient({
      wallet,
      port: httpPort({ door, sponsor: sponsor.name, now, pause }),
      believe: beliefIn({ chain, sources, now }),
    })
    const place = { root: wallet.root, chain: chain.id, custodian: custodian.name }
    const seen: Seen = { batches: this.batches, closings: this.closings }
    const handleOf = (version: number): string => toHex(headHandle(place, version))
    this.judge = new ReleaseJudge({ chain: chain.id, seen, handleOf })
  }

  /** Who takes part in visits. */
  get parties(): readonly Member[] {
    return [this.custodian, this.asker, this.sponsor]
  }

  /** Answers with keys that left the custodian, repeats included. */
  get left(): number {
    return this.weighed
  }

  get looks(): number {
    return whoLooked(this.client.wallet.state).length
  }

  /** Puts a chart into the custodian, whose node is down; enough others run. */
  async importChart(): Promise<void> {
    const file = join(this.data, 'chart.ndjson')
    writeFileSync(file, chart.map((resource) => `${JSON.stringify(resource)}\n`).join(''))
    const args = ['import', '--data', this.data, '--member', this.custodian.name, '--json', file]
    if ((await command(args)) !== 0) throw new Error('the chart was not imported')
  }

  /** A licensed clinician at the asker, and the patient enrolled at the custodian. */
  async begin(): Promise<void> {
    const { asker, custodian, sponsor, client, door } = this
    this.npi = freshNpi()
    const seed = random(32)
    writeFileSync(join(asker.folder, 'keys', `clinician-${this.npi}.secret`), seed, { mode: 0o600 })
    const validUntil = Math.floor(now()) + licenceSeconds
    const { npi } = this
    await this.attest(this.board, { type: 'attest-licence', npi, jurisdiction: 'MA', validUntil })
    const role = { npi, organisation: asker.name, role: 'physician', key: publicKeyOf(seed) } as const
    await this.attest(asker, { type: 'attest-role', ...role })
    const path = memberPath(custodian.name, `/charts/${patient}/enrolment-code`)
    const { code } = await door.must<{ readonly code: string }>(path, {
      json: { custodian: custodian.name },
      asStaff: true,
    })
    const enrolled = await client.enrol(custodian.name, code, sponsor.name)
    if (!enrolled.ok) throw new Error(`the patient was not enrolled: ${enrolled.reason.type}`)
  }

  /** Visits from here on, one after another. */
  go(): void {
    this.going = true
    const run = async (): Promise<void> => {
      while (this.going) {
        // A node that is down or behind: the next visit will tell.
        await this.visit().catch(() => pause(1 / looksPerSecond))
      }
    }
    this.running = run()
  }

  async rest(): Promise<void> {
    this.going = false
    await this.running
  }

  /** What a clinician is told who asks now; `settles` once nothing is waited for. */
  async ask(visit: string): Promise<string> {
    const json = { npi: this.npi, purpose: 'TREAT', types: [] }
    const path = memberPath(this.asker.name, `/visits/${visit}/ask`)
    const { ask } = await this.door.must<{ readonly ask: string }>(path, { json, asStaff: true })
    this.open.add(ask)
    return ask
  }

  shown(ask: string): Promise<Ask> {
    return this.door.must<Ask>(memberPath(this.asker.name, `/asks/${ask}`), { asStaff: true })
  }

  /** Evidence on the ledger, with which is asked later. */
  async checkIn(): Promise<string> {
    const visit = random(16)
    const id = toHex(visit)
    const checked = await this.client.checkIn(this.asker.name, visit, [this.custodian.name], visitSeconds)
    if (!checked.ok) throw new Error(checked.reason.type)
    const isReady = () =>
      this.door.must<{ readonly ready: boolean }>(memberPath(this.asker.name, `/visits/${id}`), { asStaff: true })
    for (let look = 0; look < clickSecondsMax * looksPerSecond; look++) {
      if ((await isReady()).ready) return id
      await pause(1 / looksPerSecond)
    }
    throw new Error('the evidence waits for a block')
  }

  private async visit(): Promise<void> {
    this.visits++
    await this.client.fetch()
    await this.turnDoor(this.visits % visitsInRound === 0)
    const ask = await this.ask(await this.checkIn())
    await this.settles(ask, clickSecondsMax)
  }

  private async settles(ask: string, secondsMax: number): Promise<boolean> {
    const end = now() + secondsMax
    for (;;) {
      const shown = await this.shown(ask).catch(() => undefined)
      if (shown?.settled) {
        for (const { state, code } of this.open.delete(ask) ? shown.sources : []) {
          const how = code === null ? state : `${state}: ${code}`
          this.ended.set(how, (this.ended.get(how) ?? 0) + 1)
        }
        return true
      }
      if (now() > end) return false
      await pause(1 / looksPerSecond)
    }
  }

  /** A change that was cut off is finished first. */
  private async turnDoor(closed: boolean): Promise<void> {
    const { client, custodian } = this
    await this.finishChange()
    if (client.directivesAt(custodian.name).length > 0 === closed) return
    if (!client.hasSpare(custodian.name)) await client.openSpare(custodian.name)
    const grantee = { type: 'organisation', id: this.asker.name } as const
    const deny = { effect: 'deny', grantee, scope: { type: 'everything' }, purposes: [], until: null } as const
    await client.changeDirectives(custodian.name, closed ? [{ ...deny, from: Math.floor(now()) }] : [])
  }

  private async finishChange(): Promise<void> {
    const { client, custodian, sponsor } = this
    const known = relationshipWith(client.wallet.state, custodian.name)
    if (!known || !isPending(known)) return
    const port = httpPort({ door: this.door, sponsor: sponsor.name, now, pause })
    const { member, key } = await port.sponsor()
    const frame = { sponsor: member, sponsorKey: key, nonce: random(16), validUntil: Math.floor(now()) + 300 }
    const closing = closeHandleBody(client.wallet, { ...frame, custodian: custodian.name, version: known.latest - 1 })
    // Where it was closed before, the ledger refuses it once more.
    if (closing.ok) await port.submit(closing.value.body, [closing.value.share])
    await client.bringSets(custodian.name)
    await client.fetch()
  }

  /**
   * While nobody visits and all members run: every ask ends, the wallet has the receipt of every answer that left (INV-R4) in a
   * chain without a gap or a doubt (INV-R5), and what left since the last look could leave (INV-R1 to R3). Sentences; none
   * when all holds.
   */
  async look(): Promise<readonly string[]> {
    const end = now() + stepSecondsMax
    const wrong: string[] = []
    for (const ask of [...this.open])
      if (!(await this.settles(ask, Math.max(0, end - now())))) wrong.push(`an ask hangs: ${ask}`)
    const left = existsSync(this.custodian.left) ? readLeft(this.custodian.left) : []
    await this.follow(
      left.reduce((most, { height }) => Math.max(most, height), 0),
      end,
    )
    for (const each of left.slice(this.weighed)) wrong.push(...this.judge.weigh(each))
    this.weighed = left.length
    for (;;) {
      await this.client.fetch()
      const lacking = this.lacking()
      if (lacking.length === 0) return wrong
      if (now() > end) return [...wrong, ...lacking]
      await pause(1 / looksPerSecond)
    }
  }

  /** What the wallet does not have yet, or doubts. */
  private lacking(): readonly string[] {
    const { state } = this.client.wallet
    const looks = new Map(whoLooked(state).map((look) => [look.receipt, look]))
    const untold = [...this.judge.receipts].filter((each) => !looks.get(each)?.confirmedBy.includes('custodian'))
    return [
      ...untold.map((each) => `INV-R4: keys left on receipt ${each.slice(0, 8)}, and the patient was not told of it`),
      ...findings(state).map((found) => `INV-R5: the wallet finds ${JSON.stringify(found)}`),
    ]
  }

  /** Reads the sponsor's events until it has this block. */
  private async follow(height: number, end: number): Promise<void> {
    while ((await this.sponsor.height().catch(() => 0)) < height) {
      if (now() > end) throw new Error(`${this.sponsor.name} does not reach block ${height}`)
      await pause(1 / looksPerSecond)
    }
    for (;;) {
      const { events, next } = await this.sponsor.get<EventPage>(
        `/ledger/events?after=${this.cursor}&limit=${eventsPerPage}`,
      )
      for (const { height: at, event } of events) {
        if (event.type === 'batch-posted' && event.root !== undefined) this.batches.set(event.root, at)
        if (event.type === 'handle-closed' && event.handle !== undefined) this.closings.set(event.handle, at)
      }
      this.cursor = next
      if (events.length === 0) return
    }
  }

  private async attest(
    member: Member,
    transaction: Parameters<(typeof practitioners.transaction)['write']>[1],
  ): Promise<void> {
    const answer = await offer(this.chain, member, practitioners.name, encode(practitioners.transaction, transaction))
    if (!answer) throw new Error(`${transaction.type} was not accepted`)
    this.acknowledged.push(answer)
  }
}

const subject = { reference: `Patient/${patient}` }
const chart = [
  { resourceType: 'Patient', id: patient },
  {
    resourceType: 'Condition',
    id: 'condition-1',
    subject,
    code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006', display: 'Diabetes mellitus type 2' }] },
  },
  {
    resourceType: 'Observation',
    id: 'observation-1',
    subject,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '4548-4', display: 'Hemoglobin A1c' }] },
  },
]

function freshNpi(): string {
  return npiOf(`1${String(randomBytes(4).readUInt32BE() % 100_000_000).padStart(8, '0')}`)
}
