/**
 * What one block wrote over, as one record. At full load these are megabytes a block, nearly all of them tiles as they
 * are: so they are laid one behind the other, each behind the lengths of its name and of its content.
 */
import type { Overwritten } from '@plexus/kernel'
import { asciiText } from './keys.ts'
import { StoreError } from './store-error.ts'

type Named = readonly (readonly [name: string, before: Uint8Array | null])[]

/** Four bytes that count the entries, before the tiles and before the values. */
const countLength = 4
/** Two bytes of the name's length, four of the content's. */
const headLength = 6
/** In place of a length: nothing was there. */
const absent = 0xffffffff

export function packPast({ tiles, values }: Overwritten): Uint8Array {
  const lists: readonly Named[] = [tiles.map(({ place, before }) => [place, before]), values]
  let length = 0
  for (const list of lists) {
    length += countLength
    for (const [name, before] of list) length += headLength + name.length + (before?.length ?? 0)
  }
  const record = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const list of lists) {
    at = record.writeUInt32BE(list.length, at)
    for (const [name, before] of list) {
      at = record.writeUInt16BE(name.length, at)
      at = record.writeUInt32BE(before?.length ?? absent, at)
      at += record.write(name, at, 'latin1')
      if (before) record.set(before, at)
      at += before?.length ?? 0
    }
  }
  return record
}

/** Throws a StoreError `damaged` for anything that `packPast` does not write. */
export function openPast(record: Uint8Array): Overwritten {
  const source = Buffer.from(record.buffer, record.byteOffset, record.length)
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > source.length) throw damaged()
    at += length
    return source.subarray(at - length, at)
  }
  const list = (): Named =>
    Array.from({ length: boundedCount(take(countLength).readUInt32BE(), source.length) }, () => {
      const head = take(headLength)
      const length = head.readUInt32BE(2)
      const name = asciiText(take(head.readUInt16BE()))
      return [name, length === absent ? null : new Uint8Array(take(length))] as const
    })
  const tiles = list().map(([place, before]) => ({ place, before }))
  const values = list()
  if (at !== source.length) throw damaged()
  return { tiles, values }
}

function boundedCount(count: number, length: number): number {
  if (count * headLength > length) throw damaged()
  return count
}

const damaged = (): StoreError => new StoreError('damaged', 'what a block wrote over does not decode')
