/** What always holds of licences and roles. */
import type { Context, Invariants, ReadableCollection } from '@plexus/kernel'
import { isNpi } from './npi.ts'
import type { state } from './state.ts'

export const invariants: Invariants<typeof state> = {
  'every licence and every role is of a valid NPI': ({ licences, roles }) =>
    [...licences.entries(), ...roles.entries()].every(([key]) => isNpi(key.slice(0, 10))),

  'a licence stays with the board that attested it': ({ licences }, before) =>
    [...before.licences.entries()].every(([npi, { board }]) => licences.get(npi)?.board === board),

  'no licence is attested for a time that is over': ({ licences }, before, { time }) =>
    [...licences.entries()].every(
      ([npi, { validUntil }]) => validUntil >= time || before.licences.get(npi)?.validUntil === validUntil,
    ),

  'no role is forgotten': ({ roles }, before) =>
    [...before.roles.entries()].every(([key]) => roles.get(key) !== undefined),

  'a change carries the height at which it happened': ({ licences, roles }, before, context) =>
    dated(licences, before.licences, context) && dated(roles, before.roles, context),

  'a renewal lifts no suspension': ({ licences, roles }, before) =>
    [...licences.entries()].every(([npi, now]) => {
      const was = before.licences.get(npi)
      return was?.status === now.status || was === undefined || was.validUntil === now.validUntil
    }) &&
    [...roles.entries()].every(([key, now]) => {
      const was = before.roles.get(key)
      return was?.status === now.status || was === undefined || was.role === now.role
    }),
}

function dated<Value extends { readonly since: number; readonly status: string }>(
  now: ReadableCollection<Value>,
  before: ReadableCollection<Value>,
  { height }: Context,
): boolean {
  for (const [key, { since, status }] of now.entries()) {
    const was = before.get(key)
    if (since !== height && (was?.since !== since || was.status !== status)) return false
  }
  return true
}
