/**
 * Every signature once per node: when the mempool checks an envelope, or, for one that came with a block first, before
 * the block is judged; in worker threads either way. Applying a block only looks up.
 */
import { toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type CheckedEnvelope, type Envelope, readEnvelope, signaturesHold } from '@plexus/kernel'
import { rememberSignatures } from '../local/signature-memory.ts'
import type { VerifierPool } from '../local/verifier-pool.ts'

/** What is known of an envelope before any state is asked. */
export interface Verified {
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly name: string
  /** It can be read, and all its signatures hold. */
  readonly holds: boolean
}

export interface Signatures {
  /** For `createMachine`: verifies what it does not know, and remembers what holds. */
  readonly holds: (envelope: Envelope) => boolean
  /** Of each envelope, in order. Asked for together, verified together. */
  verified(transactions: readonly Uint8Array[]): Promise<readonly Verified[]>
  /** The same of one envelope whose name is known, and which has been read. */
  verify(name: string, bytes: Uint8Array, envelope: Envelope): boolean | Promise<boolean>
  /** What a check has read of the bytes of this name, whose signatures hold. */
  checked(name: string): CheckedEnvelope | undefined
  keep(name: string, checked: CheckedEnvelope): void
  /** Of envelopes that a block has had. That their signatures hold is still known. */
  forget(names: readonly string[]): void
}

/** The name of an envelope as it travels: other signatures under the same body make another name. */
export const nameOf = (bytes: Uint8Array): string => toHex(sha256(bytes))

/** A full mempool and the blocks under way. */
const rememberedMax = 20_000
/** Twice what a mempool holds: most envelopes are small, and some are not. */
const rememberedBytesMax = 128 * 1024 * 1024
/** The next are on their way while these come back; more gather meanwhile, since each way to a thread costs the same. */
const groupsMax = 2
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
  let checkedBytes = 0
  /** By the same name: the mempool and a proposal ask for one envelope at once. */
  const underWay = new Map<string, Promise<boolean>>()
  let asked: Asked[] = []
  let groups = 0
  let wakes = false

  function verifyHere(envelope: Envelope): boolean {
    onVerified(envelope.signatures.length)
    const holds = signaturesHold(envelope)
    if (holds) known.learn(envelope)
    return holds
  }

  /** What is asked for in one turn, or while the threads are busy, goes together. */
  function wake(): void {
    if (wakes || asked.length === 0 || groups >= groupsMax) return
    wakes = true
    setImmediate(flush)
  }

  function flush(): void {
    wakes = false
    const group = asked
    asked = []
    if (group.length <= onTheSpotMax) {
      for (const { envelope, answered } of group) answered(known(envelope) || verifyHere(envelope))
      return
    }
    for (const { envelope } of group) onVerified(envelope.signatures.length)
    groups += 1
    pool.verify(group.map(({ bytes }) => bytes)).then(
      (answers) => {
        groups -= 1
        for (const [index, { envelope, answered }] of group.entries()) {
          const holds = answers[index] === true
          if (holds) known.learn(envelope)
          answered(holds)
        }
        wake()
      },
      (error) => {
        for (const { failed } of group) failed(error)
      },
    )
  }

  function verify(name: string, bytes: Uint8Array, envelope: Envelope): boolean | Promise<boolean> {
    const same = checkedEnvelopes.has(name) || underWay.get(name)
    if (same) return same
    if (known(envelope)) return true
    const verifying = new Promise<boolean>((resolve, reject) => {
      asked.push({ envelope, bytes, answered: resolve, failed: reject })
      wake()
    }).finally(() => underWay.delete(name))
    underWay.set(name, verifying)
    return verifying
  }

  function verifiedOne(name: string, bytes: Uint8Array): boolean | Promise<boolean> {
    const same = checkedEnvelopes.has(name) || underWay.get(name)
    if (same) return same
    const read = readEnvelope(bytes)
    return read.ok && verify(name, bytes, read.value)
  }

  function drop(name: string): void {
    const dropped = checkedEnvelopes.get(name)
    if (!dropped) return
    checkedEnvelopes.delete(name)
    checkedBytes -= dropped.envelope.bodyBytes.length
  }

  return {
    holds: (envelope) => known(envelope) || verifyHere(envelope),
    async verified(transactions) {
      const names = transactions.map(nameOf)
      const holds = await Promise.all(transactions.map((bytes, index) => verifiedOne(names[index] ?? '', bytes)))
      return names.map((name, index) => ({ name, holds: holds[index] === true }))
    },
    verify,
    checked: (name) => checkedEnvelopes.get(name),
    keep(name, checked) {
      drop(name)
      checkedEnvelopes.set(name, checked)
      checkedBytes += checked.envelope.bodyBytes.length
      for (const oldest of checkedEnvelopes.keys()) {
        if (checkedEnvelopes.size <= rememberedMax && checkedBytes <= rememberedBytesMax) break
        drop(oldest)
      }
    },
    forget(names) {
      for (const name of names) drop(name)
    },
  }
}
