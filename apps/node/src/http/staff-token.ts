/**
 * The bearer token of a member's staff: 32 random bytes under the member's keys, sent in hexadecimal. One token stands
 * for all staff of the member; persons sign in apart once SMART sign-in is there.
 */
import { timingSafeEqual } from 'node:crypto'
import { toHex } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import { type Layout, secretOf } from '../layout.ts'
import { type Problem, problem } from './problem.ts'

/** The token of a member, made on first use. It is kept at `MEMBER/keys/api-token.secret`. */
export function staffToken(layout: Layout, random: RandomBytes): string {
  return toHex(secretOf(layout, 'api-token', random))
}

/** Null when the header carries the token. The comparison takes as long for any wrong token of its length. */
export function checkToken(header: string | undefined, token: string): Problem | null {
  const sent = /^Bearer ([0-9a-f]{64})$/i.exec(header ?? '')?.[1]
  if (header === undefined) return problem('token-missing')
  if (sent === undefined) return problem('token-wrong', { expected: 'Bearer and 64 hexadecimal digits' })
  return timingSafeEqual(Buffer.from(sent.toLowerCase()), Buffer.from(token)) ? null : problem('token-wrong')
}
