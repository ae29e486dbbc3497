/** What one member may put on the ledger in a minute: nobody's load may crowd the others out. */
import { decode, encode, type Infer, object, uint } from '@plexus/codec'
import type { Overlay, StateReader } from './state.ts'

/** Limits of one member, for each minute of block time. */
export interface Quota {
  readonly envelopesPerMinuteMax: number
  /** Objects that stay in the state for good, such as handles. */
  readonly objectsPerMinuteMax: number
}

const secondsPerMinute = 60
const usage = object({ minute: uint(), envelopes: uint(), objects: uint() })
type Usage = Infer<typeof usage>

const quotaKey = (member: string): string => `kernel/quota/${member}`

/** Counts within one block in memory, since a block holds many envelopes of few members; `writeTo` puts it into the state. */
export class QuotaBook {
  private readonly state: StateReader
  private readonly minute: number
  private readonly time: number
  private readonly used = new Map<string, Usage>()

  constructor(state: StateReader, time: number) {
    this.state = state
    this.time = time
    this.minute = Math.floor(time / secondsPerMinute)
  }

  /** What one more envelope, with so many objects, would exceed. */
  exceeded(member: string, quota: Quota, objects: number): 'envelopes' | 'objects' | undefined {
    const used = this.usageOf(member)
    if (used.envelopes + 1 > quota.envelopesPerMinuteMax) return 'envelopes'
    return used.objects + objects > quota.objectsPerMinuteMax ? 'objects' : undefined
  }

  charge(member: string, objects: number): void {
    const used = this.usageOf(member)
    this.used.set(member, { ...used, envelopes: used.envelopes + 1, objects: used.objects + objects })
  }

  /** Until the next minute of block time begins. */
  get secondsLeft(): number {
    return (this.minute + 1) * secondsPerMinute - this.time
  }

  writeTo(overlay: Overlay): void {
    for (const [member, used] of this.used) overlay.set(quotaKey(member), encode(usage, used))
  }

  private usageOf(member: string): Usage {
    const counted = this.used.get(member)
    if (counted) return counted
    const stored = this.state.get(quotaKey(member))
    const decoded = stored && decode(usage, stored)
    if (decoded && !decoded.ok) throw new Error('the usage of a quota does not decode: the store is damaged')
    const value = decoded?.value
    return value?.minute === this.minute ? value : { minute: this.minute, envelopes: 0, objects: 0 }
  }
}
