import { expect, test } from 'vitest'
import { release } from './release.ts'

test('released bytes are empty, a part of a buffer is left alone, and releasing twice changes nothing', () => {
  const whole = new Uint8Array(100).fill(1)
  release(whole.subarray(1))
  release(whole.subarray(0, 99))
  expect(whole).toEqual(new Uint8Array(100).fill(1))
  release(whole)
  expect([whole.length, whole.buffer.byteLength]).toEqual([0, 0])
  release(whole)
  release(new Uint8Array(0))
})
