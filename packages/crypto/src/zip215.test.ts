import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, fromHex, utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { verify } from './ed25519.ts'
import { type SignatureCase, torsionCases } from './ed25519-cases.testing.ts'
import { sharedDataPresent, sharedJson } from './shared-data.testing.ts'
import { verifyZip215 } from './zip215.ts'

const { Point } = ed25519

/** The rule in the words of ZIP-215: any encoding that decodes, S below the order, [8][S]B = [8]R + [8][k]A. */
function oracle({ publicKey, message, signature }: SignatureCase): boolean {
  const [commitment, response] = [signature.slice(0, 32), littleEndian(signature.slice(32))]
  if (response >= Point.Fn.ORDER) return false
  try {
    const [key, point] = [Point.fromBytes(publicKey, true), Point.fromBytes(commitment, true)]
    const hash = createHash('sha512')
      .update(concatBytes(commitment, publicKey, message))
      .digest()
    const challenge = littleEndian(hash) % Point.Fn.ORDER
    const sum = point.add(key.multiplyUnsafe(challenge)).subtract(Point.BASE.multiplyUnsafe(response))
    return sum.multiplyUnsafe(8n).is0()
  } catch {
    return false
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

const answerOf = ({ publicKey, message, signature }: SignatureCase): boolean =>
  verifyZip215(publicKey, message, signature)

test('whatever a dishonest signer makes, the answer is that of the rule, and of CometBFT', () => {
  const file = new URL('../../../vectors/light/zip215.json', import.meta.url)
  const { seed, sha256, accepted } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly seed: string
    readonly sha256: string
    readonly accepted: string
  }
  const cases = torsionCases(seed, accepted.length)
  const hash = createHash('sha256')
  for (const { publicKey, message, signature } of cases) hash.update(publicKey).update(message).update(signature)
  expect(hash.digest('hex')).toBe(sha256)
  expect(cases.map((each) => (answerOf(each) ? 1 : 0)).join('')).toBe(accepted)
  expect(cases.map((each) => (oracle(each) ? 1 : 0)).join('')).toBe(accepted)
  // What the strict profile takes is never refused here; much that it refuses is taken.
  const strict = cases.filter(({ publicKey, message, signature }) => verify(publicKey, message, signature))
  expect(strict.every(answerOf)).toBe(true)
  expect(strict.length).toBeLessThan(accepted.split('1').length - 1)
})

test('keys and signatures of another length are refused, not thrown at', () => {
  const [made] = torsionCases('one', 1)
  if (!made) throw new Error('no case was made')
  expect(verifyZip215(made.publicKey, made.message, made.signature)).toBe(true)
  expect(verifyZip215(made.publicKey.slice(1), made.message, made.signature)).toBe(false)
  expect(verifyZip215(made.publicKey, made.message, made.signature.slice(1))).toBe(false)
  expect(verifyZip215(new Uint8Array(0), made.message, new Uint8Array(0))).toBe(false)
})

test.skipIf(!sharedDataPresent)(
  'of the public vectors, as many are taken as CometBFT takes (needs ../shared/data)',
  () => {
    const spec = sharedJson<{ message: string; pub_key: string; signature: string }[]>('ed25519/speccheck.json')
    for (const { pub_key: key, message, signature } of spec) {
      const each = caseOf(key, fromHex(message), signature)
      expect(answerOf(each)).toBe(oracle(each))
    }
    const cctv = sharedJson<{ key: string; sig: string; msg: string; flags: string[] | null }[]>('ed25519/cctv.json')
    const refused = cctv.filter(({ key, msg, sig }) => !answerOf(caseOf(key, utf8(msg), sig)))
    expect([cctv.length, refused.length]).toEqual([914, 88])
    // Their challenge is over another encoding of R than the one that is shown.
    expect(refused.every(({ flags }) => flags?.includes('reencoded_k'))).toBe(true)
  },
)

function caseOf(publicKey: string, message: Uint8Array, signature: string): SignatureCase {
  return { kind: '', publicKey: fromHex(publicKey), message, signature: fromHex(signature) }
}
