import { concatBytes } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, frame } from './frames.ts'

test('messages come out as they went in, however the socket cuts them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
      (messages, cuts) => {
        const bytes = concatBytes(...messages.map(frame))
        const reader = new FrameReader()
        const found: Uint8Array[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const end = at + (cuts[turn % cuts.length] ?? 1)
          const read = reader.push(bytes.subarray(at, end))
          expect(read.ok).toBe(true)
          if (read.ok) found.push(...read.value.map((each) => new Uint8Array(each)))
          at = end
        }
        expect(found).toEqual(messages)
      },
    ),
  )
})

test('a length is refused when it is above the limit, longer than any length, or written in two ways', () => {
  expect(new FrameReader(100).push(frame(new Uint8Array(100)))).toMatchObject({ ok: true })
  expect(new FrameReader(100).push(frame(new Uint8Array(101)))).toEqual({
    ok: false,
    reason: { type: 'frame-too-long', bytes: 101, max: 100 },
  })
  const malformed = { ok: false, reason: { type: 'frame-length-malformed' } }
  expect(new FrameReader().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))).toEqual(malformed)
  expect(new FrameReader().push(Uint8Array.of(0x85, 0x00))).toEqual(malformed)
  expect(new FrameReader().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f))).toMatchObject({
    reason: { type: 'frame-too-long' },
  })
})

test('a large message that comes in small pieces is joined once', () => {
  const reader = new FrameReader()
  const bytes = frame(new Uint8Array(4 * 1024 * 1024).fill(5))
  const pieces = 1_024
  for (let at = 0; at < bytes.length; at += pieces) {
    const read = reader.push(bytes.subarray(at, at + pieces))
    const last = at + pieces >= bytes.length
    expect(read.ok && read.value.map(({ length }) => length)).toEqual(last ? [4 * 1024 * 1024] : [])
  }
})
