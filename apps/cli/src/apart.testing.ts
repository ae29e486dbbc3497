/** Members that run apart, each a process, driven by commands and over HTTP as people and programs do. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { npiOf } from '@plexus/contracts'
import { type Chain, readGenesis } from '@plexus/kernel'
import { beliefIn, createWallet, httpPort, lightSource, WalletClient } from '@plexus/sdk'
import { expect } from 'vitest'
import { clinician } from './clinicians.ts'
import { type GovernAct, govern } from './govern.ts'
import { type KeysAct, keys } from './keys.ts'
import { NodeDoor } from './node-door.ts'
import { start } from './running.testing.ts'
import { type Screen, screenOf } from './screen.ts'
import { askFor, chart, tokenIn } from './staff.ts'

export const engineFolder = new URL('../../../node_modules/.cache/engine', import.meta.url).pathname
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
export const now = (): number => Date.now() / 1000
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

const patienceSeconds = 120
const licenceSeconds = 31_557_600

/** The first of so many ports in a row on which nobody listens. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + (randomBytes(2).readUInt16BE() % 20_000)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} ports in a row are free`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Looks until it finds. */
export async function eventually<Found>(what: string, find: () => Promise<Found | undefined>): Promise<Found> {
  const end = now() + patienceSeconds
  let wrong: unknown
  for (;;) {
    const found = await find().catch((error: unknown) => {
      wrong = error
      return undefined
    })
    if (found !== undefined) return found
    if (now() > end) throw new Error(`waited ${patienceSeconds} s for ${what}`, { cause: wrong })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** One member's process that a test started by itself. */
export interface Process {
  readonly address: string
  readonly running: ReturnType<typeof start>
}

export async function startMember(
  data: string,
  member: string,
  port: number,
  words: readonly string[] = [],
): Promise<Process> {
  const running = start(['start', '--data', data, '--member', member, '--port', String(port), '--json', ...words])
  const early = running.ended.then(({ err }) => {
    throw new Error(`${member} ended early: ${err}`)
  })
  early.catch(() => {})
  const { address } = await Promise.race([said<{ readonly address: string }>(running, 'started'), early])
  return { address, running }
}

/** The line of a command that tells of this step. */
export function said<Line>(running: ReturnType<typeof start>, step: string): Promise<Line> {
  return new Promise((resolve) => {
    const look = (): void => {
      for (const line of running.out().split('\n').slice(0, -1)) {
        const read = JSON.parse(line) as { readonly step?: string }
        if (read.step === step) resolve(read as Line)
      }
    }
    running.child.stdout?.on('data', look)
    look()
  })
}

/** Whoever looks at members through their doors. */
export class Apart {
  readonly data: string
  readonly addresses: readonly string[]
  readonly door: NodeDoor
  readonly chain: Chain
  /** The block of the newest thing that was decided here. */
  private decidedAt = 0

  constructor(data: string, addresses: readonly string[]) {
    this.data = data
    this.addresses = addresses
    const [first = '', ...others] = addresses
    this.door = new NodeDoor(first, others)
    const genesis = readGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))))
    if (!genesis.ok) throw new Error('the genesis document does not read')
    this.chain = genesis.value
  }

  /** What a command does, without a process for each: the last object that it gives. */
  private async told(
    run: (options: { readonly member: string; readonly data: string }, screen: Screen) => Promise<void>,
    member: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const lines: string[] = []
    await run(
      { member, data: this.data },
      screenOf(true, (line) => lines.push(line)),
    )
    return JSON.parse(lines.at(-1) ?? '{}')
  }

  /** One after another, whoever acts: a member's own replica must have what it acts upon. */
  async govern(member: string, act: GovernAct, ...words: readonly string[]) {
    await eventually(`${member} to have block ${this.decidedAt}`, async () =>
      (await this.height(member)) >= this.decidedAt ? true : undefined,
    )
    const given = await this.told((options, screen) => govern(this.door, act, words, options, screen), member)
    this.decidedAt = Number(given['height'])
    return given
  }

  keys(member: string, act: KeysAct) {
    return this.told((options, screen) => keys(this.door, act, undefined, options, screen), member)
  }

  /** The first proposes, the others vote, and it is enacted at once: such a network has no delay. */
  async decide(voters: readonly string[], ...words: readonly string[]): Promise<void> {
    const [first = '', ...others] = voters
    const { proposal } = await this.govern(first, 'propose', ...words)
    const number = String((proposal as { readonly proposal: number }).proposal)
    for (const each of others) await this.govern(each, 'vote', number)
    await this.govern(first, 'enact', number)
  }

  seat(member: string): Promise<{ readonly key: string; readonly power: number } | undefined> {
    return this.governance(member).then(({ validators }) => validators.find((each) => each.member === member))
  }

  governance(member: string): Promise<{
    readonly height: number
    readonly validators: readonly { readonly member: string; readonly key: string; readonly power: number }[]
    readonly members: readonly { readonly member: string; readonly status: string }[]
    readonly policy: { readonly parameters: Readonly<Record<string, number>> }
    readonly versions: Readonly<Record<string, number>>
  }> {
    return this.door.must(`/v1/members/${member}/ledger/governance`)
  }

  async height(member: string): Promise<number> {
    return (await this.door.must<{ readonly height: number }>(`/v1/members/${member}/ledger`)).height
  }

  /** The state before this block, as the header says it that the member keeps. */
  async appHashIn(member: string, height: number): Promise<string> {
    const path = `/v1/members/${member}/ledger/headers/${height}`
    const { header } = await this.door.must<{ readonly header: { readonly appHash: string } }>(path)
    return header.appHash
  }

  /** That all of them have the same blocks, up to a height that each has. */
  async agree(members: readonly string[]): Promise<void> {
    const height = Math.min(...(await Promise.all(members.map((member) => this.height(member)))))
    const hashes = await Promise.all(members.map((member) => this.appHashIn(member, height)))
    expect(new Set(hashes).size).toBe(1)
  }

  /** A clinician of this member, licensed by the board, as their people say it at a terminal. */
  async employ(member: string, board: string): Promise<string> {
    const npi = freshNpi()
    const day = new Date(1000 * (now() + licenceSeconds)).toISOString().slice(0, 10)
    const licence = { role: '', jurisdiction: 'MA', until: day }
    await this.told((of, screen) => clinician(this.door, 'licence', npi, { ...of, ...licence }, screen), board)
    await this.told((of, screen) => clinician(this.door, 'employ', npi, { ...of, role: 'physician' }, screen), member)
    return npi
  }

  /** The door of one member's node alone. */
  async doorOf(member: string): Promise<NodeDoor> {
    for (const address of this.addresses) {
      const door = new NodeDoor(address)
      const here: readonly string[] = await door.members().catch(() => [])
      if (here.includes(member)) return door
    }
    throw new Error(`${member} answers at none of these addresses`)
  }

  /**
   * A wallet that speaks with its sponsor's node alone, believes blocks by their votes, and holds them against another member's.
   * `bundles` gets what it is told.
   */
  async wallet(
    sponsor: string,
    witness: string,
    { bundles = [], root = random(32) }: { readonly bundles?: Uint8Array[]; readonly root?: Uint8Array } = {},
  ): Promise<WalletClient> {
    const door = await this.doorOf(sponsor)
    const sources = { primary: lightSource(door, sponsor), witnesses: [lightSource(this.door, witness)] }
    return new WalletClient({
      wallet: createWallet({ chain: this.chain, root, random }),
      port: httpPort({ door, sponsor, now, pause }),
      believe: beliefIn({ chain: this.chain, sources, now }),
      heard(_, notice) {
        if (notice.type === 'access') bundles.push(notice.bundle)
      },
    })
  }

  async code(custodian: string, patient: string): Promise<string> {
    const path = `/v1/members/${custodian}/charts/${patient}/enrolment-code`
    const token = tokenIn(this.data, custodian) ?? ''
    return (await this.door.must<{ readonly code: string }>(path, { json: { custodian }, token })).code
  }

  /** What an ask at a visit brings, once nothing is waited for. */
  async ask(member: string, visit: string, npi: string) {
    const of = { at: visit, json: { npi, purpose: 'TREAT', types: [] } }
    const asked = await eventually('the evidence of the visit', () =>
      this.told((options, screen) => askFor(this.door, of, options, screen), member),
    )
    const shown = await this.told((options, screen) => chart(this.door, String(asked['ask']), options, screen), member)
    return shown as unknown as {
      readonly settled: boolean
      readonly sources: readonly { readonly custodian: string; readonly state: string; readonly code: string | null }[]
    }
  }
}

function freshNpi(): string {
  return npiOf(`1${String(randomBytes(4).readUInt32BE() % 100_000_000).padStart(8, '0')}`)
}
