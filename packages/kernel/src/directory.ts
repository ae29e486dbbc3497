/** What the kernel must know of organisations, and how it asks only once. */
import { toHex } from '@plexus/codec'
import { handleOf } from '@plexus/crypto'
import type { Signer } from './contract.ts'
import type { Quota } from './quota.ts'
import type { StateReader } from './state.ts'
import type { Running } from './versions.ts'

/** Queries of the contract that keeps organisations and their keys. */
export interface KeyDirectory {
  /** The contract whose state the answers depend on, and on nothing else: they are remembered until it changes. */
  readonly contract: string
  /** Who holds a public key (in hexadecimal) that may sign now, and for what. */
  holderOf(state: StateReader, key: string): { readonly holder: string; readonly scopes: readonly string[] } | undefined
  /** Whether a member may sponsor transactions now. */
  isActive(state: StateReader, member: string): boolean
  quotaOf(state: StateReader, member: string): Quota
  /** The version of every contract that is active in the block of this height. It is decided on before that block. */
  versionsAt(state: StateReader, height: number): ReadonlyMap<string, number>
  /**
   * The first height above this one at which other versions are active, as far as this state decides; null when it decides
   * none. Without it, they are asked for at every block.
   */
  versionsChangeAfter?(state: StateReader, height: number): number | null
}

/** The directory's answers on one state: a block has many envelopes of few members. */
export class DirectoryAnswers {
  private readonly directory: KeyDirectory
  private readonly signers = new Map<string, Signer>()
  private readonly members = new Map<string, { readonly active: boolean; readonly quota: Quota }>()
  /** What runs from one height on, up to and without another. */
  private versions: { readonly from: number; readonly until: number; readonly running: Running } | undefined

  constructor(directory: KeyDirectory) {
    this.directory = directory
  }

  /** What runs in the block of this height, if it runs in a block before it that had these answers, too. */
  runningOn(height: number): Running | undefined {
    const { versions } = this
    return versions && height > versions.from && height < versions.until ? versions.running : undefined
  }

  /** That this runs in the block of this height, on this state. */
  keepRunning(state: StateReader, height: number, running: Running): void {
    const until = this.directory.versionsChangeAfter?.(state, height)
    if (until !== undefined) this.versions = { from: height, until: until ?? Number.POSITIVE_INFINITY, running }
  }

  signer(state: StateReader, publicKey: Uint8Array): Signer {
    const key = toHex(publicKey)
    const known = this.signers.get(key)
    if (known) return known
    const found = this.directory.holderOf(state, key)
    const signer = {
      key,
      handle: toHex(handleOf(publicKey)),
      holder: found?.holder ?? null,
      scopes: found?.scopes ?? [],
    }
    // A key that belongs to nobody is a one-time key: it will not come again.
    if (found && this.signers.size < rememberedMax) this.signers.set(key, signer)
    return signer
  }

  member(state: StateReader, id: string): { readonly active: boolean; readonly quota: Quota } {
    const known = this.members.get(id)
    if (known) return known
    const answer = { active: this.directory.isActive(state, id), quota: this.directory.quotaOf(state, id) }
    if (this.members.size < rememberedMax) this.members.set(id, answer)
    return answer
  }
}

/** Keys and members of the largest network, several times over. */
const rememberedMax = 10_000
