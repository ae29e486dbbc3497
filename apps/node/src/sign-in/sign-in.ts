/**
 * How a member's people sign in: a link from the employer registers a passkey, once; the passkey opens a session. What
 * waits for an answer is in memory alone, so a restart ends it; the passkeys are public keys in a file of the member's.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { type RandomBytes, sha256 } from '@plexus/crypto'
import { writeDurably } from '@plexus/store'
import { z } from 'zod'
import { asserted, type Passkey, type PasskeyFault, registered } from './passkey.ts'

/** Handed over in person or by the employer's own mail. */
const linkSeconds = 86_400
/** A person with an authenticator in the hand. */
const challengeSeconds = 300
/** Above the people at all desks of a member; the oldest gives way. */
const waitingMax = 4_096
/** Phone, key, workstation, and one lost of each. */
const passkeysOfPersonMax = 8
const passkeysMax = 50_000

export type SignInRefusal =
  | { readonly type: 'challenge-unknown' | 'link-unknown' | 'passkey-unknown' | 'passkeys-full' }
  | { readonly type: 'passkey-refused'; readonly fault: PasskeyFault }

const entry = z.strictObject({
  npi: z.string(),
  id: z.string(),
  key: z.union([
    z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
    z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
  ]),
  origin: z.string(),
  signCount: z.number(),
})
const file = z.strictObject({ version: z.literal(1), passkeys: z.array(entry).max(passkeysMax) })
type Entry = z.infer<typeof entry>

interface Parts {
  readonly random: RandomBytes
  /** Seconds since 1970. */
  readonly now: () => number
}

/** Sign-in at one member. */
export class SignIn {
  private readonly path: string
  private readonly parts: Parts
  private passkeys: readonly Entry[]
  /** By the hash of the link's token. */
  private readonly links: Waiting<string>
  private readonly challenges: Waiting<true>

  constructor(folder: string, parts: Parts) {
    this.path = join(folder, 'passkeys.json')
    this.parts = parts
    this.passkeys = existsSync(this.path) ? file.parse(JSON.parse(readFileSync(this.path, 'utf8'))).passkeys : []
    this.links = new Waiting(linkSeconds, parts.now)
    this.challenges = new Waiting(challengeSeconds, parts.now)
  }

  /** The token of a link with which this person registers one passkey: 64 hexadecimal digits. */
  link(npi: string): string {
    const token = this.parts.random(32)
    this.links.add(toHex(sha256(token)), npi)
    return toHex(token)
  }

  /** Whose link this is; it is used up by a registration alone. */
  ownerOf(link: string): string | undefined {
    return this.links.get(nameOf(link))
  }

  /** Random bytes that a passkey signs, once: 64 hexadecimal digits. */
  challenge(): string {
    const bytes = toHex(this.parts.random(32))
    this.challenges.add(bytes, true)
    return bytes
  }

  /** Registers the passkey, for whom the link was made. */
  register(
    link: string,
    given: { readonly challenge: string; readonly clientData: Uint8Array; readonly authenticatorData: Uint8Array },
  ): Result<{ readonly npi: string }, SignInRefusal> {
    const npi = this.ownerOf(link)
    if (npi === undefined) return no({ type: 'link-unknown' })
    if (!this.challenges.take(given.challenge)) return no({ type: 'challenge-unknown' })
    const made = registered({ ...given, challenge: fromHex(given.challenge) })
    if (!made.ok) return no({ type: 'passkey-refused', fault: made.reason })
    // §7.1 step 26: a credential id belongs to one person.
    if (this.passkeys.some(({ id }) => id === made.value.id)) return no({ type: 'passkey-refused', fault: 'key' })
    const own = this.passkeys.filter((each) => each.npi === npi)
    if (own.length >= passkeysOfPersonMax || this.passkeys.length >= passkeysMax) return no({ type: 'passkeys-full' })
    this.links.take(nameOf(link))
    this.save([...this.passkeys, { npi, ...made.value }])
    return ok({ npi })
  }

  /** Whose passkey signed. */
  verify(given: {
    readonly id: string
    readonly challenge: string
    readonly clientData: Uint8Array
    readonly authenticatorData: Uint8Array
    readonly signature: Uint8Array
  }): Result<{ readonly npi: string }, SignInRefusal> {
    if (!this.challenges.take(given.challenge)) return no({ type: 'challenge-unknown' })
    const known = this.passkeys.find(({ id }) => id === given.id)
    if (!known) return no({ type: 'passkey-unknown' })
    const shown = asserted(known, { ...given, challenge: fromHex(given.challenge) })
    if (!shown.ok) return no({ type: 'passkey-refused', fault: shown.reason })
    const { signCount }: Passkey = shown.value
    if (signCount !== known.signCount)
      this.save(this.passkeys.map((each) => (each === known ? { ...each, signCount } : each)))
    return ok({ npi: known.npi })
  }

  private save(passkeys: readonly Entry[]): void {
    writeDurably(this.path, `${JSON.stringify({ version: 1, passkeys }, null, 1)}\n`)
    this.passkeys = passkeys
  }
}

const nameOf = (link: string): string => (/^[0-9a-f]{64}$/.test(link) ? toHex(sha256(fromHex(link))) : '')

/** What is good once, for a while. */
class Waiting<Value> {
  private readonly values = new Map<string, { readonly value: Value; readonly until: number }>()
  private readonly seconds: number
  private readonly now: () => number

  constructor(seconds: number, now: () => number) {
    this.seconds = seconds
    this.now = now
  }

  add(name: string, value: Value): void {
    for (const [each, { until }] of this.values) if (until < this.now()) this.values.delete(each)
    const [oldest] = this.values.keys()
    if (this.values.size >= waitingMax && oldest !== undefined) this.values.delete(oldest)
    this.values.set(name, { value, until: this.now() + this.seconds })
  }

  get(name: string): Value | undefined {
    const known = this.values.get(name)
    return known && known.until >= this.now() ? known.value : undefined
  }

  take(name: string): Value | undefined {
    const value = this.get(name)
    this.values.delete(name)
    return value
  }
}
