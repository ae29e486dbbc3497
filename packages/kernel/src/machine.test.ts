import { readFileSync } from 'node:fs'
import { boolean, decode, encode, fromHex, ok, toHex, uint, utf8, variant } from '@plexus/codec'
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
  kernelRejections,
  memoryLedger,
  Overlay,
  proveState,
  readEnvelope,
  register,
  validSecondsMax,
  verifyStateProof,
} from './index.ts'
import {
  chain,
  contracts,
  envelopeOf,
  genesisTime,
  seeds,
  type TallyTransaction,
  tallyMachine,
  type Unusual,
} from './tally.testing.ts'

/** One replica: a machine, its ledger in memory, and its blocks so far, a second apart. */
function replica(machine = tallyMachine()) {
  const ledger = memoryLedger(machine)
  const { reader } = ledger
  const tip = () => {
    const newest = reader.tip()
    if (!newest) throw new Error('the ledger is not founded')
    return newest
  }
  const apply = (transactions: readonly Uint8Array[], time = tip().time + 1) => {
    const applied = machine.apply(reader, { height: tip().height + 1, time, transactions })
    ledger.commit(applied)
    return applied
  }
  return {
    machine,
    reader,
    tip,
    apply,
    /** Space and code of the only transaction of a new block. */
    meets: (envelope: Uint8Array, time?: number) => apply([envelope], time).outcomes[0],
    count: (name: string) => {
      const bytes = reader.get(`tally/counts/${name}`)
      const read = bytes && decode(uint(), bytes)
      return read?.ok ? read.value : undefined
    },
    remembered: () => [...reader.entries('kernel/seen/')].length,
  }
}

const accepted = { space: 'kernel', code: 0 }
const refused = (reason: keyof typeof kernelRejections) => ({ space: 'kernel', code: kernelRejections[reason].code })
const count = (name: string, unusual?: Unusual) => envelopeOf({ type: 'count', name }, unusual)
const spend = (name: string, amount: number) => envelopeOf({ type: 'spend', name, amount })

/** The same envelope with one bit of its last signature changed. */
function forged(envelope: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(envelope)
  copy[copy.length - 40] = (copy.at(-40) ?? 0) ^ 1
  return copy
}

describe('a block', () => {
  test('holds what genesis founded before the first, under a root that proves it', () => {
    const { tip, reader } = replica()
    const key = 'tally/counts/founded'
    const proof = proveState(reader, tip().stateRoot, key)
    expect(tip().height).toBe(0)
    expect(verifyStateProof({ root: tip().stateRoot.hash, key, value: encode(uint(), 1), proof })).toBe(true)
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
    expect(tip().appHash).toEqual(appHash({ stateRoot: tip().stateRoot.hash, historyRoot }))
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
    const later = [
      [count('a'), spend('b', 40)],
      [spend('b', 70), envelopeOf({ type: 'forget', name: 'a' })],
    ]
    const events = [...machine.found().events, ...later.flatMap((each) => apply(each).events)]
    const overlay = new Overlay({ get: () => undefined, entries: () => [] })
    for (const { contract: name, event } of events) {
      const contract = contracts.find((each) => each.name === name)
      const read = contract && decode(contract.event, event)
      if (read?.ok) evolve(overlay, contract as (typeof contracts)[number], read.value)
    }
    for (const prefix of ['tally/', 'purse/']) expect([...overlay.entries(prefix)]).toEqual([...reader.entries(prefix)])
    expect(events).toHaveLength(5)
  })
})

describe('the kernel refuses', () => {
  test('with codes that never change', () => {
    expect(Object.entries(kernelRejections).map(([reason, { code }]) => [code, reason])).toEqual([
      [1, 'malformed'],
      [2, 'other-chain'],
      [3, 'expired'],
      [4, 'valid-too-long'],
      [5, 'replayed'],
      [6, 'unknown-contract'],
      [7, 'signature-invalid'],
      [8, 'sponsor-not-active'],
      [9, 'sponsor-did-not-sign'],
      [10, 'transaction-malformed'],
    ])
  })

  test('malformed: bytes that are not an envelope, or one with a byte too many', () => {
    expect(replica().meets(new Uint8Array(0))).toEqual(refused('malformed'))
    expect(replica().meets(Uint8Array.of(...count('a'), 0))).toEqual(refused('malformed'))
  })

  test('other-chain: what was signed for another network', () => {
    expect(replica().meets(count('a', { chain: new Uint8Array(32) }))).toEqual(refused('other-chain'))
  })

  test('expired: an end before the time of the block, but not at it', () => {
    const envelope = count('a', { validUntil: genesisTime + 5 })
    expect(replica().meets(envelope, genesisTime + 5)).toEqual(accepted)
    expect(replica().meets(envelope, genesisTime + 6)).toEqual(refused('expired'))
  })

  test('valid-too-long: an end so late that it would have to be remembered too long', () => {
    const atMost = count('a', { validUntil: genesisTime + 1 + validSecondsMax })
    expect(replica().meets(atMost)).toEqual(accepted)
    const more = count('a', { validUntil: genesisTime + 2 + validSecondsMax })
    expect(replica().meets(more)).toEqual(refused('valid-too-long'))
  })

  test('replayed: an envelope that was accepted before, in the same block or a later one', () => {
    const { apply, count: counted } = replica()
    expect(apply([count('a'), count('a')]).outcomes).toEqual([accepted, refused('replayed')])
    expect(apply([count('a')]).outcomes).toEqual([refused('replayed')])
    expect(counted('a')).toBe(1)
  })

  test('unknown-contract: a name that no contract has', () => {
    expect(replica().meets(count('a', { contract: 'nobody' }))).toEqual(refused('unknown-contract'))
  })

  test('signature-invalid: one wrong bit, or a signature too few', () => {
    expect(replica().meets(forged(count('a')))).toEqual(refused('signature-invalid'))
    const both = count('a', { seeds: [seeds.clinic, seeds.oneTime] })
    const short = Uint8Array.from(both.subarray(0, both.length - 66))
    short[short.lastIndexOf(0x82)] = 0x81
    expect(readEnvelope(short).ok).toBe(true)
    expect(replica().meets(short)).toEqual(refused('signature-invalid'))
  })

  test('sponsor-not-active: a member that was suspended or never seated', () => {
    const envelope = count('a', { sponsor: 'closed', seeds: [seeds.closed] })
    expect(replica().meets(envelope)).toEqual(refused('sponsor-not-active'))
  })

  test('sponsor-did-not-sign: only a key without the scope, of another holder, or of nobody signed', () => {
    for (const seed of [seeds.desk, seeds.closed, seeds.oneTime])
      expect(replica().meets(count('a', { seeds: [seed] }))).toEqual(refused('sponsor-did-not-sign'))
    expect(replica().meets(count('a', { seeds: [seeds.oneTime, seeds.clinic] }))).toEqual(accepted)
  })

  test('transaction-malformed: content that the contract does not know', () => {
    const envelope = count('a', { transactionBytes: encode(boolean(), true) })
    expect(replica().meets(envelope)).toEqual(refused('transaction-malformed'))
  })

  test('for the first reason in order when there are several', () => {
    const faults: readonly (readonly [keyof typeof kernelRejections, Unusual])[] = [
      ['other-chain', { chain: new Uint8Array(32) }],
      ['expired', { validUntil: genesisTime }],
      ['valid-too-long', { validUntil: genesisTime + 10_000 }],
      ['unknown-contract', { contract: 'nobody' }],
      ['signature-invalid', {}],
      ['sponsor-not-active', { sponsor: 'closed' }],
      ['sponsor-did-not-sign', { seeds: [seeds.desk] }],
      ['transaction-malformed', { transactionBytes: Uint8Array.of(0xff) }],
    ]
    for (const [index, [reason]] of faults.entries()) {
      const rest = faults.slice(index)
      const envelope = count('a', Object.assign({}, ...rest.map(([, unusual]) => unusual).reverse()))
      const forge = rest.some(([each]) => each === 'signature-invalid')
      expect(replica().meets(forge ? forged(envelope) : envelope), reason).toEqual(refused(reason))
    }
    const { meets } = replica()
    meets(count('a'))
    expect(meets(forged(count('a'))), 'replayed comes before the signatures').toEqual(refused('replayed'))
  })

  test('in words that say the place and what was expected there, for the mempool', () => {
    const { machine, reader } = replica()
    const answer = machine.check(reader, count('a', { transactionBytes: Uint8Array.of(0x80) }), genesisTime)
    expect(answer).toEqual({
      ok: false,
      reason: {
        type: 'refused',
        space: 'kernel',
        reason: 'transaction-malformed',
        ...kernelRejections['transaction-malformed'],
        facts: {
          type: 'malformed',
          path: '',
          expected: 'a variant: count, forget, spend',
          came: 'an array of another length',
        },
      },
    })
  })
})

describe('a refused transaction', () => {
  const hopeless: readonly Uint8Array[] = [
    new Uint8Array(3),
    forged(count('a')),
    envelopeOf({ type: 'forget', name: 'unknown' }),
    spend('a', 101),
    count('a', {
      contract: 'purse',
      transactionBytes: encode(variant({ spend: { amount: uint() } }), { type: 'spend', amount: 1 }),
    }),
  ]

  test('changes nothing, and keeps its place and its code in the block', () => {
    const { apply, tip } = replica()
    const before = tip().stateRoot
    const applied = apply(hopeless)
    expect(applied.outcomes).toEqual([
      refused('malformed'),
      refused('signature-invalid'),
      { space: 'tally', code: 1 },
      { space: 'purse', code: 2 },
      { space: 'purse', code: 1 },
    ])
    expect(applied.transactions).toEqual(hopeless)
    expect([applied.changes, applied.events, applied.nodes, applied.replaced]).toEqual([[], [], [], []])
    expect(applied.tip.stateRoot).toEqual(before)
  })

  test('leaves to the others of its block the state they would have had without it', () => {
    const good = [count('a'), spend('b', 60), count('c')]
    const [clean, mixed] = [replica(), replica()]
    const alone = clean.apply(good)
    const among = mixed.apply(
      [...hopeless.slice(0, 3), good[0], hopeless[4], good[1], spend('d', 60), good[2]].flatMap((each) => each ?? []),
    )
    expect(among.tip.stateRoot.hash).toEqual(alone.tip.stateRoot.hash)
    expect(among.events).toEqual(alone.events)
    expect(among.tip.appHash).not.toEqual(alone.tip.appHash)
  })

  test('may be sent again: only what was accepted is a replay', () => {
    const { meets } = replica()
    const envelope = envelopeOf({ type: 'forget', name: 'late' })
    expect(meets(envelope)).toEqual({ space: 'tally', code: 1 })
    expect(meets(count('late'))).toEqual(accepted)
    expect(meets(envelope)).toEqual(accepted)
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
  test('keeps each until it has expired, and not longer', () => {
    const { apply, meets, remembered } = replica()
    const short = count('a', { validUntil: genesisTime + 10 })
    const long = count('b', { validUntil: genesisTime + 500 })
    apply([short, long])
    expect(meets(short, genesisTime + 10)).toEqual(refused('replayed'))
    expect(remembered()).toBe(2)
    expect(meets(short, genesisTime + 11)).toEqual(refused('expired'))
    expect(remembered()).toBe(1)
    apply([], genesisTime + 501)
    expect(remembered()).toBe(0)
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

  test('that comes back to a contract in the middle of its transaction is a bug', () => {
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
    const directory = { holderOf: () => ({ holder: 'clinic', scopes: ['sponsor'] }), isActive: () => true }
    const envelope = count('a', { contract: 'ping', transactionBytes: encode(go, { type: 'go' }) })
    for (const [next, says] of [
      ['pong', 'ping → pong → ping'],
      ['nobody', 'not registered'],
    ] as const) {
      const machine = createMachine({ chain, contracts: [loop('ping', next), loop('pong', 'ping')], directory })
      const { meets } = replica({ ...machine, found: tallyMachine().found })
      expect(() => meets(envelope)).toThrow(says)
    }
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
  const roots = () => ({ stateRoot: toHex(tip().stateRoot.hash), appHash: toHex(tip().appHash) })
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
