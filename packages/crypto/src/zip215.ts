/**
 * Ed25519 as ZIP-215 (Zcash improvement proposal 215) judges it: with the cofactor, encodings of points need not be
 * canonical, S must be. CometBFT judges votes so, and whoever follows its blocks must accept exactly what it accepts.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { verify } from './ed25519.ts'

/**
 * Whether a validator's vote of CometBFT holds. For nothing that Plexus itself signs: that is `verify`, which is strict.
 * Never throws, whatever the bytes.
 */
export function verifyZip215(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  // What the strict profile accepts, ZIP-215 accepts: an equation that holds, holds eight times over. It is the answer
  // for every honest vote, and the platform's own arithmetic gives it ten times faster.
  if (verify(publicKey, message, signature)) return true
  return ed25519.verify(signature, message, publicKey, { zip215: true })
}
