import { type Infer, object, oneOf, option } from '@plexus/codec'
import { hash, organisationId, randomId, seconds } from './fields.ts'

/** Told to everyone who received the version that no longer stands. */
export const correction = object({
  id: randomId,
  custodian: organisationId,
  record: randomId,
  kind: oneOf('entered-in-error', 'superseded'),
  /** The version that takes its place, when there is one. */
  replacedBy: option(randomId),
  madeAt: seconds,
})
export type Correction = Infer<typeof correction>

/** The receiver took the correction to heart: it is durable there, and new views follow it. */
export const acknowledgement = object({ correction: hash, receiver: organisationId, madeAt: seconds })
export type Acknowledgement = Infer<typeof acknowledgement>
