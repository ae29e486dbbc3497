/**
 * Every signature once per node: when the mempool checks an envelope, or, for one that came with a block first, before
 * the block is judged; in worker threads either way. Applying a block only looks up.
 */
import { toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type CheckedEnvelope, type Envelope, readEnvelope, signaturesHold } from '@plexus/kernel'
import { rememberSignatures } from '../local/signature-memory.ts'
import type { VerifierPool } from '../local/verifier-pool.ts'

export interface Signatures {
  /** For `createMachine`: verifies what it does not know, and remembers what holds. */
  readonly holds: (envelope: Envelope) => boolean
  /** Of each envelope, in order, whether it can be read and its signatures hold. Asked for together, verified together. */
  verified(transactions: readonly Uint8Array[]): Promise<readonly boolean[]>
  /** What a check has read of exactly these bytes, whose signatures hold. */
  checked(transaction: Uint8Array): CheckedEnvelope | undefined
  keep(transaction: Uint8Array, checked: CheckedEnvelope): void
}

/** A full mempool and the blocks under way; each entry is some two kilobytes. */
const rememberedMax = 20_000
/** So few are verified on the spot: the way to another thread and back takes as long. */
const onTheSpotMax = 2

interface Asked {
  readonly envelope: Envelope
  readonly bytes: Uint8Array
  readonly answered: (holds: boolean) => void
  readonly failed: (error: unknown) => void
}

/** `onVerified` hears of each signature that is verified, and of none that was known. */
export function createSignatures({
  pool,
  onVerified = () => {},
}: {
  readonly pool: Pick<VerifierPool, 'verify'>
  readonly onVerified?: (signatures: number) => void
}): Signatures {
  const known = rememberSignatures(rememberedMax, () => false)
  /** By SHA-256 of the bytes, oldest first. */
  const checkedEnvelopes = new Map<string, CheckedEnvelope>()
  /** By the same name: the mempool and a proposal ask for one envelope at once. */
  const underWay = new Map<string, Promise<boolean>>()
  let asked: Asked[] = []

  function verifyHere(envelope: Envelope): boolean {
    onVerified(envelope.signatures.length)
    const holds = signaturesHold(envelope)
    if (holds) known.learn(envelope)
    return holds
  }

  /** What is asked for in one turn goes together. */
  function flush(): void {
    const group = asked
    asked = []
    if (group.length <= onTheSpotMax) {
      for (const { envelope, answered } of group) answered(known(envelope) || verifyHere(envelope))
      return
    }
    for (const { envelope } of group) onVerified(envelope.signatures.length)
    pool.verify(group.map(({ bytes }) => bytes)).then(
      (answers) => {
        for (const [index, { envelope, answered }] of group.entries()) {
          const holds = answers[index] === true
          if (holds) known.learn(envelope)
          answered(holds)
        }
      },
      (error) => {
        for (const { failed } of group) failed(error)
      },
    )
  }

  function verifiedOne(bytes: Uint8Array): boolean | Promise<boolean> {
    const name = nameOf(bytes)
    const same = checkedEnvelopes.has(name) || underWay.get(name)
    if (same) return same
    const read = readEnvelope(bytes)
    if (!read.ok) return false
    if (known(read.value)) return true
    const verifying = new Promise<boolean>((resolve, reject) => {
      if (asked.length === 0) setImmediate(flush)
      asked.push({ envelope: read.value, bytes, answered: resolve, failed: reject })
    }).finally(() => underWay.delete(name))
    underWay.set(name, verifying)
    return verifying
  }

  return {
    holds: (envelope) => known(envelope) || verifyHere(envelope),
    verified: (transactions) => Promise.all(transactions.map(verifiedOne)),
    checked: (transaction) => checkedEnvelopes.get(nameOf(transaction)),
    keep(transaction, checked) {
      checkedEnvelopes.set(nameOf(transaction), checked)
      for (const oldest of checkedEnvelopes.keys()) {
        if (checkedEnvelopes.size <= rememberedMax) break
        checkedEnvelopes.delete(oldest)
      }
    },
  }
}

const nameOf = (transaction: Uint8Array): string => toHex(sha256(transaction))
