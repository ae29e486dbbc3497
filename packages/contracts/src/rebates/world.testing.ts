import { toHex } from '@plexus/codec'
import { type ContractWorld, type Identity, identityOf, type Proposal, type World } from '../world.testing.ts'
import { fillEvents, fillOfTag, foundedFills } from './fills.testing.ts'
import { type Accrual, type RebatesTransaction, rebates, type Terms } from './index.ts'
import { type Status, spentKey } from './state.ts'

/** One-time keys: more than a history takes, and few enough that one is met again. */
const poolSize = 160
const pool: readonly Identity[] = Array.from({ length: poolSize }, (_, index) => identityOf(30_000 + index))
const byHandle = new Map(pool.map((identity) => [toHex(identity.handle), identity]))
const keyOf = (handle: string | Uint8Array | null): readonly Identity[] => {
  const found = handle && byHandle.get(typeof handle === 'string' ? handle : toHex(handle))
  return found ? [found] : []
}

type Proposed = Proposal<RebatesTransaction>

export const contractWorld: ContractWorld = {
  historiesPerRejection: 3,
  beside: fillEvents,
  propose(world) {
    const { random } = world
    if (random.oneIn(3)) return agree(world)
    const { accruals } = world.view(rebates)
    const all = [...accruals.entries()]
    const live = all.filter(([, { status, paid }]) => status !== 'repaid' && (status !== 'reversed' || paid))
    if (live.length < 3 || random.oneIn(6)) return accrue(world)
    if (random.oneIn(8)) return reverse(world)
    const [id, accrual] = random.pick(random.oneIn(9) || live.length === 0 ? all : live)
    return step(world, id, accrual)
  },
}

/** A one-time key that nobody used, or now and then any. */
function fresh(world: World): Identity {
  const { keys } = world.view(rebates)
  const unused = pool.filter(({ handle }) => keys.get(toHex(handle)) === undefined)
  return world.random.pick(unused.length === 0 || world.random.oneIn(10) ? pool : unused)
}

const commitment = ({ random }: World): Uint8Array => new Uint8Array(32).fill(random.below(256))

const by = ({ someMember }: World, transaction: RebatesTransaction, signers: readonly Identity[]): Proposed => ({
  transaction,
  sponsor: someMember(),
  signers,
})

/** Now and then of something that is not there. */
const handleIn = ({ random }: World, id: string): Uint8Array =>
  (random.oneIn(20) ? random.pick(pool) : (byHandle.get(id) as Identity)).handle

function period({ random, time }: World): { readonly startsAt: number; readonly endsAt: number } {
  const startsAt = time - 1_000 + random.below(2_000)
  return { startsAt, endsAt: random.oneIn(8) ? startsAt : startsAt + 1 + random.below(5_000_000) }
}

function agree(world: World): Proposed {
  const { random } = world
  const all = [...world.view(rebates).terms.entries()]
  const content = commitment(world)
  if (all.length < 2 || random.oneIn(9)) {
    const [proposer, counterpart] = [fresh(world), fresh(world)]
    const transaction = {
      type: 'propose-terms',
      handle: proposer.handle,
      counterpart: counterpart.handle,
      content,
      ...period(world),
    } as const
    return by(world, transaction, [proposer])
  }
  const [id, terms] = random.pick(all)
  const handle = handleIn(world, id)
  const parties = [...keyOf(id), ...keyOf(terms.counterpart)]
  const either = [random.pick(parties)]
  const isOver = terms.endsAt !== null && terms.endsAt <= world.time
  const isEnding = terms.endsAt !== null && !isOver && random.oneIn(3)
  const type = isEnding ? 'end-terms' : isOver && random.oneIn(2) ? 'propose-version' : random.pick(likelyOf(terms))
  switch (type) {
    case 'propose-version':
      return by(world, { type, handle, content, ...period(world) }, either)
    case 'sign-version': {
      const { proposal, versions } = terms
      const number = versions + (random.oneIn(9) ? 0 : 1)
      const read = random.oneIn(9) ? content : (proposal?.content ?? content)
      const other = keyOf(proposal?.by === 'counterpart' ? id : terms.counterpart)
      return by(world, { type, handle, number, content: read }, random.oneIn(8) ? either : other)
    }
    case 'end-terms': {
      const later = world.time + random.below(random.oneIn(2) ? 20_000 : 3_000_000)
      const said = terms.endsAt !== null && random.oneIn(2) ? terms.endsAt + random.below(2) : later
      const endsAt = random.oneIn(4) ? world.time - 1 : said
      return by(world, { type, handle, endsAt }, either)
    }
    case 'settle-net': {
      const number = terms.settlements + (random.oneIn(4) ? 0 : 1)
      return by(world, { type, handle, number, record: content }, random.oneIn(8) ? either : parties)
    }
  }
}

function likelyOf({
  proposal,
  versions,
}: Terms): readonly ('propose-version' | 'sign-version' | 'end-terms' | 'settle-net')[] {
  if (proposal) return ['sign-version', 'sign-version', 'sign-version', 'end-terms', 'settle-net', 'propose-version']
  const seldom = ['propose-version', 'propose-version', 'sign-version'] as const
  return versions > 0 ? [...seldom, 'end-terms', 'settle-net', 'settle-net'] : seldom
}

const programmes = ['340b', 'medicaid', 'mfp', 'commercial'] as const

function accrue(world: World): Proposed {
  const { random } = world
  const { spent } = world.view(rebates)
  const free = foundedFills.filter(({ tag }) => !spent.get(spentKey(tag.handle, 'statutory')))
  const { tag } = random.pick(free.length === 0 || random.oneIn(4) ? foundedFills : free)
  const [claimant, payer] = [fresh(world), fresh(world)]
  const transaction = {
    type: 'accrue',
    handle: claimant.handle,
    tag: tag.handle,
    programme: random.pick(programmes),
    payer: payer.handle,
    content: commitment(world),
  } as const
  return by(world, transaction, [tag])
}

function reverse(world: World): Proposed {
  const { random } = world
  const { spent } = world.view(rebates)
  const borne = foundedFills.filter(({ tag }) => [...spent.entries(toHex(tag.handle))].length > 0)
  const { tag, holder } = random.pick(borne.length === 0 || random.oneIn(4) ? foundedFills : borne)
  const through = random.oneIn(9) ? 'supply' : 'prescriptions'
  return by(world, { type: 'reverse-fill', tag: tag.handle, record: commitment(world), through }, [holder])
}

const likelyAfter: Readonly<Record<Status, readonly RebatesTransaction['type'][]>> = {
  accrued: ['claim', 'claim', 'claim', 'withdraw', 'displace'],
  claimed: ['validate', 'validate', 'dispute', 'withdraw'],
  validated: ['approve', 'approve', 'approve', 'dispute'],
  disputed: ['resolve', 'resolve', 'escalate', 'escalate', 'withdraw'],
  escalated: ['decide', 'decide', 'decide', 'resolve'],
  approved: ['settle', 'settle', 'settle', 'restate', 'displace'],
  settled: ['restate', 'withdraw', 'displace'],
  reversed: ['settle', 'settle', 'claim'],
  repaid: ['settle'],
}
const steps = Object.values(likelyAfter).flat()

function step(world: World, id: string, { status, tag, payer, arbiter, programme }: Accrual): Proposed {
  const { random } = world
  const type = random.pick(random.oneIn(12) ? steps : likelyAfter[status])
  const handle = handleIn(world, id)
  const record = commitment(world)
  const [claimants, payers] = [keyOf(id), keyOf(payer)]
  const both = [...claimants, ...payers]
  switch (type) {
    case 'claim':
    case 'withdraw':
      return by(world, { type, handle, record }, claimants)
    case 'validate':
    case 'approve':
      return by(world, { type, handle, record }, payers)
    case 'dispute':
      return by(world, { type, handle, record, code: random.pick(['units', 'price', 'duplicate']) }, payers)
    case 'escalate':
      return by(world, { type, handle, arbiter: fresh(world).handle }, both)
    case 'decide':
      return by(world, { type, handle, record, approved: random.oneIn(2) }, keyOf(arbiter))
    case 'displace': {
      const others = programmes.filter((each) => each !== programme && each !== 'commercial')
      const other = random.oneIn(5) ? random.pick(programmes) : random.pick(others)
      const transaction = {
        type,
        handle: fresh(world).handle,
        from: handle,
        programme: other,
        payer: fresh(world).handle,
        content: commitment(world),
        record,
      } as const
      const tagKey = fillOfTag(toHex(tag))?.tag
      return by(world, transaction, [...(tagKey ? [tagKey] : []), ...payers])
    }
    case 'resolve':
    case 'restate':
    case 'settle':
      return by(world, { type, handle, record }, both)
    default:
      throw new Error(`${type} is no step of an accrual`)
  }
}
