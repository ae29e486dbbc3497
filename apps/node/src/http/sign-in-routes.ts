/** Sign-in of a member's people: a link registers a passkey, the passkey opens a session, the person ends it. */
import { practitioners } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import type { SignIn, SignInRefusal } from '../sign-in/sign-in.ts'
import { base64Url, hexHash, npi } from './fields.ts'
import { type Problem, problem } from './problem.ts'
import { type Answer, empty, json, memberRoute, type Route } from './route.ts'
import type { StaffSessions } from './staff-sessions.ts'

/** Client data holds a challenge and an origin; authenticator data a credential id and a key. */
const passkeyBytesMax = 4_096
const credentialIdBytesMax = 1_023
const signatureBytesMax = 512

const part = base64Url(passkeyBytesMax)
const shown = { challenge: hexHash, clientData: part, authenticatorData: part }

export function signInRoutes(
  signIns: ReadonlyMap<string, SignIn>,
  sessions: StaffSessions,
  now: () => number,
): readonly Route[] {
  const at = ({ member }: MemberNode): SignIn => signInOf(signIns, member)
  return [
    memberRoute({
      method: 'POST',
      path: '/passkeys/link',
      id: 'passkeyLink',
      summary: 'A link with which one of the member’s clinicians registers a passkey; handed over by the employer',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ npi }),
      gives: 'The token of the link; it is good once, for a day, until this process ends.',
      refusals: ['clinician-without-role', 'session-of-a-person'],
      handle({ body: { npi: whose }, person }, node) {
        // Whoever took over a desk must not make a passkey for later.
        if (person) return problem('session-of-a-person')
        if (standingOf(node, whose, now()).role !== 'active') return problem('clinician-without-role')
        return json({ link: at(node).link(whose) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/passkeys/begin',
      id: 'beginPasskey',
      summary: 'What a browser needs to make a passkey',
      tag: 'sign-in',
      body: z.strictObject({ link: hexHash }),
      gives: 'Random bytes to be signed, and whose passkey it will be.',
      refusals: ['link-unknown'],
      handle({ body: { link } }, node) {
        const whose = at(node).ownerOf(link)
        return whose === undefined ? problem('link-unknown') : json({ challenge: at(node).challenge(), npi: whose })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/passkeys',
      id: 'registerPasskey',
      summary: 'Registers a passkey, and signs its owner in',
      tag: 'sign-in',
      body: z.strictObject({ link: hexHash, ...shown }),
      gives: 'A session: its token, and how the person stands on the ledger.',
      refusals: ['challenge-unknown', 'clinician-without-role', 'link-unknown', 'passkey-refused', 'passkeys-full'],
      handle({ body: { link, ...given } }, node) {
        const made = at(node).register(link, given)
        return made.ok ? sessionOf(node, made.value.npi, sessions, now()) : refusalOf(made.reason)
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/sign-in/begin',
      id: 'beginSignIn',
      summary: 'What a passkey has to sign',
      tag: 'sign-in',
      gives: 'Random bytes, good once, for five minutes.',
      handle: (_, node) => json({ challenge: at(node).challenge() }),
    }),
    memberRoute({
      method: 'POST',
      path: '/sign-in',
      id: 'signIn',
      summary: 'Signs in with a passkey; also to unlock, and to be verified afresh',
      tag: 'sign-in',
      body: z.strictObject({
        id: z.string().max(credentialIdBytesMax * 2),
        ...shown,
        signature: base64Url(signatureBytesMax),
      }),
      gives: 'A session: its token, and how the person stands on the ledger.',
      refusals: ['challenge-unknown', 'clinician-without-role', 'passkey-refused', 'passkey-unknown'],
      handle({ body }, node) {
        const signed = at(node).verify(body)
        return signed.ok ? sessionOf(node, signed.value.npi, sessions, now()) : refusalOf(signed.reason)
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/sign-out',
      id: 'signOut',
      summary: 'Ends the session of whoever asks; the idle lock does it too',
      tag: 'staff',
      staff: true,
      gives: 'The token opens nothing any more.',
      media: 'none',
      handle({ person }) {
        person?.end()
        return empty
      },
    }),
  ]
}

export function signInOf(signIns: ReadonlyMap<string, SignIn>, member: string): SignIn {
  const found = signIns.get(member)
  if (!found) throw new Error('a member of this process has no sign-in')
  return found
}

/** A new session, for whoever has a role here now. Licence and role are the ledger's word at this moment. */
export function sessionOf(node: MemberNode, whose: string, sessions: StaffSessions, now: number): Answer {
  const { licence, role, roleCode } = standingOf(node, whose, now)
  if (role !== 'active') return problem('clinician-without-role')
  const token = sessions.open(node.member, whose)
  return json({ member: node.member, npi: whose, licence, role: roleCode, token })
}

function standingOf({ member, store }: MemberNode, whose: string, now: number) {
  return practitioners.queries.standing(viewOf(practitioners, store), {
    npi: whose,
    organisation: member,
    time: Math.floor(now),
  })
}

function refusalOf(refused: SignInRefusal): Problem {
  if (refused.type !== 'passkey-refused') return problem(refused.type)
  return problem('passkey-refused', { at: refused.fault })
}
