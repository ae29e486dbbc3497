/** Organisations of the input become custodians: members of the network while there are any, then tenants of their nodes. */

import { toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf, type RandomBytes } from '@plexus/crypto'
import type { Custodianship, Directory } from './directory.ts'
import type { MemberNode } from './member-node.ts'
import type { Network } from './network.ts'

export class Custodians {
  private readonly network: Network
  private readonly directory: Directory
  /** Members that keep charts, in the order in which organisations take them. */
  private readonly keepers: readonly string[]
  private readonly random: RandomBytes

  constructor(parts: {
    readonly network: Network
    readonly directory: Directory
    readonly keepers: readonly string[]
    readonly random: RandomBytes
  }) {
    this.network = parts.network
    this.directory = parts.directory
    this.keepers = parts.keepers
    this.random = parts.random
  }

  nodeOf({ member }: Custodianship): MemberNode {
    return this.network.node(member)
  }

  /** The custodian that an organisation of the input is, registering it on the ledger when it is a new tenant. */
  async custodianOf(source: string, name: string): Promise<Custodianship> {
    const known = this.directory.bySource(source)
    if (known) return known
    const count = this.directory.organisations.length
    const free = this.keepers.find((keeper) => !this.directory.byId(keeper))
    if (free) {
      const taken = { source, name, id: free, member: free }
      this.directory.add(taken)
      return taken
    }
    const member = this.keepers[count % this.keepers.length]
    if (!member) throw new Error('no member keeps charts')
    const id = `tenant-${toHex(this.random(6))}`
    const organisation = this.network.node(member).host(id)
    const steps = [
      { type: 'register-tenant' as const, tenant: id },
      {
        type: 'register-key' as const,
        holder: id,
        key: publicKeyOf(organisation.seed),
        scopes: ['custodian' as const],
        next: null,
      },
    ]
    for (const step of steps) {
      // The key that is registered signs too: nobody registers one that is not its own.
      const seeds = step.type === 'register-key' ? [organisation.seed] : []
      const answer = await this.network.submit(member, members, step, seeds)
      if (!answer.ok || answer.value.outcome.code !== 0) throw new Error(`the ledger refused ${step.type} of a tenant`)
    }
    const tenant = { source, name, id, member }
    this.directory.add(tenant)
    return tenant
  }
}
