/** Which envelopes a stored block holds, and what became of each. */
import { type EnvelopeAt, type Outcome, readEnvelope } from '@plexus/kernel'

/** What the machine said of the envelopes of a block: it accepts one of several that are the same, the first it can. */
export function envelopesIn(transactions: readonly Uint8Array[], outcomes: readonly Outcome[]): readonly EnvelopeAt[] {
  const found: EnvelopeAt[] = []
  for (const [index, bytes] of transactions.entries()) {
    const read = readEnvelope(bytes)
    if (!read.ok) continue
    const { id, body } = read.value
    found.push({ id, validUntil: body.validUntil, index, accepted: outcomes[index]?.code === 0 })
  }
  return found
}
