/** An authenticator of our own, for tests: it signs what a browser would have it sign, or what a test would rather. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { parseBase64Url, toBase64Url, utf8 } from '@plexus/codec'

export interface Changes {
  readonly type?: string
  readonly challenge?: string
  readonly origin?: string
  readonly crossOrigin?: boolean
  readonly rpId?: string
  readonly flags?: number
}

const present = 0x01
const verified = 0x04
const hasCredential = 0x40

export class Authenticator {
  readonly id = new Uint8Array(randomBytes(16))
  /** What it says next; a synchronised passkey says 0. */
  counter = 0
  private readonly algorithm: 'EdDSA' | 'ES256'
  private readonly origin: string
  private readonly privateKey: KeyObject
  private readonly cose: Buffer

  constructor(origin: string, algorithm: 'EdDSA' | 'ES256' = 'ES256') {
    this.origin = origin
    this.algorithm = algorithm
    const pair =
      algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
    this.privateKey = pair.privateKey
    const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' })
    const part = (text: string) => Buffer.from(parseBase64Url(text) ?? [])
    this.cose =
      algorithm === 'ES256'
        ? Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), part(x), Buffer.from('225820', 'hex'), part(y)])
        : Buffer.concat([Buffer.from('a4010103272006215820', 'hex'), part(x)])
  }

  /** `challenge` in hexadecimal, as the node gives it. */
  make(challenge: string, changes: Changes = {}) {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    const credential = Buffer.concat([Buffer.alloc(16), length, this.id, this.cose])
    return {
      challenge,
      clientData: this.clientData('webauthn.create', challenge, changes),
      authenticatorData: this.data(present | verified | hasCredential, changes, credential),
    }
  }

  use(challenge: string, changes: Changes = {}) {
    const clientData = this.clientData('webauthn.get', challenge, changes)
    const authenticatorData = this.data(present | verified, changes)
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()])
    const signature = sign(this.algorithm === 'ES256' ? 'sha256' : null, signed, this.privateKey)
    return { id: toBase64Url(this.id), challenge, clientData, authenticatorData, signature: new Uint8Array(signature) }
  }

  private clientData(type: string, challenge: string, changes: Changes): Uint8Array {
    return utf8(
      JSON.stringify({
        type: changes.type ?? type,
        challenge: toBase64Url(new Uint8Array(Buffer.from(changes.challenge ?? challenge, 'hex'))),
        origin: changes.origin ?? this.origin,
        crossOrigin: changes.crossOrigin ?? false,
      }),
    )
  }

  private data(flags: number, changes: Changes, credential = Buffer.alloc(0)): Uint8Array {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    const rpId = createHash('sha256').update(changes.rpId ?? new URL(this.origin).hostname)
    return new Uint8Array(Buffer.concat([rpId.digest(), Buffer.of(changes.flags ?? flags), counter, credential]))
  }
}

/** As JSON carries it. */
export function written<Shown extends { readonly clientData: Uint8Array; readonly authenticatorData: Uint8Array }>(
  shown: Shown,
) {
  return Object.fromEntries(
    Object.entries(shown).map(([name, value]) => [name, value instanceof Uint8Array ? toBase64Url(value) : value]),
  )
}
