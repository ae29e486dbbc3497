/**
 * T-33: whatever one organisation, or one owner with several, asks for in whatever order: nothing that concerns all
 * changes, and nothing of anybody else. All sequences of a few steps, and many long ones at random.
 */
import { createHash } from 'node:crypto'
import { equalBytes, toHex } from '@plexus/codec'
import { type Context, evolve, Overlay, register, type Signer, viewOf } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { Random } from '../world.testing.ts'
import type { Action } from './actions.ts'
import type { Event } from './events.ts'
import { directory, type MembersTransaction, members } from './index.ts'
import { defaultPolicy } from './queries.ts'

const secondsPerDay = 86_400
const contract = register(members)
const everything = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const

const keyOf = (name: string) => new Uint8Array(createHash('sha256').update(name).digest())
const handleOf = (key: Uint8Array) => new Uint8Array(createHash('sha256').update(key).digest())

/** Organisations of a network, each with its owner. Each has two keys that do everything, and validates. */
type Owners = Readonly<Record<string, string>>

function founded(owners: Owners): Overlay {
  const state = new Overlay({ get: () => undefined, entries: () => [] })
  const events: readonly Event[] = [
    { type: 'policy-set', ...defaultPolicy },
    ...Object.entries(owners).flatMap(([member, owner]): readonly Event[] => [
      { type: 'member-founded', member, address: 'local:', sealingKey: new Uint8Array(1216), owner },
      ...['office', 'spare'].map(
        (name) =>
          ({
            type: 'key-registered',
            holder: member,
            key: keyOf(`${member} ${name}`),
            scopes: everything,
            next: handleOf(keyOf(`${member} ${name} next`)),
            height: 0,
          }) as const,
      ),
      { type: 'validator-set', member, key: keyOf(`${member} validator`), power: 10, height: 0 },
    ]),
  ]
  for (const event of events) evolve(state, contract, event)
  return state
}

interface Move {
  readonly sponsor: string
  readonly transaction: MembersTransaction
}

/** All that a group would try, with every key that it has or can make, and with the oldest two of these proposals. */
function movesOf(group: readonly string[], owners: Owners, open: readonly number[]): readonly Move[] {
  const victim = Object.keys(owners).find((id) => !group.includes(id)) ?? 'cedar'
  const { parameters } = defaultPolicy
  const freshKey = keyOf('fresh')
  return group.flatMap((own) => {
    const actions: readonly Action[] = [
      {
        type: 'admit-member',
        member: 'accomplice',
        address: 'local:',
        engineAddress: null,
        sealingKey: new Uint8Array(1216),
        owner: 'nobody',
        keys: [{ key: freshKey, scopes: everything, next: handleOf(freshKey) }],
        validator: { key: keyOf('accomplice validator'), power: 10 },
      },
      { type: 'suspend-member', member: victim },
      { type: 'remove-member', member: victim, successor: own },
      { type: 'set-parameters', parameters: { ...parameters, votesPerOwnerMax: 1 } },
      { type: 'set-profile', profile: 'opt-in' },
      { type: 'set-validator', member: own, key: keyOf('fresh validator'), power: 12 },
      { type: 'remove-validator', member: victim },
      { type: 'activate-contract', contract: 'notary', version: 2, height: 5_000 },
    ]
    const transactions: readonly MembersTransaction[] = [
      ...actions.map((action) => ({ type: 'propose', action }) as const),
      ...open
        .slice(0, 2)
        .flatMap((proposal) => [
          { type: 'vote', proposal, inFavour: true } as const,
          { type: 'vote', proposal, inFavour: false } as const,
          { type: 'enact', proposal } as const,
        ]),
      ...[own, victim].flatMap((holder) => [
        { type: 'register-key', holder, key: freshKey, scopes: everything, next: handleOf(freshKey) } as const,
        { type: 'revoke-key', key: keyOf(`${holder} spare`) } as const,
        {
          type: 'rotate-key',
          key: keyOf(`${holder} office`),
          successor: keyOf(holder === own ? `${own} office next` : 'fresh'),
          next: handleOf(freshKey),
        } as const,
        {
          type: 'announce-leaving',
          organisation: holder,
          successor: holder === own ? victim : own,
        } as const,
        { type: 'withdraw-leaving', organisation: holder } as const,
        { type: 'leave', organisation: holder } as const,
      ]),
      { type: 'activate-key', key: freshKey },
      { type: 'hand-over-custody', from: victim, to: own },
      { type: 'hand-over-custody', from: own, to: victim },
      { type: 'register-tenant', tenant: 'own-tenant' },
    ]
    return transactions.map((transaction) => ({ sponsor: own, transaction }))
  })
}

/** The keys with which the group can sign anything: those that it was founded with, their successors, and new ones. */
function signersOf(state: Overlay, group: readonly string[]): readonly Signer[] {
  const keys = group.flatMap((own) =>
    ['office', 'spare', 'office next', 'spare next'].map((name) => keyOf(`${own} ${name}`)),
  )
  return [...keys, keyOf('fresh')].map((key) => {
    const known = directory.holderOf(state, toHex(key))
    return {
      key: toHex(key),
      handle: toHex(handleOf(key)),
      holder: known?.holder ?? null,
      scopes: known?.scopes ?? [],
    }
  })
}

interface Ledger {
  readonly founded: Overlay
  /** What was written since the founding, on top of it. */
  readonly state: Overlay
  readonly time: number
  readonly height: number
}

const foundedAt = 1_800_000_000
function begin(owners: Owners): Ledger {
  const state = founded(owners)
  return { founded: state, state: new Overlay(state), time: foundedAt, height: 0 }
}

/** The ledger after the move, so many days later, or undefined where it is refused. */
function after(ledger: Ledger, group: readonly string[], move: Move, days = 0): Ledger | undefined {
  const { sponsor, transaction } = move
  const signers = signersOf(ledger.state, group)
  const sponsored = signers.some(({ holder, scopes }) => holder === sponsor && scopes.includes('sponsor'))
  if (!directory.isActive(ledger.state, sponsor) || !sponsored) return undefined
  const context: Context = {
    height: ledger.height + 1,
    time: ledger.time + days * secondsPerDay,
    sponsor,
    signers,
    caller: null,
  }
  const decided = contract.rules[transaction.type]?.(viewOf(contract, ledger.state), transaction, context)
  if (!decided?.ok) return undefined
  const state = new Overlay(ledger.founded)
  state.take(ledger.state)
  for (const event of decided.value.events) evolve(state, contract, event)
  return { founded: ledger.founded, state, time: context.time, height: context.height }
}

/** Entries that concern all, or that are others' own, and are not as they were founded. */
function touched({ founded, state }: Ledger, group: readonly string[]): readonly string[] {
  const [then, now] = [viewOf(members, founded), viewOf(members, state)]
  const isOwn = (id: string | undefined) => id === undefined || group.includes(id)
  return [...state.changes].flatMap(([key, value]) => {
    const was = founded.get(key)
    if (value && was ? equalBytes(value, was) : !value && !was) return []
    const [, collection = '', ...path] = key.split('/')
    const id = path.join('/')
    switch (collection) {
      case 'members':
      case 'policy':
      case 'validators':
      case 'activations':
      case 'successions':
        return [key]
      case 'keys':
        return isOwn(then.keys.get(id)?.holder) && isOwn(members.queries.hostOf(now, now.keys.get(id)?.holder ?? ''))
          ? []
          : [key]
      case 'tenants':
        return isOwn(now.tenants.get(id)?.host) ? [] : [key]
      case 'leavings':
        return isOwn(members.queries.hostOf(now, id)) ? [] : [key]
      default:
        return []
    }
  })
}

const openIn = ({ state }: Ledger) => members.queries.proposals(viewOf(members, state)).map(({ proposal }) => proposal)

/** Every ledger that the group can reach in so many steps, each state once for each day. */
function everythingWithin(steps: number, owners: Owners, group: readonly string[]) {
  const found: string[] = []
  const seen = new Set<string>()
  let frontier: readonly Ledger[] = [begin(owners)]
  for (let step = 0; step < steps; step++) {
    const reached: Ledger[] = []
    for (const ledger of frontier)
      for (const move of movesOf(group, owners, openIn(ledger)))
        for (const days of [0, 8]) {
          const next = after(ledger, group, move, days)
          if (!next) continue
          found.push(...touched(next, group))
          const written = [...next.state.changes].map(([key, value]) => `${key}=${value && toHex(value)}`).sort()
          const id = createHash('sha256').update(`${next.time} ${written}`).digest('hex')
          if (!seen.has(id)) reached.push(next)
          seen.add(id)
        }
    frontier = reached
  }
  return { found, states: seen.size }
}

/** Long walks at random, each up to the first entry that it should not have reached. */
function atRandom(walks: number, steps: number, owners: Owners, group: readonly string[]) {
  const found: string[] = []
  let accepted = 0
  for (let seed = 1; seed <= walks; seed++) {
    const random = new Random(seed)
    let ledger = begin(owners)
    for (let step = 0; step < steps && found.length < seed; step++) {
      const moves = movesOf(group, owners, openIn(ledger))
      const next = after(ledger, group, random.pick(moves), random.oneIn(20) ? 8 : 0)
      if (!next) continue
      accepted++
      found.push(...touched(next, group).slice(0, 1))
      ledger = next
    }
  }
  return { found, accepted }
}

const alone: Owners = { alder: 'alder', birch: 'birch', cedar: 'cedar', elm: 'elm', fir: 'fir' }
const few: Owners = { alder: 'alder', birch: 'birch', cedar: 'cedar' }
const pair: Owners = { alder: 'alder', birch: 'birch' }
const three: Owners = { alder: 'wood', birch: 'wood', cedar: 'wood', elm: 'elm', fir: 'fir' }
const most: Owners = { alder: 'wood', birch: 'wood', cedar: 'wood', dogwood: 'wood', elm: 'elm' }

describe('T-33: no path of one organisation changes members, keys of others, validators, policy or contracts', () => {
  test('one of three: all sequences of three steps', () => {
    const { found, states } = everythingWithin(3, few, ['alder'])
    expect(found).toEqual([])
    expect(states).toBeGreaterThan(3_000)
  })

  test.each([
    ['one of five', alone],
    ['one of three', few],
    ['one of two', pair],
  ])('%s: long sequences', (_, owners) => {
    const { found, accepted } = atRandom(20, 60, owners, ['alder'])
    expect(found).toEqual([])
    expect(accepted).toBeGreaterThan(300)
  })
})

describe('T-33: nor does a path of one owner, however many members it has', () => {
  test.each([
    ['three of five under one owner', three, ['alder', 'birch', 'cedar']],
    ['four of five under one owner', most, ['alder', 'birch', 'cedar', 'dogwood']],
  ])('%s: long sequences', (_, owners, group) => {
    const { found, accepted } = atRandom(20, 80, owners, group)
    expect(found).toEqual([])
    expect(accepted).toBeGreaterThan(300)
  })
})

test('T-33: the same search finds the ways of a coalition that has more than two thirds of the votes', () => {
  const { found } = atRandom(16, 300, few, ['alder', 'birch', 'cedar'])
  const collections = new Set(found.map((key) => key.split('/')[1]))
  expect(collections).toContain('members')
  // Not emergencies alone: also what waits for the end of a delay.
  expect([...collections].filter((each) => each !== 'members')).not.toEqual([])
})

test('T-22: the search tries stolen keys too: nobody but the holder of the successor rotates one', () => {
  const ledger = begin(few)
  const steal = { type: 'rotate-key', key: keyOf('birch office'), next: handleOf(keyOf('fresh')) } as const
  const rotated = (group: readonly string[], successor: string) =>
    after(ledger, group, { sponsor: 'alder', transaction: { ...steal, successor: keyOf(successor) } })
  expect(rotated(['alder'], 'fresh')).toBeUndefined()
  expect(rotated(['alder'], 'birch office next')).toBeUndefined()
  expect(rotated(['alder', 'birch'], 'birch office next')).toBeDefined()
})
