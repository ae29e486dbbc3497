/**
 * Replicas that share their past: a tree of blocks, each applied once by the real machine, however many histories go
 * through it. A replica stands on one block of it.
 */
import { concatBytes, toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import { frontierRoot, sha256, sign } from '@plexus/crypto'
import {
  type AppliedBlock,
  type Chain,
  createMachine,
  headerHash,
  headerMessage,
  type LedgerReader,
  proveState,
  transactionsRoot,
} from '@plexus/kernel'
import { engineSeed } from './founding.testing.ts'
import type { LedgerProof, Replica } from './ports.ts'
import type { SealedBlock } from './replica.testing.ts'

/** Blocks that are remembered besides the trunk; some kilobytes each. Then the tree is cut back to its trunk. */
const branchesMax = 20_000

/** A place in the tree: the ledger after this block. */
interface Place {
  readonly before: Place | undefined
  readonly applied: AppliedBlock
  readonly block: SealedBlock | undefined
  readonly values: ReadonlyMap<string, Uint8Array | null>
  readonly tiles: ReadonlyMap<string, Uint8Array | null>
  readonly accepted: ReadonlySet<string>
  readonly after: Map<string, Place>
}

export class BranchingLedger {
  readonly chain: Chain
  /** Where every history begins. */
  readonly trunk: Place
  private readonly machine
  private branches = 0

  constructor(chain: Chain, blocks: readonly SealedBlock[]) {
    this.chain = chain
    this.machine = createMachine({ chain, contracts, directory })
    let top = placeOf(undefined, this.machine.found(), undefined)
    for (const block of blocks) top = this.apply(top, block)
    this.trunk = top
  }

  /** The place after one more block, which carries these transactions and this time. */
  next(place: Place, transactions: readonly Uint8Array[], time: number): Place {
    const name = `${time} ${toHex(sha256(concatBytes(...transactions.map(sha256))))}`
    const known = place.after.get(name)
    if (known) return known
    if (++this.branches > branchesMax) {
      this.trunk.after.clear()
      this.branches = 0
    }
    const { height, appHash } = place.applied.tip
    const header = {
      type: 'local' as const,
      chain: this.chain.id,
      height: height + 1,
      time,
      appHash,
      transactionsRoot: transactionsRoot(transactions),
      previous: place.block ? headerHash(place.block.header.header) : new Uint8Array(32),
    }
    const block = { transactions, header: { header, signature: sign(engineSeed, headerMessage(header)) } }
    const made = this.apply(place, block)
    place.after.set(name, made)
    return made
  }

  private apply(before: Place, block: SealedBlock): Place {
    const { height, time } = block.header.header
    const applied = this.machine.apply(readerAt(before), { height, time, transactions: block.transactions })
    return placeOf(before, applied, block)
  }
}

/** One member's replica somewhere in the tree. */
export class BranchingReplica implements Replica {
  readonly chain: Chain
  place: Place
  private readonly took: (envelope: Uint8Array) => void
  private reader: LedgerReader | undefined
  private readerOf: Place | undefined

  constructor(ledger: BranchingLedger, took: (envelope: Uint8Array) => void) {
    this.chain = ledger.chain
    this.place = ledger.trunk
    this.took = took
  }

  get state(): LedgerReader {
    if (this.readerOf !== this.place || !this.reader) {
      this.reader = readerAt(this.place)
      this.readerOf = this.place
    }
    return this.reader
  }

  tip() {
    return this.place.applied.tip
  }

  submit(envelope: Uint8Array): void {
    this.took(envelope)
  }

  block(height: number): SealedBlock | undefined {
    return this.at(height)?.block
  }

  stateProof(height: number, key: string): LedgerProof | undefined {
    const past = this.at(height)
    if (!past) return undefined
    const reader = readerAt(past)
    const { stateRoot, history, height: size } = past.applied.tip
    return {
      value: reader.get(key) ?? null,
      proof: proveState(reader, stateRoot, key),
      stateRoot,
      historyRoot: frontierRoot({ size, peaks: history }),
    }
  }

  private at(height: number): Place | undefined {
    let place: Place | undefined = this.place
    while (place && place.applied.tip.height > height) place = place.before
    return place?.applied.tip.height === height ? place : undefined
  }
}

function placeOf(before: Place | undefined, applied: AppliedBlock, block: SealedBlock | undefined): Place {
  return {
    before,
    applied,
    block,
    values: new Map(applied.changes.map(({ key, value }) => [key, value])),
    tiles: new Map(applied.tiles.map(({ place, tile }) => [place, tile])),
    accepted: new Set(applied.envelopes.filter(({ accepted }) => accepted).map(({ id }) => toHex(id))),
    after: new Map(),
  }
}

function readerAt(place: Place): LedgerReader {
  const get = (key: string): Uint8Array | undefined => {
    for (let at: Place | undefined = place; at; at = at.before) {
      const value = at.values.get(key)
      if (value !== undefined) return value ?? undefined
    }
    return undefined
  }
  return {
    get,
    *entries(prefix) {
      const keys = new Set<string>()
      for (let at: Place | undefined = place; at; at = at.before)
        for (const key of at.values.keys()) if (key.startsWith(prefix)) keys.add(key)
      for (const key of [...keys].sort()) {
        const value = get(key)
        if (value) yield [key, value]
      }
    },
    tile(name) {
      for (let at: Place | undefined = place; at; at = at.before) {
        const tile = at.tiles.get(name)
        if (tile !== undefined) return tile ?? undefined
      }
      return undefined
    },
    wasAccepted(id) {
      const name = toHex(id)
      for (let at: Place | undefined = place; at; at = at.before) if (at.accepted.has(name)) return true
      return false
    },
    tip: () => place.applied.tip,
  }
}
