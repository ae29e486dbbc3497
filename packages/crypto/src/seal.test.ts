import { createPrivateKey, createPublicKey, decapsulate, diffieHellman } from 'node:crypto'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { x25519 } from '@noble/curves/ed25519.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { concatBytes, fromHex, toHex, utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'
import { checkSealingKey, generateSealingKey, openOn, openSealed, sealOn, sealTo } from './seal.ts'
import { sharedDataPresent, sharedJson, type Wycheproof } from './shared-data.testing.ts'

const seed = node.sha256(utf8('recipient'))
const { publicKey } = await generateSealingKey(seed)
const info = utf8('plexus/v1/note')
const context = utf8('context')
const plaintext = utf8('plaintext')
const sealed = await sealTo({ publicKey, info, context, plaintext })

/** The second implementation: hpke-js, with its own ML-KEM and X25519. */
const other = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const exact = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer

async function otherSeal(): Promise<Uint8Array> {
  const recipientPublicKey = await other.kem.deserializePublicKey(exact(publicKey))
  const made = await other.seal({ recipientPublicKey, info: exact(info) }, exact(plaintext), exact(context))
  return concatBytes(Uint8Array.of(1), new Uint8Array(made.enc), new Uint8Array(made.ct))
}

async function otherOpen(bytes: Uint8Array): Promise<Uint8Array> {
  const recipientKey = await other.kem.deserializePrivateKey(exact(seed))
  const enc = exact(bytes.subarray(1, 1121))
  const opened = await other.open({ recipientKey, enc, info: exact(info) }, exact(bytes.subarray(1121)), exact(context))
  return new Uint8Array(opened)
}

const platforms = [node, browser] as const

test('both platforms and a third implementation derive the same public key from a seed', async () => {
  expect(publicKey.length).toBe(1216)
  for (const on of platforms) expect(on.xWingPublicKey(seed)).toEqual(publicKey)
  // The third one imports the seed and the key, and opens what was sealed to the key: they belong together.
  expect(await otherOpen(sealed)).toEqual(plaintext)
  await expect(generateSealingKey(seed.subarray(1))).rejects.toThrow('seed: expected 32 bytes, came 31')
})

test('each of three implementations opens what each of them sealed', async () => {
  for (const on of platforms) {
    const made = await sealOn(on, { publicKey, info, context, plaintext })
    expect(made.length).toBe(1 + 1120 + plaintext.length + 16)
    for (const by of platforms) {
      expect(await openOn(by, { seed, info, context, sealed: made })).toEqual({ ok: true, value: plaintext })
    }
    expect(await otherOpen(made)).toEqual(plaintext)
  }
  const made = await otherSeal()
  for (const by of platforms) {
    expect(await openOn(by, { seed, info, context, sealed: made })).toEqual({ ok: true, value: plaintext })
  }
})

test('an empty message with empty info and context travels', async () => {
  const none = new Uint8Array(0)
  const empty = await sealTo({ publicKey, info: none, context: none, plaintext: none })
  expect(await openSealed({ seed, info: none, context: none, sealed: empty })).toEqual({ ok: true, value: none })
})

test('T-36: 64 seals of one message at once share neither encapsulation nor ciphertext', async () => {
  for (const on of platforms) {
    const all = await Promise.all(Array.from({ length: 64 }, () => sealOn(on, { publicKey, info, context, plaintext })))
    expect(new Set(all.map((bytes) => toHex(bytes.subarray(1, 1121)))).size).toBe(64)
    expect(new Set(all.map((bytes) => toHex(bytes.subarray(1121)))).size).toBe(64)
    for (const bytes of all) {
      expect(await openOn(on, { seed, info, context, sealed: bytes })).toEqual({ ok: true, value: plaintext })
    }
  }
})

test('what does not belong to the message is refused, with its reason, alike on both platforms', async () => {
  const refused = { ok: false, reason: { type: 'not-authentic' } }
  const changedAt = (at: number) => sealed.with(at, (sealed[at] as number) ^ 1)
  for (const on of platforms) {
    const open = (changes: object) => openOn(on, { seed, info, context, sealed, ...changes })
    expect(await open({})).toEqual({ ok: true, value: plaintext })
    expect(await open({ info: utf8('plexus/v1/other') })).toEqual(refused)
    expect(await open({ info: new Uint8Array(0) })).toEqual(refused)
    expect(await open({ context: utf8('contexts') })).toEqual(refused)
    expect(await open({ seed: node.sha256(seed) })).toEqual(refused)
    for (const at of [1, 1088, 1089, 1120, 1121, sealed.length - 17, sealed.length - 16, sealed.length - 1]) {
      expect(await open({ sealed: changedAt(at) })).toEqual(refused)
    }
    expect(await open({ sealed: sealed.subarray(0, sealed.length - 1) })).toEqual(refused)
    expect(await open({ sealed: concatBytes(sealed, Uint8Array.of(0)) })).toEqual(refused)
  }
})

test('an unknown suite, a message cut below its frame, and a worthless encapsulation each have a reason', async () => {
  for (const on of platforms) {
    const open = (bytes: Uint8Array) => openOn(on, { seed, info, context, sealed: bytes })
    for (const came of [0, 2, 3, 255]) {
      expect(await open(sealed.with(0, came))).toEqual({ ok: false, reason: { type: 'suite-unknown', came } })
    }
    expect(await open(new Uint8Array(0))).toEqual({ ok: false, reason: { type: 'suite-unknown', came: null } })
    for (const came of [1, 1120, 1121, 1136]) {
      const reason = { type: 'sealed-too-short', lengthMin: 1137, came }
      expect(await open(sealed.subarray(0, came))).toEqual({ ok: false, reason })
    }
    const zeroShare = Uint8Array.from(sealed).fill(0, 1 + 1088, 1 + 1120)
    expect(await open(zeroShare)).toEqual({ ok: false, reason: { type: 'encapsulation-invalid' } })
  }
})

test('a sealing key is refused when a number is not below the modulus, or its curve half is worthless', async () => {
  expect(checkSealingKey(publicKey)).toEqual({ ok: true, value: undefined })
  expect(checkSealingKey(publicKey.subarray(1))).toEqual({
    ok: false,
    reason: { type: 'key-length', expected: 1216, came: 1215 },
  })
  const notCanonical = { ok: false, reason: { type: 'key-not-canonical' } }
  for (const at of [0, 3, 600, 1149]) {
    // 3329 = 0xd01, in the low and in the high number of a group of three bytes.
    const low = publicKey.with(at, 0x01).with(at + 1, ((publicKey[at + 1] as number) & 0xf0) | 0x0d)
    const high = publicKey.with(at + 1, ((publicKey[at + 1] as number) & 0x0f) | 0x10).with(at + 2, 0xd0)
    for (const bad of [low, high]) {
      expect(checkSealingKey(bad)).toEqual(notCanonical)
      for (const on of platforms) {
        await expect(sealOn(on, { publicKey: bad, info, context, plaintext })).rejects.toThrow('expected a checked key')
      }
    }
    expect(checkSealingKey(low.with(at, 0x00)).ok).toBe(true)
  }
  await expect(sealTo({ publicKey: publicKey.with(0, 1).with(1, 0x0d), info, context, plaintext })).rejects.toThrow(
    'publicKey: expected a checked key, came one refused as key-not-canonical',
  )
  const curve = (hex: string) => concatBytes(publicKey.subarray(0, 1184), fromHex(hex))
  expect(checkSealingKey(curve('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'))).toEqual(
    notCanonical,
  )
  expect(checkSealingKey(curve('0900000000000000000000000000000000000000000000000000000000000080'))).toEqual(
    notCanonical,
  )
  expect(checkSealingKey(curve('0900000000000000000000000000000000000000000000000000000000000000')).ok).toBe(true)
})

test('a message or info above its bound is a bug of the caller', async () => {
  const long = new Uint8Array(4097)
  await expect(sealTo({ publicKey, info: long, context, plaintext })).rejects.toThrow('info: expected at most 4096')
  await expect(openSealed({ seed, info: long, context, sealed })).rejects.toThrow('info: expected at most 4096')
})

test.skipIf(!sharedDataPresent)(
  'the X25519 under X-Wing gives the answers of Wycheproof (needs ../shared/data)',
  () => {
    const [group] =
      sharedJson<Wycheproof<object, { public: string; private: string; shared: string }>>(
        'wycheproof/x25519_test.json',
      ).testGroups
    let worthless = 0
    for (const { tcId, flags, ...vector } of group?.tests ?? []) {
      const [shareOfOther, secret] = [fromHex(vector.public), fromHex(vector.private)]
      const check = checkSealingKey(concatBytes(publicKey.subarray(0, 1184), shareOfOther))
      if (flags.includes('ZeroSharedSecret')) {
        worthless++
        expect({ tcId, ok: check.ok }).toEqual({ tcId, ok: false })
        expect(() => nodeAgree(secret, shareOfOther)).toThrow()
        expect(() => x25519.getSharedSecret(secret, shareOfOther)).toThrow()
      } else {
        const canonical = !flags.includes('NonCanonicalPublic') && (shareOfOther[31] as number) < 0x80
        expect({ tcId, ok: check.ok }).toEqual({ tcId, ok: canonical })
        expect({ tcId, shared: toHex(nodeAgree(secret, shareOfOther)) }).toEqual({ tcId, shared: vector.shared })
        expect(toHex(x25519.getSharedSecret(secret, shareOfOther))).toBe(vector.shared)
      }
    }
    expect(worthless).toBeGreaterThan(20)
  },
)

test.skipIf(!sharedDataPresent)(
  'the ML-KEM under X-Wing gives the answers of Wycheproof (needs ../shared/data)',
  () => {
    const { testGroups } = sharedJson<Wycheproof<object, { seed: string; ek?: string; c: string; K: string }>>(
      'wycheproof/mlkem_768_test.json',
    )
    const counts = { valid: 0, invalid: 0 }
    for (const { tcId, result, ...vector } of testGroups.flatMap(({ tests }) => tests)) {
      const [latticeSeed, ciphertext] = [fromHex(vector.seed), fromHex(vector.c)]
      const nodeShared = () => toHex(new Uint8Array(decapsulate(mlKemKey(latticeSeed), ciphertext)))
      const nobleShared = () => toHex(ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(latticeSeed).secretKey))
      if (result === 'valid') {
        counts.valid++
        expect({ tcId, shared: [nodeShared(), nobleShared()] }).toEqual({ tcId, shared: [vector.K, vector.K] })
        expect(toHex(ml_kem768.keygen(latticeSeed).publicKey)).toBe(vector.ek)
        const key = concatBytes(fromHex(vector.ek ?? ''), publicKey.subarray(1184))
        expect({ tcId, ok: checkSealingKey(key).ok }).toEqual({ tcId, ok: true })
      } else {
        counts.invalid++
        expect(nodeShared).toThrow()
        expect(nobleShared).toThrow()
      }
    }
    expect(counts.valid).toBeGreaterThan(100)
    expect(counts.invalid).toBeGreaterThan(30)
  },
)

function mlKemKey(latticeSeed: Uint8Array) {
  return createPrivateKey({ key: Buffer.from(latticeSeed), format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' })
}

function nodeAgree(secret: Uint8Array, shareOfOther: Uint8Array): Uint8Array {
  const privateKey = createPrivateKey({
    key: Buffer.concat([fromHex('302e020100300506032b656e04220420'), secret]),
    format: 'der',
    type: 'pkcs8',
  })
  const publicShare = createPublicKey({
    key: Buffer.concat([fromHex('302a300506032b656e032100'), shareOfOther]),
    format: 'der',
    type: 'spki',
  })
  return new Uint8Array(diffieHellman({ privateKey, publicKey: publicShare }))
}
