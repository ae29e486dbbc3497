/** One member's node: what its disks keep, and the process that runs on them until its power fails. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import { createReplica, type Replica as LedgerReplica, type LocalMember } from '@plexus/engine'
import { Exchange, type Journal, type JournalChange, type Organisation, type Replica } from '@plexus/exchange'
import { type Chain, createMachine, type Envelope } from '@plexus/kernel'
import { type KeyStore, openKeyStore, openVault, type Vault } from '@plexus/vault'
import type { Chance } from './chance.ts'
import { BlobDisk, JournalDisk, type LedgerDisk } from './disk.ts'
import type { FoundedMember } from './founding.ts'
import { Power, PowerCut, type WriteFate } from './power.ts'
import { kindOf } from './write-kinds.ts'

/** What the world does to a node, and hears of it. */
export interface NodeHost {
  readonly chain: Chain
  readonly folder: string
  readonly signaturesHold: (envelope: Envelope) => boolean
  /** Seconds since 1970 on this node's own clock. */
  now(node: SimulatedNode): number
  /** What goes wrong with this write, if anything. */
  fateOf(node: SimulatedNode, kind: string): WriteFate | undefined
  onFate(node: SimulatedNode, kind: string, fate: WriteFate): void
  send(from: SimulatedNode, to: string, sealed: Uint8Array): void
  /** Before a write takes effect, while the facts are still those it was decided on. */
  beforeWrite(node: SimulatedNode, kind: string, changes: readonly JournalChange[]): void
  afterWrite(node: SimulatedNode, kind: string, changes: readonly JournalChange[]): void
  /** The process looks something up and may wait right after it. */
  onLookup(node: SimulatedNode, table: string): void
}

/** How a dishonest node changes what its own parts see. Honest nodes have none. */
export interface Dishonesty {
  readonly name: string
  stateValue?(key: string, value: Uint8Array | undefined): Uint8Array | undefined
  journalValue?(table: string, key: string, value: Uint8Array | undefined): Uint8Array | undefined
  journalWrite?(changes: readonly JournalChange[], write: (changes: readonly JournalChange[]) => void): void
  blob?(bytes: Uint8Array): Uint8Array
}

interface Process {
  readonly power: Power
  readonly exchange: Exchange
  readonly replica: LedgerReplica
  readonly journal: Journal
  readonly vault: Vault
  member: LocalMember | undefined
  closeKeys(): void
}

export class SimulatedNode {
  readonly founded: FoundedMember
  readonly journalDisk = new JournalDisk()
  readonly blobDisk = new BlobDisk()
  readonly ledger: LedgerDisk
  /** How far this node's clock is off, in seconds, and how fast it runs away from there, as a part of one. */
  skewSeconds = 0
  drift = { rate: 0, since: 0 }
  /** Milliseconds of the world: until then its disk takes nothing, or takes its time. */
  diskFullUntil = 0
  diskSlowUntil = 0
  /** The process waits for its disk: what comes meanwhile comes later. */
  busyUntil = 0
  /** Seeds that replaced those of the founding, by organisation. */
  readonly seeds = new Map<string, Uint8Array>()
  /** Record versions in this node's vault, as far as the world remembers. */
  readonly recordsSealed: Uint8Array[] = []
  /** Tenants that have joined since the founding. */
  readonly joined: Organisation[] = []
  dishonesty: Dishonesty | undefined
  private readonly host: NodeHost
  private readonly chance: Chance
  private process: Process | undefined

  constructor(founded: FoundedMember, host: NodeHost, chance: Chance, ledger: LedgerDisk) {
    this.founded = founded
    this.host = host
    this.chance = chance
    this.ledger = ledger
  }

  get name(): string {
    return this.founded.name
  }

  get isUp(): boolean {
    return this.process?.power.isOn === true
  }

  /** Running, or dead and not cleared away yet: its key store is open, and it may be attached to the engine. */
  get hasProcess(): boolean {
    return this.process !== undefined
  }

  get exchange(): Exchange {
    if (!this.process?.power.isOn) throw new PowerCut(`${this.name} is down`)
    return this.process.exchange
  }

  get journal(): Journal {
    if (!this.process?.power.isOn) throw new PowerCut(`${this.name} is down`)
    return this.process.journal
  }

  get member(): LocalMember | undefined {
    return this.isUp ? this.process?.member : undefined
  }

  get organisations(): readonly Organisation[] {
    const founded = [{ id: this.name, seed: this.founded.seed }, ...this.founded.tenants]
    return [...founded, ...this.joined].map(({ id, seed }) => ({ id, seed: this.seeds.get(id) ?? seed }))
  }

  /** The seed of the member's own key, as it is now. */
  get seed(): Uint8Array {
    return this.seeds.get(this.name) ?? this.founded.seed
  }

  /** Takes a tenant on, in a running process too. */
  takeOn(tenant: Organisation): void {
    this.joined.push(tenant)
    this.process?.exchange.organisations.set(tenant.id, tenant)
  }

  get vault(): Vault {
    if (!this.process?.power.isOn) throw new PowerCut(`${this.name} is down`)
    return this.process.vault
  }

  get isDamaged(): boolean {
    return this.journalDisk.isDamaged || this.ledger.isDamaged
  }

  /** Starts a process on the disks, and joins it to the engine. */
  start(attach: (replica: LedgerReplica) => LocalMember): void {
    if (this.isUp) throw new Error(`${this.name} runs already`)
    const power = new Power({
      fateOf: (kind) => this.host.fateOf(this, kind),
      onFate: (kind, fate) => this.host.onFate(this, kind, fate),
    })
    const { folder } = this.host
    const random = this.chance.bytes
    const keysFolder = join(folder, this.name)
    mkdirSync(keysFolder, { recursive: true })
    const keys = openKeyStore({
      folder: keysFolder,
      masterKey: this.founded.masterKey,
      random,
      step: (name, write) => (name === 'keys-commit' ? power.write('vault-keys', write) : write()),
    })
    if (!keys.ok) throw new Error('a key store does not open under its own key')
    try {
      this.startOn(power, keys.value, attach)
    } catch (error) {
      this.process = undefined
      keys.value.close()
      throw error
    }
  }

  private startOn(power: Power, keys: KeyStore, attach: (replica: LedgerReplica) => LocalMember): void {
    const { chain } = this.host
    const random = this.chance.bytes
    const blobs = this.blobDisk.under(power)
    const vault = openVault({
      blobs: { ...blobs, read: (...place) => this.seenBlob(blobs.read(...place)) },
      keys,
      random,
    })
    const machine = createMachine({ chain, contracts, directory, signaturesHold: this.host.signaturesHold })
    const replica = this.replicaOn(machine, power)
    const journal = this.journalUnder(power)
    const process: Process = {
      power,
      replica,
      journal,
      vault,
      member: undefined,
      exchange: new Exchange({
        member: this.name,
        replica: this.replicaPort(power, () => process.member, replica),
        journal,
        vault,
        surroundings: {
          now: () => this.host.now(this),
          random,
          send: (to, sealed) => {
            power.check()
            this.host.send(this, to, sealed)
          },
        },
        organisations: this.organisations,
        seed: this.seed,
        sealingSeed: this.founded.sealingSeed,
        blindingKey: this.founded.blindingKey,
      }),
      closeKeys: () => keys.close(),
    }
    this.process = process
    process.member = attach(replica)
  }

  /** Ends the process where it stands; the disks stay. */
  stop(): void {
    this.process?.power.off()
    this.process?.closeKeys()
    this.process = undefined
  }

  private replicaOn(machine: ReturnType<typeof createMachine>, power: Power): LedgerReplica {
    return createReplica({ machine, store: this.ledger.under(power, 'block'), member: this.name })
  }

  /** From here on the process does nothing; it is cleared away in an event of its own. */
  powerOff(): void {
    this.process?.power.off()
  }

  private journalUnder(power: Power): Journal {
    const { journalDisk: disk, host } = this
    // What a power cut takes of what was appended is not simulated, but that it is waited for.
    let [appended, durable] = [0, 0]
    const write = (changes: readonly JournalChange[]): void => {
      const kind = kindOf(changes)
      power.check()
      host.beforeWrite(this, kind, changes)
      power.write(kind, () => {
        if (this.dishonesty?.journalWrite) this.dishonesty.journalWrite(changes, (kept) => disk.write(kept))
        else disk.write(changes)
        host.afterWrite(this, kind, changes)
      })
    }
    return {
      get: (table, key) => {
        power.check()
        host.onLookup(this, table)
        const value = disk.read(table, key)
        return this.dishonesty?.journalValue ? this.dishonesty.journalValue(table, key, value) : value
      },
      entries: (table, options) => {
        power.check()
        return disk.readEntries(table, options)
      },
      write,
      append(changes) {
        write(changes)
        appended += 1
      },
      durable() {
        const upTo = appended
        if (durable === upTo) return undefined
        return Promise.resolve().then(() => {
          durable = Math.max(durable, upTo)
        })
      },
    }
  }

  private replicaPort(power: Power, member: () => LocalMember | undefined, replica: LedgerReplica): Replica {
    const { store } = replica
    const get = (key: string): Uint8Array | undefined => {
      const value = store.get(key)
      return this.dishonesty?.stateValue ? this.dishonesty.stateValue(key, value) : value
    }
    return {
      chain: this.host.chain,
      state: { get, entries: (prefix) => store.entries(prefix) },
      tip() {
        const tip = store.tip()
        if (!tip) throw new Error('the replica has no genesis')
        return tip
      },
      submit(envelope) {
        power.check()
        member()?.offer(envelope, () => {})
      },
      block(height) {
        const block = store.block(height)
        const header = replica.headerAt(height)
        return block && header && { transactions: block.transactions, header }
      },
      stateProof: (height, key) => store.proveStateAt(height, key),
    }
  }

  private seenBlob(bytes: Uint8Array | undefined): Uint8Array | undefined {
    return bytes && this.dishonesty?.blob ? this.dishonesty.blob(bytes) : bytes
  }

  get tipHex(): string {
    return toHex(this.ledger.tipHash)
  }
}
