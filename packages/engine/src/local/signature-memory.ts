/** Signatures verified once per node: at the mempool, and not again when the block comes. */
import { concatBytes } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type Envelope, signaturesHold } from '@plexus/kernel'

/** A full mempool; each entry is some two hundred bytes. */
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
  const held = new Set<string>()

  function learn(envelope: Envelope): void {
    held.add(nameOf(envelope))
    for (const oldest of held) {
      if (held.size <= rememberedMax) break
      held.delete(oldest)
    }
  }

  function holds(envelope: Envelope): boolean {
    if (held.has(nameOf(envelope))) return true
    if (!verify(envelope)) return false
    learn(envelope)
    return true
  }

  return Object.assign(holds, { learn })
}

/**
 * The id covers the body, which names the signers; other signatures under it must be verified themselves. One short text:
 * arrays of bytes take several times as much memory as they hold.
 */
function nameOf({ id, signatures }: Envelope): string {
  return latin1(sha256(concatBytes(id, ...signatures)))
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
