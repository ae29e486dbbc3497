/** One-time keys: a partner makes them, its authority grants them under one root with many others, and each serves once. */
import { bytes, list, no, object, ok, type Result, text, toHex, uint } from '@plexus/codec'
import { type SupplyRole, supply } from '@plexus/contracts'
import type { JournalChange } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { type Granted, granting, handleOfSeed, licenceFor } from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import { hash, role, type SupplyNote, type SupplyRefusal } from './rows.ts'
import type { Shelves } from './shelves.ts'
import { type Compose, inParts, type Tell } from './steps.ts'

/** As many leaves as a tree of keys has. */
const keysPerGrantMax = 4_096
const keysPerAskMax = 1_024
/** Of one partner at one authority: what waits for people must not fill a disk. */
const keysWaitingMax = 2_048

/** At an authority: keys that a partner asked it to grant. By `role/partner`. */
const waitingRow = object({ partner: text({ max: 40 }), role, keys: list(hash, { max: keysWaitingMax }) })
/** At an authority: whom it granted what, for those who ask again. By root in hexadecimal. */
const grantRow = object({
  role,
  validUntil: uint(),
  noiseSeed: bytes({ length: 32 }),
  partners: list(object({ partner: text({ max: 40 }), keys: list(hash, { max: keysWaitingMax }) }), { max: 4_096 }),
})

export class Licences {
  readonly #desk: BookDesk
  readonly #shelves: Shelves
  readonly #compose: Compose
  readonly #tell: Tell
  readonly #waiting
  readonly #grants

  constructor(parts: {
    readonly desk: BookDesk
    readonly shelves: Shelves
    readonly compose: Compose
    readonly tell: Tell
  }) {
    this.#desk = parts.desk
    this.#shelves = parts.shelves
    this.#compose = parts.compose
    this.#tell = parts.tell
    this.#waiting = parts.desk.table('keys-waiting', waitingRow)
    this.#grants = parts.desk.table('grants', grantRow)
  }

  /** Makes keys and asks an authority to grant them. */
  ask(asked: { readonly role: SupplyRole; readonly count: number; readonly authority: string }): void {
    const keys: Uint8Array[] = []
    const changes: JournalChange[] = []
    for (let made = 0; made < Math.min(asked.count, keysPerAskMax); made++) {
      const seed = this.#desk.random(32)
      const key = handleOfSeed(seed)
      keys.push(key)
      const row = { seed, role: asked.role, licence: null, use: 'asked', partner: asked.authority } as const
      changes.push(...this.#shelves.putKey(toHex(key), row))
    }
    this.#desk.write([...changes, ...this.#tell(asked.authority, { type: 'keys-asked', role: asked.role, keys })])
  }

  /** Who waits for keys, and for how many. */
  waiting(): readonly { readonly partner: string; readonly role: SupplyRole; readonly keys: number }[] {
    return [...this.#waiting.entries()].map(([, { partner, role: of, keys }]) => ({
      partner,
      role: of,
      keys: keys.length,
    }))
  }

  /** Grants what these partners asked for in a role, under one root. */
  grant(given: {
    readonly role: SupplyRole
    readonly partners: readonly string[]
    readonly validUntil: number
  }): Result<{ readonly step: string }, SupplyRefusal> {
    const rows = given.partners.flatMap((partner) => this.#waiting.get(`${given.role}/${partner}`) ?? [])
    const keys = rows.flatMap((row) => row.keys)
    if (keys.length === 0) return no({ type: 'nothing-asked' })
    if (keys.length > keysPerGrantMax) return no({ type: 'plan-too-large' })
    const granted: Granted = { keys, noiseSeed: this.#desk.random(32) }
    const transaction = granting(granted, given)
    const made = this.#compose(transaction, [], { type: 'grant', root: transaction.root })
    this.#desk.write([
      ...made.changes,
      this.#grants.put(toHex(transaction.root), {
        role: given.role,
        validUntil: given.validUntil,
        noiseSeed: granted.noiseSeed,
        partners: rows.map(({ partner, keys: of }) => ({ partner, keys: of })),
      }),
    ])
    return ok({ step: made.step })
  }

  grantEnded(root: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.#grants.get(toHex(root))
    if (!row) return []
    if (outcome.type !== 'accepted') return [this.#grants.drop(toHex(root))]
    const granted: Granted = { keys: row.partners.flatMap(({ keys }) => keys), noiseSeed: row.noiseSeed }
    return row.partners.flatMap(({ partner, keys }) => [
      this.#waiting.drop(`${row.role}/${partner}`),
      ...inParts(keys, keysPerAskMax).flatMap((part) =>
        this.#tell(partner, {
          type: 'keys-granted',
          validUntil: row.validUntil,
          keys: part.map((key) => ({ key, licence: placed(granted, key) })),
        }),
      ),
    ])
  }

  /** At the authority. What is asked for is decided by people. */
  takeAsked(from: string, { role: of, keys }: Extract<SupplyNote, { type: 'keys-asked' }>): Taken {
    const place = `${of}/${from}`
    const known = this.#waiting.get(place)?.keys ?? []
    if (known.length + keys.length > keysWaitingMax) return no({ type: 'too-many-keys' })
    return ok([this.#waiting.put(place, { partner: from, role: of, keys: [...known, ...keys] })])
  }

  /** At the partner: its keys may be used, once its own replica has the grant of that very authority. */
  takeGranted(from: string, { keys }: Extract<SupplyNote, { type: 'keys-granted' }>): Taken {
    const view = viewOf(supply, this.#desk.state)
    const changes: JournalChange[] = []
    for (const { key, licence } of keys) {
      const row = this.#shelves.keys.get(toHex(key))
      const grant = supply.queries.grant(view, toHex(licence.grant))
      if (!grant) return no({ type: 'not-yet' })
      if (!row || row.partner !== from || grant.authority !== from || grant.role !== row.role)
        return no({ type: 'not-asked' })
      if (row.use === 'asked')
        changes.push(...this.#shelves.putKey(toHex(key), { ...row, licence, use: 'free', partner: null }))
    }
    return ok(changes)
  }
}

function placed(granted: Granted, key: Uint8Array) {
  const found = licenceFor(granted, key)
  if (!found.ok) throw new Error('a key is not in the tree that was made of it')
  return found.value
}
