/** Which ask came before, of the same patient at the same organisation: known by a name that both used at some custodian. */
import { object, option, toHex, uint } from '@plexus/codec'
import { type Evidence, randomId } from '@plexus/policy'
import type { Journal, JournalChange } from './ports.ts'
import { tableOf } from './tables.ts'

/** Asks that brought nothing are passed over, so many at most. */
const passedOverMax = 20

export interface EarlierAsk {
  readonly ask: Uint8Array
  /** Seconds since 1970. */
  readonly askedAt: number
}

export class EarlierAsks {
  private readonly blind: (...parts: readonly string[]) => string
  /** By a name of a patient: the newest ask of that patient. */
  private readonly newest
  /** By ask: the one before, and when this one was made. */
  private readonly before

  constructor({
    journal,
    blind,
  }: { readonly journal: Journal; readonly blind: (...parts: readonly string[]) => string }) {
    this.blind = blind
    this.newest = tableOf(journal, 'newest-asks', object({ ask: randomId, askedAt: uint() }))
    this.before = tableOf(journal, 'asks-before', object({ before: option(randomId), askedAt: uint() }))
  }

  /** What belongs into the write of an ask: it is found again by each name that its evidence gives the patient. */
  remember(ask: Uint8Array, evidence: readonly Evidence[], askedAt: number): readonly JournalChange[] {
    const named = evidence.map(({ content: { requester, custodian, subject } }) =>
      this.blind('asked-of', requester, custodian, subject.type === 'key' ? toHex(subject.key) : `#${subject.number}`),
    )
    const names = [...new Set(named)].sort()
    const last = names
      .flatMap((name) => this.newest.get(name) ?? [])
      .reduce<EarlierAsk | null>((best, each) => (best && best.askedAt >= each.askedAt ? best : each), null)
    return [
      this.before.put(toHex(ask), { before: last?.ask ?? null, askedAt }),
      ...names.map((name) => this.newest.put(name, { ask, askedAt })),
    ]
  }

  /** Asks of the same patient before this one, newest first. */
  *earlierThan(ask: Uint8Array): Iterable<EarlierAsk> {
    let at = this.before.get(toHex(ask))?.before ?? null
    for (let passed = 0; at && passed < passedOverMax; passed++) {
      const known = this.before.get(toHex(at))
      if (!known) return
      yield { ask: at, askedAt: known.askedAt }
      at = known.before
    }
  }
}
