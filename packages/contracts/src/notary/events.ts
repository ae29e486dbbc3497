/** What the notary recorded. */
import { bytes, type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { handleSet } from './transactions.ts'

const hash = bytes({ length: 32 })

export const event = variant({
  'batch-posted': { root: hash, member: organisationId, leaves: uint(), height: uint() },
  'handles-opened': { handles: handleSet, sponsor: organisationId, height: uint() },
  'handle-closed': { handle: hash, height: uint() },
})

export type Event = Infer<typeof event>
