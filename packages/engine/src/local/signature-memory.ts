/** Signatures verified once per node: at the mempool, and not again when the block comes. */
import { equalBytes, toHex } from '@plexus/codec'
import { type Envelope, signaturesHold } from '@plexus/kernel'

/** A full mempool; each entry is some four hundred bytes. */
const rememberedMaxDefault = 10_000

/** The check for `createMachine({ signaturesHold })`. */
export interface SignatureMemory {
  (envelope: Envelope): boolean
  /** That a verifier of this very node found all signatures of the envelope good. */
  learn(envelope: Envelope): void
}

/**
 * Remembers what held, the oldest forgotten first. One per node: shared between members of one process it would let one
 * member's verification stand for another's.
 */
export function rememberSignatures(
  rememberedMax = rememberedMaxDefault,
  verify: (envelope: Envelope) => boolean = signaturesHold,
): SignatureMemory {
  const held = new Map<string, readonly Uint8Array[]>()

  function learn({ id, signatures }: Envelope): void {
    held.set(toHex(id), signatures)
    for (const oldest of held.keys()) {
      if (held.size <= rememberedMax) break
      held.delete(oldest)
    }
  }

  function holds(envelope: Envelope): boolean {
    // The id covers the body, which names the signers; other signatures under it must be verified themselves.
    if (sameSignatures(held.get(toHex(envelope.id)), envelope.signatures)) return true
    if (!verify(envelope)) return false
    learn(envelope)
    return true
  }

  return Object.assign(holds, { learn })
}

function sameSignatures(known: readonly Uint8Array[] | undefined, signatures: readonly Uint8Array[]): boolean {
  if (known?.length !== signatures.length) return false
  return signatures.every((each, index) => equalBytes(each, known[index] ?? new Uint8Array(0)))
}
