/** Where this member's own statements stand, and what shows it to whoever is given it. */
import { toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { type Opening, viewOf } from '@plexus/kernel'
import type { BatchTables, GroupPlace } from './batch-rows.ts'
import { bounded } from './bounded.ts'
import type { Replica } from './ports.ts'
import { type GroupedStatement, type LeafPlace, rowKeyOf, StatementRow } from './statement-groups.ts'
import { partKey, sequenceKey } from './tables.ts'
import { partOf, pathIn } from './tree-rows.ts'

/** Of trees whose paths are asked for together: sixteen kilobytes each at most, a full batch's and what is above them. */
const nodesKeptMax = 32
/** Rows of statements that are opened together: a registration's, some tens of kilobytes each. */
const rowsKeptMax = 16
/**
 * Heights and places of groups, roots of batches, others' too, and places by hash: what is asked for again within minutes,
 * in some hundred kilobytes each.
 */
const lookupsKeptMax = 2_048

export interface CommittedBatch {
  /** The member whose envelope carried the root. */
  readonly member: string
  readonly height: number
}

export class Openings {
  private readonly tables: BatchTables
  private readonly replica: Replica
  private readonly uppers = bounded<number, { readonly leaves: number; readonly nodes: Uint8Array }>(nodesKeptMax)
  private readonly parts = bounded<string, Uint8Array>(nodesKeptMax)
  private readonly rows = bounded<string, StatementRow>(rowsKeptMax)
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
    return place && this.standingAt(place)?.statement
  }

  opening(of: LeafPlace | Uint8Array): Opening | undefined {
    const place = this.placeOf(of)
    const stands = place && this.placeOfGroup(place.group)
    if (!stands) return undefined
    const statement = this.standingAt(place)
    if (!statement) throw new Error('a group that has a place is not in the journal')
    const index = stands.at + place.index
    return { ...statement, index, ...this.pathTo(stands.batch, index) }
  }

  private placeOf(of: LeafPlace | Uint8Array): LeafPlace | undefined {
    if (!(of instanceof Uint8Array)) return of
    const key = toHex(of)
    return this.byHash.get(key) ?? this.byHash.keep(key, this.tables.byHash.get(key))
  }

  private placeOfGroup(group: number): GroupPlace | undefined {
    return this.standing.get(group) ?? this.standing.keep(group, this.tables.places.get(sequenceKey(group)))
  }

  private standingAt(place: LeafPlace): GroupedStatement | undefined {
    const key = rowKeyOf(place)
    const found = this.rows.get(key) ?? this.rows.keep(key, this.readRow(key))
    return found?.at(place.index)
  }

  private readRow(key: string): StatementRow | undefined {
    const row = this.tables.groups.get(key)
    return row && new StatementRow(row)
  }

  private pathTo(batch: number, index: number): Pick<Opening, 'path' | 'size'> {
    const upper = this.uppers.get(batch) ?? this.uppers.keep(batch, this.tables.batches.get(sequenceKey(batch)))
    const number = upper && partOf(upper.leaves, index)
    const part = number === undefined ? undefined : this.part(partKey(batch, number))
    if (!upper || (number !== undefined && !part)) throw new Error('a group names a batch that is not in the journal')
    const { leaves: size, nodes } = upper
    return { size, path: pathIn({ size, upper: nodes, part }, index) }
  }

  private part(key: string): Uint8Array | undefined {
    return this.parts.get(key) ?? this.parts.keep(key, this.tables.parts.get(key))
  }
}
