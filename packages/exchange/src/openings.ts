/** Where this member's own statements stand, and what shows it to whoever is given it. */
import { toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { type MerkleTree, merkleTreeOfNodes } from '@plexus/crypto'
import { type Opening, viewOf } from '@plexus/kernel'
import type { BatchTables, GroupPlace } from './batch-rows.ts'
import { bounded } from './bounded.ts'
import type { Replica } from './ports.ts'
import { type LeafPlace, StatementGroup } from './statement-groups.ts'
import { sequenceKey } from './tables.ts'

/** Trees of recent batches, whose paths are asked for together: a quarter of a megabyte each at most. */
const treesKeptMax = 64
/** Groups of statements that are opened together: a registration's, which is some hundred kilobytes. */
const groupsKeptMax = 8
/** Heights and places of groups, roots of batches, others' too, and places by hash: a megabyte or two each. */
const lookupsKeptMax = 8_192

export interface CommittedBatch {
  /** The member whose envelope carried the root. */
  readonly member: string
  readonly height: number
}

export class Openings {
  private readonly tables: BatchTables
  private readonly replica: Replica
  private readonly trees = bounded<number, MerkleTree>(treesKeptMax)
  private readonly groups = bounded<number, StatementGroup>(groupsKeptMax)
  private readonly heights = bounded<number, number>(lookupsKeptMax)
  private readonly standing = bounded<number, GroupPlace>(lookupsKeptMax)
  private readonly roots = bounded<string, CommittedBatch>(lookupsKeptMax)
  private readonly byHash = bounded<string, LeafPlace>(lookupsKeptMax)

  constructor(tables: BatchTables, replica: Replica) {
    this.tables = tables
    this.replica = replica
  }

  find(root: Uint8Array): CommittedBatch | undefined {
    const key = toHex(root)
    return this.roots.get(key) ?? this.roots.keep(key, this.lookUp(key))
  }

  private lookUp(root: string): CommittedBatch | undefined {
    const found = notary.queries.batch(viewOf(notary, this.replica.state), root)
    return found && { member: found.member, height: found.height }
  }

  committedAt(of: LeafPlace | Uint8Array): number | undefined {
    const group = this.placeOf(of)?.group
    if (group === undefined) return undefined
    const known = this.heights.get(group)
    if (known !== undefined) return known
    const stands = this.placeOfGroup(group)
    return this.heights.keep(group, stands && this.find(stands.root)?.height)
  }

  statement(of: LeafPlace | Uint8Array): Uint8Array | undefined {
    const place = this.placeOf(of)
    return place && this.group(place.group)?.at(place.index).statement
  }

  opening(of: LeafPlace | Uint8Array): Opening | undefined {
    const place = this.placeOf(of)
    const stands = place && this.placeOfGroup(place.group)
    if (!stands) return undefined
    const group = this.group(place.group)
    if (!group) throw new Error('a group that has a place is not in the journal')
    const tree = this.tree(stands.batch)
    const index = stands.at + place.index
    return { ...group.at(place.index), index, size: tree.size, path: tree.path(index) }
  }

  /** A tree that was just made: its paths will be asked for. */
  keepTree(batch: number, tree: MerkleTree): void {
    this.trees.keep(batch, tree)
  }

  private placeOf(of: LeafPlace | Uint8Array): LeafPlace | undefined {
    if (!(of instanceof Uint8Array)) return of
    const key = toHex(of)
    return this.byHash.get(key) ?? this.byHash.keep(key, this.tables.byHash.get(key))
  }

  private placeOfGroup(group: number): GroupPlace | undefined {
    return this.standing.get(group) ?? this.standing.keep(group, this.tables.places.get(sequenceKey(group)))
  }

  private group(number: number): StatementGroup | undefined {
    const kept = this.groups.get(number)
    if (kept) return kept
    const row = this.tables.groups.get(sequenceKey(number))
    return this.groups.keep(number, row && new StatementGroup(row))
  }

  private tree(batch: number): MerkleTree {
    const kept = this.trees.get(batch)
    if (kept) return kept
    const row = this.tables.batches.get(sequenceKey(batch))
    if (!row) throw new Error('a group names a batch that is not in the journal')
    return this.trees.keep(batch, merkleTreeOfNodes(row.leaves, row.nodes))
  }
}
