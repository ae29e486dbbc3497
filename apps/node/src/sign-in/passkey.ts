/**
 * What a relying party checks of a passkey: W3C Web Authentication Level 3, §7.1 (registration) and §7.2 (assertion),
 * for ES256 and EdDSA (RFC 9053 §2.1, §2.2), with user verification, without attestation: who may register is told by
 * the link that the employer handed over, not by who made the authenticator.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { equalBytes, no, ok, parseBase64Url, type Result, readJson, toBase64Url, toPlain } from '@plexus/codec'

export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string
  /** JSON Web Key of the public key (RFC 7517). */
  readonly key: PasskeyKey
  /** Where it was registered; it signs there and nowhere else. */
  readonly origin: string
  readonly signCount: number
}

export type PasskeyKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }

/** The check that failed. */
export type PasskeyFault =
  | 'authenticator-data'
  | 'challenge'
  | 'client-data'
  | 'counter'
  | 'key'
  | 'origin'
  | 'relying-party'
  | 'signature'
  | 'user-not-verified'

interface Given {
  readonly challenge: Uint8Array
  readonly clientData: Uint8Array
  readonly authenticatorData: Uint8Array
}

/** A new passkey, bound to the origin at which its owner made it. */
export function registered({ challenge, clientData, authenticatorData }: Given): Result<Passkey, PasskeyFault> {
  const client = readClientData(clientData, 'webauthn.create', challenge)
  if (!client.ok) return client
  const data = readAuthenticatorData(authenticatorData)
  if (!data?.credential) return no('authenticator-data')
  const fault = faultOf(data, client.value)
  if (fault) return no(fault)
  const key = readKey(data.credential.key)
  if (!key) return no('key')
  return ok({ id: toBase64Url(data.credential.id), key, origin: client.value, signCount: data.signCount })
}

/** The passkey as it is to be kept after this assertion. */
export function asserted(
  known: Passkey,
  { challenge, clientData, authenticatorData, signature }: Given & { readonly signature: Uint8Array },
): Result<Passkey, PasskeyFault> {
  const client = readClientData(clientData, 'webauthn.get', challenge)
  if (!client.ok) return client
  if (client.value !== known.origin) return no('origin')
  const data = readAuthenticatorData(authenticatorData)
  if (!data) return no('authenticator-data')
  const fault = faultOf(data, known.origin)
  if (fault) return no(fault)
  // §7.2 step 21: over the authenticator data and the hash of the client data, as they came.
  const signed = Buffer.concat([authenticatorData, sha256(clientData)])
  const publicKey = createPublicKey({ key: { ...known.key }, format: 'jwk' })
  if (!verify(known.key.kty === 'EC' ? 'sha256' : null, signed, publicKey, signature)) return no('signature')
  // §7.2 step 22: a counter that does not rise tells of a copy. Synchronised passkeys count nothing and say 0.
  const counts = known.signCount > 0 || data.signCount > 0
  if (counts && data.signCount <= known.signCount) return no('counter')
  return ok({ ...known, signCount: data.signCount })
}

/** §7.1 steps 7 to 11, §7.2 steps 10 to 14. The origin, where the rest is right. */
function readClientData(bytes: Uint8Array, type: string, challenge: Uint8Array): Result<string, PasskeyFault> {
  const read = readJson(bytes, { depthMax: 4, containersMax: 16 })
  if (!read.ok || !(read.value.value instanceof Map)) return no('client-data')
  const client = toPlain(read.value.value) as Readonly<Record<string, unknown>>
  if (client['type'] !== type || client['crossOrigin'] === true) return no('client-data')
  const { origin } = client
  const sent = typeof client['challenge'] === 'string' ? parseBase64Url(client['challenge']) : undefined
  if (!sent || !equalBytes(sent, challenge)) return no('challenge')
  return typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin
    ? ok(origin)
    : no('origin')
}

/** §6.1. */
const userPresent = 0x01
const userVerified = 0x04
const backupEligible = 0x08
const backedUp = 0x10
const hasCredential = 0x40
const headBytes = 37
/** §7.1 step 25. */
const credentialIdBytesMax = 1_023

interface AuthenticatorData {
  readonly rpIdHash: Uint8Array
  readonly flags: number
  readonly signCount: number
  readonly credential: { readonly id: Uint8Array; readonly key: Uint8Array } | null
}

function readAuthenticatorData(bytes: Uint8Array): AuthenticatorData | undefined {
  if (bytes.length < headBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = view.getUint8(32)
  const head = { rpIdHash: bytes.slice(0, 32), flags, signCount: view.getUint32(33) }
  if ((flags & hasCredential) === 0) return { ...head, credential: null }
  // §6.5.1: AAGUID, length, credential id, public key.
  const at = headBytes + 16
  if (bytes.length < at + 2) return undefined
  const length = view.getUint16(at)
  if (length === 0 || length > credentialIdBytesMax || bytes.length < at + 2 + length) return undefined
  return { ...head, credential: { id: bytes.slice(at + 2, at + 2 + length), key: bytes.slice(at + 2 + length) } }
}

function faultOf({ rpIdHash, flags }: AuthenticatorData, origin: string): PasskeyFault | undefined {
  if (!equalBytes(rpIdHash, sha256(Buffer.from(new URL(origin).hostname)))) return 'relying-party'
  if ((flags & userPresent) === 0 || (flags & userVerified) === 0) return 'user-not-verified'
  // §6.1.3: what was backed up was eligible for it.
  return (flags & backedUp) !== 0 && (flags & backupEligible) === 0 ? 'authenticator-data' : undefined
}

/** COSE keys in the canonical form of CTAP2 (§8 there): the same key has one encoding, so bytes are compared and not parsed. */
const es256Head = Buffer.from('a5010203262001215820', 'hex')
const es256Between = Buffer.from('225820', 'hex')
const ed25519Head = Buffer.from('a4010103272006215820', 'hex')
const coordinateBytes = 32

/** What follows the key are extensions, which are not asked for. */
function readKey(bytes: Uint8Array): PasskeyKey | undefined {
  const part = (from: number) => toBase64Url(bytes.slice(from, from + coordinateBytes))
  const starts = (prefix: Buffer, at = 0) => equalBytes(bytes.slice(at, at + prefix.length), prefix)
  const second = es256Head.length + coordinateBytes + es256Between.length
  if (starts(es256Head) && starts(es256Between, es256Head.length + coordinateBytes)) {
    if (bytes.length < second + coordinateBytes) return undefined
    const key = { kty: 'EC', crv: 'P-256', x: part(es256Head.length), y: part(second) } as const
    return isKey(key) ? key : undefined
  }
  if (!starts(ed25519Head) || bytes.length < ed25519Head.length + coordinateBytes) return undefined
  const key = { kty: 'OKP', crv: 'Ed25519', x: part(ed25519Head.length) } as const
  return isKey(key) ? key : undefined
}

/** A point that is not on the curve is no key. */
function isKey(key: PasskeyKey): boolean {
  try {
    createPublicKey({ key: { ...key }, format: 'jwk' })
    return true
  } catch {
    return false
  }
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
