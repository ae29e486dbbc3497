/** The pages that this member serves: their manifest as a leaf of one of its batches, and what shows it to whoever runs them. */
import { encode, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type Committed, committed, pageManifest, statementTypes } from '@plexus/policy'
import type { Batches } from './batches.ts'
import { proveCommitted } from './bundles.ts'
import type { Journal, Replica } from './ports.ts'
import { type Table, tableOf } from './tables.ts'

export class PublishedPages {
  private readonly proofs: Table<Committed>
  private readonly parts: {
    readonly journal: Journal
    readonly replica: Replica
    readonly batches: Batches
    readonly member: string
  }
  /** What is committed to and not shown yet: the statement's hash by the bundle's. */
  private readonly waiting = new Map<string, Uint8Array>()

  constructor(parts: PublishedPages['parts']) {
    this.parts = parts
    this.proofs = tableOf(parts.journal, 'page-proofs', committed)
  }

  /** Commits to a bundle by its canonical manifest, unless that was done and shown before: a statement is the same each time. */
  publish(manifest: Uint8Array): void {
    const bundle = sha256(manifest)
    const key = toHex(bundle)
    if (this.waiting.has(key) || this.proofs.get(key)) return
    const { batches, journal, member } = this.parts
    const statement = encode(pageManifest, { member, bundle })
    const { hash, changes } = batches.commit(statementTypes.pageManifest, statement)
    journal.write(changes)
    this.waiting.set(key, hash)
  }

  /** What shows that a bundle was committed to, once it is: a canonical `committed`. */
  proof(bundle: Uint8Array): Uint8Array | undefined {
    const kept = this.proofs.get(toHex(bundle))
    return kept && encode(committed, kept)
  }

  /** Makes the proofs that can be made: states that prove them are kept for a time only, the proofs for good. */
  tick(): void {
    const { replica, batches, journal } = this.parts
    for (const [key, hash] of this.waiting) {
      const opening = batches.committedAt(hash) === undefined ? undefined : batches.opening(hash)
      const shown = opening && proveCommitted(replica, batches, opening, [])
      if (!shown) continue
      journal.write([this.proofs.put(key, shown)])
      this.waiting.delete(key)
    }
  }
}
