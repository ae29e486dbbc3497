export {
  type AeadOpenInput,
  type AeadSealInput,
  openAead,
  sealAead,
} from './aead.ts'
export {
  type ChunkedInput,
  type ChunkedRefusal,
  openChunked,
  plaintextLengthOf,
  sealChunked,
  sealedLengthOf,
} from './chunked-aead.ts'
export { type ChunkedReader, openChunkedReader, type ReadSealed } from './chunked-reader.ts'
export { handleOf, leafOf, signedBytes, statementHash } from './commitment.ts'
export { checkLongLivedKey, checkOneTimeKey, type KeyRefusal, publicKeyOf, sign, verify } from './ed25519.ts'
export { hmacSha256, sha256, sha256Into, sha512 } from './hash.ts'
export { hkdf, hkdfKeys } from './hkdf.ts'
export {
  appendLeaf,
  emptyFrontier,
  type Frontier,
  frontierRoot,
  type MerkleConsistency,
  type MerklePath,
  merkleConsistency,
  merklePath,
  merkleRoot,
  rootOfPath,
  verifyMerkleConsistency,
  verifyMerklePath,
} from './merkle.ts'
export { merkleLeafHash, merkleNodeHash } from './merkle-nodes.ts'
export { type MerkleTree, merkleTreeOfNodes, merkleTreeOfPacked } from './merkle-tree.ts'
export { type RandomBytes, systemRandom } from './random.ts'
export { release } from './release.ts'
export { type RunningHash, runningSha256 } from './running-hash.ts'
export {
  checkSealingKey,
  generateSealingKey,
  type OpenInput,
  openSealed,
  type SealInput,
  type SealingKeyRefusal,
  type SealRefusal,
  sealTo,
} from './seal.ts'
export { verifyZip215 } from './zip215.ts'
