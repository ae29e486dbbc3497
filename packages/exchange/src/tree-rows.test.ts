import { merkleTreeOfPacked } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { sizeClasses } from './batch-rows.ts'
import { leafBytes, partOf, pathIn, treeRowsOf } from './tree-rows.ts'

/** Leaves that are told apart by where they stand. */
const treeOf = (size: number) =>
  merkleTreeOfPacked(Uint8Array.from({ length: size * leafBytes }, (_, at) => (at ^ (at >> 5)) % 251))

test.each(sizeClasses)(
  'of a tree of %i leaves each path is that of the whole tree, from at most two small rows',
  (size) => {
    const tree = treeOf(size)
    const { upper, parts } = treeRowsOf(tree)
    for (const row of [upper, ...parts]) expect(row.length).toBeLessThan(16 * 1024)
    for (let index = 0; index < size; index++) {
      const number = partOf(size, index)
      const part = number === undefined ? undefined : parts[number]
      expect(pathIn({ size, upper, part }, index)).toEqual(tree.path(index))
    }
  },
)

test('a path keeps none of the rows that it was read from', () => {
  const { upper, parts } = treeRowsOf(treeOf(1024))
  for (const node of pathIn({ size: 1024, upper, part: parts[2] }, 700)) expect(node.buffer.byteLength).toBe(leafBytes)
})

test('rows of another size are damage, never another path', () => {
  const { upper, parts } = treeRowsOf(treeOf(1024))
  expect(() => pathIn({ size: 4096, upper, part: parts[0] }, 0)).toThrow('nodes: expected those of 16 leaves')
  expect(() => pathIn({ size: 1024, upper, part: upper }, 0)).toThrow('nodes: expected those of 256 leaves')
})
