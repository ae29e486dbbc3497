/** The demonstration's own routes: what happens in person elsewhere. They are not there in any other process. */
import { fromHex } from '@plexus/codec'
import { z } from 'zod'
import { bottleActs } from '../bottle-desk.ts'
import type { Desk } from '../desk.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { chartNumber, hexHash, organisationId } from './fields.ts'
import { mailbox } from './prescription-routes.ts'
import { problem } from './problem.ts'
import { deskRoute, json, type Route } from './route.ts'
import { sessionOf, signInOf } from './sign-in-routes.ts'
import type { StaffSessions } from './staff-sessions.ts'

export function deskRoutes(
  desk: Desk,
  signIns: ReadonlyMap<string, SignIn>,
  sessions: StaffSessions,
  now: () => number,
): readonly Route[] {
  return [
    deskRoute({
      method: 'GET',
      path: '/v1/demonstration',
      id: 'demonstration',
      summary: 'Who plays what in the demonstration',
      tag: 'demonstration',
      gives: 'The member that asks, where somebody can be signed in, the member that keeps mailboxes, and the charts.',
      handle() {
        const { asker, employers, keeper, told } = desk
        return json({ asker, employers, keeper, told, patients: desk.patients() })
      },
    }),
    deskRoute({
      method: 'POST',
      path: '/v1/demonstration/codes',
      id: 'demonstrationCode',
      summary: 'The enrolment code that a custodian’s front desk hands over after proof of identity',
      tag: 'demonstration',
      body: z.strictObject({ patient: chartNumber, custodian: organisationId }),
      gives: 'The code; it is good once, for a day.',
      refusals: ['chart-unknown'],
      async handle({ body: { patient, custodian } }) {
        const code = await desk.code(patient, custodian)
        return code === null ? problem('chart-unknown') : json({ code })
      },
    }),
    deskRoute({
      method: 'POST',
      path: '/v1/demonstration/sign-in',
      id: 'demonstrationSignIn',
      summary: 'Signs a clinician of the demonstration in, at the member named',
      tag: 'demonstration',
      body: z.strictObject({ member: organisationId }),
      gives: 'A session: its token, and how the person stands on the ledger.',
      refusals: ['clinician-without-role', 'member-not-here'],
      async handle({ body: { member } }) {
        const home = desk.home(member)
        return home ? sessionOf(home, await desk.signIn(member), sessions, now()) : problem('member-not-here')
      },
    }),
    deskRoute({
      method: 'POST',
      path: '/v1/demonstration/bottle',
      id: 'demonstrationBottle',
      summary: 'Plays an act of the bottle’s story: its people here, the patient’s wallet wherever it is',
      tag: 'demonstration',
      body: z.strictObject({
        act: z.enum(bottleActs),
        patient: z
          .strictObject({ keys: z.array(hexHash).min(1).max(1), mailbox })
          .nullable()
          .default(null),
      }),
      gives: 'What it left, and the height of the ledger then; or `refused`, why it was not done. And the pharmacy.',
      async handle({ body: { act, patient } }) {
        const npi = await desk.signIn(desk.asker)
        const keys = patient && {
          keys: patient.keys.map(fromHex),
          mailbox: { ...patient.mailbox, address: fromHex(patient.mailbox.address) },
        }
        return json({ pharmacy: desk.bottle.pharmacy, ...(await desk.bottle.play(act, npi, keys)) })
      },
    }),
    deskRoute({
      method: 'POST',
      path: '/v1/demonstration/passkey-link',
      id: 'demonstrationPasskeyLink',
      summary: 'The link with which the demonstration’s clinician registers a passkey, as the employer hands it over',
      tag: 'demonstration',
      gives: 'The member, and the token of the link.',
      async handle() {
        const npi = await desk.signIn(desk.asker)
        return json({ member: desk.asker, link: signInOf(signIns, desk.asker).link(npi) })
      },
    }),
  ]
}
