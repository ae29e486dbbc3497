/** The data key of a wallet: made here, held in memory while the wallet is open, and kept under a lock. */
import type { Lock, Sealed } from './storage.ts'

const nonceBytes = 12
const keyBytes = 32
/** Bound to what it is for, so that no other use of the same passkey gives the same key. */
const prfInfo = new TextEncoder().encode('plexus/v1/wallet-lock')

/** Why a passkey did not open: turned away by the person or the authenticator, or it has no `prf`. */
export type LockRefusal = 'no-prf' | 'turned-away'

export async function seal(key: CryptoKey, bytes: Uint8Array): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, new Uint8Array(bytes))
  return { nonce, bytes: new Uint8Array(sealed) }
}

/** Throws when the bytes are not those that were sealed. */
export async function open(key: CryptoKey, { nonce, bytes }: Sealed): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, bytes))
}

export async function deviceLock(): Promise<{ readonly lock: Lock; readonly key: CryptoKey }> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  return { lock: { type: 'device', key }, key }
}

/** Makes a passkey for this wallet, and a data key under what it gives. */
export async function passkeyLock(): Promise<{ readonly lock: Lock; readonly key: CryptoKey } | LockRefusal> {
  const salt = crypto.getRandomValues(new Uint8Array(keyBytes))
  const made = await prompted(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(keyBytes)),
        rp: { name: 'Plexus' },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: 'Plexus', displayName: 'Plexus' },
        // EdDSA, ES256, RS256 (COSE algorithms): any will do, since what signs is never asked.
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key' as const, alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        extensions: { prf: {} },
      },
    }),
  )
  if (!made) return 'turned-away'
  const credential = new Uint8Array(made.rawId)
  if (made.getClientExtensionResults().prf?.enabled !== true) return 'no-prf'
  const wrapping = await keyOfPasskey(credential, salt)
  if (typeof wrapping === 'string') return wrapping
  const raw = crypto.getRandomValues(new Uint8Array(keyBytes))
  const wrapped = await seal(wrapping, raw)
  return { lock: { type: 'passkey', credential, salt, wrapped }, key: await dataKey(raw) }
}

/** The data key behind a lock. */
export async function unlock(lock: Lock): Promise<CryptoKey | LockRefusal> {
  if (lock.type === 'device') return lock.key
  const wrapping = await keyOfPasskey(lock.credential, lock.salt)
  if (typeof wrapping === 'string') return wrapping
  return dataKey(await open(wrapping, lock.wrapped))
}

/** Whether this browser can ask for a passkey at all. */
export const hasPasskeys = (): boolean => 'credentials' in navigator && 'PublicKeyCredential' in window

async function dataKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  raw.fill(0)
  return key
}

async function keyOfPasskey(
  credential: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
): Promise<CryptoKey | LockRefusal> {
  const shown = await prompted(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(keyBytes)),
        allowCredentials: [{ type: 'public-key', id: credential }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )
  if (!shown) return 'turned-away'
  const secret = shown.getClientExtensionResults().prf?.results?.first
  if (!secret) return 'no-prf'
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: prfInfo },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

async function prompted(prompt: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await prompt()) as PublicKeyCredential | null
  } catch {
    // The browser tells no more than that it was not to be: the person may try again.
    return null
  }
}
