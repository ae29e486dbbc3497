/** What is hashed and signed, and under which name: bytes made for one purpose mean nothing for another. */
import { concatBytes, utf8 } from '@plexus/codec'
import { hmacSha256, sha256, sha256Into } from './hash.ts'
import { expectLength } from './lengths.ts'

const hashLength = 32
const leafKeyLength = 32
const domain = 'plexus/v1/'
const leafDomain = utf8(`${domain}leaf\0`)
/** No NUL, so that the NUL after the name ends it, and one sequence of bytes has one reading. */
const typeNamePattern = /^[!-~]{1,64}$/
const typeNameLengthMax = 64

/**
 * What a signature stands on: "plexus/v1/" ‖ typeName ‖ 0x00 ‖ genesisHash ‖ SHA-256(canonicalBytes). A signature for
 * one type, or for one network, is none for another. Throws when the name is not 1 to 64 printable ASCII characters
 * or the genesis hash not 32 bytes.
 */
export function signedBytes(typeName: string, genesisHash: Uint8Array, canonicalBytes: Uint8Array): Uint8Array {
  return signedView(typeName, genesisHash, canonicalBytes).slice()
}

/** The name of a statement: SHA-256 of the bytes that a signer of it would sign. 32 bytes. */
export function statementHash(typeName: string, genesisHash: Uint8Array, statementBytes: Uint8Array): Uint8Array {
  return sha256(signedView(typeName, genesisHash, statementBytes))
}

// Filled and read without a pause in between. An array of this length lies outside the heap, and making one for each
// statement costs as much as hashing it (measured).
const signedScratch = new Uint8Array(domain.length + typeNameLengthMax + 1 + 2 * hashLength)
signedScratch.set(utf8(domain))

/** The signed bytes in the scratch, until the next call. */
function signedView(typeName: string, genesisHash: Uint8Array, canonicalBytes: Uint8Array): Uint8Array {
  if (!typeNamePattern.test(typeName)) throw new RangeError('typeName: expected 1 to 64 printable ASCII characters')
  expectLength(genesisHash, hashLength, 'genesisHash')
  let at = domain.length
  for (let index = 0; index < typeName.length; index++) signedScratch[at++] = typeName.charCodeAt(index)
  signedScratch[at++] = 0
  signedScratch.set(genesisHash, at)
  sha256Into(canonicalBytes, signedScratch, at + hashLength)
  return signedScratch.subarray(0, at + 2 * hashLength)
}

/**
 * A hiding commitment: HMAC-SHA-256(leafKey, "plexus/v1/leaf" ‖ 0x00 ‖ statementHash), 32 bytes. The key is fresh for
 * each leaf, since the same statement under the same key would show as the same leaf; without the key it is noise.
 */
export function leafOf(leafKey: Uint8Array, statement: Uint8Array): Uint8Array {
  expectLength(leafKey, leafKeyLength, 'leafKey')
  expectLength(statement, hashLength, 'statementHash')
  return hmacSha256(leafKey, concatBytes(leafDomain, statement))
}

/** The handle of a one-time public key: its SHA-256, 32 bytes. Throws when the key is not 32 bytes. */
export function handleOf(publicKey: Uint8Array): Uint8Array {
  expectLength(publicKey, hashLength, 'publicKey')
  return sha256(publicKey)
}
