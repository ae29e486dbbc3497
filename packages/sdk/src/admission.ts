/**
 * A candidate asks to be admitted from its own machine: it composes the envelope of the proposal and signs it with each of
 * its keys; the member that proposes it looks at it, and adds the one signature that is missing.
 */
import { compareBytes, decode, encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import { type MembersAction, members } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { assembleEnvelope, composeBody, readBody, signBody, transactionBytesMax } from '@plexus/kernel'
import type { Share } from './wallet/sponsored.ts'

export type Admission = Extract<MembersAction, { readonly type: 'admit-member' }>

/** Nothing of it is secret. It is good until the end that the body names, 600 s of block time at most. */
export interface AskedAdmission {
  readonly body: Uint8Array
  readonly shares: readonly Share[]
}

export interface AdmissionFrame {
  /** SHA-256 of the genesis document. */
  readonly chain: Uint8Array
  /** The member that is asked to propose, and its key with the scopes `governance` and `sponsor`. */
  readonly sponsor: string
  readonly sponsorKey: Uint8Array
  /** 16 random bytes. */
  readonly nonce: Uint8Array
  /** Seconds since 1970. */
  readonly validUntil: number
}

/** `seeds`: of every key that the admission names, Ed25519, 32 bytes each. */
export function askAdmission(action: Admission, frame: AdmissionFrame, seeds: readonly Uint8Array[]): AskedAdmission {
  const { sponsorKey, ...content } = frame
  const transaction = encode(members.transaction, { type: 'propose', action })
  const signers = [sponsorKey, ...seeds.map(publicKeyOf)]
  const body = composeBody({ ...content, contract: members.name, transaction, signers })
  return {
    body,
    shares: seeds.map((seed) => ({ key: publicKeyOf(seed), signature: signBody(frame.chain, body, seed) })),
  }
}

export type AdmissionRefusal = {
  readonly type: 'not-an-admission' | 'not-for-this-key' | 'not-for-this-member' | 'other-chain' | 'signature-missing'
}

/** What is proposed, and the envelope that proposes it. The sponsor signs an admission and nothing else. */
export function sponsorAdmission(
  { body, shares }: AskedAdmission,
  own: { readonly chain: Uint8Array; readonly sponsor: string; readonly seed: Uint8Array },
): Result<{ readonly action: Admission; readonly envelope: Uint8Array }, AdmissionRefusal> {
  const read = readBody(body)
  if (!read.ok || read.value.contract !== members.name) return no({ type: 'not-an-admission' })
  const { chain, sponsor, signers, transaction } = read.value
  const asked = decode(members.transaction, transaction, transactionBytesMax)
  if (!asked.ok || asked.value.type !== 'propose' || asked.value.action.type !== 'admit-member')
    return no({ type: 'not-an-admission' })
  if (!equalBytes(chain, own.chain)) return no({ type: 'other-chain' })
  if (sponsor !== own.sponsor) return no({ type: 'not-for-this-member' })
  const key = publicKeyOf(own.seed)
  if (!signers.some((signer) => compareBytes(signer, key) === 0)) return no({ type: 'not-for-this-key' })
  const all = [...shares, { key, signature: signBody(chain, body, own.seed) }]
  const signatures = signers.flatMap((signer) => all.find((share) => equalBytes(share.key, signer))?.signature ?? [])
  if (signatures.length !== signers.length) return no({ type: 'signature-missing' })
  return ok({ action: asked.value.action, envelope: assembleEnvelope(body, signatures) })
}
