/** What happens in person, played by the demonstration: its routes answer whoever came by the link that it printed. */
import type { Result } from '@plexus/codec'
import { askJson, type DoorRefusal } from './door.ts'

export interface DeskPatient {
  readonly patient: string
  readonly enrolled: boolean
  readonly custodians: readonly { readonly id: string; readonly name: string; readonly member: string }[]
}

export interface DeskView {
  readonly asker: string
  /** Where somebody can be signed in, the asker first. */
  readonly employers: readonly string[]
  readonly keeper: string
  readonly told: string | null
  readonly patients: readonly DeskPatient[]
}

export interface SignedIn {
  readonly member: string
  readonly npi: string
  readonly licence: string
  readonly role: string
  readonly token: string
}

const tokenName = 'plexus-desk'
/** What the windows of a browser share of one demonstration. */
export const keptOfStory = {
  of: 'plexus-story-of',
  steps: 'plexus-story',
  visit: 'plexus-visit',
  bottle: 'plexus-bottle',
} as const
/** Enough to tell one demonstration from the next, and of no use at its desk. */
const hintCharacters = 8

/** The token stands after the #, which no browser sends; it is kept for this window alone and taken out of the address. */
export function deskToken(): string | null {
  const inLink = /^#desk=([0-9a-f]{64})$/.exec(location.hash)?.[1]
  if (inLink !== undefined) {
    sessionStorage.setItem(tokenName, inLink)
    history.replaceState(null, '', '/')
  }
  const token = sessionStorage.getItem(tokenName)
  const hint = token?.slice(0, hintCharacters) ?? null
  if (hint !== null && localStorage.getItem(keptOfStory.of) !== hint) {
    for (const name of [keptOfStory.steps, keptOfStory.visit, keptOfStory.bottle]) localStorage.removeItem(name)
    localStorage.setItem(keptOfStory.of, hint)
  }
  return token
}

export const lookAtDesk = (token: string): Promise<Result<DeskView, DoorRefusal>> =>
  askJson('/v1/demonstration', { token })

export async function codeFrom(
  token: string,
  patient: string,
  custodian: string,
): Promise<Result<{ readonly code: string }, DoorRefusal>> {
  return askJson('/v1/demonstration/codes', { token, json: { patient, custodian } })
}

/** The link with which the demonstration's clinician makes a passkey. */
export const passkeyLink = (
  token: string,
): Promise<Result<{ readonly member: string; readonly link: string }, DoorRefusal>> =>
  askJson('/v1/demonstration/passkey-link', { token, post: true })

export const signIn = (token: string, member: string): Promise<Result<SignedIn, DoorRefusal>> =>
  askJson('/v1/demonstration/sign-in', { token, json: { member } })

/** The bottle's acts that the desk plays; the patient's own are in the wallet. */
export const bottleActs = ['counterfeit', 'fill', 'make', 'prescribe', 'recall'] as const
export type BottleAct = (typeof bottleActs)[number]

export interface BottleTold {
  /** Where the bottle stands. */
  readonly pharmacy: string
  readonly refused?: string
  readonly height?: number
  /** What the act left: numbers, and the handle of what was prescribed. */
  readonly facts?: BottleFacts
}
export type BottleFacts = Readonly<Record<string, number | string>>

/** `patient`: of `prescribe`, the keys that the wallet gave, as JSON. */
export const playBottle = (
  token: string,
  act: BottleAct,
  patient: string | null,
): Promise<Result<BottleTold, DoorRefusal>> =>
  askJson('/v1/demonstration/bottle', {
    token,
    json: { act, ...(patient !== null && { patient: JSON.parse(patient) }) },
  })
