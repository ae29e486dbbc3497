/**
 * A member's transport key in the only form that TLS takes: a self-signed certificate (RFC 5280, Ed25519 by RFC 8410).
 * Nothing in it is read but the key. No authority, name or time of it says anything: the ledger does.
 */
import { constants, createPrivateKey, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { toHex } from '@plexus/codec'
import { publicKeyOf, type RandomBytes, sign } from '@plexus/crypto'

/** What both sides ask of TLS. Groups in the order in which they are wanted: hybrid (ML-KEM-768 and X25519) first. */
export const tlsTerms = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ecdhCurve: 'X25519MLKEM768:X25519',
  ALPNProtocols: ['h2'],
  /** No authority vouches for anybody here. The key is held against the ledger before a byte is read. */
  rejectUnauthorized: false,
  /** With no store of earlier connections either, none goes on from another. */
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const

export interface Credentials {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: string
  /** The public key in hexadecimal, as the ledger names it. */
  readonly publicKey: string
}

/** The certificate of an Ed25519 seed of 32 bytes. Two of one seed differ in their serial number alone. */
export function credentialsOf(seed: Uint8Array, random: RandomBytes): Credentials {
  const publicKey = publicKeyOf(seed)
  // RFC 5280 §4.1.2.2: positive, at most 20 octets.
  const serial = der(0x02, Uint8Array.of(1), random(15))
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, ascii('plexus member')))))
  // §4.1.2.5: the last date that can be written means that there is none. Keys end on the ledger.
  const validity = der(0x30, der(0x17, ascii('000101000000Z')), der(0x18, ascii('99991231235959Z')))
  const subjectKey = der(0x30, ed25519, der(0x03, Uint8Array.of(0), publicKey))
  const toBeSigned = der(0x30, version3, serial, ed25519, name, validity, name, subjectKey)
  const certificate = der(0x30, toBeSigned, ed25519, der(0x03, Uint8Array.of(0), sign(seed, toBeSigned)))
  const key = createPrivateKey({ key: Buffer.concat([privateKeyHead, seed]), format: 'der', type: 'pkcs8' })
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: toHex(publicKey),
  }
}

/**
 * The Ed25519 key that the other side has shown that it holds, in hexadecimal; undefined where there is none, or the
 * connection goes on from an earlier one: only what was shown on this connection counts.
 */
export function shownKey(socket: TLSSocket): string | undefined {
  if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) return undefined
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate()
  if (certificate?.publicKey.asymmetricKeyType !== 'ed25519') return undefined
  const { x } = certificate.publicKey.export({ format: 'jwk' })
  return x === undefined ? undefined : Buffer.from(x, 'base64url').toString('hex')
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const hex = (text: string): Uint8Array => Buffer.from(text, 'hex')

/** AlgorithmIdentifier of Ed25519, 1.3.101.112 (RFC 8410 §3). */
const ed25519 = hex('300506032b6570')
/** id-at-commonName, 2.5.4.3. */
const commonName = hex('0603550403')
const version3 = hex('a003020102')
/** PrivateKeyInfo of an Ed25519 seed, up to the seed (RFC 8410 §7). */
const privateKeyHead = hex('302e020100300506032b657004220420')

/** One element of DER (X.690 §8.1); its content is shorter than 64 KiB. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.of(tag, ...head), content])
}
