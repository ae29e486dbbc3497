import { describe, expect, test } from 'vitest'
import { nodeIdOf, readEngineAddress, writeEngineAddress } from './engine-address.ts'

const id = '0123456789abcdef0123456789abcdef01234567'

describe('the address of an engine', () => {
  test.each(['hospital.example:26656', '127.0.0.1:1', '[2001:db8::1]:65535'])(
    '%s is read as it is written',
    (place) => {
      const read = readEngineAddress(`${id}@${place}`)
      expect(read).toMatchObject({ ok: true, value: { nodeId: id } })
      if (read.ok) expect(writeEngineAddress(read.value)).toBe(`${id}@${place}`)
    },
  )

  test.each([
    '',
    'hospital.example:26656',
    `${id}@hospital.example`,
    `${id}@hospital.example:0`,
    `${id}@hospital.example:65536`,
    `${id}@a.example:1,${id}@b.example:1`,
    `${id.toUpperCase()}@a.example:1`,
    `${id.slice(1)}@a.example:1`,
  ])('%s is none', (text) => {
    expect(readEngineAddress(text)).toEqual({ ok: false, reason: { type: 'address-malformed' } })
  })

  test('a node’s id is 40 digits of the hash of its key', () => {
    expect(nodeIdOf(new Uint8Array(32))).toBe('66687aadf862bd776c8fc18b8e9f8e2008971485')
  })
})
