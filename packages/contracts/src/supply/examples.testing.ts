/** A network with licensed partners, and one pallet: ten cases of twelve bottles, for worded examples. */
import { compareBytes, toHex } from '@plexus/codec'
import { type Network, network } from '../network.testing.ts'
import type { Identity } from '../world.testing.ts'
import { type PackageMember, type SupplyRole, type SupplyTransaction, supply } from './index.ts'
import { hashed, licenceOf, pool, type Tree, treeOf } from './trees.testing.ts'

/** Of the pool, in the order in which they are asked for, so that each example has keys of its own. */
let number = 0
export function freshKey(): Identity {
  const key = pool[number++]
  if (!key) throw new Error('the pool of keys is too small for these examples')
  return key
}
let hashes = 0
export const freshHash = (): Uint8Array => hashed('example', String(hashes++))

const daysToExpiry = 400
export const secondsPerDay = 86_400
const [casesCount, bottlesCount] = [10, 12]

export interface Supplied {
  readonly world: Network
  readonly lot: Identity
  readonly maker: Identity
  readonly pallet: Uint8Array
  readonly cases: Tree
  /** What is in each case. */
  readonly bottles: readonly Tree[]
  /** Through a member that is not concerned. */
  by(signer: Identity | readonly Identity[], transaction: SupplyTransaction): string
}

const sorted = (members: readonly PackageMember[]) => [...members].sort((a, b) => compareBytes(a.tag, b.tag))

/** A pallet that its maker holds. */
export function commissioned({
  world = network(),
  endsInDays = daysToExpiry,
}: {
  readonly world?: Network
  readonly endsInDays?: number
} = {}): Supplied {
  const [lot, maker] = [freshKey(), freshKey()]
  const lots = [lot.handle]
  const unit = (): PackageMember => ({ tag: freshHash(), contents: null, lots })
  const bottles = Array.from({ length: casesCount }, () => treeOf(Array.from({ length: bottlesCount }, unit)))
  const cases = treeOf(bottles.map(({ contents }) => ({ tag: freshHash(), contents, lots })))
  const pallet = freshHash()
  const by: Supplied['by'] = (signers, transaction) =>
    world.submit(supply, transaction, { sponsor: 'cedar', signers: [signers].flat() })
  const answer = by(maker, {
    type: 'commission',
    holder: maker.handle,
    licence: licenceOf(maker.handle, 'maker'),
    lots: [{ handle: lot.handle, label: freshHash(), endsAt: world.time + endsInDays * secondsPerDay }],
    packages: [{ tag: pallet, contents: cases.contents, lots }],
  })
  if (answer !== 'accepted') throw new Error(`the pallet was not commissioned: ${answer}`)
  return { world, lot, maker, pallet, cases, bottles, by }
}

/** Ships; the shipment's handle and the receiver's key come back too. */
export function shipping(
  { by }: Supplied,
  from: Identity,
  tags: readonly Uint8Array[],
  purpose: 'trade' | 'return' = 'trade',
): { readonly answer: string; readonly shipment: Uint8Array; readonly to: Identity } {
  const [shipment, to] = [freshHash(), freshKey()]
  const named = [...tags].sort(compareBytes)
  return { answer: by(from, { type: 'ship', shipment, tags: named, to: to.handle, purpose }), shipment, to }
}

export function receiving(
  { by }: Supplied,
  { shipment, to }: { readonly shipment: Uint8Array; readonly to: Identity },
  role: SupplyRole,
  exceptions: Partial<Pick<Extract<SupplyTransaction, { type: 'receive' }>, 'missing' | 'damaged' | 'notes'>> = {},
): string {
  const licence = licenceOf(to.handle, role)
  return by(to, { type: 'receive', shipment, licence, missing: [], damaged: [], notes: [], ...exceptions })
}

/** From one holder to another who has this role: the key of the new holder. */
export function moved(
  supplied: Supplied,
  from: Identity,
  tags: readonly Uint8Array[],
  role: SupplyRole,
  purpose: 'trade' | 'return' = 'trade',
): Identity {
  const sent = shipping(supplied, from, tags, purpose)
  const answer = sent.answer === 'accepted' ? receiving(supplied, sent, role) : sent.answer
  if (answer !== 'accepted') throw new Error(`it did not move: ${answer}`)
  return sent.to
}

export const placed = (tree: Tree, ...indexes: readonly number[]) =>
  indexes
    .map((index) => ({ member: tree.members[index] as PackageMember, index, path: tree.pathOf(index) }))
    .sort((a, b) => compareBytes(a.member.tag, b.member.tag))

export const tagIn = (tree: Tree | undefined, index: number): Uint8Array =>
  tree?.members[index]?.tag ?? hashed('nothing')

const bottleTags = (tree: Tree | undefined): readonly Uint8Array[] => sorted(tree?.members ?? []).map(({ tag }) => tag)

/** The bottles of a case, alone with a pharmacy: its key. */
export function atPharmacy(
  supplied: Supplied,
  at = 7,
): { readonly pharmacy: Identity; readonly bottles: readonly Uint8Array[] } {
  const { maker, pallet, cases, bottles, by } = supplied
  const wholesaler = moved(supplied, maker, [pallet], 'distributor')
  by(wholesaler, { type: 'unpack', tag: pallet, children: placed(cases, at) })
  const pharmacy = moved(supplied, wholesaler, [tagIn(cases, at)], 'dispenser')
  const tree = bottles[at] as Tree
  const answer = by(pharmacy, { type: 'unpack', tag: tagIn(cases, at), children: placed(tree, ...tree.members.keys()) })
  if (answer !== 'accepted') throw new Error(`the case was not unpacked: ${answer}`)
  return { pharmacy, bottles: bottleTags(tree) }
}

export const parcelOf = ({ world }: Supplied, tag: Uint8Array) => supply.queries.parcel(world.view(supply), toHex(tag))
