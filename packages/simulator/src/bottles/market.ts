/** The ledger of a market, and the way to it: envelopes are lost, late and doubled, and two replicas apply what is in the blocks. */
import { encode, equalBytes, type Schema, toHex, utf8 } from '@plexus/codec'
import { contracts, directory, members, practitioners, prescriptions, rebates, supply } from '@plexus/contracts'
import { handleOf, publicKeyOf, sha256 } from '@plexus/crypto'
import {
  type AppliedBlock,
  type Chain,
  createMachine,
  foundChain,
  type MemoryLedger,
  memoryLedger,
  type RegisteredContract,
  type StateReader,
  sealEnvelope,
  signaturesHold,
  type Variant,
  viewOf,
} from '@plexus/kernel'
import type { Chance } from '../chance.ts'
import { RuleBroken, type Trace } from '../trace.ts'

const carriers = ['alder', 'birch', 'cedar'] as const
export const clinic = carriers[0]
export const npi = '1003000126'
export const startsAt = 1_800_000_000
const yearSeconds = 31_536_000
const secondsPerBlock = 5
const validSeconds = 60
/** Blocks after which an envelope that nobody answered for is sent again, the same bytes. */
const resentAfterBlocks = 3

/** A one-time key. */
export interface Key {
  readonly seed: Uint8Array
  readonly handle: Uint8Array
}

function keyOf(seed: Uint8Array): Key {
  return { seed, handle: handleOf(publicKeyOf(seed)) }
}

/** A transaction that somebody asks for. */
export interface Asked {
  readonly contract: string
  readonly transaction: Uint8Array
  readonly type: string
  readonly signers: readonly Key[]
  /** `accepted`, the reason of a refusal, or `lapsed`: told once. */
  readonly told: (answer: string) => void
}

export const asked = <Tx extends Variant>(
  { name, transaction: schema }: { readonly name: string; readonly transaction: Schema<Tx> },
  transaction: Tx,
  signers: readonly Key[],
  told: (answer: string) => void,
): Asked => ({ contract: name, transaction: encode(schema, transaction), type: transaction.type, signers, told })

interface Sent {
  readonly asked: Asked
  readonly bytes: Uint8Array
  readonly validUntil: number
  sentAt: number
}

/** How bad the way to the ledger is. */
export interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly lateness: number
}

export class Market {
  readonly chain: Chain
  readonly trace: Trace
  readonly chance: Chance
  time = startsAt
  /** Every byte that a member has, in order: envelopes and events. */
  readonly bytes: Uint8Array[] = []
  private readonly weather: Weather
  private readonly ledger: MemoryLedger
  private readonly other: MemoryLedger
  private readonly machine
  private readonly otherMachine
  private readonly sent = new Map<string, Sent>()
  private readonly late: { readonly bytes: Uint8Array; readonly at: number }[] = []
  private nonces = 0

  constructor(chance: Chance, trace: Trace, weather: Weather) {
    this.chance = chance
    this.trace = trace
    this.weather = weather
    this.chain = founded()
    const known = new Map<string, boolean>()
    const once: typeof signaturesHold = (envelope) => {
      const id = [envelope.id, ...envelope.signatures].map(toHex).join()
      const held = known.get(id) ?? signaturesHold(envelope)
      known.set(id, held)
      return held
    }
    this.machine = createMachine({ chain: this.chain, contracts, directory, signaturesHold: once })
    this.otherMachine = createMachine({ chain: this.chain, contracts, directory, signaturesHold: once })
    this.ledger = memoryLedger(this.machine)
    this.other = memoryLedger(this.otherMachine)
  }

  get height(): number {
    return this.ledger.reader.tip()?.height ?? 0
  }

  get state(): StateReader {
    return this.ledger.reader
  }

  get views() {
    const { reader } = this.ledger
    return {
      prescriptions: viewOf(prescriptions, reader),
      rebates: viewOf(rebates, reader),
      supply: viewOf(supply, reader),
    }
  }

  freshKey(): Key {
    return keyOf(this.chance.bytes(32))
  }

  /** Hands it to the way; what comes of it is told later. */
  ask(of: Asked, sponsor: string = this.chance.pick(carriers)): void {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.nonces++)
    const validUntil = this.time + validSeconds
    const { contract, transaction } = of
    const bytes = sealEnvelope({ chain: this.chain.id, sponsor, nonce, validUntil, contract, transaction }, [
      seedOf(sponsor),
      ...new Map(of.signers.map((key) => [toHex(key.handle), key.seed])).values(),
    ])
    const sent = { asked: of, bytes, validUntil, sentAt: this.height }
    this.sent.set(toHex(sha256(bytes)), sent)
    this.send(sent)
  }

  private send(sent: Sent): void {
    const { chance, weather } = this
    sent.sentAt = this.height
    const copies = chance.happens(weather.duplication) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (chance.happens(weather.loss)) {
        this.trace.count('fault: envelope lost')
        continue
      }
      const wait = chance.happens(weather.lateness) ? chance.between(1, 4) : 0
      if (wait > 0) this.trace.count('fault: envelope late')
      if (copy > 0) this.trace.count('fault: envelope doubled')
      this.late.push({ bytes: sent.bytes, at: this.height + wait })
    }
  }

  get waiting(): number {
    return this.sent.size
  }

  /** One block of what has arrived, in an order of chance; `judge` sees the state before it and after. */
  block(judge: (before: StateReader, context: BlockContext) => void): void {
    this.time += secondsPerBlock
    const arrived = shuffled(
      this.chance,
      this.late.filter(({ at }) => at <= this.height).map(({ bytes }) => bytes),
    )
    this.late.splice(0, this.late.length, ...this.late.filter(({ at }) => at > this.height))
    const height = this.height + 1
    const block = { height, time: this.time, transactions: arrived }
    const applied = this.machine.apply(this.ledger.reader, block)
    const again = this.otherMachine.apply(this.other.reader, block)
    if (!equalBytes(applied.tip.appHash, again.tip.appHash))
      throw new RuleBroken('replicas: two came to different states')
    this.trace.check('replicas')
    const before = new Map(this.ledger.reader.entries(''))
    this.ledger.commit(applied)
    this.other.commit(again)
    const accepted = this.answer(arrived, applied)
    judge(readerOf(before), { height, time: this.time, accepted })
    for (const sent of this.sent.values()) if (height - sent.sentAt >= resentAfterBlocks) this.send(sent)
  }

  /** Tells each asker once; a copy of what was accepted is refused as such, and nobody hears of it. */
  private answer(arrived: readonly Uint8Array[], { outcomes, events }: AppliedBlock): readonly Asked[] {
    const accepted: Asked[] = []
    for (const [index, bytes] of arrived.entries()) {
      this.bytes.push(bytes)
      const id = toHex(sha256(bytes))
      const sent = this.sent.get(id)
      const outcome = outcomes[index]
      const reason = outcome ? reasonOf(outcome) : 'none'
      if (reason === 'replayed') this.trace.count('refused: replayed')
      if (!sent || reason === 'replayed') continue
      this.sent.delete(id)
      if (reason === 'accepted') accepted.push(sent.asked)
      this.tell(sent, reason)
    }
    for (const { event } of events) this.bytes.push(event)
    for (const [id, sent] of this.sent)
      if (sent.validUntil < this.time) {
        this.sent.delete(id)
        this.tell(sent, 'lapsed')
      }
    return accepted
  }

  private tell({ asked: { contract, type, told } }: Sent, reason: string): void {
    this.trace.line(this.time * 1000, `${contract}/${type}: ${reason}`)
    this.trace.count(reason === 'accepted' ? `accepted: ${contract}/${type}` : `refused: ${reason}`)
    told(reason)
  }
}

function shuffled<Item>(chance: Chance, items: readonly Item[]): readonly Item[] {
  const left = [...items]
  return items.map(() => left.splice(chance.below(left.length), 1)[0] as Item)
}

export interface BlockContext {
  readonly height: number
  readonly time: number
  readonly accepted: readonly Asked[]
}

const seedOf = (name: string): Uint8Array => sha256(utf8(`carrier ${name}`))

function founded(): Chain {
  const of = <Event>(contract: { readonly name: string; readonly event: Schema<Event> }, event: Event) => ({
    contract: contract.name,
    event: encode(contract.event, event),
  })
  const scopes = ['batches', 'credentials', 'custodian', 'governance', 'licensing-board', 'sponsor'] as const
  return foundChain({
    name: 'market',
    time: startsAt,
    engine: { type: 'local', sequencer: new Uint8Array(32) },
    founding: [
      ...carriers.flatMap((member) => [
        of(members, {
          type: 'member-founded',
          member,
          address: 'local:',
          sealingKey: new Uint8Array(1216),
          owner: member,
        }),
        of(members, {
          type: 'key-registered',
          holder: member,
          key: publicKeyOf(seedOf(member)),
          scopes,
          next: null,
          height: 0,
        }),
      ]),
      ...[prescriptions, rebates, supply].map(({ name: contract, version }) =>
        of(members, { type: 'contract-activated', contract, version, height: 0 }),
      ),
      of(practitioners, {
        type: 'licence-attested',
        npi,
        board: clinic,
        jurisdiction: 'NY',
        validUntil: startsAt + yearSeconds,
        height: 0,
      }),
      of(practitioners, {
        type: 'role-attested',
        npi,
        organisation: clinic,
        role: 'prescriber',
        key: new Uint8Array(32).fill(1),
        height: 0,
      }),
    ],
  })
}

const registered: ReadonlyMap<string, RegisteredContract> = new Map(contracts.map((each) => [each.name, each]))

function reasonOf({ space, code }: { readonly space: string; readonly code: number }): string {
  if (code === 0) return 'accepted'
  if (space === 'kernel') return code === 5 ? 'replayed' : `kernel-${code}`
  const found = Object.entries(registered.get(space)?.rejections ?? {}).find(([, each]) => each.code === code)
  return found?.[0] ?? `${space}-${code}`
}

function readerOf(entries: ReadonlyMap<string, Uint8Array>): StateReader {
  return {
    get: (key) => entries.get(key),
    entries: (prefix) => [...entries].filter(([key]) => key.startsWith(prefix)),
  }
}
