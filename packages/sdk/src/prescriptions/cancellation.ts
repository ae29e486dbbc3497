/** What a prescriber is told of a cancellation, in the codes of England's Electronic Prescription Service. */
import { type Item, type PrescriptionsRejection, whole } from '@plexus/contracts'

const answers = {
  'R-0001': 'cancelled',
  'R-0002': 'not cancelled, with dispenser, marked for cancellation',
  'R-0003': 'not cancelled, with dispenser, marked for cancellation',
  'R-0004': 'not cancelled, has been dispensed',
  'R-0005': 'not cancelled, expired',
  'R-0006': 'not cancelled, already cancelled',
  'R-0007': 'not cancelled, asked by another prescriber',
  'R-0008': 'not cancelled, not found',
  'R-0010': 'not cancelled, has been not dispensed',
} as const

export interface CancellationAnswer {
  /** R-0002 and R-0003 differ in whether the pharmacy had begun to dispense. */
  readonly code: keyof typeof answers
  readonly says: string
}

/** From what the ledger answered, and the item as it stands after that; no item is none of this handle. */
export function cancellationAnswer(
  answered: 'accepted' | PrescriptionsRejection['type'],
  item: Item | undefined,
): CancellationAnswer {
  const code = item ? codeOf(answered, item) : 'R-0008'
  return { code, says: answers[code] }
}

function codeOf(answered: 'accepted' | PrescriptionsRejection['type'], item: Item): CancellationAnswer['code'] {
  const { status, marked, level, fill, refills } = item
  if (answered === 'not-its-key') return 'R-0007'
  if (status === 'cancelled') return answered === 'accepted' ? 'R-0001' : 'R-0006'
  if (status === 'not-dispensed') return 'R-0010'
  if (status === 'completed' || (level === whole && fill > refills)) return 'R-0004'
  if (marked !== null && answered !== 'past-its-end') return level === 0 ? 'R-0002' : 'R-0003'
  return 'R-0005'
}
