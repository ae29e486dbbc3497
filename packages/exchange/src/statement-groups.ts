/**
 * Statements that become durable together stand in one row: a group, with the keys of their leaves. A group is
 * written before anything that depends on it, never changed, and never divided between batches.
 */
import { bytes, decode, type Infer, list, object, text, uint } from '@plexus/codec'
import { leafOf, type RandomBytes, statementHash } from '@plexus/crypto'
import { batchLeavesMax } from '@plexus/kernel'

/** A group fits into one batch. */
const statementsPerGroupMax = batchLeavesMax
/** What one row may hold besides one statement of any length: it is sealed, read and kept in memory as a whole. */
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
  kinds: bytes({ max: statementsPerGroupMax }),
  /** Of each statement four bytes, big-endian, its length. */
  lengths: bytes({ max: lengthBytes * statementsPerGroupMax }),
  /** Of each statement 32 bytes. */
  leafKeys: bytes({ max: keyLength * statementsPerGroupMax }),
  /** One behind the other. */
  statements: bytes({ max: groupBytesMax + statementBytesMax }),
})
type GroupRow = Infer<typeof groupRow>

export interface GroupedStatement {
  readonly type: string
  readonly statement: Uint8Array
  readonly leafKey: Uint8Array
}

/** A group that is being filled; nothing of it is durable before its row is written. */
export class OpenGroup {
  readonly number: number
  private readonly types: string[] = []
  private readonly items: { readonly type: string; readonly statement: Uint8Array; readonly hash: Uint8Array }[] = []
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

  /** The row, and the leaves in order, 32 bytes each. The leaves' keys are drawn at once. */
  pack(random: RandomBytes): { readonly row: GroupRow; readonly leaves: Uint8Array } {
    const count = this.items.length
    const leafKeys = random(count * keyLength)
    const kinds = new Uint8Array(count)
    const lengths = new Uint8Array(count * lengthBytes)
    const lengthView = new DataView(lengths.buffer)
    const statements = new Uint8Array(this.length)
    const leaves = new Uint8Array(count * keyLength)
    let at = 0
    for (const [index, { type, statement, hash }] of this.items.entries()) {
      kinds[index] = this.types.indexOf(type)
      lengthView.setUint32(index * lengthBytes, statement.length)
      statements.set(statement, at)
      at += statement.length
      leaves.set(leafOf(leafKeys.subarray(index * keyLength, (index + 1) * keyLength), hash), index * keyLength)
    }
    return { row: { types: this.types, kinds, lengths, leafKeys, statements }, leaves }
  }
}

/** A group as it was written. */
export class StatementGroup {
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
      throw new Error('a group of statements does not add up: the journal is damaged')
    this.size = size
    this.row = row
  }

  /** Copies: a view would keep the whole group in memory. */
  at(index: number): GroupedStatement {
    const { types, kinds, leafKeys, statements } = this.row
    const type = types[kinds[index] ?? typesPerGroupMax]
    if (type === undefined) throw new Error('a group of statements has no such statement')
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
  if (!row.ok) throw new Error(`a group of statements does not decode at ${row.reason.path}`)
  const group = new StatementGroup(row.value)
  return Array.from({ length: group.size }, (_, index) => {
    const each = group.at(index)
    return { ...each, hash: statementHash(each.type, chain, each.statement) }
  })
}
