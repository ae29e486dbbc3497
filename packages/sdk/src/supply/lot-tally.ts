/**
 * Each unit of a lot, and the entry of the ledger that answers for it: its own where it left its package, otherwise that of
 * the nearest package around it that stands for itself. Nothing leaves a package that does not stand for itself, so absence
 * is asked of what is inside of those that do, and of nothing else.
 */
import { decode, equalBytes, ok, type Result, toHex } from '@plexus/codec'
import { type PackageMember, type Parcel, type ParcelStatus, supply } from '@plexus/contracts'
import { stateKey } from '@plexus/kernel'
import { type LabelIdentifier, labelKeysOf, tagOf } from './labels.ts'
import { type LotDoubt, refused } from './lot-refusals.ts'
import type { LotContent } from './lots.ts'
import { contentsOf } from './packages.ts'

export interface TalliedUnit {
  readonly serial: string
  /** In hexadecimal. */
  readonly tag: string
  /** Of itself, or of what carries it. */
  readonly status: ParcelStatus
  /** The hash of the key that holds it, or held it last, in hexadecimal. */
  readonly holder: string
}

export interface ShownPackage {
  readonly sscc: string
  /** Of the units in it. */
  readonly serials: readonly string[]
  /** SSCCs of the packages in it. */
  readonly packages: readonly string[]
  readonly noiseSeed: Uint8Array
}

export interface ShownLot {
  readonly chain: Uint8Array
  readonly traceKey: Uint8Array
  readonly content: LotContent
  /** As commissioned. */
  readonly commissioned: readonly PackageMember[]
  /** Entries of the state by key; null where there is none. What is not here is not known. */
  readonly facts: ReadonlyMap<string, Uint8Array | null>
  readonly packages: readonly ShownPackage[]
}

/** The contract stacks ten packages, and a maker seals eight into each other. */
const depthMax = 16

interface Packed {
  readonly member: PackageMember
  /** Null for a package. */
  readonly serial: string | null
  readonly inside: readonly Packed[]
}

export interface Tally {
  readonly units: readonly TalliedUnit[]
  readonly contested: readonly string[]
}

export function tallyLot(lot: ShownLot): Result<Tally, LotDoubt> {
  const packed = packedAsCommissioned(lot)
  return packed.ok ? new Count(lot).of(packed.value) : packed
}

/** The packages as they are described, once they lead to what was committed. */
function packedAsCommissioned(lot: ShownLot): Result<readonly Packed[], LotDoubt> {
  const { handle, gtin } = lot.content
  const keyFor = labelKeysOf(lot)
  const left = new Map(lot.packages.map((each) => [each.sscc, each]))
  if (left.size < lot.packages.length) return refused('package-unexpected')
  const byTag = new Map<string, string>()
  const serials = new Set<string>()

  const tagFor = (identifier: LabelIdentifier): Result<Uint8Array, LotDoubt> => {
    const key = keyFor(identifier)
    const tag = key.ok ? tagOf(key.value, identifier) : key
    return tag.ok ? tag : refused('malformed')
  }

  /** Each description is used once, so this ends. */
  const pack = (sscc: string, depth: number): Result<Packed, LotDoubt> => {
    const described = left.get(sscc)
    if (!described || depth > depthMax) return refused('package-missing')
    left.delete(sscc)
    const tag = tagFor({ type: 'package', sscc })
    if (!tag.ok) return tag
    const inside: Packed[] = []
    for (const serial of described.serials) {
      const unit = tagFor({ type: 'unit', gtin, serial })
      if (!unit.ok) return unit
      if (serials.has(serial)) return refused('unit-twice')
      serials.add(serial)
      inside.push({ member: { tag: unit.value, contents: null, lots: [handle] }, serial, inside: [] })
    }
    for (const each of described.packages) {
      const inner = pack(each, depth + 1)
      if (!inner.ok) return inner
      inside.push(inner.value)
    }
    const members = inside.map(({ member }) => member)
    if (members.length === 0) return refused('contents-differ')
    const contents = contentsOf({ members, noiseSeed: described.noiseSeed })
    return ok({ member: { tag: tag.value, contents, lots: [handle] }, serial: null, inside })
  }

  for (const { sscc } of lot.packages) {
    const tag = tagFor({ type: 'package', sscc })
    if (!tag.ok) return tag
    byTag.set(toHex(tag.value), sscc)
  }
  const tops: Packed[] = []
  for (const top of lot.commissioned) {
    if (top.lots.length > 1) return refused('lots-mixed')
    const sscc = byTag.get(toHex(top.tag))
    const packed = sscc === undefined ? refused('package-missing') : pack(sscc, 1)
    if (!packed.ok) return packed
    const { contents } = packed.value.member
    const isSame = top.contents && contents && equalBytes(top.contents.root, contents.root)
    if (!isSame || top.contents?.leaves !== contents.leaves) return refused('contents-differ')
    tops.push(packed.value)
  }
  return left.size === 0 ? ok(tops) : refused('package-unexpected')
}

class Count {
  readonly #lot: ShownLot
  readonly #units: TalliedUnit[] = []
  readonly #contested: string[] = []

  constructor(lot: ShownLot) {
    this.#lot = lot
  }

  of(tops: readonly Packed[]): Result<Tally, LotDoubt> {
    for (const top of tops) {
      const counted = this.#count(top, null, true)
      if (!counted.ok) return counted
    }
    return ok({ units: this.#units, contested: this.#contested })
  }

  /** `around`: what answers when this does not stand for itself, which it can only where `mayStand`. */
  #count(packed: Packed, around: Parcel | null, mayStand: boolean): Result<void, LotDoubt> {
    const tag = toHex(packed.member.tag)
    const own = mayStand ? this.#ownParcel(tag) : ok(null)
    if (!own.ok) return own
    const answers = own.value ?? around
    if (!answers) return refused('fact-missing')
    if (packed.serial !== null) {
      const carrier = this.#carrierOf(answers)
      if (!carrier.ok) return carrier
      const { status, holder } = carrier.value
      this.#units.push({ serial: packed.serial, tag, status, holder: toHex(holder) })
    }
    for (const each of packed.inside) {
      const counted = this.#count(each, answers, own.value !== null)
      if (!counted.ok) return counted
    }
    return ok()
  }

  /** Null where there is none. One of another lot is not this unit: somebody else had its label, and it is said. */
  #ownParcel(tag: string): Result<Parcel | null, LotDoubt> {
    const found = this.#parcel(tag)
    if (!found.ok || !found.value) return found
    if (found.value.lots.some((each) => equalBytes(each, this.#lot.content.handle))) return found
    this.#contested.push(tag)
    return ok(null)
  }

  #carrierOf(parcel: Parcel): Result<Parcel, LotDoubt> {
    let at = parcel
    for (let depth = 0; at.status === 'inside'; depth++) {
      const around = at.parent && this.#parcel(toHex(at.parent))
      if (!around?.ok || !around.value || depth > depthMax) return refused('parcel-not-followed')
      at = around.value
    }
    return ok(at)
  }

  #parcel(tag: string): Result<Parcel | null, LotDoubt> {
    const value = this.#lot.facts.get(stateKey(supply.name, 'parcels', tag))
    if (value === undefined) return refused('fact-missing')
    const read = value && decode(supply.state.parcels.value, value)
    if (read && !read.ok) return refused('malformed')
    return ok(read ? read.value : null)
  }
}
