/** Signatures as a dishonest signer would make them, and an oracle that judges them by points alone. */
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { compareBytes, concatBytes } from '@plexus/codec'

export interface SignatureCase {
  readonly kind: string
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

const { Point } = ed25519
type CurvePoint = typeof Point.BASE
const groupOrder = Point.Fn.ORDER
const fieldPrime = Point.Fp.ORDER

/**
 * The strict profile in the words of its definition: point decoding instead of byte tables, integers instead of byte
 * comparison, and another hash than the platforms under test use.
 */
export function oracleVerify({ publicKey, message, signature }: SignatureCase): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const response = littleEndian(signature.subarray(32))
  if (response >= groupOrder) return false
  const key = decode(publicKey)
  if (!key || compareBytes(key.toBytes(), publicKey) !== 0 || key.isSmallOrder()) return false
  const commitment = signature.subarray(0, 32)
  const point = decode(commitment)
  if (!point || compareBytes(point.toBytes(), commitment) !== 0 || point.isSmallOrder()) return false
  const sum = times(key.negate(), challengeOf(commitment, publicKey, message)).add(times(Point.BASE, response))
  return compareBytes(sum.toBytes(), commitment) === 0
}

const order8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
/** The eight points of small order, the identity first. */
export const torsion: readonly CurvePoint[] = Array.from({ length: 8 }, (_, index) => times(order8, BigInt(index)))

/** All encodings of numbers from p upwards that some decoder could take for a point, and x = 0 with the sign set. */
export const nonCanonicalEncodings: readonly Uint8Array[] = [
  ...Array.from({ length: 19 }, (_, y) => [encode(fieldPrime + BigInt(y), 0), encode(fieldPrime + BigInt(y), 0x80)]),
  [encode(1n, 0x80), encode(fieldPrime - 1n, 0x80)],
].flat()

/** `count` cases of every kind in turn; the same for the same seed. */
export function torsionCases(seed: string, count: number): SignatureCase[] {
  const draw = generator(seed)
  const keys = Array.from({ length: 48 }, () => secretPoint(draw))
  const nonces = Array.from({ length: 48 }, () => secretPoint(draw))
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] as (typeof kinds)[number]
    const world = { draw, key: pick(draw, keys), nonce: pick(draw, nonces) }
    return { kind: kind.name, ...kind.make(world) }
  })
}

interface Secret {
  readonly scalar: bigint
  readonly point: CurvePoint
}
interface World {
  readonly draw: Draw
  readonly key: Secret
  readonly nonce: Secret
}
type Made = Omit<SignatureCase, 'kind'>

const nothing: Secret = { scalar: 0n, point: Point.ZERO }

const kinds: readonly { readonly name: string; readonly make: (world: World) => Made }[] = [
  { name: 'honest', make: (world) => forge(world, world.key, world.nonce, 0, 0, false) },
  { name: 'torsion in A', make: (world) => forge(world, world.key, world.nonce, odd(world), 0, false) },
  { name: 'torsion in A, ground to hold', make: (world) => forge(world, world.key, world.nonce, odd(world), 0, true) },
  { name: 'torsion in R', make: (world) => forge(world, world.key, world.nonce, 0, odd(world), false) },
  {
    name: 'torsion in A and R',
    make: (world) => forge(world, world.key, world.nonce, odd(world), odd(world), false),
  },
  {
    name: 'torsion in A and R, ground to hold',
    make: (world) => forge(world, world.key, world.nonce, 1 + 2 * world.draw(4), 1 + world.draw(7), true),
  },
  { name: 'small order A', make: (world) => forge(world, nothing, world.nonce, world.draw(8), world.draw(8), false) },
  {
    name: 'small order A, ground to hold',
    make: (world) => forge(world, nothing, world.nonce, odd(world), 0, true),
  },
  { name: 'small order R', make: (world) => forge(world, world.key, nothing, world.draw(8), odd(world), false) },
  {
    name: 'small order R, ground to hold',
    make: (world) => forge(world, world.key, nothing, 1 + 2 * world.draw(4), 1 + world.draw(7), true),
  },
  { name: 'R the identity', make: (world) => forge(world, world.key, nothing, 0, 0, false) },
  {
    name: 'A and R of small order, ground to hold',
    make: (world) => forge(world, nothing, nothing, 1 + 2 * world.draw(4), world.draw(8), true),
  },
  {
    name: 'A not canonical',
    make: (world) => withKey(world, pick(world.draw, nonCanonicalEncodings)),
  },
  {
    name: 'R not canonical',
    make: (world) => withCommitment(world, pick(world.draw, nonCanonicalEncodings)),
  },
  {
    name: 'S at or above L',
    make: (world) => moreThanOnce(forge(world, world.key, world.nonce, 0, 0, false), 1 + world.draw(14)),
  },
  { name: 'one bit changed', make: (world) => flipped(world, forge(world, world.key, world.nonce, 0, 0, false)) },
]

/**
 * A signature with the torsion components of the signer's choice, correct but for them. With `hold`, messages are
 * tried until the components cancel without the cofactor (T_R = −k·T_A), or until it is plain that they cannot.
 */
function forge(world: World, key: Secret, nonce: Secret, inKey: number, inNonce: number, hold: boolean): Made {
  const publicKey = key.point.add(torsion[inKey] as CurvePoint).toBytes()
  const commitment = nonce.point.add(torsion[inNonce] as CurvePoint).toBytes()
  for (let trial = 0; ; trial++) {
    const message = bytes(world.draw, 1 + world.draw(40))
    const challenge = challengeOf(commitment, publicKey, message)
    if (hold && trial < 200 && (Number(challenge % 8n) * inKey + inNonce) % 8 !== 0) continue
    const response = (nonce.scalar + challenge * key.scalar) % groupOrder
    return { publicKey, message, signature: concatBytes(commitment, encode(response, 0)) }
  }
}

function withKey(world: World, publicKey: Uint8Array): Made {
  const commitment = world.nonce.point.toBytes()
  // For a decoder that reads the key as a point of small order, S = r holds whenever k is a multiple of that order.
  return {
    publicKey,
    message: bytes(world.draw, 16),
    signature: concatBytes(commitment, encode(world.nonce.scalar, 0)),
  }
}

function withCommitment(world: World, commitment: Uint8Array): Made {
  const publicKey = world.key.point.toBytes()
  const message = bytes(world.draw, 16)
  const response = (challengeOf(commitment, publicKey, message) * world.key.scalar) % groupOrder
  return { publicKey, message, signature: concatBytes(commitment, encode(response, 0)) }
}

function moreThanOnce(made: Made, times: number): Made {
  const response = littleEndian(made.signature.subarray(32)) + BigInt(times) * groupOrder
  return { ...made, signature: concatBytes(made.signature.subarray(0, 32), encode(response, 0)) }
}

function flipped({ draw }: World, made: Made): Made {
  const part = pick(draw, ['publicKey', 'message', 'signature'] as const)
  const changed = Uint8Array.from(made[part])
  const at = draw(changed.length)
  changed[at] = (changed[at] as number) ^ (1 << draw(8))
  return { ...made, [part]: changed }
}

type Draw = (below: number) => number

/** SHA-512 in counter mode; the bias of the modulus does not matter here. */
function generator(seed: string): Draw {
  let counter = 0
  return (below) => createHash('sha512').update(`${seed}/${counter++}`).digest().readUInt32LE(0) % below
}

function secretPoint(draw: Draw): Secret {
  const scalar = 1n + (littleEndian(bytes(draw, 32)) % (groupOrder - 1n))
  return { scalar, point: Point.BASE.multiply(scalar) }
}

function odd({ draw }: World): number {
  return 1 + draw(7)
}

function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[draw(items.length)] as Item
}

function bytes(draw: Draw, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => draw(256))
}

function challengeOf(commitment: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return (
    littleEndian(
      createHash('sha512')
        .update(concatBytes(commitment, publicKey, message))
        .digest(),
    ) % groupOrder
  )
}

function times(point: CurvePoint, scalar: bigint): CurvePoint {
  return point.multiplyUnsafe(scalar)
}

function decode(encoding: Uint8Array): CurvePoint | undefined {
  try {
    return Point.fromBytes(encoding, true)
  } catch {
    return undefined
  }
}

function encode(value: bigint, sign: number): Uint8Array {
  const encoding = Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n))
  encoding[31] = (encoding[31] as number) | sign
  return encoding
}

function littleEndian(encoding: Uint8Array): bigint {
  return encoding.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
