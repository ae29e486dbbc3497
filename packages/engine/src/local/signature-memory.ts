/** Signatures verified once per node: at the mempool, and not again when the block comes. */
import { equalBytes, toHex } from '@plexus/codec'
import { type Envelope, signaturesHold } from '@plexus/kernel'

/** Several full mempools; each entry is some two hundred bytes. */
const rememberedMaxDefault = 50_000

/**
 * A check for `createMachine({ signaturesHold })` that remembers what held, the oldest forgotten first. One per node:
 * shared between members of one process it would let one member's verification stand for another's.
 */
export function rememberSignatures(
  rememberedMax = rememberedMaxDefault,
  verify: (envelope: Envelope) => boolean = signaturesHold,
): (envelope: Envelope) => boolean {
  const held = new Map<string, readonly Uint8Array[]>()
  return (envelope) => {
    const id = toHex(envelope.id)
    // The id covers the body, which names the signers; other signatures under it must be verified themselves.
    if (sameSignatures(held.get(id), envelope.signatures)) return true
    if (!verify(envelope)) return false
    held.set(id, envelope.signatures)
    for (const oldest of held.keys()) {
      if (held.size <= rememberedMax) break
      held.delete(oldest)
    }
    return true
  }
}

function sameSignatures(known: readonly Uint8Array[] | undefined, signatures: readonly Uint8Array[]): boolean {
  if (known?.length !== signatures.length) return false
  return signatures.every((each, index) => equalBytes(each, known[index] ?? new Uint8Array(0)))
}
