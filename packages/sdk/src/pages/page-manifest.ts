/** Whether a bundle of pages is the one that a member committed to, checked by whoever runs them. */
import { decode, no, ok, type Result } from '@plexus/codec'
import type { Chain } from '@plexus/kernel'
import { bundleBytesMax, committed, pageManifest } from '@plexus/policy'
import type { BundleRefusal } from '../bundle-refusals.ts'
import { verifyCommitted } from '../committed.ts'
import { engineKey, type HeaderTrust } from '../header-trust.ts'

export interface ShownManifest {
  /** Whoever committed to it and serves it. */
  readonly member: string
  /** SHA-256 of the canonical `pageBundle`. */
  readonly bundle: Uint8Array
  /** Of the block that carries its batch. */
  readonly height: number
  /** Of the same block, seconds since 1970. */
  readonly time: number
}

export type ManifestRefusal =
  | BundleRefusal
  | { readonly type: 'proof-malformed' }
  /** The statement names another member than the one whose batch carries it. */
  | { readonly type: 'manifest-not-by-member' }

/**
 * What is proven: this member, active then, committed to this bundle in this block. Not proven: that what the files do is
 * right, that the member serves everybody the same, or that it has not committed to another one since.
 */
export function verifyPageManifest(
  chain: Chain,
  proof: Uint8Array,
  trust: HeaderTrust = engineKey,
): Result<ShownManifest, ManifestRefusal> {
  const shown = decode(committed, proof, bundleBytesMax)
  if (!shown.ok) return no({ type: 'proof-malformed' })
  const standing = verifyCommitted(chain, 'page-manifest', shown.value, trust)
  if (!standing.ok) return standing
  const { statement, sponsor, height, time } = standing.value
  const read = decode(pageManifest, statement)
  if (!read.ok) return no({ type: 'proof-malformed' })
  const { member, bundle } = read.value
  return member === sponsor ? ok({ member, bundle, height, time }) : no({ type: 'manifest-not-by-member' })
}
