import { expect, test } from 'vitest'
import { readAddress, writeAddress } from './address.ts'
import { Breaker } from './breaker.ts'
import { readAnswer } from './note-sending.ts'
import { readStatus, writeStatus } from './status.ts'

test.each(['plexus://hospital-1.example:7443', 'plexus://10.0.0.7:1', 'plexus://[2001:db8::1]:65535', 'local:'])(
  '%s is an address, and is written as it was read',
  (text) => {
    const read = readAddress(text)
    expect(read.ok && writeAddress(read.value)).toBe(text)
  },
)

test.each([
  '',
  'https://hospital-1.example',
  'plexus://hospital-1.example',
  'plexus://hospital-1.example:0',
  'plexus://hospital-1.example:07443',
  'plexus://hospital-1.example:65536',
  'plexus://Hospital-1.example:7443',
  'plexus://hospital..example:7443',
  'plexus://-hospital.example:7443',
  'plexus://someone@hospital-1.example:7443',
  'plexus://hospital-1.example:7443/',
  'plexus://[2001:db8::1]',
  'plexus://[01]:1',
  'plexus://[1:2:3]:1',
  `plexus://${'a'.repeat(200)}:7443`,
  'local:x',
])('%j is none', (text) => {
  expect(readAddress(text)).toEqual({ ok: false, reason: { type: 'address-malformed' } })
})

test('a status is read as it was written, and nothing else is', () => {
  const status = {
    chain: new Uint8Array(32).fill(1),
    member: 'alder',
    height: 9,
    blockTime: 10,
    clock: 11,
    version: '0.1.0',
  }
  expect(readStatus(writeStatus(status))).toEqual({ ok: true, value: status })
  expect(readStatus(writeStatus(status).subarray(1))).toEqual({ ok: false, reason: { type: 'status-malformed' } })
})

test('an answer is read by its status; a wait is never longer than a minute nor shorter than a second', () => {
  const typeOf = (status: number) => readAnswer({ ':status': status }).type
  expect([202, 400, 404, 413, 422, 200, 500, 301].map(typeOf)).toEqual([
    ...['accepted', 'refused', 'refused', 'refused', 'refused', 'lost', 'lost', 'lost'],
  ])
  const seconds = (text?: string) => readAnswer({ ':status': 429, ...(text !== undefined && { 'retry-after': text }) })
  expect(['7', '0', '99999', 'Sat, 21 Nov 2026 12:00:00 GMT', undefined].map(seconds)).toEqual(
    [7, 1, 60, 1, 1].map((each) => ({ type: 'later', seconds: each })),
  )
})

test('three failures open the breaker, one try decides after the wait, and waits grow to their longest, drawn by chance', () => {
  let byte = 0
  const breaker = new Breaker({ random: () => Uint8Array.of(byte), timing: { retryFirst: 100, retryMax: 1_000 } })
  const waits = [0, 0, 0, 0, 0, 0].map(() => {
    breaker.failed(0)
    return breaker.waits(0)
  })
  expect(waits).toEqual([50, 100, 200, 400, 500, 500])
  expect([breaker.state(0), breaker.state(0.499), breaker.state(0.5)]).toEqual(['open', 'open', 'half-open'])
  byte = 255
  breaker.failed(1)
  expect(breaker.waits(1)).toBe(999)
  expect(breaker.state(1.5)).toBe('open')
  breaker.succeeded()
  expect([breaker.state(1), breaker.waits(1)]).toEqual(['closed', 0])
  breaker.failed(1)
  breaker.failed(1)
  expect(breaker.state(1)).toBe('closed')
})
