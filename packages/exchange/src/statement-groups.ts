/**
 * Statements that become durable together are a group, with the keys of their leaves. A group is written before anything
 * that depends on it, never changed, and never divided between batches. It stands in rows of so many statements that one
 * of them is opened without the whole group.
 */
import { bytes, decode, type Infer, list, object, text, uint } from '@plexus/codec'
import { leafOf, type RandomBytes, statementHash } from '@plexus/crypto'
import { batchLeavesMax } from '@plexus/kernel'
import { partKey } from './tables.ts'

/** A group fits into one batch. */
const statementsPerGroupMax = batchLeavesMax
/** A row is sealed, read and kept in memory as a whole: one statement is found in some tens of kilobytes. */
const statementsPerRow = 256
/** What one group may hold besides one statement of any length: a long statement's neighbours may stand in its row. */
const groupBytesMax = 4 * 1024 * 1024
const statementBytesMax = 1024 * 1024
/** Types of statements in one group, of which the protocol has fewer; an index to them is one byte. */
const typesPerGroupMax = 32

const keyLength = 32
const lengthBytes = 4

/** One statement among all of a member: the group that it became durable in, and its index there. */
export const leafPlace = object({ group: uint(), index: uint(statementsPerGroupMax - 1) })
export type LeafPlace = Infer<typeof leafPlace>

export const groupRow = object({
  types: list(text({ max: 30 }), { max: typesPerGroupMax }),
  /** Of each statement one byte, the index of its type. */
  kinds: bytes({ max: statementsPerRow }),
  /** Of each statement four bytes, big-endian, its length. */
  lengths: bytes({ max: lengthBytes * statementsPerRow }),
  /** Of each statement 32 bytes. */
  leafKeys: bytes({ max: keyLength * statementsPerRow }),
  /** One behind the other. */
  statements: bytes({ max: groupBytesMax + statementBytesMax }),
})
type GroupRow = Infer<typeof groupRow>

/** The key of the row that holds a statement. */
export const rowKeyOf = ({ group, index }: LeafPlace): string => partKey(group, Math.floor(index / statementsPerRow))

export interface GroupedStatement {
  readonly type: string
  readonly statement: Uint8Array
  readonly leafKey: Uint8Array
}

interface OpenStatement {
  readonly type: string
  readonly statement: Uint8Array
  readonly hash: Uint8Array
}

/** A group that is being filled; nothing of it is durable before its rows are written. */
export class OpenGroup {
  readonly number: number
  private readonly types: string[] = []
  private readonly items: OpenStatement[] = []
  private length = 0

  constructor(number: number) {
    this.number = number
  }

  takes(type: string): boolean {
    return (
      this.items.length < statementsPerGroupMax &&
      this.length < groupBytesMax &&
      (this.types.length < typesPerGroupMax || this.types.includes(type))
    )
  }

  /** `hash` is that of the statement. */
  add(type: string, statement: Uint8Array, hash: Uint8Array): LeafPlace {
    if (statement.length > statementBytesMax) throw new Error(`a statement is longer than ${statementBytesMax} bytes`)
    if (!this.types.includes(type)) this.types.push(type)
    this.length += statement.length
    return { group: this.number, index: this.items.push({ type, statement, hash }) - 1 }
  }

  /** The rows by their keys, and the leaves in order, 32 bytes each. The leaves' keys are drawn at once. */
  pack(random: RandomBytes): { readonly rows: readonly (readonly [string, GroupRow])[]; readonly leaves: Uint8Array } {
    const leafKeys = random(this.items.length * keyLength)
    const leaves = new Uint8Array(leafKeys.length)
    for (const [index, { hash }] of this.items.entries()) {
      const at = index * keyLength
      leaves.set(leafOf(leafKeys.subarray(at, at + keyLength), hash), at)
    }
    const rows: (readonly [string, GroupRow])[] = []
    for (let from = 0; from < this.items.length; from += statementsPerRow) {
      const items = this.items.slice(from, from + statementsPerRow)
      const keys = leafKeys.subarray(from * keyLength, (from + items.length) * keyLength)
      rows.push([rowKeyOf({ group: this.number, index: from }), this.rowOf(items, keys)])
    }
    return { rows, leaves }
  }

  private rowOf(items: readonly OpenStatement[], leafKeys: Uint8Array): GroupRow {
    const kinds = new Uint8Array(items.length)
    const lengths = new Uint8Array(items.length * lengthBytes)
    const lengthView = new DataView(lengths.buffer)
    const statements = new Uint8Array(items.reduce((sum, { statement }) => sum + statement.length, 0))
    let at = 0
    for (const [index, { type, statement }] of items.entries()) {
      kinds[index] = this.types.indexOf(type)
      lengthView.setUint32(index * lengthBytes, statement.length)
      statements.set(statement, at)
      at += statement.length
    }
    return { types: this.types, kinds, lengths, leafKeys, statements }
  }
}

/** One row of a group as it was written. */
export class StatementRow {
  readonly size: number
  private readonly row: GroupRow
  /** Where each statement begins, and the end of the last. */
  private readonly starts: Uint32Array

  constructor(row: GroupRow) {
    const size = row.kinds.length
    const lengths = new DataView(row.lengths.buffer, row.lengths.byteOffset, row.lengths.length)
    this.starts = new Uint32Array(size + 1)
    const whole = row.lengths.length === size * lengthBytes && row.leafKeys.length === size * keyLength
    for (let index = 0; whole && index < size; index++)
      this.starts[index + 1] = (this.starts[index] as number) + lengths.getUint32(index * lengthBytes)
    if (!whole || this.starts[size] !== row.statements.length)
      throw new Error('a row of statements does not add up: the journal is damaged')
    this.size = size
    this.row = row
  }

  /** By the statement's index in its group. Copies: a view would keep the whole row in memory. */
  at(indexInGroup: number): GroupedStatement {
    const { types, kinds, leafKeys, statements } = this.row
    const index = indexInGroup % statementsPerRow
    const type = types[kinds[index] ?? typesPerGroupMax]
    if (type === undefined) throw new Error('a row of statements has no such statement')
    return {
      type,
      statement: statements.slice(this.starts[index], this.starts[index + 1]),
      leafKey: leafKeys.slice(index * keyLength, (index + 1) * keyLength),
    }
  }
}

/** What a row of the table `statements` holds, with the statements' hashes. Throws when it is no such row. */
export function statementsIn(
  chain: Uint8Array,
  value: Uint8Array,
): readonly (GroupedStatement & { readonly hash: Uint8Array })[] {
  const row = decode(groupRow, value, value.length)
  if (!row.ok) throw new Error(`a row of statements does not decode at ${row.reason.path}`)
  const statements = new StatementRow(row.value)
  return Array.from({ length: statements.size }, (_, index) => {
    const each = statements.at(index)
    return { ...each, hash: statementHash(each.type, chain, each.statement) }
  })
}
