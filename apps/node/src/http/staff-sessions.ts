/**
 * Sessions of persons at a member: each has a token of its own, which ends with the shift. Kept in memory alone: a restart ends them all.
 */
import { toHex } from '@plexus/codec'
import { type RandomBytes, sha256 } from '@plexus/crypto'

/** The longest shift (security: sessions end after 12 h whatever happens). */
const sessionSecondsMax = 12 * 3600
/** Far above the people that a member has at work at once. */
const sessionsMax = 4_096
const tokenBytes = 32

interface Session {
  readonly member: string
  readonly npi: string
  readonly verifiedAt: number
  readonly until: number
}

/** Who is at work at a door. Whoever comes with the member's own token is nobody in particular. */
export interface Person {
  readonly npi: string
  /** When the person was last verified, seconds since 1970. */
  readonly verifiedAt: number
  /** Ends the session. */
  readonly end: () => void
}

export class StaffSessions {
  /** By the hash of the token, so that a dump of memory holds no token that still works. */
  private readonly sessions = new Map<string, Session>()
  private readonly random: RandomBytes
  private readonly now: () => number

  constructor({ random, now }: { readonly random: RandomBytes; readonly now: () => number }) {
    this.random = random
    this.now = now
  }

  /** The token: 64 hexadecimal digits. Past the bound the oldest session ends. */
  open(member: string, npi: string): string {
    for (const [key, { until }] of this.sessions) if (until < this.now()) this.sessions.delete(key)
    const [oldest] = this.sessions.keys()
    if (this.sessions.size >= sessionsMax && oldest !== undefined) this.sessions.delete(oldest)
    const token = this.random(tokenBytes)
    const now = this.now()
    this.sessions.set(toHex(sha256(token)), { member, npi, verifiedAt: now, until: now + sessionSecondsMax })
    return toHex(token)
  }

  /** Whose session this is, of the member's own people; null where there is none, or it ended. */
  personOf(member: string, header: string | undefined): Person | null {
    const key = keyOf(header)
    const session = this.sessions.get(key)
    if (!session || session.member !== member || session.until < this.now()) return null
    const { npi, verifiedAt } = session
    return { npi, verifiedAt, end: () => void this.sessions.delete(key) }
  }
}

function keyOf(header: string | undefined): string {
  const token = /^Bearer ([0-9a-f]{64})$/.exec(header ?? '')?.[1]
  if (token === undefined) return ''
  return toHex(sha256(Uint8Array.from(token.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))))
}
