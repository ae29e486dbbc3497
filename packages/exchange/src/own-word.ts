/** A visit at which the patient says nothing: unconscious, or without a wallet. What is asked there rests on the asker's own word. */
import type { RandomBytes } from '@plexus/crypto'
import type { Evidence } from '@plexus/policy'

/** As long as a check-in: a shift. */
const visitSeconds = 12 * 3600

/** Where the patient is known, and by which number of that custodian's own: from a card, a letter, or the own chart. */
export interface KnownThere {
  readonly custodian: string
  readonly number: string
}

/** One piece of self-asserted evidence for each custodian; `reference` names the visit in the asker's books. */
export function ownWord(of: {
  readonly requester: string
  readonly known: readonly KnownThere[]
  readonly reference: string
  readonly now: number
  readonly random: RandomBytes
}): readonly Evidence[] {
  const madeAt = Math.floor(of.now)
  return of.known.map(({ custodian, number }) => ({
    content: {
      type: 'self-asserted',
      id: of.random(16),
      custodian,
      requester: of.requester,
      subject: { type: 'record-number', number },
      kind: 'encounter',
      reference: of.reference,
      madeAt,
      validUntil: madeAt + visitSeconds,
    },
    signatures: [],
  }))
}
