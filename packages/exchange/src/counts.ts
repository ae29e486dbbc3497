/** Once a day each custodian posts how many patients each member asked for on self-asserted evidence, rounded up. */
import { encode } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { sealEnvelope } from '@plexus/kernel'
import { secondsPerDay } from './facts.ts'
import type { Organisation, Replica, Surroundings } from './ports.ts'
import type { SelfAsserted } from './self-asserted.ts'

/** Counts are rounded up to multiples of this: what a member posts says nothing about one patient. */
const roundedTo = 5
/** Days that may still be posted. */
const daysBack = 7
const envelopeSeconds = 300
const repeatSeconds = 30

export class Counts {
  private repeatAt = 0
  private readonly parts: {
    readonly replica: Replica
    readonly selfAsserted: SelfAsserted
    readonly surroundings: Surroundings
    readonly organisations: ReadonlyMap<string, Organisation>
    readonly member: string
    readonly seed: Uint8Array
  }

  constructor(parts: Counts['parts']) {
    this.parts = parts
  }

  /** Posts what is due and not on the ledger yet. The ledger takes one posting per custodian and day, so a repeat does no harm. */
  tick(): void {
    const { replica, selfAsserted, surroundings, organisations } = this.parts
    const now = surroundings.now()
    if (now < this.repeatAt && this.repeatAt - now <= repeatSeconds) return
    this.repeatAt = now + repeatSeconds
    const today = Math.floor(replica.tip().time / secondsPerDay)
    for (let day = Math.max(0, today - daysBack); day < today; day++) {
      for (const id of organisations.keys()) {
        if (replica.state.get(`members/postings/${String(day).padStart(8, '0')}/${id}`)) continue
        const totals = selfAsserted.totals(day, id)
        if (totals.length > 0) this.post(id, day, totals)
      }
    }
  }

  private post(
    custodian: string,
    day: number,
    totals: readonly { readonly asker: string; readonly requests: number }[],
  ): void {
    const { replica, surroundings, member, seed } = this.parts
    const counts = totals.map(({ asker, requests }) => ({
      asker,
      requests: Math.ceil(requests / roundedTo) * roundedTo,
    }))
    const transaction = encode(members.transaction, { type: 'post-self-asserted-counts', custodian, day, counts })
    const validUntil = replica.tip().time + envelopeSeconds
    replica.submit(
      sealEnvelope(
        {
          chain: replica.chain.id,
          sponsor: member,
          nonce: surroundings.random(16),
          validUntil,
          contract: members.name,
          transaction,
        },
        [seed],
      ),
    )
  }
}
