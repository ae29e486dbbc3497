/** The envelope in which every transaction travels: a sponsor, a nonce, an end, and all signatures. */
import {
  bytes,
  compareBytes,
  decode,
  encode,
  type Infer,
  list,
  type Malformed,
  object,
  ok,
  type Result,
  sortedList,
  text,
  uint,
} from '@plexus/codec'
import { publicKeyOf, sha256, sign, signedBytes, verify } from '@plexus/crypto'

/** Room for a transaction that opens 4,096 handles of 32 bytes, and its frame. */
export const transactionBytesMax = 192 * 1024
export const envelopeBytesMax = transactionBytesMax + 8 * 1024

/** A step rarely needs more than a sponsor and a handle's key; a fill needs a few. */
const signersMax = 16

/** An envelope names an end at most this far ahead of block time, so that the memory of what was seen stays bounded. */
export const validSecondsMax = 600

/** Identifiers of organisations: minted, lower-case, never a name. */
export const organisationId = text({
  min: 2,
  max: 40,
  pattern: /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
  says: 'an organisation id (lower-case letters, digits, hyphens)',
})

const body = object({
  /** SHA-256 of the genesis document: an envelope of another chain is refused. */
  chain: bytes({ length: 32 }),
  sponsor: organisationId,
  nonce: bytes({ length: 16 }),
  /** Seconds since 1970; past it, by block time, the envelope is refused. */
  validUntil: uint(),
  contract: text({ min: 1, max: 40, pattern: /^[a-z][a-z0-9-]*$/ }),
  /** Canonical bytes of one of the contract's transactions. */
  transaction: bytes({ max: transactionBytesMax }),
  /** Every key that signs, named in what is signed: no signature can be stripped or added on the way. */
  signers: sortedList(bytes({ length: 32 }), { min: 1, max: signersMax, order: compareBytes }),
})

const envelope = object({
  body: bytes({ max: envelopeBytesMax }),
  signatures: list(bytes({ length: 64 }), { min: 1, max: signersMax }),
})

export type EnvelopeBody = Infer<typeof body>

export interface Envelope {
  readonly body: EnvelopeBody
  readonly bodyBytes: Uint8Array
  /** In the order of `body.signers`. */
  readonly signatures: readonly Uint8Array[]
  /** SHA-256 of the body: what replay protection remembers. */
  readonly id: Uint8Array
}

/** What one party composes and all signers sign: the bytes of a body, whose signers are put in order. */
export function composeBody(content: EnvelopeBody): Uint8Array {
  return encode(body, { ...content, signers: [...content.signers].sort(compareBytes) })
}

/** One signer's share. The seed is an Ed25519 secret key of 32 bytes. */
export function signBody(chain: Uint8Array, bodyBytes: Uint8Array, seed: Uint8Array): Uint8Array {
  return sign(seed, signedBytes('transaction', chain, bodyBytes))
}

/** The envelope, from a body and the signatures of its signers, in the order in which the body names them. */
export function assembleEnvelope(bodyBytes: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  return encode(envelope, { body: bodyBytes, signatures })
}

/** Reads a body that another party composed and that is still to be signed. */
export function readBody(source: Uint8Array): Result<EnvelopeBody, Malformed> {
  return decode(body, source, envelopeBytesMax)
}

/** Signs a body with every seed of its signers. */
export function sealEnvelope(content: Omit<EnvelopeBody, 'signers'>, seeds: readonly Uint8Array[]): Uint8Array {
  const pairs = seeds.map((seed) => ({ seed, key: publicKeyOf(seed) })).sort((a, b) => compareBytes(a.key, b.key))
  const bodyBytes = composeBody({ ...content, signers: pairs.map(({ key }) => key) })
  return assembleEnvelope(
    bodyBytes,
    pairs.map(({ seed }) => signBody(content.chain, bodyBytes, seed)),
  )
}

/** Reads untrusted bytes; signatures are not yet verified. */
export function readEnvelope(source: Uint8Array): Result<Envelope, Malformed> {
  const outer = decode(envelope, source, envelopeBytesMax)
  if (!outer.ok) return outer
  const inner = decode(body, outer.value.body, envelopeBytesMax)
  if (!inner.ok) return inner
  return ok({
    body: inner.value,
    bodyBytes: outer.value.body,
    signatures: outer.value.signatures,
    id: sha256(outer.value.body),
  })
}

/** Whether every named signer signed, under the strict Ed25519 profile. */
export function signaturesHold({ body: { chain, signers }, bodyBytes, signatures }: Envelope): boolean {
  if (signers.length !== signatures.length) return false
  const message = signedBytes('transaction', chain, bodyBytes)
  return signers.every((key, index) => verify(key, message, signatures[index] as Uint8Array))
}
