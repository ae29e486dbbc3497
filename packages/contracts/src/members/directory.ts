/** What the kernel asks about keys: the only road by which a signature gains a holder. */
import { type KeyDirectory, viewOf } from '@plexus/kernel'
import { activeVersions, isActive, nextActivation, policy } from './queries.ts'
import { state } from './state.ts'

const members = { name: 'members', state }

/** Revoked keys, and keys of holders that are not active, belong to nobody: such a signature counts for nothing. */
export const directory: KeyDirectory = {
  contract: members.name,
  holderOf(reader, key) {
    const view = viewOf(members, reader)
    const known = view.keys.get(key)
    if (known?.status !== 'active' || !isActive(view, known.holder)) return undefined
    return { holder: known.holder, scopes: known.scopes }
  },
  /** Members only: a tenant never sponsors. */
  isActive: (reader, member) => viewOf(members, reader).members.get(member)?.status === 'active',
  /** The same for every member: the policy's. */
  quotaOf(reader) {
    const { envelopesPerMinuteMax, objectsPerMinuteMax } = policy(viewOf(members, reader)).parameters
    return { envelopesPerMinuteMax, objectsPerMinuteMax }
  },
  versionsAt: (reader, height) => activeVersions(viewOf(members, reader), height),
  versionsChangeAfter: (reader, height) => nextActivation(viewOf(members, reader), height),
}
