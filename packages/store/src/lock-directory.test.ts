import { expect, test } from 'vitest'
import { startChild, temporaryDirectory } from './child.testing.ts'
import { lockDirectory } from './lock-directory.ts'

test('one directory has one holder, in this process too', () => {
  const directory = temporaryDirectory()
  const first = lockDirectory(directory)
  expect(lockDirectory(directory)).toEqual({ ok: false, reason: { type: 'directory-in-use' } })
  expect(lockDirectory(temporaryDirectory()).ok).toBe(true)
  if (first.ok) first.value.release()
  const second = lockDirectory(directory)
  expect(second.ok).toBe(true)
  if (first.ok) first.value.release()
  expect(lockDirectory(directory).ok).toBe(false)
})

test('another process is refused until its holder ends, even by SIGKILL', async () => {
  const directory = temporaryDirectory()
  const holder = startChild('./locking-child.testing.ts', [directory])
  await holder.said(1)
  expect(holder.lines).toEqual(['locked'])
  expect(lockDirectory(directory)).toEqual({ ok: false, reason: { type: 'directory-in-use' } })
  const refused = startChild('./locking-child.testing.ts', [directory])
  await refused.ended
  expect(refused.lines).toEqual(['directory-in-use'])

  await holder.kill()
  const locked = lockDirectory(directory)
  expect(locked.ok).toBe(true)
  if (locked.ok) locked.value.release()
})
