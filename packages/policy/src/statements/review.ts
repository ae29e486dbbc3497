import { type Infer, list, object, oneOf, text } from '@plexus/codec'
import { hash, organisationId, seconds } from './fields.ts'

/** `mistaken`: the wrong patient, without blame. */
export const verdicts = ['justified', 'mistaken', 'unjustified'] as const
/** The intents of one ask: one custodian each. */
const intentsMax = 64

/** What a named person found who looked at an emergency afterwards, at the custodian or at the organisation that asked. */
export const review = object({
  organisation: organisationId,
  /** Statement hashes of the intents that were looked at. */
  intents: list(hash, { min: 1, max: intentsMax }),
  verdict: oneOf(...verdicts),
  /** As the organisation knows the person; never the clinician who asked. */
  reviewer: text({ min: 2, max: 80 }),
  words: text({ max: 500 }),
  madeAt: seconds,
})
export type Review = Infer<typeof review>

/** What a custodian tells the patient of its own finding. Name and words stay with its people: they were not written for the patient. */
export const reviewNotices = {
  'emergency-reviewed': { custodian: organisationId, intent: hash, verdict: oneOf(...verdicts), madeAt: seconds },
} as const
