/** Mailboxes that this member keeps for patients: sealed notices in, and out to whoever holds the box's key. */
import { bytes, decode, encode, equalBytes, no, ok, type Result, toHex, uint } from '@plexus/codec'
import { handleOf, signedBytes, verify } from '@plexus/crypto'
import { mailboxRequest, type NoticePage, type SignedMailboxRequest, signedMailboxRequest } from '@plexus/policy'
import type { Journal, Surroundings } from './ports.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** A request to fetch is good for this long, either way of the keeper's clock. */
const requestSecondsMax = 120
const noticesPerPage = 50

export type MailboxRefusal = {
  readonly type: 'request-malformed' | 'not-its-key' | 'signature-invalid' | 'request-stale'
}

export class Mailboxes {
  private readonly journal: Journal
  private readonly surroundings: Surroundings
  private readonly chain: Uint8Array
  private readonly notices
  private readonly deposits
  private readonly counts

  constructor(parts: { readonly journal: Journal; readonly surroundings: Surroundings; readonly chain: Uint8Array }) {
    this.journal = parts.journal
    this.surroundings = parts.surroundings
    this.chain = parts.chain
    this.notices = tableOf(parts.journal, 'mailbox-notices', bytes({ max: 512 * 1024 }))
    this.deposits = tableOf(parts.journal, 'mailbox-deposits', uint())
    this.counts = tableOf(parts.journal, 'mailbox-counts', uint())
  }

  /** Durable when it returns, and kept once however often it is deposited. */
  deposit({
    id,
    address,
    sealed,
  }: {
    readonly id: Uint8Array
    readonly address: Uint8Array
    readonly sealed: Uint8Array
  }): void {
    const box = toHex(address)
    const known = `${box}/${toHex(id)}`
    if (this.deposits.get(known) !== undefined) return
    const number = (this.counts.get(box) ?? 0) + 1
    this.journal.append([
      this.notices.put(`${box}/${sequenceKey(number)}`, sealed),
      this.deposits.put(known, number),
      this.counts.put(box, number),
    ])
    this.surroundings.observe?.('notice-kept')
  }

  /** A page of notices after the one that the wallet has. The key that signs hashes to the address. */
  fetch(request: Uint8Array): Result<NoticePage, MailboxRefusal> {
    const read = decode(signedMailboxRequest, request)
    if (!read.ok) return no({ type: 'request-malformed' })
    const { content, signature }: SignedMailboxRequest = read.value
    if (!equalBytes(handleOf(signature.key), content.address)) return no({ type: 'not-its-key' })
    if (
      !verify(
        signature.key,
        signedBytes('mailbox-request', this.chain, encode(mailboxRequest, content)),
        signature.signature,
      )
    )
      return no({ type: 'signature-invalid' })
    if (Math.abs(this.surroundings.now() - content.madeAt) > requestSecondsMax) return no({ type: 'request-stale' })
    const box = toHex(content.address)
    const notices: { number: number; sealed: Uint8Array }[] = []
    for (const [key, sealed] of this.notices.entries({
      prefix: `${box}/`,
      after: `${box}/${sequenceKey(content.after)}`,
      limit: noticesPerPage,
    })) {
      notices.push({ number: Number(key.slice(box.length + 1)), sealed })
    }
    const last = notices.at(-1)?.number ?? content.after
    return ok({ notices, more: Math.max(0, (this.counts.get(box) ?? 0) - last) })
  }
}
