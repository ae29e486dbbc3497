/** A ledger that a neutral member carries everything to, and partners whom only their board knows. */
import { compareBytes, decode, encode, toHex, utf8 } from '@plexus/codec'
import {
  contracts,
  directory,
  members,
  prescriptions,
  type SupplyEvent,
  type SupplyRole,
  type SupplyTransaction,
  supply,
} from '@plexus/contracts'
import { hkdf, publicKeyOf, sha256 } from '@plexus/crypto'
import { assembleEnvelope, createMachine, foundChain, memoryLedger, signBody, viewOf } from '@plexus/kernel'
import { handleOfSeed } from '../prescriptions/keys.ts'
import { type Granted, granting, licenceFor } from './licences.ts'
import { supplyStep } from './steps.ts'

const start = 1_795_000_000
const keysEach = 6
const sponsor = 'neutral'

/** A one-time key of a partner. */
export interface PartnerKey {
  readonly seed: Uint8Array
  readonly handle: Uint8Array
  readonly role: SupplyRole
}

export class SupplyWorld {
  time = start
  /** Every envelope and every event, in order. */
  private readonly bytes: Uint8Array[] = []
  readonly events: SupplyEvent[] = []
  private readonly founded
  private readonly machine
  private readonly ledger
  private readonly granted = new Map<SupplyRole, Granted>()
  private readonly unused = new Map<string, PartnerKey[]>()
  private nonces = 0

  /** Partners by name; the names stand nowhere but here. */
  constructor(partners: Readonly<Record<string, SupplyRole>>) {
    const founding = [
      {
        contract: members.name,
        event: encode(members.event, {
          type: 'member-founded',
          member: sponsor,
          address: 'https://neutral.example',
          sealingKey: new Uint8Array(1216),
          owner: sponsor,
        }),
      },
      {
        contract: members.name,
        event: encode(members.event, {
          type: 'key-registered',
          holder: sponsor,
          key: publicKeyOf(sha256(utf8(sponsor))),
          scopes: ['licensing-board', 'sponsor'],
          next: null,
          height: 0,
        }),
      },
      ...[prescriptions, supply].map(({ name, version }) => ({
        contract: members.name,
        event: encode(members.event, { type: 'contract-activated', contract: name, version, height: 0 }),
      })),
    ]
    this.founded = foundChain({
      name: 'test',
      time: start,
      engine: { type: 'local', sequencer: new Uint8Array(32) },
      founding,
    })
    this.machine = createMachine({ chain: this.founded, contracts, directory })
    this.ledger = memoryLedger(this.machine)
    for (const [name, role] of Object.entries(partners))
      this.unused.set(
        name,
        Array.from({ length: keysEach }, (_, at) => {
          const seed = hkdf({ secret: utf8(name), salt: this.chain, info: Uint8Array.of(at), length: 32 })
          return { seed, handle: handleOfSeed(seed), role }
        }),
      )
    for (const role of new Set(Object.values(partners))) {
      const keys = [...this.unused.values()].flat().filter((each) => each.role === role)
      const granted = { keys: keys.map(({ handle }) => handle), noiseSeed: sha256(utf8(role)) }
      this.granted.set(role, granted)
      this.expect(granting(granted, { role, validUntil: start * 2 }))
    }
  }

  get chain(): Uint8Array {
    return this.founded.id
  }

  get view() {
    return viewOf(supply, this.ledger.reader)
  }

  /** Every byte that a member holds of the ledger, envelopes, events and state, in hexadecimal. */
  held(): string {
    const state = [...this.ledger.reader.entries('')].flatMap(([key, value]) => [utf8(key), value])
    return [...this.bytes, ...state].map(toHex).join('\n')
  }

  key(partner: string): PartnerKey {
    const key = this.unused.get(partner)?.shift()
    if (!key) throw new Error(`${partner} has no key left`)
    return key
  }

  licence({ handle, role }: PartnerKey) {
    const found = licenceFor(this.granted.get(role) ?? { keys: [], noiseSeed: handle }, handle)
    if (!found.ok) throw new Error('the key is not granted')
    return found.value
  }

  /** One block with one envelope: `accepted`, or the type of the rejection. */
  submit(transaction: SupplyTransaction, ...signers: readonly { readonly seed: Uint8Array }[]): string {
    this.time += 5
    const own = sha256(utf8(sponsor))
    const nonce = sha256(Uint8Array.of(this.nonces >> 8, this.nonces++ & 255)).slice(0, 16)
    const frame = { sponsor, sponsorKey: publicKeyOf(own), nonce, validUntil: this.time + 60 }
    const { body, shares } = supplyStep(
      this.chain,
      frame,
      transaction,
      signers.map(({ seed }) => seed),
    )
    const all = [...shares, { key: frame.sponsorKey, signature: signBody(this.chain, body, own) }]
    all.sort((a, b) => compareBytes(a.key, b.key))
    const envelope = assembleEnvelope(
      body,
      all.map(({ signature }) => signature),
    )
    const { reader } = this.ledger
    const checked = this.machine.check(reader, envelope, this.time)
    const height = (reader.tip()?.height ?? 0) + 1
    const applied = this.machine.apply(reader, { height, time: this.time, transactions: [envelope] })
    this.bytes.push(envelope)
    for (const { contract, event } of applied.events) {
      this.bytes.push(event)
      const read = contract === supply.name ? decode(supply.event, event) : undefined
      if (read?.ok) this.events.push(read.value)
    }
    this.ledger.commit(applied)
    return checked.ok ? 'accepted' : checked.reason.reason
  }

  expect(transaction: SupplyTransaction, ...signers: readonly { readonly seed: Uint8Array }[]): void {
    const answer = this.submit(transaction, ...signers)
    if (answer !== 'accepted') throw new Error(`${transaction.type}: ${answer}`)
  }

  /** From one key to a fresh one of another partner. */
  move(from: PartnerKey, partner: string, tags: readonly Uint8Array[]): PartnerKey {
    const to = this.key(partner)
    const shipment = sha256(to.handle)
    const sorted = [...tags].sort(compareBytes)
    this.expect({ type: 'ship', shipment, tags: sorted, to: to.handle, purpose: 'trade' }, from)
    this.expect({ type: 'receive', shipment, licence: this.licence(to), missing: [], damaged: [], notes: [] }, to)
    return to
  }
}
