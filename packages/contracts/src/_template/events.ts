/** What happened. */
import { type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { entryKey } from './transactions.ts'

export const event = variant({
  entered: { key: entryKey, member: organisationId, height: uint() },
  withdrawn: { key: entryKey },
})

export type Event = Infer<typeof event>
