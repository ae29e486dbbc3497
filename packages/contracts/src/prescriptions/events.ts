/** What happened to items and their fills. */
import { bytes, type Infer, oneOf, option, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { contractName } from './state.ts'
import { dispensers, lagMinutes, prescriberSet, signedItems } from './transactions.ts'

const hash = bytes({ length: 32 })
const nominated = { handle: hash, claimant: hash, height: uint() }
const step = { handle: hash, height: uint() }

export const event = variant({
  'items-signed': {
    organisation: organisationId,
    registrar: option(organisationId),
    prescribers: prescriberSet,
    dayLagMinutes: lagMinutes,
    items: signedItems,
    height: uint(),
  },
  'made-available': nominated,
  nominated,
  'refill-opened': nominated,
  claimed: { handle: hash, holder: hash, height: uint() },
  'transfer-offered': step,
  returned: step,
  /** `fill`: which of the authorised fills, from 1. Levels in parts of `whole`. */
  filled: {
    handle: hash,
    fill: uint(),
    from: uint(),
    to: uint(),
    record: hash,
    tag: hash,
    holder: hash,
    dispensers,
    /** The second from which what is left may no longer be filled, or null. */
    remainderEndsAt: option(uint()),
    /** When this completes the fill: the second from which the next one may be claimed. */
    nextStartsAt: option(uint()),
    height: uint(),
  },
  'fill-reversed': { handle: hash, tag: hash, level: uint(), record: hash, height: uint() },
  /** `by`: the contract that asked. */
  'fill-bound': { tag: hash, by: contractName, height: uint() },
  'fill-unbound': { tag: hash, by: contractName, height: uint() },
  'not-dispensed': step,
  completed: step,
  cancelled: step,
  /** Not cancelled: with a dispenser, who has filled nothing yet, or has begun. No fill follows. */
  'cancellation-marked': { handle: hash, stage: oneOf('with-dispenser', 'dispensing'), height: uint() },
  expired: step,
})

export type Event = Infer<typeof event>
