import { readFileSync } from 'node:fs'
import { decode, encode, fromHex, ok, toHex, uint, utf8, variant } from '@plexus/codec'
import { handleOf, merkleRoot, publicKeyOf } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import {
  appHash,
  blockSummary,
  type Context,
  call,
  createMachine,
  defineContract,
  evolve,
  type Misbehaviour,
  Overlay,
  proveState,
  readEnvelope,
  register,
  verifyStateProof,
} from './index.ts'
import {
  accepted,
  chain,
  contracts,
  count,
  envelopeOf,
  forged,
  genesisTime,
  quota,
  refused,
  replica,
  seeds,
  spend,
  type TallyTransaction,
  tallyMachine,
} from './tally.testing.ts'

describe('a block', () => {
  test('holds what genesis founded before the first, under a root that proves it', () => {
    const { tip, reader } = replica()
    const key = 'tally/counts/founded'
    const proof = proveState(reader, tip().stateRoot, key)
    expect(tip().height).toBe(0)
    expect(verifyStateProof({ root: tip().stateRoot, key, value: encode(uint(), 1), proof })).toBe(true)
  })

  test('applies its transactions one after the other and says what happened, in a feed without gaps', () => {
    const { apply, count: counted } = replica()
    const first = apply([count('a'), count('b'), count('a', { nonce: 'again' })])
    expect(first.outcomes).toEqual([accepted, accepted, accepted])
    expect([counted('a'), counted('b')]).toEqual([2, 1])
    const second = apply([envelopeOf({ type: 'forget', name: 'a' })])
    expect(counted('a')).toBeUndefined()
    expect([...first.events, ...second.events].map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5])
    expect(second.tip.nextEvent).toBe(6)
  })

  test('gives every replica the same, byte for byte', () => {
    const [one, other] = [replica(), replica()]
    const blocks = [[count('a'), spend('b', 70)], [], [spend('c', 70), count('a')]]
    for (const transactions of blocks) expect(one.apply(transactions)).toEqual(other.apply(transactions))
  })

  test('carries on the history of all blocks in its app hash', () => {
    const { apply, tip } = replica()
    const summaries = [[count('a')], [], [count('b'), forged(count('c'))]].map((each) => apply(each).summary)
    const historyRoot = merkleRoot(summaries.map((each) => encode(blockSummary, each)))
    expect(tip().appHash).toEqual(appHash({ stateRoot: tip().stateRoot, historyRoot }))
  })

  test('judges what the engine proved before its envelopes, and says so first', () => {
    const seen = { kind: 'double-vote', validator: new Uint8Array(20).fill(7), height: 1 } as const
    const told: unknown[] = []
    const misbehaved = (_: unknown, what: Misbehaviour, { height, time }: Pick<Context, 'height' | 'time'>) => {
      told.push([what, height, time])
      return [{ type: 'counted' as const, name: 'guilty' }]
    }
    const judging = replica(tallyMachine({ misbehaved }))
    const judged = judging.apply([count('guilty')], genesisTime + 5, [seen])
    expect(told).toEqual([[seen, 1, genesisTime + 5]])
    expect(judged.misbehaviour).toEqual([seen])
    expect(judged.outcomes).toEqual([accepted])
    expect([judged.events.length, judging.count('guilty')]).toEqual([2, 2])
    // Without a contract that asks for it, nothing follows.
    const [deaf, untold] = [replica(), replica()]
    deaf.apply([count('guilty')], genesisTime + 5, [seen])
    untold.apply([count('guilty')], genesisTime + 5)
    expect(deaf.tip()).toEqual(untold.tip())
    expect(judged.tip.appHash).not.toEqual(deaf.tip().appHash)
  })

  test('that does not follow, goes back in time or comes before genesis is a bug of the engine', () => {
    const { machine, reader, tip } = replica()
    const block = { height: 1, time: genesisTime, transactions: [] }
    expect(() => machine.apply(reader, { ...block, height: 2 })).toThrow('does not follow')
    expect(() => machine.apply(reader, { ...block, time: genesisTime - 1 })).toThrow('back in time')
    expect(() => machine.apply({ ...reader, tip: () => undefined }, block)).toThrow('before genesis')
    expect(tip().height).toBe(0)
  })

  test('can be audited from its events alone', () => {
    const { apply, reader, machine } = replica()
    const forget = envelopeOf({ type: 'forget', name: 'a' })
    const later = [
      [count('a'), spend('b', 40), count('c'), forget],
      [spend('b', 70), count('d')],
    ]
    const events = [...machine.found().events, ...later.flatMap((each) => apply(each).events)]
    const overlay = new Overlay({ get: () => undefined, entries: () => [] })
    for (const { contract: name, event } of events) {
      const contract = contracts.find((each) => each.name === name)
      const read = contract && decode(contract.event, event)
      if (read?.ok) evolve(overlay, contract as (typeof contracts)[number], read.value)
    }
    for (const prefix of ['tally/', 'purse/']) expect([...overlay.entries(prefix)]).toEqual([...reader.entries(prefix)])
    expect(events).toHaveLength(7)
  })
})

describe('a check', () => {
  test('foresees the outcome and writes nothing', () => {
    const { machine, reader, tip, meets } = replica()
    const before = tip()
    const cases: readonly TallyTransaction[] = [
      { type: 'count', name: 'a' },
      { type: 'forget', name: 'a' },
      { type: 'spend', name: 'a', amount: 101 },
    ]
    for (const transaction of cases) {
      const fresh = replica()
      const answer = machine.check(reader, envelopeOf(transaction), genesisTime)
      const foreseen = answer.ok ? accepted : { space: answer.reason.space, code: answer.reason.code }
      expect(fresh.meets(envelopeOf(transaction))).toEqual(foreseen)
    }
    expect(tip()).toBe(before)
    expect(meets(count('a'))).toEqual(accepted)
  })

  test('takes the time of the newest block when the clock of its node is behind', () => {
    const { machine, reader, apply } = replica()
    apply([], genesisTime + 100)
    const answer = machine.check(reader, count('a', { validUntil: genesisTime + 99 }), genesisTime)
    expect(answer.ok ? 'accepted' : answer.reason.reason).toBe('expired')
  })
})

describe('the memory of envelopes', () => {
  test('keeps each until it has expired', () => {
    const { apply, meets } = replica()
    const short = count('a', { validUntil: genesisTime + 10 })
    const long = count('b', { validUntil: genesisTime + 500 })
    apply([short, long])
    expect(meets(short, genesisTime + 10)).toEqual(refused('replayed'))
    expect(meets(short, genesisTime + 11)).toEqual(refused('expired'))
    expect(meets(long, genesisTime + 500)).toEqual(refused('replayed'))
  })

  test('follows from the blocks, and is no part of the authenticated state', () => {
    const { apply, reader } = replica()
    const { changes } = apply([count('a')])
    expect(changes.map(({ key }) => key)).toEqual(['kernel/quota/clinic', 'tally/counts/a'])
    expect([...reader.entries('kernel/')].map(([key]) => key)).toEqual(['kernel/quota/clinic'])
  })
})

describe('the quota of a member', () => {
  const minuteOf = (minutes: number) => Math.ceil(genesisTime / 60) * 60 + 60 * minutes
  const many = (size: number, validUntil: number) =>
    Array.from({ length: size }, (_, index) => count('a', { validUntil, nonce: `n${index}-${validUntil}` }))

  test('is the same within one block and over the blocks of a minute, and is whole again in the next', () => {
    const { apply } = replica()
    const first = apply(many(quota.envelopesPerMinuteMax - 1, minuteOf(2)), minuteOf(0))
    expect(first.outcomes.every(({ code }) => code === 0)).toBe(true)
    const second = apply(many(2, minuteOf(3)), minuteOf(0) + 59)
    expect(second.outcomes).toEqual([accepted, refused('quota-exceeded')])
    expect(apply(many(1, minuteOf(4)), minuteOf(1)).outcomes).toEqual([accepted])
  })

  test('counts what was accepted only, so that refusals do not use it up', () => {
    const { apply } = replica()
    const hopeless = Array.from({ length: quota.envelopesPerMinuteMax }, (_, index) =>
      envelopeOf({ type: 'forget', name: 'unknown' }, { validUntil: minuteOf(2), nonce: `${index}` }),
    )
    apply(hopeless, minuteOf(0))
    expect(apply(many(1, minuteOf(3)), minuteOf(0)).outcomes).toEqual([accepted])
  })

  test('bounds the objects that stay, as the contract counts them', () => {
    const { apply } = replica(tallyMachine({ objects: (transaction) => (transaction.type === 'count' ? 20 : 0) }))
    const outcomes = apply(many(3, minuteOf(2)), minuteOf(0)).outcomes
    expect(outcomes).toEqual([accepted, accepted, refused('quota-exceeded')])
    expect(
      apply([envelopeOf({ type: 'forget', name: 'a' }, { validUntil: minuteOf(2) })], minuteOf(0)).outcomes,
    ).toEqual([accepted])
  })

  test('says at the door what was used up, and when the next minute begins', () => {
    const { apply, machine, reader } = replica()
    apply(many(quota.envelopesPerMinuteMax, minuteOf(2)), minuteOf(0))
    const answer = machine.check(reader, count('b', { validUntil: minuteOf(3) }), minuteOf(0) + 45)
    expect(answer.ok ? answer : answer.reason).toMatchObject({
      reason: 'quota-exceeded',
      facts: { type: 'quota-exceeded', of: 'envelopes', retryAfterSeconds: 15 },
    })
    // The same without a look at the signatures, which need not even hold.
    const read = readEnvelope(count('b', { validUntil: minuteOf(3) }))
    if (!read.ok) throw new Error('an own envelope is readable')
    const unsigned = { ...read.value, signatures: [new Uint8Array(64)] }
    expect(machine.quotaRefusal(reader, unsigned, minuteOf(0) + 45)).toEqual(answer.ok ? undefined : answer.reason)
    expect(machine.quotaRefusal(reader, unsigned, minuteOf(1))).toBeUndefined()
  })
})

describe('what a rule is told', () => {
  /** A machine whose only contract hands on what its rule was told. */
  function witnessed() {
    const told: Context[] = []
    const witness = defineContract({
      name: 'tally',
      version: 1,
      state: {},
      transaction: variant({ look: {} }),
      event: variant({ counted: {} }),
      rules: {
        look: (_state, _transaction, context) => {
          told.push(context)
          return ok({ events: [] })
        },
      },
      rejections: {},
      evolve: { counted: () => undefined },
      queries: {},
      invariants: {},
    })
    const directory = {
      contract: 'organisations',
      quotaOf: () => quota,
      versionsAt: () => new Map([['tally', 1]]),
      holderOf: (_: unknown, key: string) =>
        key === toHex(publicKeyOf(seeds.clinic)) ? { holder: 'clinic', scopes: ['sponsor'] } : undefined,
      isActive: () => true,
    }
    const machine = createMachine({ chain, contracts: [register(witness)], directory })
    // The witness remembers nothing, so it begins on the ledger that the tally founded.
    return {
      told,
      ...replica({ ...machine, found: tallyMachine().found }),
      transaction: encode(variant({ look: {} }), { type: 'look' }),
    }
  }

  test('are height and time of the block, the sponsor, and every signer with what is known of it', () => {
    const { told, meets, transaction } = witnessed()
    const both = [seeds.clinic, seeds.oneTime]
    expect(meets(count('a', { transactionBytes: transaction, seeds: both }), genesisTime + 7)).toEqual(accepted)
    const signer = (seed: Uint8Array) => ({ key: toHex(publicKeyOf(seed)), handle: toHex(handleOf(publicKeyOf(seed))) })
    expect(told).toEqual([
      {
        height: 1,
        time: genesisTime + 7,
        sponsor: 'clinic',
        caller: null,
        signers: [
          { ...signer(seeds.clinic), holder: 'clinic', scopes: ['sponsor'] },
          { ...signer(seeds.oneTime), holder: null, scopes: [] },
        ].sort((a, b) => (a.key < b.key ? -1 : 1)),
      },
    ])
  })
})

describe('a call', () => {
  test('that is refused refuses the whole, the events of the caller included', () => {
    const { apply, count: counted } = replica()
    expect(apply([spend('a', 60), spend('b', 60)]).outcomes).toEqual([accepted, { space: 'purse', code: 2 }])
    expect([counted('a'), counted('b')]).toEqual([1, undefined])
  })

  function calling(next: string) {
    const go = variant({ go: {} })
    const loop = (name: string, next: string) =>
      register(
        defineContract({
          name,
          version: 1,
          state: {},
          transaction: go,
          event: variant({ counted: {} }),
          rules: { go: () => ok({ events: [], calls: [call({ name: next, transaction: go }, { type: 'go' })] }) },
          rejections: {},
          evolve: { counted: () => undefined },
          queries: {},
          invariants: {},
        }),
      )
    const directory = {
      contract: 'organisations',
      holderOf: () => ({ holder: 'clinic', scopes: ['sponsor'] }),
      isActive: () => true,
      quotaOf: () => quota,
      versionsAt: () =>
        new Map([
          ['ping', 1],
          ['pong', 1],
        ]),
    }
    const envelope = count('a', { contract: 'ping', transactionBytes: encode(go, { type: 'go' }) })
    const machine = createMachine({ chain, contracts: [loop('ping', next), loop('pong', 'ping')], directory })
    return { ...replica({ ...machine, found: tallyMachine().found }), envelope }
  }

  test('that comes back to a contract in the middle of its transaction is a bug', () => {
    const { meets, envelope } = calling('pong')
    expect(() => meets(envelope)).toThrow('ping → pong → ping')
  })

  test('to a contract that the network does not have is refused, and stops no replica', () => {
    const { meets, envelope } = calling('nobody')
    expect(meets(envelope)).toEqual({ space: 'kernel', code: 6 })
  })
})

interface Vector {
  readonly genesis: string
  readonly chain: string
  readonly founded: { readonly stateRoot: string; readonly appHash: string }
  readonly blocks: readonly {
    readonly height: number
    readonly time: number
    readonly transactions: readonly string[]
    readonly outcomes: readonly { readonly space: string; readonly code: number }[]
    readonly stateRoot: string
    readonly appHash: string
  }[]
}

test('vectors/kernel/tally.json: these blocks give these hashes on every machine', () => {
  const file = new URL('../../../vectors/kernel/tally.json', import.meta.url)
  const vector = JSON.parse(readFileSync(file, 'utf8')) as Vector
  const { apply, tip } = replica()
  const roots = () => ({ stateRoot: toHex(tip().stateRoot), appHash: toHex(tip().appHash) })
  expect({ genesis: toHex(chain.bytes), chain: toHex(chain.id) }).toEqual({
    genesis: vector.genesis,
    chain: vector.chain,
  })
  expect(roots()).toEqual(vector.founded)
  for (const { height, time, transactions, outcomes, ...expected } of vector.blocks) {
    const applied = apply(transactions.map(fromHex), time)
    expect({ height: applied.tip.height, outcomes: applied.outcomes }).toEqual({ height, outcomes })
    expect(roots()).toEqual(expected)
  }
})

test('an envelope is bound to its chain, its sponsor and every signer by its signatures', () => {
  const read = readEnvelope(count('a', { seeds: [seeds.clinic, seeds.desk] }))
  if (!read.ok) throw new Error(read.reason.expected)
  expect(read.value.body.chain).toEqual(chain.id)
  expect(read.value.body.nonce).toEqual(utf8('count-a.........'))
  expect(read.value.body.signers.map(toHex)).toEqual(
    [seeds.clinic, seeds.desk].map((seed) => toHex(publicKeyOf(seed))).sort(),
  )
})
