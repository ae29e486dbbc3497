/** A network on which pharmacies hold items of prescriptions, fill them, and discounts accrue. */
import { createHash } from 'node:crypto'
import { compareBytes, encode, toHex, utf8 } from '@plexus/codec'
import {
  contracts,
  directory,
  type Fill,
  members,
  type PractitionersEvent,
  type PrescriptionsEvent,
  type PrescriptionsTransaction,
  practitioners,
  prescriptions,
  type RebatesTransaction,
  rebates,
  type SignedItem,
  whole,
} from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import {
  assembleEnvelope,
  composeBody,
  createMachine,
  foundChain,
  memoryLedger,
  signBody,
  viewOf,
} from '@plexus/kernel'
import { contractStep } from '../contract-step.ts'

const secondsPerDay = 86_400
const startDay = 20_000
/** As many as one event of prescriptions signs. */
const itemsPerSigning = 256
/** Below what one member may submit in a minute. */
const envelopesPerBlock = 1_000
const sponsor = 'neutral'
/** A pharmacy of one, in good standing from the founding on. */
const npi = '1003000126'
const dispensers = [{ organisation: sponsor, pharmacy: npi, pharmacists: [npi] }]
const standing: readonly PractitionersEvent[] = [
  { type: 'licence-attested', npi, board: sponsor, jurisdiction: 'CT', validUntil: 4_000_000_000, height: 0 },
  { type: 'role-attested', npi, organisation: sponsor, role: 'pharmacist', key: new Uint8Array(32).fill(7), height: 0 },
]

/** A one-time key: what signs with it, and the hash that names it. */
export interface Key {
  readonly seed: Uint8Array
  readonly key: Uint8Array
  readonly handle: Uint8Array
}

export type Step = readonly [transaction: PrescriptionsTransaction | RebatesTransaction, ...signers: readonly Key[]]

export class RebateWorld {
  time = startDay * secondsPerDay
  /** Every envelope and every event, in order. */
  readonly bytes: Uint8Array[] = []
  private readonly items: readonly { readonly handle: Uint8Array; readonly holder: Key }[]
  private readonly machine
  private readonly ledger
  private readonly sponsorSeed = sha256(utf8(sponsor))
  private readonly checksSignatures: boolean
  private keysMade = 0
  private nonces = 0

  /** Signatures are left out where thousands of envelopes are sent and their signers are not what is asked about. */
  constructor({ items, signatures }: { readonly items: number; readonly signatures: boolean }) {
    this.checksSignatures = signatures
    this.items = Array.from({ length: items }, () => ({ handle: this.freshKey().handle, holder: this.freshKey() }))
    const chain = foundChain({
      name: 'test',
      time: this.time,
      engine: { type: 'local', sequencer: new Uint8Array(32) },
      founding: [
        ...[
          {
            type: 'member-founded',
            member: sponsor,
            address: 'https://neutral.example',
            sealingKey: new Uint8Array(1216),
            owner: sponsor,
          } as const,
          {
            type: 'key-registered',
            holder: sponsor,
            key: this.sponsorKey,
            scopes: ['batches', 'sponsor'],
            next: null,
            height: 0,
          } as const,
          ...[prescriptions, rebates].map(
            ({ name, version }) => ({ type: 'contract-activated', contract: name, version, height: 0 }) as const,
          ),
        ].map((event) => ({ contract: members.name, event: encode(members.event, event) })),
        ...standing.map((event) => ({ contract: practitioners.name, event: encode(practitioners.event, event) })),
        ...this.itemEvents().map((event) => ({
          contract: prescriptions.name,
          event: encode(prescriptions.event, event),
        })),
      ],
    })
    const unchecked = signatures ? {} : { signaturesHold: () => true }
    this.machine = createMachine({ chain, contracts, directory, ...unchecked })
    this.ledger = memoryLedger(this.machine)
  }

  get chain(): Uint8Array {
    return this.machine.chain.id
  }

  get rebates() {
    return viewOf(rebates, this.ledger.reader)
  }

  get height(): number {
    return this.ledger.reader.tip()?.height ?? 0
  }

  freshKey(): Key {
    return this.keyOf(
      new Uint8Array(
        createHash('sha256')
          .update(`key ${this.keysMade++}`)
          .digest(),
      ),
    )
  }

  keyOf(seed: Uint8Array): Key {
    const key = this.checksSignatures ? publicKeyOf(seed) : seed
    return { seed, key, handle: sha256(key) }
  }

  /** The part `part` of `parts` of an item is dispensed: the step, and the tag's key. */
  filling(item: number, part: number, parts: number): { readonly tag: Key; readonly step: Step } {
    const { handle, holder } = this.itemAt(item)
    const tag = this.freshKey()
    const level = part === parts ? whole : Math.floor(whole / parts) * part
    const record = this.freshKey().handle
    const said = { handle, level, record, tag: tag.handle, remainder: null, dispensers }
    return { tag, step: [{ type: 'fill', ...said }, holder] }
  }

  holderOf(item: number): Key {
    return this.itemAt(item).holder
  }

  fill(tag: Uint8Array): Fill {
    return prescriptions.queries.fill(viewOf(prescriptions, this.ledger.reader), toHex(tag)) as Fill
  }

  /** `accepted` or the type of the rejection, each step in an envelope of its own, many of them in a block. */
  submit(steps: readonly Step[]): readonly string[] {
    const answers: string[] = []
    for (let from = 0; from < steps.length; from += envelopesPerBlock) {
      this.time += 60
      const part = steps.slice(from, from + envelopesPerBlock)
      const transactions = part.map((step) => this.envelope(step))
      const { reader } = this.ledger
      const applied = this.machine.apply(reader, { height: this.height + 1, time: this.time, transactions })
      this.ledger.commit(applied)
      for (const bytes of transactions) this.bytes.push(bytes)
      for (const { event } of applied.events) this.bytes.push(event)
      for (const { space, code } of applied.outcomes) answers.push(reasonOf(space, code))
    }
    return answers
  }

  /** One step in one block, which must be accepted. */
  take(...step: Step): void {
    const [answer] = this.submit([step])
    if (answer !== 'accepted') throw new Error(`${step[0].type}: ${answer}`)
  }

  /** The contract's state as it stands now, and goes on to. */
  snapshot() {
    const entries = [...this.ledger.reader.entries('')]
    const values = new Map(entries)
    return viewOf(rebates, {
      get: (key) => values.get(key),
      entries: (prefix) => entries.filter(([key]) => key.startsWith(prefix)),
    })
  }

  /** Every byte that a member holds of the ledger: envelopes, events, and state with its keys. */
  everything(): readonly Uint8Array[] {
    const state = [...this.ledger.reader.entries('')].flatMap(([key, value]) => [utf8(key), value])
    return [...this.bytes, ...state]
  }

  private get sponsorKey(): Uint8Array {
    return publicKeyOf(this.sponsorSeed)
  }

  private itemAt(item: number) {
    const found = this.items[item]
    if (!found) throw new Error('no such item')
    return found
  }

  private itemEvents(): readonly PrescriptionsEvent[] {
    const signed = this.items.map(
      ({ handle }): SignedItem => ({
        handle,
        patient: this.freshKey().handle,
        content: this.freshKey().handle,
        limits: 'none',
        issuedDay: startDay,
        firstDay: startDay,
        lastDay: startDay + 365,
        refills: 0,
        refillWeeks: 0,
      }),
    )
    const signings = Array.from({ length: Math.ceil(signed.length / itemsPerSigning) }, (_, index) =>
      signed.slice(index * itemsPerSigning, (index + 1) * itemsPerSigning),
    )
    return [
      ...signings.map(
        (items): PrescriptionsEvent => ({
          type: 'items-signed',
          organisation: 'clinic',
          registrar: null,
          prescribers: ['1003000126'],
          dayLagMinutes: 0,
          items: items.sort((a, b) => compareBytes(a.handle, b.handle)),
          height: 0,
        }),
      ),
      ...this.items.flatMap(({ handle, holder }): readonly PrescriptionsEvent[] => [
        { type: 'made-available', handle, claimant: this.freshKey().handle, height: 0 },
        { type: 'claimed', handle, holder: holder.handle, height: 0 },
      ]),
    ]
  }

  private envelope([transaction, ...signers]: Step): Uint8Array {
    const contract = transaction.type === 'fill' ? prescriptions : rebates
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.nonces++)
    const frame = { sponsor, sponsorKey: this.sponsorKey, nonce, validUntil: this.time + 60 }
    if (!this.checksSignatures) {
      const body = composeBody({
        chain: this.chain,
        ...frame,
        contract: contract.name,
        transaction: encode(contract.transaction as Parameters<typeof encode>[0], transaction),
        signers: [frame.sponsorKey, ...signers.map(({ key }) => key)],
      })
      return assembleEnvelope(
        body,
        [...signers, frame].map(() => new Uint8Array(64)),
      )
    }
    const seeds = signers.map(({ seed }) => seed)
    const { body, shares } = contractStep(
      this.chain,
      frame,
      contract as typeof rebates,
      transaction as RebatesTransaction,
      seeds,
    )
    const all = [...shares, { key: frame.sponsorKey, signature: signBody(this.chain, body, this.sponsorSeed) }]
    return assembleEnvelope(
      body,
      all.sort((a, b) => compareBytes(a.key, b.key)).map(({ signature }) => signature),
    )
  }
}

function reasonOf(space: string, code: number): string {
  if (code === 0) return 'accepted'
  const contract = contracts.find(({ name }) => name === space)
  const found = Object.entries(contract?.rejections ?? {}).find(([, each]) => each.code === code)
  return found?.[0] ?? `${space} ${code}`
}
