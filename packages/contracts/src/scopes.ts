/** What a key may be used for, and whether the sponsor of an envelope signed with such a key. */
import { oneOf, sortedList } from '@plexus/codec'
import type { Context } from '@plexus/kernel'

const scopes = [
  'batches',
  'credentials',
  'custodian',
  'governance',
  'licensing-board',
  'sponsor',
  /** Shows that a node is its member's on connections between nodes; signs no envelope. */
  'transport',
] as const

export type Scope = (typeof scopes)[number]

const scope = oneOf(...scopes)

/** The scopes of one key: a set, in alphabetical order. */
export const scopeSet = sortedList(scope, {
  min: 1,
  max: scopes.length,
  order: (a, b) => scopes.indexOf(a) - scopes.indexOf(b),
})

/** Whether a key that the sponsor itself holds, with this scope, signed the envelope. */
export function sponsorSigned(context: Context, wanted: Scope): boolean {
  return signedFor(context, context.sponsor, wanted)
}

/** The same of any organisation: one envelope may carry signatures of several. */
export function signedFor({ signers }: Context, organisation: string, wanted: Scope): boolean {
  return signers.some(({ holder, scopes: held }) => holder === organisation && held.includes(wanted))
}
