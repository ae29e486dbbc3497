import { compareBytes, toHex } from '@plexus/codec'
import { type ContractWorld, type Identity, identityOf, type Proposal, type World } from '../world.testing.ts'
import { dayAt } from './days.ts'
import { type PrescriptionsTransaction, prescriptions, type SignedItem } from './index.ts'
import { limitsOf } from './limits.ts'
import { type Item, terminal, whole } from './state.ts'

/** One-time keys: enough for a history, and few enough that one is met again. */
const poolSize = 120
const pool: readonly Identity[] = Array.from({ length: poolSize }, (_, index) => identityOf(100 + index))
const byHandle = new Map(pool.map((identity) => [toHex(identity.handle), identity]))

const lagMinutes = 1_140
const newYork = { lagMinutes }
/** The clinician who stands from the founding on, and one who stands now and then. */
const prescribers = ['1003000126', '1245319599'] as const

export const contractWorld: ContractWorld = {
  historiesPerRejection: 3,
  propose(world) {
    const { items } = world.view(prescriptions)
    // Other worlds have items of their own.
    const all = [...items.entries()].filter(([id]) => byHandle.has(id))
    // What waits for the end of its remainder is mostly left alone, so that the end comes.
    const open = all.filter(
      ([, { status, remainderEndsAt }]) =>
        !terminal.includes(status) &&
        (remainderEndsAt === null || remainderEndsAt <= world.time || world.random.oneIn(12)),
    )
    const over = open.find(([, { remainderEndsAt: ends }]) => ends !== null && ends <= world.time)
    if (over && !world.random.oneIn(4)) return step(world, ...over)
    if (open.length < 2 || world.random.oneIn(20)) return sign(world)
    if (world.random.oneIn(8)) return reverse(world)
    if (world.random.oneIn(60)) return askItself(world)
    const [id, item] = world.random.pick(world.random.oneIn(10) ? all : open)
    return step(world, id, item)
  },
}

function used(world: World): (identity: Identity) => boolean {
  const { items, fills, keys } = world.view(prescriptions)
  return ({ handle }) => {
    const id = toHex(handle)
    return keys.get(id) !== undefined || items.get(id) !== undefined || fills.get(id) !== undefined
  }
}

/** A one-time key that nobody used, or now and then any. */
function fresh(world: World): Identity {
  const isUsed = used(world)
  const unused = pool.filter((identity) => !isUsed(identity))
  return world.random.pick(unused.length === 0 || world.random.oneIn(9) ? pool : unused)
}

function sign(world: World): Proposal<PrescriptionsTransaction> {
  const { random, members } = world
  const sponsor = random.oneIn(10) ? world.someMember() : (members[0] as string)
  const items = Array.from({ length: 1 + random.below(2) }, () => signedItem(world))
  const distinct = items.filter(
    ({ handle }, at) => items.findIndex((each) => toHex(each.handle) === toHex(handle)) === at,
  )
  return {
    transaction: {
      type: 'sign-items',
      organisation: random.oneIn(14) ? random.pick(members) : sponsor,
      registrar: random.oneIn(14) ? null : random.oneIn(20) ? sponsor : 'grove',
      prescribers: random.oneIn(4) ? [...prescribers] : [prescribers[0]],
      dayLagMinutes: lagMinutes,
      items: distinct.sort((a, b) => compareBytes(a.handle, b.handle)),
    },
    sponsor,
    signers: world.keysOf(sponsor, 'batches').slice(0, 1),
  }
}

function signedItem(world: World): SignedItem {
  const { random, time } = world
  const today = dayAt(time, newYork)
  const limits = random.pick(['ii', 'ii', 'ii', 'iii-iv', 'v', 'none'] as const)
  const issuedDay = today - (random.oneIn(12) ? random.pick([-1, 8]) : random.below(3))
  const firstDay = issuedDay + (random.oneIn(4) ? random.below(3) : 0) - (random.oneIn(20) ? 1 : 0)
  return {
    handle: fresh(world).handle,
    patient: fresh(world).handle,
    content: new Uint8Array(32).fill(random.below(256)),
    limits,
    issuedDay,
    firstDay,
    lastDay: random.oneIn(14) ? issuedDay + 367 : firstDay + 4 + random.below(40),
    refills: random.oneIn(10)
      ? limitsOf[limits].refillsMax + 1
      : Math.min(limitsOf[limits].refillsMax, random.below(3)),
    refillWeeks: random.below(2),
  }
}

const types = [
  'make-available',
  'nominate',
  'open-refill',
  'claim',
  'offer-transfer',
  'return-item',
  'fill',
  'not-dispensed',
  'complete',
  'cancel',
  'expire',
] as const

/** What moves an item on from where it stands, the likely more than once. */
function likely(item: Item, over: boolean): readonly (typeof types)[number][] {
  const { status, offered, claimant, level, holders, marked } = item
  if (over && !terminal.includes(status))
    return ['expire', 'expire', 'claim', 'fill', 'cancel', 'complete', 'open-refill']
  if (marked !== null) return ['return-item', 'fill', 'claim']
  switch (status) {
    case 'signed':
      return [...times(6, 'make-available'), 'cancel']
    case 'available':
      return claimant ? [...times(9, 'claim'), 'cancel', 'nominate'] : ['nominate']
    case 'held':
      if (offered) return claimant ? [...times(4, 'claim'), 'fill'] : [...times(4, 'nominate'), 'return-item']
      if (level > 0)
        return [...times(8, 'fill'), 'return-item', 'offer-transfer', 'not-dispensed', 'complete', 'cancel']
      return [
        ...times(8, 'fill'),
        ...times(holders, 'offer-transfer'),
        ...times(holders, 'return-item'),
        ...(['nominate', 'not-dispensed', 'complete', 'cancel', 'claim', 'claim'] as const),
      ]
    case 'filled':
      return [...times(5, 'open-refill'), 'complete', 'cancel', 'fill', 'return-item']
    default:
      return types
  }
}

const times = <const Of>(count: number, of: Of): readonly Of[] => Array.from({ length: count }, () => of)

function step(world: World, id: string, item: Item): Proposal<PrescriptionsTransaction> {
  const { random } = world
  const type = random.oneIn(12) ? random.pick(types) : random.pick(likely(item, item.endsAt <= world.time))
  const { handle } = random.oneIn(30) ? random.pick(pool) : (byHandle.get(id) as Identity)
  const by = (transaction: PrescriptionsTransaction, of: Uint8Array | null): Proposal<PrescriptionsTransaction> => {
    const signer = of && byHandle.get(toHex(of))
    const signers = random.oneIn(14) ? [random.pick(pool)] : signer ? [signer] : []
    return { transaction, sponsor: world.someMember(), signers }
  }
  switch (type) {
    case 'make-available':
    case 'nominate':
    case 'open-refill':
      return by({ type, handle, claimant: fresh(world).handle }, item.patient)
    case 'claim':
      return by({ type, handle, holder: fresh(world).handle }, item.claimant)
    case 'fill':
      return by(fill(world, handle, item), item.holder)
    case 'cancel':
    case 'expire':
      return by({ type, handle }, type === 'cancel' ? handle : null)
    default:
      return by({ type, handle }, item.holder)
  }
}

function fill(world: World, handle: Uint8Array, item: Item): PrescriptionsTransaction {
  const { random } = world
  const more = item.level + 1 + random.below(whole - 1)
  const right = random.oneIn(3) ? whole : Math.min(more, whole)
  const level = random.oneIn(5) ? random.pick([item.level, whole + 1]) : right
  const asked = limitsOf[item.limits].remainder === 'by-reason' && item.level === 0 && level < whole
  return {
    type: 'fill',
    handle,
    level,
    record: new Uint8Array(32).fill(random.below(256)),
    tag: fresh(world).handle,
    remainder: asked === !random.oneIn(8) ? random.pick(['shortage', 'shortage', 'requested']) : null,
    dispensers: [{ organisation: 'alder', pharmacy: prescribers[0], pharmacists: [prescribers[0]] }],
  }
}

/** What only contracts may ask. */
function askItself({ random, someMember }: World): Proposal<PrescriptionsTransaction> {
  const type = random.pick(['bind-fill', 'unbind-fill'] as const)
  return { transaction: { type, tag: random.pick(pool).handle }, sponsor: someMember(), signers: [] }
}

function reverse(world: World): Proposal<PrescriptionsTransaction> {
  const { random } = world
  const { fills, items } = world.view(prescriptions)
  const own = [...fills.entries()].filter(([tag]) => byHandle.has(tag))
  const standing = own.filter(([, { reversed }]) => reversed === null)
  const bound = standing.filter(([, { boundBy }]) => boundBy.length > 0)
  const some = random.oneIn(4) ? own : bound.length > 0 && !random.oneIn(4) ? bound : standing
  const [tag, known] = random.pick([...some, [toHex(random.pick(pool).handle), undefined] as const])
  const holder = known && items.get(toHex(known.item))?.holder
  const signer = holder && byHandle.get(toHex(holder))
  return {
    transaction: {
      type: 'reverse-fill',
      tag: byHandle.get(tag)?.handle as Uint8Array,
      record: new Uint8Array(32).fill(random.below(256)),
    },
    sponsor: world.someMember(),
    signers: signer ? [signer] : [],
  }
}
