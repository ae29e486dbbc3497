/** Members that govern a network, on real disks and under a clock that the test turns: a delay of days passes at once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, object, type Schema, toHex, uint, utf8 } from '@plexus/codec'
import { contracts, defaultPolicy, directory, members, notary } from '@plexus/contracts'
import { handleOf, publicKeyOf, sha256 } from '@plexus/crypto'
import { createReplica, createSequencer, type Replica, type Sequencer } from '@plexus/engine'
import {
  type Chain,
  collection,
  createMachine,
  defineContract,
  foundChain,
  migration,
  type RegisteredContract,
  register,
  sealEnvelope,
  type Variant,
} from '@plexus/kernel'
import { type LedgerStore, openLedgerStore } from '@plexus/store'

export const organisations = ['alder', 'birch', 'cedar'] as const
export type Organisation = (typeof organisations)[number]

export const secondsPerDay = 86_400
const foundedAt = 1_800_000_000
const blockSeconds = 5

const seedOf = (name: string): Uint8Array => sha256(utf8(name))
const secret = (member: string): Uint8Array => seedOf(`key of ${member}`)

const stateTwo = { ...notary.state, openedBy: collection(object({ handles: uint() })) }

/** The notary that also counts, for each sponsor, the handles that it has opened: those from before its height too. */
export const notaryTwo = register(
  defineContract({
    ...notary,
    version: 2,
    state: stateTwo,
    evolve: {
      ...notary.evolve,
      'handles-opened'(draft, event) {
        notary.evolve['handles-opened'](draft, event)
        const known = draft.openedBy.get(event.sponsor)?.handles ?? 0
        draft.openedBy.set(event.sponsor, { handles: known + event.handles.length })
      },
    },
    migration: migration({
      from: notary.state,
      to: stateTwo,
      run(before, after) {
        for (const [, { sponsor }] of before.handles.entries())
          after.openedBy.set(sponsor, { handles: (after.openedBy.get(sponsor)?.handles ?? 0) + 1 })
      },
    }),
  }),
)

/** What a build had before the second version was written, and what it has with it. */
export const earlierBuild: readonly RegisteredContract[] = contracts
export const laterBuild: readonly RegisteredContract[] = [...contracts, notaryTwo]

interface Running {
  readonly replica: Replica
  readonly store: LedgerStore
}

export class GovernedWorld {
  readonly chain: Chain
  readonly sequencer: Sequencer
  time = foundedAt
  private readonly folder = mkdtempSync(join(tmpdir(), 'plexus-governed-'))
  private readonly stores = new Set<LedgerStore>()
  private readonly running = new Map<string, Running>()
  private nonce = 0

  constructor(builds: Partial<Record<Organisation, readonly RegisteredContract[]>> = {}) {
    const founding = organisations.flatMap((member) => [
      { type: 'member-founded', member, address: 'local:', sealingKey: new Uint8Array(1216), owner: member } as const,
      {
        type: 'key-registered',
        holder: member,
        key: publicKeyOf(secret(member)),
        scopes: ['governance', 'sponsor'],
        next: handleOf(publicKeyOf(seedOf(`next key of ${member}`))),
        height: 0,
      } as const,
    ])
    this.chain = foundChain({
      name: 'governed',
      time: foundedAt,
      engine: { type: 'local', sequencer: publicKeyOf(seedOf('orderer')) },
      founding: [...founding, { type: 'policy-set', ...defaultPolicy } as const].map((event) => ({
        contract: members.name,
        event: encode(members.event, event),
      })),
    })
    this.sequencer = createSequencer({
      machine: this.machine(laterBuild),
      store: this.open('sequencer'),
      seed: seedOf('orderer'),
    })
    for (const member of organisations) this.start(member, builds[member])
  }

  close(): void {
    for (const store of this.stores) store.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  store(member: string): LedgerStore {
    return this.of(member).store
  }

  replica(member: string): Replica {
    return this.of(member).replica
  }

  /** A process on the member's disk, new or as it was left; what it missed is brought to it. */
  start(member: string, build: readonly RegisteredContract[] = laterBuild): void {
    const store = this.open(member)
    this.running.set(member, {
      store,
      replica: createReplica({ machine: this.machine(build), store, member }),
    })
    this.deliver(member)
  }

  stop(member: string): void {
    const { store } = this.of(member)
    store.close()
    this.stores.delete(store)
    this.running.delete(member)
  }

  /** One transaction in a block of its own, at every replica that runs. Answers the name of what refused it, if anything did. */
  transact<Tx extends Variant>(
    sponsor: Organisation,
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
  ): string | undefined {
    const envelope = sealEnvelope(
      {
        chain: this.chain.id,
        sponsor,
        nonce: sha256(utf8(`nonce ${this.nonce++}`)).slice(0, 16),
        validUntil: this.time + 60,
        contract: contract.name,
        transaction: encode(contract.transaction, transaction),
      },
      [secret(sponsor)],
    )
    const taken = this.sequencer.submit(envelope, this.time)
    if (!taken.ok) return 'reason' in taken.reason ? taken.reason.reason : taken.reason.type
    this.block()
    return undefined
  }

  block(): void {
    this.time += blockSeconds
    this.sequencer.cut(this.time)
    for (const member of this.running.keys()) this.deliver(member)
  }

  /** Empty blocks up to this height. */
  blocksUpTo(height: number): void {
    while (this.sequencer.height() < height) this.block()
  }

  /** The app hash of each replica that runs. */
  appHashes(): readonly string[] {
    return [...this.running.values()].map(({ store }) => toHex(store.tip()?.appHash ?? new Uint8Array(0)))
  }

  private of(member: string): Running {
    const found = this.running.get(member)
    if (!found) throw new Error(`${member} is down`)
    return found
  }

  private open(name: string): LedgerStore {
    const store = openLedgerStore(join(this.folder, name), { chain: this.chain.id })
    this.stores.add(store)
    return store
  }

  private machine(build: readonly RegisteredContract[]) {
    return createMachine({ chain: this.chain, contracts: build, directory })
  }

  private deliver(member: string): void {
    const { replica } = this.of(member)
    for (const block of this.sequencer.blocksFrom(replica.height() + 1)) {
      const received = replica.receive(block)
      if (!received.ok) throw new Error(`${member} refused a block: ${received.reason.type}`)
    }
  }
}
