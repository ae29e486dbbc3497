import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Authenticator, type Changes } from './authenticator.testing.ts'
import { SignIn } from './sign-in.ts'

const origin = 'https://clinic.example'
const npi = '1234567893'

let folder: string
let now = 1_000
let signIn: SignIn
const open = (): SignIn => new SignIn(folder, { random: systemRandom, now: () => now })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plexus-sign-in-'))
  now = 1_000
  signIn = open()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function registered(key = new Authenticator(origin)): Authenticator {
  const made = signIn.register(signIn.link(npi), key.make(signIn.challenge()))
  if (!made.ok) throw new Error(made.reason.type)
  return key
}

const refusalOf = (answer: ReturnType<SignIn['verify']>): unknown =>
  answer.ok ? null : answer.reason.type === 'passkey-refused' ? answer.reason.fault : answer.reason.type

describe('a passkey', () => {
  test.each(['ES256', 'EdDSA'] as const)(
    'of %s signs in whom the link was made for, also after a restart',
    (algorithm) => {
      const key = registered(new Authenticator(origin, algorithm))
      expect(signIn.verify(key.use(signIn.challenge()))).toEqual({ ok: true, value: { npi } })
      signIn = open()
      expect(signIn.verify(key.use(signIn.challenge()))).toEqual({ ok: true, value: { npi } })
      expect(readFileSync(join(folder, 'passkeys.json'), 'utf8')).not.toContain('"d"')
    },
  )

  test.each<[string, Changes]>([
    ['client-data', { type: 'webauthn.create' }],
    ['client-data', { crossOrigin: true }],
    ['challenge', { challenge: '00'.repeat(32) }],
    ['origin', { origin: 'https://clinic.example.evil.example' }],
    ['relying-party', { rpId: 'evil.example' }],
    ['user-not-verified', { flags: 0x01 }],
    ['user-not-verified', { flags: 0x04 }],
    ['authenticator-data', { flags: 0x15 }],
  ])('does not sign in where a check fails: %s', (fault, changes) => {
    const key = registered()
    expect(refusalOf(signIn.verify(key.use(signIn.challenge(), changes)))).toBe(fault)
    expect(refusalOf(signIn.verify(key.use(signIn.challenge())))).toBeNull()
  })

  test.each<[string, Changes]>([
    ['client-data', { type: 'webauthn.get' }],
    ['challenge', { challenge: '00'.repeat(32) }],
    ['origin', { origin: 'not an origin' }],
    ['origin', { origin: 'https://clinic.example/path' }],
    ['relying-party', { rpId: 'evil.example' }],
    ['user-not-verified', { flags: 0x41 }],
    ['authenticator-data', { flags: 0x05 }],
  ])('is not registered where a check fails, and its link stays good: %s', (fault, changes) => {
    const link = signIn.link(npi)
    const key = new Authenticator(origin)
    expect(refusalOf(signIn.register(link, key.make(signIn.challenge(), changes)))).toBe(fault)
    expect(signIn.register(link, key.make(signIn.challenge())).ok).toBe(true)
  })

  test('of another key, or with one byte of anything changed, does not sign in', () => {
    const key = registered()
    const other = new Authenticator(origin)
    expect(refusalOf(signIn.verify({ ...other.use(signIn.challenge()), id: key.use('00').id }))).toBe('signature')
    for (const part of ['clientData', 'authenticatorData', 'signature'] as const) {
      const shown = key.use(signIn.challenge())
      const bytes = shown[part].slice()
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
      expect(refusalOf(signIn.verify({ ...shown, [part]: bytes }))).not.toBeNull()
    }
  })

  test('that counts must count on: a copy that lags is refused', () => {
    const key = registered()
    key.counter = 5
    expect(refusalOf(signIn.verify(key.use(signIn.challenge())))).toBeNull()
    expect(refusalOf(signIn.verify(key.use(signIn.challenge())))).toBe('counter')
    key.counter = 6
    expect(refusalOf(signIn.verify(key.use(signIn.challenge())))).toBeNull()
    key.counter = 0
    expect(refusalOf(signIn.verify(key.use(signIn.challenge())))).toBe('counter')
  })

  test('truncated anywhere is refused, and nothing throws', () => {
    const key = registered()
    const made = new Authenticator(origin).make('00'.repeat(32))
    for (let length = 0; length < made.authenticatorData.length; length++) {
      const authenticatorData = made.authenticatorData.slice(0, length)
      const challenge = signIn.challenge()
      const again = { ...new Authenticator(origin).make(challenge), authenticatorData }
      expect(signIn.register(signIn.link(npi), again).ok).toBe(false)
      expect(signIn.verify({ ...key.use(signIn.challenge()), authenticatorData }).ok).toBe(false)
    }
    for (const text of ['', '{', '[]', '7', '{"type":"webauthn.get"}'])
      expect(signIn.verify({ ...key.use(signIn.challenge()), clientData: Buffer.from(text) }).ok).toBe(false)
  })
})

describe('what is good once', () => {
  test('a link registers one passkey, within a day', () => {
    const link = signIn.link(npi)
    expect(signIn.ownerOf(link)).toBe(npi)
    expect(signIn.register(link, new Authenticator(origin).make(signIn.challenge())).ok).toBe(true)
    expect(refusalOf(signIn.register(link, new Authenticator(origin).make(signIn.challenge())))).toBe('link-unknown')
    const late = signIn.link(npi)
    now += 86_401
    expect(signIn.ownerOf(late)).toBeUndefined()
    expect(signIn.ownerOf('no link')).toBeUndefined()
  })

  test('a challenge is answered once, within five minutes, and never one that was not given', () => {
    const key = registered()
    const challenge = signIn.challenge()
    expect(refusalOf(signIn.verify(key.use(challenge)))).toBeNull()
    expect(refusalOf(signIn.verify(key.use(challenge)))).toBe('challenge-unknown')
    expect(refusalOf(signIn.verify(key.use('ab'.repeat(32))))).toBe('challenge-unknown')
    const late = signIn.challenge()
    now += 301
    expect(refusalOf(signIn.verify(key.use(late)))).toBe('challenge-unknown')
  })

  test('a passkey is one person’s, and a person has at most eight', () => {
    const key = registered()
    expect(refusalOf(signIn.register(signIn.link('1993999998'), key.make(signIn.challenge())))).toBe('key')
    for (let count = 1; count < 8; count++) registered()
    const ninth = signIn.register(signIn.link(npi), new Authenticator(origin).make(signIn.challenge()))
    expect(refusalOf(ninth)).toBe('passkeys-full')
    expect(refusalOf(signIn.verify(new Authenticator(origin).use(signIn.challenge())))).toBe('passkey-unknown')
  })
})
