/** T-13: valid proofs with each of their bits changed, and proofs that nobody made, against the verifiers of a wallet. */
import { createHash } from 'node:crypto'
import { decode, encode, utf8 } from '@plexus/codec'
import {
  merkleConsistency,
  merkleLeafHash,
  merklePath,
  merkleRoot,
  rootOfPath,
  verifyMerkleConsistency,
} from '@plexus/crypto'
import { emptyRoot, proveState, stateProof, updateTree, verifyStateProof } from '@plexus/kernel'

export interface Forged {
  readonly proofs: number
  readonly forgeries: number
  readonly accepted: number
}

const hashOf = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest())
const keysPerTree = 40

/** So many proofs of state, of presence and of absence, with each bit of their bytes changed. */
export function forgeStateProofs(proofs: number): Forged {
  let made = 0
  let forgeries = 0
  let accepted = 0
  for (let world = 0; made < proofs; world++) {
    const changes = Array.from({ length: keysPerTree }, (_, each) => ({
      key: `world/${world}/${each}`,
      value: hashOf(`value ${world} ${each}`),
    }))
    const { root, tiles } = updateTree({ tile: () => undefined }, emptyRoot, changes)
    const byPlace = new Map(tiles.map(({ place, tile }) => [place, tile ?? undefined]))
    for (let each = 0; each < keysPerTree * 2 && made < proofs; each++, made++) {
      const key = `world/${world}/${each}`
      const value = each < keysPerTree ? (changes[each]?.value ?? null) : null
      const proof = proveState({ tile: (place) => byPlace.get(place) }, root, key)
      if (!verifyStateProof({ root, key, value, proof })) throw new Error('a valid proof was refused')
      const bytes = encode(stateProof, proof)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const read = decode(stateProof, withBit(bytes, bit))
        forgeries++
        if (read.ok && verifyStateProof({ root, key, value, proof: read.value })) accepted++
      }
      // The same proof for another value, and for what it says is not there.
      const others = [value === null ? hashOf('other') : null, hashOf(`other ${each}`)]
      for (const other of others) {
        forgeries++
        if (verifyStateProof({ root, key, value: other, proof })) accepted++
      }
    }
  }
  return { proofs: made, forgeries, accepted }
}

/** So many paths of leaves and as many consistency proofs, each bit changed. */
export function forgeTreeProofs(proofs: number): Forged {
  let forgeries = 0
  let accepted = 0
  for (let each = 0; each < proofs; each++) {
    const size = 2 + (each % 63)
    const leaves = Array.from({ length: size }, (_, at) => utf8(`leaf ${each} ${at}`))
    const root = merkleRoot(leaves)
    const index = each % size
    const path = merklePath(leaves, index)
    const leafHash = merkleLeafHash(leaves[index] as Uint8Array)
    const leads = (nodes: readonly Uint8Array[], leaf: Uint8Array): boolean => {
      const found = rootOfPath({ leafHash: leaf, index, size, path: nodes })
      return found !== undefined && same(found, root)
    }
    if (!leads(path, leafHash)) throw new Error('a valid path was refused')
    for (const nodes of bitsChanged(path)) {
      forgeries++
      if (leads(nodes, leafHash)) accepted++
    }
    for (const [changed] of bitsChanged([leafHash])) {
      forgeries++
      if (leads(path, changed as Uint8Array)) accepted++
    }
    const first = 1 + (each % (size - 1))
    const proof = merkleConsistency(leaves, first)
    const roots = {
      sizeBefore: first,
      rootBefore: merkleRoot(leaves.slice(0, first)),
      sizeAfter: size,
      rootAfter: root,
    }
    if (!verifyMerkleConsistency({ ...roots, proof })) throw new Error('a valid consistency proof was refused')
    for (const changed of bitsChanged(proof)) {
      forgeries++
      if (verifyMerkleConsistency({ ...roots, proof: changed })) accepted++
    }
  }
  return { proofs: proofs * 2, forgeries, accepted }
}

/** Proofs that were never made: siblings drawn from nowhere, in every shape that reads. */
export function forgeFromNothing(forgeries: number): Forged {
  let accepted = 0
  const root = hashOf('root')
  for (let each = 0; each < forgeries; each++) {
    const siblings = Array.from({ length: each % 24 }, (_, at) => (at === 0 ? hashOf(`${each}`) : hashOf(`${at}`)))
    const ends = [
      { type: 'present' as const },
      { type: 'empty' as const },
      { type: 'other' as const, path: hashOf(`${each} path`), valueHash: hashOf(`${each} value`) },
    ]
    const end = ends[each % ends.length] as (typeof ends)[number]
    const proof = { siblings, end }
    const value = end.type === 'present' ? hashOf(`${each} value`) : null
    if (verifyStateProof({ root, key: `key/${each}`, value, proof })) accepted++
  }
  return { proofs: 0, forgeries, accepted }
}

function withBit(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
}

function* bitsChanged(nodes: readonly Uint8Array[]): Iterable<readonly Uint8Array[]> {
  for (const [at, node] of nodes.entries())
    for (let bit = 0; bit < node.length * 8; bit++) yield nodes.with(at, withBit(node, bit))
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at])
