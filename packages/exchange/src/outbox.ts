/** What must arrive: written in the same durable write as what it tells of, sent until it is acknowledged. */
import { bytes, encode, type Infer, object, text, toHex, utf8, variant } from '@plexus/codec'
import { sealTo } from '@plexus/crypto'
import { type Notice, notice, noticeBytesMax, noticeInfo } from '@plexus/policy'
import { type MemberNote, memberNote, type NoteDesk } from './notes.ts'
import type { Journal, JournalChange, Surroundings } from './ports.ts'
import { Repeats } from './repeats.ts'
import { sequenceKey, tableOf } from './tables.ts'

const slowestRepeatSeconds = 60

/** Sent in one round: bounds what one tick can take. */
const sendsPerTickMax = 64

const row = object({
  id: bytes({ length: 32 }),
  to: text({ max: 40 }),
  content: variant({
    note: { body: bytes({ max: 1024 * 1024 }) },
    /** Sealed to the wallet when it is sent: sealing waits, and a release must not wait between its decision and its write. */
    notice: {
      address: bytes({ length: 32 }),
      sealingKey: bytes({ length: 1216 }),
      notice: bytes({ max: noticeBytesMax }),
    },
  }),
})
type Row = Infer<typeof row>

/** Where a patient's notices go. */
export interface Mailbox {
  readonly member: string
  readonly address: Uint8Array
  readonly sealingKey: Uint8Array
}

export class Outbox {
  private readonly journal: Journal
  private readonly desk: NoteDesk
  private readonly chain: Uint8Array
  private readonly surroundings: Surroundings
  private readonly rows
  private readonly ids
  /** By the key of a row; rows themselves are read when they are due. */
  private readonly repeats = new Repeats(slowestRepeatSeconds)
  private next: number

  constructor(parts: {
    readonly journal: Journal
    readonly desk: NoteDesk
    readonly surroundings: Surroundings
    readonly chain: Uint8Array
  }) {
    this.chain = parts.chain
    this.journal = parts.journal
    this.desk = parts.desk
    this.surroundings = parts.surroundings
    this.rows = tableOf(parts.journal, 'outbox', row)
    this.ids = tableOf(parts.journal, 'outbox-ids', text({ max: 12 }))
    let last = 0
    for (const [, key] of this.ids.entries()) {
      this.repeats.begin(key)
      last = Math.max(last, Number(key))
    }
    this.next = last + 1
  }

  /** `id` is what the receiver acknowledges; the same id is added once. */
  add(to: string, id: Uint8Array, note: MemberNote): readonly JournalChange[] {
    if (this.ids.get(toHex(id)) !== undefined) return []
    return this.append({ id, to, content: { type: 'note', body: encode(memberNote, note) } })
  }

  /** A notice for a patient, kept until the member that keeps the mailbox says that it is durable there. */
  addNotice({ member, address, sealingKey }: Mailbox, content: Notice): readonly JournalChange[] {
    const id = this.surroundings.random(32)
    return this.append({
      id,
      to: member,
      content: { type: 'notice', address, sealingKey, notice: encode(notice, content) },
    })
  }

  private append(content: Row): readonly JournalChange[] {
    const key = sequenceKey(this.next++)
    // Due at the next tick; a write that never happened leaves a key without a row, which a tick forgets.
    this.repeats.begin(key)
    return [this.rows.put(key, content), this.ids.put(toHex(content.id), key)]
  }

  acknowledged(id: Uint8Array): void {
    const key = this.ids.get(toHex(id))
    if (key === undefined) return
    this.journal.append([this.rows.drop(key), this.ids.drop(toHex(id))])
    this.repeats.end(key)
  }

  async tick(): Promise<void> {
    const now = this.surroundings.now()
    let sent = 0
    for (const key of this.repeats.keys()) {
      if (!this.repeats.isDue(key, now)) continue
      const each = this.rows.get(key)
      if (!each) {
        this.repeats.end(key)
        continue
      }
      if (sent++ >= sendsPerTickMax) return
      this.repeats.sent(key, now)
      const note = await this.desk.seal(each.to, await this.bodyOf(each))
      if (note) this.surroundings.send(each.to, note)
    }
  }

  private async bodyOf({ id, content }: Row): Promise<Uint8Array> {
    if (content.type === 'note') return content.body
    const { address, sealingKey, notice: plaintext } = content
    const sealed = await sealTo({ publicKey: sealingKey, info: utf8(noticeInfo), context: this.chain, plaintext })
    return encode(memberNote, { type: 'deposit', id, address, sealed })
  }

  /** Notes that nobody has acknowledged. */
  get waiting(): number {
    return this.repeats.size
  }
}
