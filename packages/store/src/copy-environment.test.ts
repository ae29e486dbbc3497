import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startChild, temporaryDirectory } from './child.testing.ts'
import { copyEnvironment, copyJournal } from './copy-environment.ts'
import { openJournal } from './journal.ts'

test.each([
  ['stand ahead of LMDB', []],
  ['go to LMDB all the time', ['40000', '0']],
] as const)(
  'copies of a journal hold whole writes, and what was acknowledged before them, while its writes %s',
  async (_, sizes) => {
    const from = temporaryDirectory()
    const child = startChild('journal-child.testing.ts', [from, ...sizes])
    await child.said(5)
    for (let round = 0; round < 3; round++) {
      const to = join(temporaryDirectory(), 'copy')
      const acknowledged = child.lines.length
      await copyJournal({ from, to, sealed: false })
      const copy = openJournal(to)
      const [left, right] = ['left', 'right'].map((table) => [...copy.entries(table)].map(([key]) => key))
      expect(left).toEqual(right)
      expect(left?.length).toBeGreaterThanOrEqual(acknowledged)
      expect(Buffer.from(copy.get('newest', 'newest') ?? []).toString()).toBe(left?.at(-1))
      copy.close()
    }
    await child.kill()
  },
)

test('a copy leaves the journal of this very process as it was', async () => {
  const from = temporaryDirectory()
  const journal = openJournal(from)
  const write = (key: string) => journal.write([{ table: 'a', key, value: new Uint8Array(1) }])
  write('before')
  await copyEnvironment({ from, to: join(temporaryDirectory(), 'copy') })
  write('after')
  expect([...journal.entries('a')].map(([key]) => key)).toEqual(['after', 'before'])
  journal.close()
})

test('what is missing or empty is damaged, and not an empty copy; a copy never goes over another', async () => {
  const from = temporaryDirectory()
  const to = join(temporaryDirectory(), 'copy')
  await expect(copyEnvironment({ from, to })).rejects.toMatchObject({ type: 'damaged' })
  writeFileSync(join(from, 'data.mdb'), '')
  await expect(copyEnvironment({ from, to })).rejects.toMatchObject({ type: 'damaged' })
  expect(existsSync(to)).toBe(false)
  openJournal(join(from, 'journal')).close()
  mkdirSync(to)
  writeFileSync(join(to, 'data.mdb'), 'other')
  await expect(copyEnvironment({ from: join(from, 'journal'), to })).rejects.toThrow('new place')
})
