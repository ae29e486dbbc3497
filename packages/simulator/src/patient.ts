/** A patient and the wallet, which reaches the world through real notes and a sponsor, late and again until it gets through. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { members, notary } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import type { SubmitAnswer } from '@plexus/engine'
import { assembleEnvelope, readBody, signBody, viewOf } from '@plexus/kernel'
import type { NoticePage, Subject } from '@plexus/policy'
import {
  createWallet,
  decodeWallet,
  encodeWallet,
  handlesOpened,
  headHandle,
  type KeyPlace,
  mailboxSeed,
  type NodePort,
  nextHandle,
  noticeSeed,
  relationshipWith,
  type Share,
  type StepRefusal,
  signingSeed,
  takeClosing,
  WalletClient,
} from '@plexus/sdk'
import type { Chance } from './chance.ts'
import type { FoundedPatient } from './founding.ts'
import type { World } from './world.ts'

const pauseSeconds = 1
/** Every wallet of a world enrols once. */
const firstEpoch = 1
/** Then the wallet tells its owner that there is no way through. */
const triesMax = 400

export interface Visit {
  readonly visit: Uint8Array
  readonly requester: string
  readonly custodians: readonly string[]
}

export class Patient {
  readonly founded: FoundedPatient
  readonly visits: Visit[] = []
  /** Bundles as they were taken from the mailbox. */
  readonly bundles: Uint8Array[] = []
  client: WalletClient
  /** Milliseconds of the world: until then nothing leaves the wallet. */
  awayUntil = 0
  private readonly world: World
  private readonly chance: Chance
  private busy = false
  private readonly addresses: ReadonlyMap<string, string>
  private readonly signingKeys: ReadonlyMap<string, Uint8Array>

  constructor(world: World, founded: FoundedPatient, chance: Chance) {
    this.world = world
    this.founded = founded
    this.chance = chance
    const custodians = [...founded.charts.keys()]
    this.addresses = new Map(
      custodians.map((each) => [toHex(handleOf(publicKeyOf(mailboxSeed(this.place(each), firstEpoch)))), each]),
    )
    this.signingKeys = new Map(custodians.map((each) => [each, publicKeyOf(signingSeed(this.place(each), firstEpoch))]))
    this.client = this.clientOn(undefined)
  }

  get id(): string {
    return this.founded.id
  }

  get custodians(): readonly string[] {
    const { founding, tenantJoined } = this.world
    return [...this.founded.charts.keys()].filter((each) => tenantJoined || each !== founding.joining?.id)
  }

  /** Its place among the patients of the world, for the trace. */
  get number(): number {
    return this.world.patients.indexOf(this) + 1
  }

  /** From a task: waits until the wallet is back. */
  private async online(): Promise<void> {
    while (this.world.timeline.now < this.awayUntil) await this.world.people.pause(pauseSeconds)
  }

  isEnrolledAt(custodian: string): boolean {
    return this.client.knows(custodian)
  }

  place(custodian: string): KeyPlace {
    return { root: this.founded.root, chain: this.world.founding.chain.id, custodian }
  }

  handle(custodian: string, version: number): Uint8Array {
    return headHandle(this.place(custodian), version)
  }

  ownsMailbox(address: Uint8Array): boolean {
    return this.addresses.has(toHex(address))
  }

  noticeSeed(address: Uint8Array): Uint8Array {
    const custodian = this.addresses.get(toHex(address))
    if (custodian === undefined) throw new Error('another box')
    return noticeSeed(this.place(custodian), firstEpoch)
  }

  signingKey(custodian: string): Uint8Array | undefined {
    return this.signingKeys.get(custodian)
  }

  /** One thing at a time: a person does not do two things with one wallet at once. */
  alone(action: (client: WalletClient) => Promise<void>): void {
    this.world.people.begin(async () => {
      const free = await this.world.people.until(() => !this.busy, triesMax)
      if (!free) throw new Error('a wallet was busy for ever')
      this.busy = true
      try {
        await action(this.client)
      } finally {
        this.busy = false
      }
    })
  }

  get isBusy(): boolean {
    return this.busy
  }

  async enrol(client: WalletClient, custodian: string): Promise<void> {
    const { world } = this
    const code = await world.atLast(world.hostOf(custodian), ({ door }) => door.issueCode(custodian, this.id))
    if (code === undefined || client.knows(custodian)) return
    const keeper = this.chance.pick(world.founding.members).name
    const done = await client.enrol(custodian, code, keeper)
    world.tell(`a wallet enrols at ${custodian}: ${done.ok ? 'done' : done.reason.type}`)
    world.count(done.ok ? 'enrolled' : `enrolment: ${done.reason.type}`)
  }

  /** The spare after the newest head; where the ledger has it already, the wallet only counts it. */
  async spare(client: WalletClient, custodian: string): Promise<void> {
    const known = relationshipWith(client.wallet.state, custodian)
    if (!known || known.opened >= known.latest + 2) return
    const next = nextHandle(client.wallet, custodian)
    if (!next.ok) return
    const onLedger = notary.queries.handle(viewOf(notary, this.world.watch.ledger), toHex(next.value))
    if (!onLedger) return void (await client.openSpare(custodian))
    const counted = handlesOpened(client.wallet, { custodian, handles: [next.value] })
    if (counted.ok) client.wallet = counted.value
  }

  /** What the ledger says of this wallet's own heads. */
  takeClosings(): void {
    const { client } = this
    for (const { custodian, latest } of client.wallet.state.relationships) {
      for (let version = 1; version <= latest; version++) {
        const handle = toHex(this.handle(custodian, version))
        const known = notary.queries.handle(viewOf(notary, this.world.watch.ledger), handle)
        if (known?.closed == null) continue
        const taken = takeClosing(client.wallet, { custodian, version, height: known.closed })
        if (taken.ok) client.wallet = taken.value
      }
    }
  }

  /** The wallet is closed and opened again from what it kept. */
  reopen(): void {
    const kept = decodeWallet(encodeWallet(this.client.wallet.state))
    if (!kept.ok) throw new Error('a kept wallet does not open')
    this.client = this.clientOn(this.client)
    this.client.wallet = { ...this.client.wallet, state: kept.value }
    this.world.count('wallet reopened')
  }

  private clientOn(before: WalletClient | undefined): WalletClient {
    const { chain } = this.world.founding
    return new WalletClient({
      wallet: createWallet({ chain, root: this.founded.root, random: this.chance.bytes }),
      port: this.port(),
      ...(before && { taken: before.taken }),
      heard: (_custodian, notice) => {
        if (notice.type === 'access') this.bundles.push(notice.bundle)
      },
    })
  }

  private port(): NodePort {
    const { world } = this
    return {
      sponsor: async () => {
        const view = viewOf(members, world.watch.ledger)
        const name = this.chance.pick(
          world.founding.members.filter((each) => members.queries.isActive(view, each.name)),
        ).name
        return { member: name, key: publicKeyOf(world.node(name).seed) }
      },
      nodeOf: async (organisation) => {
        const view = viewOf(members, world.watch.ledger)
        const host = members.queries.hostOf(view, organisation)
        const known = host === undefined ? undefined : members.queries.member(view, host)
        if (host === undefined || !known) return no({ type: 'organisation-unknown' })
        return ok({ member: host, sealingKey: known.sealingKey })
      },
      submit: (body, shares) => this.submit(body, shares),
      deliver: (member, sealed) => this.deliver(member, sealed),
      mail: (member, request) => this.mail(member, request),
      now: () => world.now,
      pause: (seconds) => world.people.pause(seconds),
    }
  }

  private async submit(
    bodyBytes: Uint8Array,
    shares: readonly Share[],
  ): Promise<Result<{ readonly height: number }, StepRefusal>> {
    const { world } = this
    await this.online()
    const body = readBody(bodyBytes)
    if (!body.ok) return no({ type: 'body-malformed' })
    const node = world.node(body.value.sponsor)
    const own = publicKeyOf(node.seed)
    const signatures = body.value.signers.map((key) =>
      equalBytes(key, own)
        ? signBody(world.founding.chain.id, bodyBytes, node.seed)
        : shares.find((share) => equalBytes(share.key, key))?.signature,
    )
    const made = signatures.filter((each) => each !== undefined)
    // The sponsor has another key than when it was asked: the wallet takes this step again.
    if (made.length < signatures.length) return no({ type: 'sponsor-key-replaced' })
    const envelope = assembleEnvelope(bodyBytes, made)
    // What was lost on the way is sent again, byte for byte, until it cannot be accepted any more.
    while (world.now <= body.value.validUntil + 60) {
      const answer = await world.people.wait<SubmitAnswer | undefined>((resume) => {
        if (!world.offer(node, envelope, resume)) resume(undefined)
      })
      if (answer?.ok) {
        const { height, outcome } = answer.value
        return outcome.code === 0 ? ok({ height }) : no({ type: `${outcome.space}-${outcome.code}` })
      }
      if (answer?.reason.type === 'refused') return no({ type: answer.reason.reason })
      if (answer?.reason.type === 'expired') return no({ type: 'expired' })
      await world.people.pause(pauseSeconds)
    }
    return no({ type: 'expired' })
  }

  private async deliver(member: string, sealed: Uint8Array): Promise<Result<void, StepRefusal>> {
    const { world } = this
    await this.online()
    for (let attempt = 0; attempt < triesMax; attempt++) {
      const answer = await world.people.wait<Result<void, StepRefusal> | undefined>((resume) => {
        world.timeline.after(20, async () => {
          let told: Result<void, StepRefusal> | undefined
          if (!world.deafTo.has(member))
            await world.turn(world.node(member), async (exchange) => {
              told = await exchange.receive(sealed)
            })
          resume(told)
        })
      })
      if (answer) return answer
      await world.people.pause(pauseSeconds)
    }
    return no({ type: 'node-unreachable' })
  }

  /** Whether evidence for a custodian speaks of this patient. */
  isNamed(custodian: string, subject: Subject): boolean {
    if (subject.type === 'record-number') return subject.number === this.id
    const key = this.signingKey(custodian)
    return key !== undefined && equalBytes(key, subject.key)
  }

  private async mail(member: string, request: Uint8Array): Promise<Result<NoticePage, StepRefusal>> {
    const { world } = this
    await this.online()
    return world.people.wait((resume) => {
      world.timeline.after(20, async () => {
        let page: Result<NoticePage, StepRefusal> | undefined
        // As at the door of a node: what is shown is durable.
        await world.turn(world.node(member), async (exchange) => {
          const fetched = exchange.mailboxes.fetch(request)
          await exchange.durable()
          page = fetched
        })
        resume(page ?? no({ type: 'node-unreachable' }))
      })
    })
  }
}
