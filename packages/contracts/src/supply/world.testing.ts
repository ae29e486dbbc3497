import { compareBytes, equalBytes, fromHex, toHex } from '@plexus/codec'
import { register } from '@plexus/kernel'
import { prescriptions, type RemainderReason } from '../prescriptions/index.ts'
import type { ContractWorld, Identity, Proposal, World } from '../world.testing.ts'
import { type PackageMember, type Parcel, type SupplyRole, type SupplyTransaction, supply } from './index.ts'
import { rulesWithin } from './rules.ts'
import { endings } from './state.ts'
import { grantOf, hashed, keyOf, licenceOf, pool, type Tree, treeOf } from './trees.testing.ts'

type Propose = (world: World) => Proposal<SupplyTransaction>

const roles: readonly SupplyRole[] = ['maker', 'distributor', 'dispenser', 'regulator']
const secondsPerDay = 86_400
const foundedUntil = 4_000_000_000

export const contractWorld: ContractWorld = {
  // A tag is opened late in its life.
  historiesPerRejection: 3,
  limited: register({ ...supply, rules: rulesWithin({ lotsMax: 2, depthMax: 2 }) }),
  founding: ({ members: [first = ''] }) =>
    roles.map((role) => ({
      type: 'keys-granted',
      authority: first,
      ...grantOf(role),
      validUntil: foundedUntil,
      height: 0,
    })),
  propose(world) {
    const parcels = heldIn(world)
    if (parcels.length < 3 && !world.random.oneIn(3)) return commission(world)
    return world.random.pick(proposals)(world)
  },
}

type Held = readonly [string, Parcel]

function heldIn(world: World): readonly Held[] {
  return [...world.view(supply).parcels.entries()].filter(([, { status }]) => status === 'held')
}

/** Mostly of what is held; now and then of anything. */
function someParcel(world: World, wanted: (parcel: Parcel) => boolean = () => true): Held | undefined {
  const { random } = world
  const all = [...world.view(supply).parcels.entries()]
  const held = heldIn(world)
  const fit = held.filter(([, parcel]) => wanted(parcel))
  const among = random.oneIn(10) ? all : fit.length > 0 && !random.oneIn(8) ? fit : held
  return among.length > 0 ? random.pick(among) : undefined
}

const signing = (world: World, transaction: SupplyTransaction, ...by: readonly (Uint8Array | null | undefined)[]) => {
  const signers = by.flatMap((handle): readonly Identity[] => {
    const key = handle && keyOf(handle)
    return key ? [key] : []
  })
  return { transaction, sponsor: world.someMember(), signers: world.random.oneIn(25) ? signers.slice(1) : signers }
}

const anyHash = ({ random }: World): Uint8Array => hashed('any', String(random.below(1_000)))
const someTag = ({ random }: World): Uint8Array => hashed('tag', String(random.below(4_000)))

function fresh(world: World): Uint8Array {
  const { keys, lots, incidents } = world.view(supply)
  const isUsed = ({ handle }: Identity) => [keys, lots, incidents].some((each) => each.get(toHex(handle)) !== undefined)
  const unused = pool.filter((identity) => !isUsed(identity))
  return world.random.pick(unused.length === 0 || world.random.oneIn(12) ? pool : unused).handle
}

/** Under the role that fits, or now and then another, or with a place that is not the key's. */
function licence(world: World, key: Uint8Array, role: SupplyRole) {
  const { random } = world
  const shown = licenceOf(key, random.oneIn(12) ? random.pick(roles) : role)
  if (random.oneIn(20)) return { ...shown, index: shown.index + 1 }
  return random.oneIn(25) ? { ...shown, grant: anyHash(world) } : shown
}

/** What is in a package follows from its tag: three units; or two cases of them. Some packers put in what is of no lot here. */
function treeIn(tag: Uint8Array, level: 1 | 2, lots: readonly Uint8Array[]): Tree {
  const members = Array.from({ length: level === 1 ? 3 : 2 }, (_, index): PackageMember => {
    const child = hashed(tag, String(index))
    const alien = (tag[0] as number) % 8 === 0 && index === 0
    const own = level === 1 || lots.length === 1 ? [lots[index % lots.length] as Uint8Array] : lots
    return { tag: child, contents: level === 2 ? treeIn(child, 1, own).contents : null, lots: alien ? [child] : own }
  })
  return treeOf(members)
}

function levelOf(tag: Uint8Array, { contents, lots }: Parcel): Tree | undefined {
  const levels = [1, 2] as const
  return levels
    .map((level) => treeIn(tag, level, lots))
    .find((tree) => contents && equalBytes(tree.contents.root, contents.root))
}

const byTag = (a: { readonly tag: Uint8Array }, b: { readonly tag: Uint8Array }) => compareBytes(a.tag, b.tag)
const distinct = (hashes: readonly Uint8Array[]): readonly Uint8Array[] =>
  [...new Map(hashes.map((each) => [toHex(each), each])).values()].sort(compareBytes)

const commission: Propose = (world) => {
  const { random, time } = world
  const holder = fresh(world)
  const lots = distinct(Array.from({ length: 1 + random.below(2) }, () => fresh(world))).map((handle) => ({
    handle,
    label: anyHash(world),
    endsAt: time + (random.oneIn(6) ? random.below(3) * 2_000 : 40 * secondsPerDay),
  }))
  const handles = lots.map(({ handle }) => handle)
  const tags = distinct(Array.from({ length: 1 + random.below(3) }, () => someTag(world)))
  const packages = tags.map((tag): PackageMember => {
    const level = random.below(3)
    const own = level === 0 && !random.oneIn(10) ? handles.slice(0, 1) : handles
    const of = random.oneIn(20) ? distinct([...own, anyHash(world)]) : own
    return { tag, lots: of, contents: level === 1 || level === 2 ? treeIn(tag, level, of).contents : null }
  })
  return signing(
    world,
    { type: 'commission', holder, licence: licence(world, holder, 'maker'), lots, packages },
    holder,
  )
}

const grant: Propose = (world) => {
  const { random, members, time } = world
  const sponsor = random.oneIn(6) ? world.someMember() : random.pick(members.slice(0, 2))
  const signers = world.keysOf(sponsor, 'licensing-board').slice(0, 1)
  const { role, root, leaves } = grantOf(random.pick(roles))
  if (random.oneIn(2)) {
    const validUntil = random.oneIn(4) ? time : foundedUntil
    const granted = random.oneIn(3) ? root : anyHash(world)
    return { transaction: { type: 'grant-keys', role, root: granted, leaves, validUntil }, sponsor, signers }
  }
  const used = [...world.view(supply).keys.entries()].map(([key]) => fromHex(key))
  const keys = distinct([random.pick(used.length > 0 && !random.oneIn(3) ? used : [random.pick(pool).handle])])
  return {
    transaction: { type: 'withdraw-keys', grant: random.oneIn(10) ? anyHash(world) : root, keys },
    sponsor,
    signers,
  }
}

const ship: Propose = (world) => {
  const { random } = world
  const found = someParcel(world, random.oneIn(2) ? ({ opened }) => opened : undefined)
  if (!found) return commission(world)
  const [tag, parcel] = found
  const same = heldIn(world).filter(([, { holder, hold }]) => equalBytes(holder, parcel.holder) && hold === parcel.hold)
  const others = random.oneIn(2) ? same.slice(0, 2) : random.oneIn(12) ? heldIn(world).slice(0, 2) : []
  const [shipment, to] = [anyHash(world), fresh(world)]
  const tags = distinct([fromHex(tag), ...others.map(([each]) => fromHex(each))])
  // What was opened is only refused as such on its way to be sold.
  const isBack = !parcel.opened && random.oneIn(parcel.hold === null ? 6 : 2)
  const purpose = isBack ? 'return' : 'trade'
  return signing(world, { type: 'ship', shipment, tags, to, purpose }, parcel.holder)
}

const arrive: Propose = (world) => {
  const { random } = world
  const all = [...world.view(supply).shipments.entries()]
  const open = all.filter(([, { status }]) => status === 'shipped' || status === 'received-with-exceptions')
  if (open.length === 0) return ship(world)
  const [id, known] = random.pick(random.oneIn(12) ? all : open)
  const shipment = random.oneIn(40) ? anyHash(world) : fromHex(id)
  const { from, to, tags, missing, status } = known
  if (status === 'received-with-exceptions' && !random.oneIn(8)) {
    const lost = random.oneIn(8) ? [anyHash(world)] : missing.slice(0, random.below(2))
    const turnedUp = missing.slice(lost.length, lost.length + random.below(2))
    return signing(
      world,
      { type: 'resolve', shipment, lost, found: turnedUp, record: anyHash(world) },
      from,
      random.oneIn(8) ? null : to,
    )
  }
  if (random.oneIn(8)) return signing(world, { type: 'withdraw-shipment', shipment }, from)
  const [first = []] = random.oneIn(4) ? [tags.slice(0, 1)] : []
  const inError = random.oneIn(12) ? [anyHash(world)] : first
  const damaged = random.oneIn(6) ? tags.slice(-1) : []
  const notes = random.oneIn(10) ? [{ kind: random.pick(['overage', 'no-data'] as const), record: anyHash(world) }] : []
  const shown = licence(
    world,
    to,
    random.pick(['distributor', 'dispenser', 'dispenser', 'dispenser', 'maker'] as const),
  )
  return signing(world, { type: 'receive', shipment, licence: shown, missing: inError, damaged, notes }, to)
}

const unpack: Propose = (world) => {
  const { random } = world
  const found = someParcel(world, ({ contents }) => contents !== null)
  if (!found) return commission(world)
  const [id, parcel] = found
  const tag = fromHex(id)
  const tree = levelOf(tag, parcel) ?? treeIn(tag, 1, parcel.lots)
  const last = tree.members.length - 1
  const some = [...new Set([random.below(last + 1), random.below(last + 1)])]
  const children = some
    .map((index) => ({
      member: tree.members[index] as PackageMember,
      index: random.oneIn(16) ? index + 1 : index,
      path: tree.pathOf(index),
    }))
    .sort((a, b) => byTag(a.member, b.member))
  return signing(world, { type: 'unpack', tag, children }, parcel.holder)
}

const pack: Propose = (world) => {
  const { random } = world
  const found = someParcel(world, ({ depth }) => depth > 0)
  if (!found) return commission(world)
  const [id, parcel] = found
  const same = heldIn(world).filter(([, { holder }]) => equalBytes(holder, parcel.holder))
  const more = random.oneIn(2) ? [random.pick(same.length > 0 ? same : [found])] : []
  const children = distinct([id, ...more.map(([each]) => each)].map(fromHex))
  return signing(world, { type: 'pack', tag: someTag(world), children }, parcel.holder)
}

const takeOut: Propose = (world) => {
  const { random } = world
  const found = someParcel(world, ({ depth }) => depth > 0)
  if (!found) return pack(world)
  const [id, parcel] = found
  const inside = [...world.view(supply).parcels.entries()].filter(
    ([, { status, parent }]) => status === 'inside' && parent !== null && toHex(parent) === id,
  )
  const child = inside.length > 0 && !random.oneIn(6) ? random.pick(inside)[0] : id
  return signing(world, { type: 'take-out', tag: fromHex(id), children: [fromHex(child)] }, parcel.holder)
}

const dispense: Propose = (world) => {
  const { random } = world
  const isUnit = ({ contents, depth, hold }: Parcel) => contents === null && depth === 0 && hold === null
  const at = world.view(supply)
  const isDispensers = ({ holder }: Parcel) => {
    const shown = at.keys.get(toHex(holder))?.grant
    return shown !== null && shown !== undefined && at.grants.get(toHex(shown))?.role === 'dispenser'
  }
  const wanted = random.oneIn(5) ? isDispensers : (parcel: Parcel) => isUnit(parcel) && isDispensers(parcel)
  if (!random.oneIn(4) && !heldIn(world).some(([, parcel]) => wanted(parcel)))
    return random.oneIn(2) ? arrive(world) : unpack(world)
  const found = someParcel(world, wanted)
  if (!found) return unpack(world)
  const [id, parcel] = found
  const units = [{ tag: fromHex(id), rest: random.oneIn(2) }]
  const held = [...world.view(prescriptions).items.entries()].find(([, { status }]) => status === 'held')
  const handle = held && !random.oneIn(4) ? fromHex(held[0]) : anyHash(world)
  const dispensers = [{ organisation: 'alder', pharmacy: '1003000126', pharmacists: ['1003000126'] }]
  const record = anyHash(world)
  const terms = { handle, level: 1_000_000_000, record, remainder: null as RemainderReason | null, dispensers }
  const fill = random.oneIn(12) ? terms : null
  return signing(world, { type: 'dispense', tag: anyHash(world), units, fill }, parcel.holder)
}

const putBack: Propose = (world) => {
  const all = [...world.view(supply).dispensings.entries()]
  const [id, known] = all.length > 0 ? world.random.pick(all) : []
  const tag = id === undefined || world.random.oneIn(8) ? anyHash(world) : fromHex(id)
  return signing(world, { type: 'return-to-stock', tag, record: anyHash(world) }, known?.holder)
}

const holdBack: Propose = (world) => {
  const { random } = world
  const clears = random.oneIn(2)
  const found = someParcel(world, ({ hold }) => (hold !== null) === clears)
  if (!found) return commission(world)
  const [id, { holder, lots }] = found
  const facts = { tag: fromHex(id), record: anyHash(world) }
  if (clears) return signing(world, { type: 'clear', ...facts }, holder, ...(random.oneIn(6) ? [] : lots))
  return signing(world, { type: 'quarantine', ...facts }, holder)
}

const end: Propose = (world) => {
  const { random } = world
  const found = someParcel(world, ({ hold }) => hold !== null)
  if (!found) return commission(world)
  const as = random.pick(['destroyed', 'exported', 'transformed', 'stolen', 'lost'] as const)
  return signing(world, { type: 'end', tag: fromHex(found[0]), as, record: anyHash(world) }, found[1].holder)
}

const report: Propose = (world) => {
  const { random } = world
  const all = [...world.view(supply).parcels.entries()]
  const ended = all.filter(([, { status }]) => endings.includes(status))
  const [id, parcel] = random.pick([
    ...(random.oneIn(3) ? ended : heldIn(world)),
    ...all.slice(0, 1),
    [toHex(anyHash(world)), undefined] as const,
  ])
  const incident = fresh(world)
  const shown = random.oneIn(2) ? null : licence(world, incident, 'dispenser')
  return signing(
    world,
    { type: 'report', incident, tag: fromHex(id), record: anyHash(world), licence: shown },
    incident,
    parcel?.holder,
  )
}

const notify: Propose = (world) => {
  const all = [...world.view(supply).incidents.entries()].map(([id]) => fromHex(id))
  const incident = all.length === 0 || world.random.oneIn(8) ? anyHash(world) : world.random.pick(all)
  return signing(world, { type: 'notify', incident, notice: anyHash(world) }, incident)
}

const recall: Propose = (world) => {
  const { random } = world
  const all = [...world.view(supply).lots.entries()].map(([id]) => fromHex(id))
  const lots = distinct([random.pick(random.oneIn(10) || all.length === 0 ? [anyHash(world)] : all)])
  const notice = anyHash(world)
  if (random.oneIn(2)) return signing(world, { type: 'recall', lots, notice, regulator: null }, ...lots)
  const key = fresh(world)
  return signing(
    world,
    { type: 'recall', lots, notice, regulator: { key, licence: licence(world, key, 'regulator') } },
    key,
  )
}

const proposals: readonly Propose[] = [
  grant,
  grant,
  commission,
  commission,
  ship,
  ship,
  ship,
  arrive,
  arrive,
  arrive,
  arrive,
  arrive,
  arrive,
  unpack,
  unpack,
  unpack,
  pack,
  pack,
  takeOut,
  takeOut,
  dispense,
  dispense,
  dispense,
  dispense,
  dispense,
  putBack,
  putBack,
  holdBack,
  holdBack,
  end,
  report,
  report,
  notify,
  recall,
]
