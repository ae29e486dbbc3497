/** Three lots, packed five deep and spread over many holders, are recalled. */
import { toHex, utf8 } from '@plexus/codec'
import { type PackageMember, type SupplyEvent, supply } from '@plexus/contracts'
import { sha256 } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { handleOfSeed } from '../prescriptions/keys.ts'
import { contentsOf, type PackageManifest, unpacking } from './packages.ts'
import { scanLabel } from './scan.ts'
import { traceLot } from './trace.ts'
import { type PartnerKey, SupplyWorld } from './world.testing.ts'

/** Pallet, layer, case, bundle, bottle. */
const childrenOf = [2, 2, 2, 3] as const
const unitsEach = 24
const palletsEach = 3

test('every unit of three lots, five deep in sealed pallets of nine holders, is known and is not dispensed', () => {
  const holders = Array.from({ length: 3 * palletsEach }, (_, at) => `pharmacy-${at}`)
  const world = new SupplyWorld({
    'maker-pharma': 'maker',
    ...Object.fromEntries(holders.map((each) => [each, 'dispenser'])),
  })
  const manifests = new Map<string, PackageManifest>()
  const packed = (name: string, depth: number, lots: readonly Uint8Array[]): PackageMember => {
    const tag = sha256(utf8(name))
    const count = childrenOf[depth]
    if (count === undefined) return { tag, contents: null, lots }
    const members = Array.from({ length: count }, (_, at) => packed(`${name}/${at}`, depth + 1, lots))
    const manifest = { members, noiseSeed: tag }
    manifests.set(toHex(tag), manifest)
    return { tag, contents: contentsOf(manifest), lots }
  }
  const lots = ['a', 'b', 'c'].map((name) => {
    const seed = sha256(utf8(`lot ${name}`))
    const handle = handleOfSeed(seed)
    const pallets = Array.from({ length: palletsEach }, (_, at) => packed(`${name}${at}`, 0, [handle]))
    const maker = world.key('maker-pharma')
    const packages = [...pallets].sort((x, y) => (toHex(x.tag) < toHex(y.tag) ? -1 : 1))
    world.expect(
      {
        type: 'commission',
        holder: maker.handle,
        licence: world.licence(maker),
        lots: [{ handle, label: sha256(utf8(name)), endsAt: world.time * 2 }],
        packages,
      },
      maker,
    )
    return { seed, handle, pallets, maker }
  })
  const heldBy = lots.flatMap(({ pallets, maker }, of) =>
    pallets.map((pallet, at) => ({
      pallet,
      holder: world.move(maker, holders[of * palletsEach + at] as string, [pallet.tag]),
    })),
  )

  const sorted = [...lots].sort((x, y) => (toHex(x.handle) < toHex(y.handle) ? -1 : 1))
  const recalled = sorted.map(({ handle }) => handle)
  world.expect({ type: 'recall', lots: recalled, notice: sha256(utf8('recall')), regulator: null }, ...lots)

  const known = new Set<string>()
  for (const { handle } of lots) {
    const commissioned = world.events.find(
      (each): each is Extract<SupplyEvent, { type: 'commissioned' }> =>
        each.type === 'commissioned' && each.lots.some((lot) => toHex(lot.handle) === toHex(handle)),
    )
    if (!commissioned) throw new Error('the lot was not commissioned')
    const traced = traceLot(world.view, { handle, commissioned, manifests })
    if (!traced.ok) throw new Error(traced.reason.type)
    expect(traced.value.units.length).toBe(palletsEach * unitsEach)
    expect(traced.value.units.every(({ whereabouts }) => whereabouts.recalled)).toBe(true)
    for (const entry of traced.value.books.keys()) known.add(entry)
  }
  expect([...known].sort()).toEqual(heldBy.map(({ holder }) => `held ${toHex(holder.handle)}`).sort())

  // Down to one bottle, by a holder who goes on: each level opens, and the bottle is refused.
  const [{ pallet, holder } = { pallet: undefined, holder: undefined }] = heldBy
  const bottle = pallet && holder && openedDown(world, manifests, pallet, holder)
  if (!bottle) throw new Error('there is no bottle')
  const dispense = {
    type: 'dispense',
    tag: sha256(utf8('fill')),
    units: [{ tag: bottle.tag, rest: false }],
    fill: null,
  } as const
  expect(world.submit(dispense, holder)).toBe('recalled')
  const scanned = { tags: [bottle.tag], lots: bottle.lots, holders: new Set([toHex(holder.handle)]), time: world.time }
  expect(scanLabel(world.view, scanned)).toEqual({ type: 'recalled' })
  expect(supply.queries.parcel(world.view, toHex(bottle.tag))?.status).toBe('held')
})

function openedDown(
  world: SupplyWorld,
  manifests: ReadonlyMap<string, PackageManifest>,
  from: PackageMember,
  holder: PartnerKey,
): PackageMember {
  let at = from
  while (at.contents) {
    const manifest = manifests.get(toHex(at.tag))
    const [child] = manifest?.members ?? []
    const step = manifest && child && unpacking(at.tag, manifest, [child.tag])
    if (!step?.ok || !child) throw new Error('a package does not open')
    world.expect(step.value, holder)
    at = child
  }
  return at
}
