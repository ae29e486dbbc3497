/** How a clinician signs in from a browser: a passkey (W3C Web Authentication Level 3), or the demonstration's desk. */
import { fromHex, no, ok, parseBase64Url, type Result, toBase64Url } from '@plexus/codec'
import { type SignedIn, signIn } from '../node/desk.ts'
import { ask, askJson, type DoorRefusal } from '../node/door.ts'

/** The passkey that this browser made, so that a wallet's own are not offered. It names nobody. */
const keptName = 'plexus-staff-passkey'
/** A link that came with the address is kept for this window alone. */
const linkName = 'plexus-passkey-link'
const nobodyBytes = 16

export type Way = 'desk' | 'passkey'

export interface Session extends SignedIn {
  readonly way: Way
}

interface Kept {
  readonly member: string
  readonly id: string
}

export function keptPasskey(): Kept | null {
  const [, member, id] = /^([a-z0-9-]+) ([A-Za-z0-9_-]+)$/.exec(localStorage.getItem(keptName) ?? '') ?? []
  return member === undefined || id === undefined ? null : { member, id }
}

/** From `#passkey=MEMBER.TOKEN`, which no browser sends; it is taken out of the address at once. */
export function linkInAddress(): { readonly member: string; readonly link: string } | null {
  if (/^#passkey=[a-z0-9-]+\.[0-9a-f]{64}$/.test(location.hash)) {
    sessionStorage.setItem(linkName, location.hash.slice('#passkey='.length))
    history.replaceState(null, '', '/#/clinician')
  }
  const [member, link] = sessionStorage.getItem(linkName)?.split('.') ?? []
  return member === undefined || link === undefined ? null : { member, link }
}

/** Makes a passkey with the employer's link, and signs in. */
export async function makePasskey(member: string, link: string): Promise<Result<Session, DoorRefusal>> {
  if (!hasPasskeys()) return no({ type: 'no-passkeys' })
  const begun = await askJson<{ readonly challenge: string; readonly npi: string }>(
    `/v1/members/${member}/passkeys/begin`,
    { json: { link } },
  )
  if (!begun.ok) return begun
  const { challenge, npi } = begun.value
  const made = await prompted(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: buffer(fromHex(challenge)),
        rp: { name: 'Plexus' },
        user: {
          id: crypto.getRandomValues(new Uint8Array(nobodyBytes)),
          name: `NPI ${npi}`,
          displayName: `NPI ${npi}`,
        },
        // ES256 and EdDSA (COSE algorithms): what the node verifies.
        pubKeyCredParams: [-7, -8].map((alg) => ({ type: 'public-key' as const, alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        attestation: 'none',
      },
    }),
  )
  if (!made) return no({ type: 'passkey-not-given' })
  const response = made.response as AuthenticatorAttestationResponse
  const answer = await askJson<SignedIn>(`/v1/members/${member}/passkeys`, {
    json: {
      link,
      challenge,
      clientData: text(response.clientDataJSON),
      authenticatorData: text(response.getAuthenticatorData()),
    },
  })
  if (!answer.ok) return answer
  sessionStorage.removeItem(linkName)
  localStorage.setItem(keptName, `${member} ${made.id}`)
  return ok({ ...answer.value, way: 'passkey' })
}

/** Signs in, unlocks, or is verified afresh: each is the same touch. */
export async function passkeyAt(member: string): Promise<Result<Session, DoorRefusal>> {
  if (!hasPasskeys()) return no({ type: 'no-passkeys' })
  const begun = await askJson<{ readonly challenge: string }>(`/v1/members/${member}/sign-in/begin`, { post: true })
  if (!begun.ok) return begun
  const { challenge } = begun.value
  const kept = keptPasskey()
  const known = kept?.member === member ? parseBase64Url(kept.id) : undefined
  const shown = await prompted(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: buffer(fromHex(challenge)),
        allowCredentials: known ? [{ type: 'public-key', id: buffer(known) }] : [],
        userVerification: 'required',
      },
    }),
  )
  if (!shown) return no({ type: 'passkey-not-given' })
  const response = shown.response as AuthenticatorAssertionResponse
  const answer = await askJson<SignedIn>(`/v1/members/${member}/sign-in`, {
    json: {
      id: shown.id,
      challenge,
      clientData: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
    },
  })
  return answer.ok ? ok({ ...answer.value, way: 'passkey' }) : answer
}

export async function deskAt(token: string, member: string): Promise<Result<Session, DoorRefusal>> {
  const answer = await signIn(token, member)
  return answer.ok ? ok({ ...answer.value, way: 'desk' }) : answer
}

/** The node forgets the session; whether it hears of it or not, this page has forgotten it already. */
export function endSession({ member, token }: Session): void {
  void ask(`/v1/members/${member}/sign-out`, { token, post: true })
}

const hasPasskeys = (): boolean => 'credentials' in navigator && 'PublicKeyCredential' in window

const text = (bytes: ArrayBuffer): string => toBase64Url(new Uint8Array(bytes))
const buffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

async function prompted(prompt: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await prompt()) as PublicKeyCredential | null
  } catch {
    // The browser tells no more than that it was not to be: the person may try again.
    return null
  }
}
