import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, fromHex, toHex, utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { checkLongLivedKey, checkOneTimeKey, publicKeyOf, sign, verify, verifyOn } from './ed25519.ts'
import { nonCanonicalEncodings, oracleVerify, torsion } from './ed25519-cases.testing.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'
import { sharedDataPresent, sharedJson, type Wycheproof } from './shared-data.testing.ts'

const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
const publicKey = publicKeyOf(seed)
const message = utf8('a message')
const signature = sign(seed, message)

/** The common answer of both platforms and the oracle; throws when there is none. */
function judged(key: Uint8Array, signed: Uint8Array, by: Uint8Array): boolean {
  const answers = {
    node: verifyOn(node, key, signed, by),
    browser: verifyOn(browser, key, signed, by),
    oracle: oracleVerify({ kind: '', publicKey: key, message: signed, signature: by }),
  }
  expect(new Set(Object.values(answers)).size, JSON.stringify({ key: toHex(key), by: toHex(by), answers })).toBe(1)
  return answers.oracle
}

test('the first key and signature of RFC 8032 §7.1 come out of both platforms', () => {
  const rfcSeed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
  const rfcKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
  const rfcSignature =
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'
  for (const on of [node, browser]) {
    expect(toHex(on.ed25519PublicKey(rfcSeed))).toBe(rfcKey)
    expect(toHex(on.ed25519Sign(rfcSeed, new Uint8Array(0)))).toBe(rfcSignature)
  }
})

test('both platforms sign alike', () => {
  for (let index = 0; index < 20; index++) {
    const own = node.sha256(Uint8Array.of(index))
    expect(browser.ed25519PublicKey(own)).toEqual(node.ed25519PublicKey(own))
    expect(browser.ed25519Sign(own, message)).toEqual(node.ed25519Sign(own, message))
  }
})

test('a signature holds for its key and message only', () => {
  expect(verify(publicKey, message, signature)).toBe(true)
  expect(verify(publicKey, utf8('another message'), signature)).toBe(false)
  expect(verify(publicKeyOf(node.sha256(seed)), message, signature)).toBe(false)
  expect(verify(publicKey, message, signature.subarray(0, 63))).toBe(false)
  expect(verify(publicKey, message, concatBytes(signature, Uint8Array.of(0)))).toBe(false)
  expect(verify(publicKey.subarray(0, 31), message, signature)).toBe(false)
  expect(verify(concatBytes(publicKey, Uint8Array.of(0)), message, signature)).toBe(false)
})

test('a key stays good when thousands of others were used in between', () => {
  const own = Uint8Array.from(publicKey)
  for (let index = 0; index < 4200; index++) {
    own[1] = index & 255
    own[2] = index >> 8
    verify(own, message, signature)
  }
  expect(verify(publicKey, message, signature)).toBe(true)
  expect(verify(own, message, signature)).toBe(false)
})

test('a seed of another length is a bug of the caller', () => {
  expect(() => publicKeyOf(seed.subarray(1))).toThrow('seed: expected 32 bytes, came 31')
  expect(() => sign(concatBytes(seed, seed), message)).toThrow('seed: expected 32 bytes, came 64')
})

test('an honest key is taken for long and for once', () => {
  expect(checkLongLivedKey(publicKey).ok).toBe(true)
  expect(checkOneTimeKey(publicKey).ok).toBe(true)
})

test('the eight points of small order are no keys, the identity among them', () => {
  expect(new Set(torsion.map((point) => toHex(point.toBytes()))).size).toBe(8)
  for (const point of torsion) {
    expect(checkOneTimeKey(point.toBytes())).toEqual({ ok: false, reason: { type: 'key-small-order' } })
    expect(checkLongLivedKey(point.toBytes())).toEqual({ ok: false, reason: { type: 'key-small-order' } })
  }
})

test('an encoding that is not canonical is no key', () => {
  expect(nonCanonicalEncodings.length).toBe(40)
  for (const encoding of nonCanonicalEncodings) {
    expect(checkOneTimeKey(encoding)).toEqual({ ok: false, reason: { type: 'key-not-canonical' } })
    expect(checkLongLivedKey(encoding)).toEqual({ ok: false, reason: { type: 'key-not-canonical' } })
  }
})

test('a key with a torsion component serves once, and never for long', () => {
  const point = ed25519.Point.fromBytes(publicKey)
  for (const component of torsion.slice(1)) {
    const mixed = point.add(component).toBytes()
    expect(checkOneTimeKey(mixed).ok).toBe(true)
    expect(checkLongLivedKey(mixed)).toEqual({ ok: false, reason: { type: 'key-torsion' } })
  }
})

test('bytes that are no point of the curve are no long-lived key, and verify nothing', () => {
  const off = fromHex('0200000000000000000000000000000000000000000000000000000000000000')
  expect(checkLongLivedKey(off)).toEqual({ ok: false, reason: { type: 'key-not-on-curve' } })
  expect(judged(off, message, signature)).toBe(false)
})

test('a key of another length says so', () => {
  const reason = { type: 'key-length', expected: 32, came: 31 }
  expect(checkOneTimeKey(publicKey.subarray(1))).toEqual({ ok: false, reason })
  expect(checkLongLivedKey(publicKey.subarray(1))).toEqual({ ok: false, reason })
})

test.skipIf(!sharedDataPresent)(
  'of the speccheck vectors, exactly number 3 passes: torsion in A and R that cancels (needs ../shared/data)',
  () => {
    const vectors = sharedJson<{ message: string; pub_key: string; signature: string }[]>('ed25519/speccheck.json')
    const accepted = vectors.flatMap((vector, index) =>
      judged(fromHex(vector.pub_key), fromHex(vector.message), fromHex(vector.signature)) ? [index] : [],
    )
    expect(vectors.length).toBe(12)
    expect(accepted).toEqual([3])
  },
)

test.skipIf(!sharedDataPresent)('all verifiers agree on the CCTV vectors (needs ../shared/data)', () => {
  const vectors = sharedJson<{ key: string; sig: string; msg: string; flags: string[] | null }[]>('ed25519/cctv.json')
  const accepted = vectors.filter((vector) => judged(fromHex(vector.key), utf8(vector.msg), fromHex(vector.sig)))
  const refusedFlags = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R', 'low_order_residue']
  expect(accepted.filter((vector) => vector.flags?.some((flag) => refusedFlags.includes(flag)))).toEqual([])
  expect(accepted.length).toBeGreaterThan(0)
  expect(accepted.length).toBeLessThan(vectors.length)
  expect(vectors.length).toBe(914)
})

test.skipIf(!sharedDataPresent)('the answers of Wycheproof are ours (needs ../shared/data)', () => {
  type Group = { publicKey: { pk: string } }
  const { testGroups } = sharedJson<Wycheproof<Group, { msg: string; sig: string }>>('wycheproof/ed25519_test.json')
  let count = 0
  for (const group of testGroups) {
    for (const { tcId, msg, sig, result } of group.tests) {
      const accepted = judged(fromHex(group.publicKey.pk), fromHex(msg), fromHex(sig))
      expect({ tcId, accepted }).toEqual({ tcId, accepted: result === 'valid' })
      count++
    }
  }
  expect(count).toBe(151)
})
