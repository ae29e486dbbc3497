/**
 * The patient's wallet in this browser: opened, kept sealed, asked to do one thing after the other. Pages read its
 * snapshot; nothing of a wallet is held anywhere else.
 */
import { toHex, utf8 } from '@plexus/codec'
import { type Chain, readGenesis, sequencerKeyOf } from '@plexus/kernel'
import type { Directive } from '@plexus/policy'
import {
  type BeliefParts,
  beliefIn,
  createWallet,
  decodeWalletFile,
  encodeWalletFile,
  headerBeliefIn,
  httpPort,
  type Look,
  lightSource,
  receiptIn,
  recoveryCodeOf,
  relationshipWith,
  stateAnswers,
  stateReader,
  takeClosing,
  verifyBundle,
  type Wallet,
  WalletClient,
  witnessesMax,
} from '@plexus/sdk'
import { ask, DoorShut, httpDoor } from '../node/door.ts'
import { type Keeping, type Proof, viewOf } from './keeping.ts'
import { deviceLock, type LockRefusal, open, passkeyLock, seal, unlock } from './locks.ts'
import { type ChartSource, readOwnRecord } from './own-record.ts'
import { PlaceNames } from './place-names.ts'
import { forgetAll, type Lock, storeBundle, storedBundle, storedWallet, storeWallet } from './storage.ts'

interface OpenWallet {
  readonly client: WalletClient
  readonly key: CryptoKey
  readonly lock: Lock
}

const rootBytes = 32
/** A check-in is good for a long day in hospital. */
const visitSeconds = 12 * 3600

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
const now = (): number => Date.now() / 1000
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

export class WalletKeeper {
  keeping: Keeping = { type: 'loading' }
  private readonly listeners = new Set<() => void>()
  private readonly names: PlaceNames
  readonly sponsor: string
  private chain: Chain | undefined
  private opened: OpenWallet | undefined
  private tail: Promise<unknown> = Promise.resolve()
  private fetchedAt: number | null = null
  /** A former version kept it: its root is here, and the rest is `lost` until it was found again. */
  private former: 'found' | 'lost' | 'no' = 'no'
  /** The own charts as they were read last; gone with the lock. */
  charts: readonly ChartSource[] = []
  private trouble: string | null = null

  /** `sponsor`: the member that carries the wallet's steps and keeps its mailbox. */
  constructor(sponsor: string) {
    this.sponsor = sponsor
    this.names = new PlaceNames(sponsor)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  readonly snapshot = (): Keeping => this.keeping

  /** Reads what this browser keeps for the network of this node. */
  async begin(): Promise<void> {
    const document = await ask('/v1/chain')
    const read = document.ok ? readGenesis(document.value) : undefined
    if (!document.ok || !read?.ok)
      return this.show({ type: 'unreachable', code: document.ok ? 'not-a-node' : document.reason.type })
    this.chain = read.value
    const stored = await storedWallet(toHex(read.value.id))
    if (!stored) return this.show({ type: 'none' })
    if (stored.lock.type === 'device') return this.unlock()
    this.show({ type: 'locked', lock: stored.lock.type, refused: null })
  }

  /** A fresh wallet, or the one whose root came back from paper. Nothing is kept before `protect`. */
  make(root: Uint8Array = random(rootBytes)): {
    readonly code: string
    readonly protect: (by: Lock['type']) => Promise<LockRefusal | null>
  } {
    const chain = this.mustChain()
    const protect = async (by: Lock['type']): Promise<LockRefusal | null> => {
      const locked = by === 'device' ? await deviceLock() : await passkeyLock()
      if (typeof locked === 'string') return locked
      const wallet = createWallet({ chain, root, random })
      await this.enter(wallet, new Map(), locked)
      await this.keep(wallet)
      this.refreshView()
      return null
    }
    return { code: recoveryCodeOf(root), protect }
  }

  async unlock(): Promise<void> {
    const chain = this.mustChain()
    const stored = await storedWallet(toHex(chain.id))
    if (!stored) return this.show({ type: 'none' })
    const key = await unlock(stored.lock)
    if (typeof key === 'string') return this.show({ type: 'locked', lock: stored.lock.type, refused: key })
    const read = decodeWalletFile(await open(key, stored.sealed))
    if (!read.ok) throw new Error('the wallet that was kept is not one of this version')
    const { root, state, taken, former } = read.value
    this.former = former ? 'lost' : 'no'
    await this.enter({ chain, root, random, state }, taken, { lock: stored.lock, key })
    this.refreshView()
  }

  /** A wallet that a former version kept was found again: from here on it is kept as this version does. */
  async cameBack(): Promise<void> {
    if (this.former === 'lost') this.former = 'found'
    await this.keep(this.mustOpen().client.wallet)
  }

  /** The patient has read what was found. */
  goOn(): void {
    if (this.former === 'found') this.former = 'no'
    this.refreshView()
  }

  /** Drops every key and every name from memory; what is kept stays sealed. */
  lock(): void {
    if (!this.opened) return
    const { lock } = this.opened
    this.opened = undefined
    this.charts = []
    this.names.clear()
    this.show({ type: 'locked', lock: lock.type, refused: null })
  }

  async forget(): Promise<void> {
    this.opened = undefined
    this.names.clear()
    await forgetAll()
    this.show({ type: 'none' })
  }

  /** Enrols at a custodian with the code that it handed over. */
  enrol(custodian: string, code: string): Promise<string | null> {
    return this.turn(async ({ client }) => {
      if (client.isEnrolledAt(custodian)) return null
      const done = await client.enrol(custodian, code, this.sponsor)
      await this.nameOf(custodian)
      return done.ok ? null : done.reason.type
    })
  }

  /** Introduces a requester to all custodians. `visit`: what the code that is shown there stands for. */
  checkIn(requester: string): Promise<{ readonly visit: string } | { readonly refused: string }> {
    return this.turn(async ({ client }) => {
      const visit = random(16)
      const done = await client.checkIn(requester, visit, client.custodians, visitSeconds)
      return done.ok ? { visit: toHex(visit) } : { refused: done.reason.type }
    })
  }

  /** Fetches the mailbox; opens spares while nothing hurries. */
  refresh(): Promise<void> {
    return this.turn(async ({ client }) => {
      if (this.former === 'lost') return
      const fetched = await client.fetch()
      this.trouble = fetched.ok ? null : fetched.reason.type
      if (!fetched.ok) return
      this.fetchedAt = now()
      for (const custodian of client.custodians) {
        if (client.hasSpare(custodian)) continue
        await client.openSpare(custodian)
        break
      }
    })
  }

  /** Signs a new set for one custodian: its head is closed on the ledger, and the set brought. */
  sign(
    custodian: string,
    directives: readonly Directive[],
  ): Promise<{ readonly height: number } | { readonly refused: string }> {
    return this.turn(async ({ client }) => {
      if (!client.hasSpare(custodian)) {
        const spare = await client.openSpare(custodian)
        if (!spare.ok) return { refused: spare.reason.type }
      }
      const before = relationshipWith(client.wallet.state, custodian)?.latest ?? 0
      const changed = await client.changeDirectives(custodian, directives)
      if (!changed.ok) return { refused: changed.reason.type }
      const noted = takeClosing(client.wallet, { custodian, version: before, height: changed.value.height })
      if (noted.ok) client.wallet = noted.value
      await this.keep(client.wallet)
      await client.fetch()
      return changed.value
    })
  }

  /** Checks the proof of one look here, from the genesis document; null when no proof was kept. */
  async prove(look: Look): Promise<Proof | null> {
    const { key } = this.mustOpen()
    const chain = this.mustChain()
    for (const side of look.confirmedBy) {
      const sealed = await storedBundle(bundleKey(chain, look.custodian, look.number, side))
      if (!sealed) continue
      const bundle = await open(key, sealed)
      const startedAt = performance.now()
      const trust = await beliefIn(this.beliefParts())(bundle)
      const verified = trust.ok ? verifyBundle(chain, bundle, trust.value) : null
      const milliseconds = performance.now() - startedAt
      const orderedBy = sequencerKeyOf(chain) ? ('one-key' as const) : ('validators' as const)
      if (verified?.ok) return { type: 'holds', access: verified.value, milliseconds, bundle, orderedBy }
      return { type: 'fails', why: verified ? verified.reason.type : 'header-not-verified', milliseconds, bundle }
    }
    return null
  }

  /** The genesis document: what a proof is checked from. */
  get genesis(): Uint8Array {
    return this.mustChain().bytes
  }

  /** The own chart at every custodian; each tells for itself, and one that does not answer is named. */
  readRecord(told: (charts: readonly ChartSource[]) => void): Promise<void> {
    return this.turn(async ({ client }) => {
      let charts: readonly ChartSource[] = []
      for (const custodian of client.custodians) {
        charts = [...charts, await readOwnRecord(client.wallet, custodian, await this.nameOf(custodian))]
        told(charts)
      }
      // Locked in the meantime: nothing of the chart stays.
      if (this.opened) this.charts = charts
    })
  }

  get recoveryCode(): string {
    return recoveryCodeOf(this.mustOpen().client.wallet.root)
  }

  nameOf(organisation: string): Promise<string> {
    return this.names.of(organisation)
  }

  /** The name, if it was learnt already. */
  knownName(organisation: string): string {
    return this.names.known(organisation)
  }

  private async enter(
    wallet: Wallet,
    taken: ReadonlyMap<string, number>,
    { lock, key }: { readonly lock: Lock; readonly key: CryptoKey },
  ): Promise<void> {
    const client: WalletClient = new WalletClient({
      wallet,
      taken,
      port: httpPort({ door: httpDoor, sponsor: this.sponsor, now, pause }),
      believe: beliefIn(this.beliefParts()),
      readState: stateReader({
        chain: this.mustChain(),
        answers: stateAnswers(httpDoor, this.sponsor),
        headers: headerBeliefIn(this.beliefParts()),
      }),
      keep: (kept) => this.keep(kept),
      heard: (custodian, notice) => {
        if (notice.type === 'access') this.pending.push(this.keepBundle(custodian, notice.from, notice.bundle))
      },
    })
    this.opened = { client, key, lock }
    await this.names.begin(toHex(this.mustChain().id), key)
    for (const custodian of client.custodians) await this.nameOf(custodian)
  }

  private pending: Promise<void>[] = []

  private async keepBundle(custodian: string, side: 'custodian' | 'requester', bundle: Uint8Array): Promise<void> {
    const receipt = receiptIn(bundle)
    if (!receipt || receipt.custodian !== custodian || !this.opened) return
    await storeBundle(bundleKey(this.mustChain(), custodian, receipt.number, side), await seal(this.opened.key, bundle))
  }

  private async keep({ root, state }: Wallet): Promise<void> {
    // What a former version kept stays until all of it was found again: its root is in it.
    if (this.former === 'lost') return
    const { client, key, lock } = this.mustOpen()
    const chain = this.mustChain()
    // Proofs first: a notice that counts as taken is never fetched again.
    await Promise.all(this.pending.splice(0))
    const file = encodeWalletFile({ root, chain, state, taken: client.taken })
    await storeWallet(toHex(chain.id), { lock, sealed: await seal(key, utf8(file)) })
  }

  private beliefParts(): BeliefParts {
    return {
      chain: this.mustChain(),
      sources: {
        primary: lightSource(httpDoor, this.sponsor),
        witnesses: [...this.witnesses].slice(0, witnessesMax).map((member) => lightSource(httpDoor, member)),
      },
      now,
    }
  }

  /** Members that are asked whether they saw the same blocks. */
  witnesses: readonly string[] = []

  /** One thing after the other: a wallet is a value, and each step makes the next. */
  turn<Value>(step: (open: OpenWallet) => Promise<Value>): Promise<Value> {
    const done = this.tail.then(async () => {
      try {
        return await step(this.mustOpen())
      } catch (error) {
        if (error instanceof DoorShut) this.trouble = error.type
        throw error
      } finally {
        this.refreshView()
      }
    })
    this.tail = done.catch(() => {})
    return done
  }

  private refreshView(): void {
    if (!this.opened) return
    const { client, lock } = this.opened
    const view = viewOf(client, {
      nameOf: (organisation) => this.knownName(organisation),
      fetchedAt: this.fetchedAt,
      trouble: this.trouble,
      former: this.former !== 'no',
    })
    this.show({ type: 'open', lock: lock.type, view })
  }

  private show(keeping: Keeping): void {
    this.keeping = keeping
    for (const listener of this.listeners) listener()
  }

  private mustChain(): Chain {
    if (!this.chain) throw new Error('the chain was not read yet')
    return this.chain
  }

  private mustOpen(): OpenWallet {
    if (!this.opened) throw new DoorShut('locked')
    return this.opened
  }
}

const bundleKey = (chain: Chain, custodian: string, number: number, side: string): string =>
  `${toHex(chain.id)}/${custodian}/${number}/${side}`
