/** Where every unit of a lot is at a height, and that none was gained or lost: for whoever was given the manifests. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type PackageMember, type SupplyEvent, supply, type Whereabouts } from '@plexus/contracts'
import { contentsOf, type PackageManifest } from './packages.ts'
import type { SupplyState } from './scan.ts'

export interface TracedUnit {
  readonly tag: Uint8Array
  readonly whereabouts: Whereabouts
}

export interface LotTrace {
  readonly units: readonly TracedUnit[]
  /** How many units each holder has and had last, by `status key` with the key's hash in hexadecimal: they add up to all. */
  readonly books: ReadonlyMap<string, number>
}

export type TraceRefusal =
  | { readonly type: 'lot-not-commissioned' }
  | { readonly type: 'manifest-missing'; readonly tag: string }
  | { readonly type: 'contents-differ'; readonly tag: string }
  | { readonly type: 'unit-twice'; readonly tag: string }

/**
 * From the event that commissioned the lot, on a view of any height since. `manifests` by tag in hexadecimal: of each package
 * that its maker sealed. All of them together give the committed roots, or the trace is refused: so no unit is left out, none
 * is added, and each has one entry that answers for it.
 */
export function traceLot(
  view: SupplyState,
  {
    handle,
    commissioned,
    manifests,
  }: {
    readonly handle: Uint8Array
    readonly commissioned: Extract<SupplyEvent, { type: 'commissioned' }>
    readonly manifests: ReadonlyMap<string, PackageManifest>
  },
): Result<LotTrace, TraceRefusal> {
  if (!commissioned.lots.some((each) => equalBytes(each.handle, handle))) return no({ type: 'lot-not-commissioned' })
  const found = new Map<string, TracedUnit>()
  const open: (readonly [PackageMember, readonly string[]])[] = commissioned.packages.map((each) => [each, []])
  for (let next = open.pop(); next; next = open.pop()) {
    const [member, around] = next
    const tag = toHex(member.tag)
    if (!member.lots.some((lot) => equalBytes(lot, handle))) continue
    const tags = [tag, ...around]
    if (member.contents) {
      const manifest = manifests.get(tag)
      if (!manifest) return no({ type: 'manifest-missing', tag })
      const { root, leaves } = contentsOf(manifest)
      if (leaves !== member.contents.leaves || !equalBytes(root, member.contents.root))
        return no({ type: 'contents-differ', tag })
      for (const child of manifest.members) open.push([child, tags])
    } else {
      if (found.has(tag)) return no({ type: 'unit-twice', tag })
      const whereabouts = supply.queries.whereabouts(view, tags)
      if (!whereabouts) return no({ type: 'lot-not-commissioned' })
      found.set(tag, { tag: member.tag, whereabouts })
    }
  }
  const books = new Map<string, number>()
  for (const { whereabouts } of found.values()) {
    const { parcel, carrier } = whereabouts
    const entry = `${parcel.status === 'inside' ? carrier.status : parcel.status} ${toHex(carrier.holder)}`
    books.set(entry, (books.get(entry) ?? 0) + 1)
  }
  return ok({ units: [...found.values()], books })
}

/**
 * The hashes of all keys that ever held what has this tag, or a package around it, oldest first, in hexadecimal: who is to be
 * told of an incident. Each partner finds its own among them, from the ledger's events in order.
 */
export function formerHolders(events: Iterable<SupplyEvent>, tag: Uint8Array): readonly string[] {
  const holders = new Map<string, string[]>()
  const shipments = new Map<string, { readonly to: string; readonly tags: readonly string[] }>()
  const heldBy = (of: string): string[] => holders.get(of) ?? []
  for (const event of events)
    switch (event.type) {
      case 'commissioned':
        for (const each of event.packages) holders.set(toHex(each.tag), [toHex(event.holder)])
        break
      case 'shipped':
        shipments.set(toHex(event.shipment), { to: toHex(event.to), tags: event.tags.map(toHex) })
        break
      case 'received': {
        const shipment = shipments.get(toHex(event.shipment))
        const missing = new Set(event.missing.map(toHex))
        for (const each of shipment?.tags ?? [])
          if (shipment && !missing.has(each)) holders.set(each, [...heldBy(each), shipment.to])
        break
      }
      case 'unpacked':
        for (const each of event.children) holders.set(toHex(each.tag), heldBy(toHex(event.tag)))
        break
      case 'packed':
        holders.set(toHex(event.tag), [toHex(event.holder)])
        break
      case 'taken-out':
        for (const each of event.children.map(toHex)) {
          const own = heldBy(each)
          holders.set(each, [...own, ...heldBy(toHex(event.tag)).filter((key) => !own.includes(key))])
        }
        break
    }
  return heldBy(toHex(tag))
}
