/** Licences and packages whose contents follow from their tags, so that whoever knows a tag can open what is inside. */
import { createHash } from 'node:crypto'
import { encode, toHex } from '@plexus/codec'
import { merklePath, merkleRoot } from '@plexus/crypto'
import { type Identity, identityOf } from '../world.testing.ts'
import { type PackageMember, packageMember, type SupplyLicence, type SupplyRole } from './index.ts'

export const hashed = (...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** One-time keys: all of them are granted for each role, so that a step chooses the role by the grant that it shows. */
const poolSize = 240
export const pool: readonly Identity[] = Array.from({ length: poolSize }, (_, index) => identityOf(400 + index))
const byHandle = new Map(pool.map((identity) => [toHex(identity.handle), identity]))
export const keyOf = (handle: Uint8Array): Identity | undefined => byHandle.get(toHex(handle))

const roles: readonly SupplyRole[] = ['maker', 'distributor', 'dispenser', 'regulator']
const leavesOf = (role: SupplyRole): readonly Uint8Array[] => [...pool.map(({ handle }) => handle), hashed(role)]
const trees = new Map(roles.map((role) => [role, leavesOf(role)]))

/** All keys of the pool under one role. */
export function grantOf(role: SupplyRole): {
  readonly role: SupplyRole
  readonly root: Uint8Array
  readonly leaves: number
} {
  const leaves = trees.get(role) ?? []
  return { role, root: merkleRoot(leaves), leaves: leaves.length }
}

const licences = new Map<string, SupplyLicence>()
export function licenceOf(handle: Uint8Array, role: SupplyRole): SupplyLicence {
  const id = role + toHex(handle)
  const known = licences.get(id)
  if (known) return known
  const leaves = trees.get(role) ?? []
  const index = pool.findIndex((identity) => toHex(identity.handle) === toHex(handle))
  const made = { grant: merkleRoot(leaves), index: Math.max(index, 0), path: merklePath(leaves, Math.max(index, 0)) }
  licences.set(id, made)
  return made
}

export interface Tree {
  readonly members: readonly PackageMember[]
  readonly contents: { readonly root: Uint8Array; readonly leaves: number }
  pathOf(index: number): readonly Uint8Array[]
}

export function treeOf(members: readonly PackageMember[]): Tree {
  const leaves = members.map((each) => encode(packageMember, each))
  return {
    members,
    contents: { root: merkleRoot(leaves), leaves: leaves.length },
    pathOf: (index) => merklePath(leaves, index),
  }
}
