/**
 * The smallest world in which the machine can be seen at work: a contract that counts, one that it calls, two members
 * and a directory that knows their keys. vectors/kernel/README.md describes the same in words.
 */
import { createHash } from 'node:crypto'
import { decode, encode, no, ok, text, toHex, uint, utf8, variant } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import {
  call,
  collection,
  createMachine,
  defineContract,
  foundChain,
  type KeyDirectory,
  kernelRejections,
  type Misbehaviour,
  memoryLedger,
  type RegisteredContract,
  register,
  sealEnvelope,
} from './index.ts'

const name = text({ min: 1, max: 20, pattern: /^[a-z]+$/ })

type PurseRejection = { readonly type: 'only-called' } | { readonly type: 'over-the-limit' }

/** At most a hundred may be spent through it, and only the contract `tally` may ask. */
const purse = defineContract({
  name: 'purse',
  version: 1,
  state: { totals: collection(uint()) },
  transaction: variant({ spend: { amount: uint(1000) } }),
  event: variant({ spent: { amount: uint() } }),
  rules: {
    spend(state, { amount }, { caller }) {
      if (caller !== 'tally') return no<PurseRejection>({ type: 'only-called' })
      if ((state.totals.get('spent') ?? 0) + amount > 100) return no<PurseRejection>({ type: 'over-the-limit' })
      return ok({ events: [{ type: 'spent' as const, amount }] })
    },
  },
  rejections: {
    'only-called': { code: 1, says: 'Only the contract tally spends.' },
    'over-the-limit': { code: 2, says: 'No more than 100 may be spent.' },
  },
  evolve: { spent: (state, { amount }) => state.totals.set('spent', (state.totals.get('spent') ?? 0) + amount) },
  queries: {},
  invariants: {},
})

const tally = defineContract({
  name: 'tally',
  version: 1,
  state: { counts: collection(uint()) },
  transaction: variant({ count: { name }, forget: { name }, spend: { name, amount: uint(1000) } }),
  event: variant({ counted: { name }, forgotten: { name } }),
  rules: {
    count: (_, { name }) => ok({ events: [{ type: 'counted' as const, name }] }),
    forget: (state, { name }) =>
      state.counts.get(name) === undefined
        ? no({ type: 'unknown' as const })
        : ok({ events: [{ type: 'forgotten' as const, name }] }),
    spend: (_, { name, amount }) =>
      ok({ events: [{ type: 'counted' as const, name }], calls: [call(purse, { type: 'spend', amount })] }),
  },
  rejections: { unknown: { code: 1, says: 'No such count.' } },
  evolve: {
    counted: (state, { name }) => state.counts.set(name, (state.counts.get(name) ?? 0) + 1),
    forgotten: (state, { name }) => state.counts.delete(name),
  },
  queries: {},
  invariants: {},
})

export const contracts = [register(tally), register(purse)]

const seed = (of: string): Uint8Array => Uint8Array.from(createHash('sha256').update(of).digest())
export const seeds = {
  clinic: seed('clinic'),
  /** A key of the clinic that may sign, but not sponsor. */
  desk: seed('desk'),
  /** A member that is not active. */
  closed: seed('closed'),
  /** A key that nobody registered. */
  oneTime: seed('one-time'),
}

const holders = new Map([
  [toHex(publicKeyOf(seeds.clinic)), { holder: 'clinic', scopes: ['sponsor'] }],
  [toHex(publicKeyOf(seeds.desk)), { holder: 'clinic', scopes: ['reader'] }],
  [toHex(publicKeyOf(seeds.closed)), { holder: 'closed', scopes: ['sponsor'] }],
])
/** Nobody reaches it but who tries to. */
export const quota = { envelopesPerMinuteMax: 100, objectsPerMinuteMax: 50 }
const directory: KeyDirectory = {
  contract: 'organisations',
  holderOf: (_, key) => holders.get(key),
  isActive: (_, member) => member === 'clinic',
  quotaOf: () => quota,
  versionsAt: () =>
    new Map([
      ['purse', 1],
      ['tally', 1],
    ]),
}

export const genesisTime = 1_800_000_000

export const chain = foundChain({
  name: 'tally-net',
  time: genesisTime,
  engine: { type: 'local', sequencer: publicKeyOf(seed('sequencer')) },
  founding: [{ contract: 'tally', event: encode(tally.event, { type: 'counted', name: 'founded' }) }],
})

/** What the tally has besides, where a test wants it to: how it counts what it adds, and what follows from misbehaviour. */
export const tallyMachine = (besides: Partial<Pick<RegisteredContract, 'misbehaved' | 'objects'>> = {}) =>
  createMachine({
    chain,
    contracts: contracts.map((each) => (each.name === tally.name ? { ...each, ...besides } : each)),
    directory,
  })

export type TallyTransaction =
  | { readonly type: 'count' | 'forget'; readonly name: string }
  | { readonly type: 'spend'; readonly name: string; readonly amount: number }

/** What an envelope says where a test wants something else than a good one of the clinic. */
export interface Unusual {
  readonly chain?: Uint8Array
  readonly sponsor?: string
  readonly nonce?: string
  readonly validUntil?: number
  readonly contract?: string
  readonly transactionBytes?: Uint8Array
  readonly seeds?: readonly Uint8Array[]
}

export function envelopeOf(transaction: TallyTransaction, unusual: Unusual = {}): Uint8Array {
  const nonce = utf8((unusual.nonce ?? `${transaction.type}-${transaction.name}`).padEnd(16, '.').slice(0, 16))
  return sealEnvelope(
    {
      chain: unusual.chain ?? chain.id,
      sponsor: unusual.sponsor ?? 'clinic',
      nonce,
      validUntil: unusual.validUntil ?? genesisTime + 60,
      contract: unusual.contract ?? 'tally',
      transaction: unusual.transactionBytes ?? encode(tally.transaction, transaction),
    },
    unusual.seeds ?? [seeds.clinic],
  )
}

/** One replica: a machine, its ledger in memory, and its blocks so far, a second apart. */
export function replica(machine = tallyMachine()) {
  const ledger = memoryLedger(machine)
  const { reader } = ledger
  const tip = () => {
    const newest = reader.tip()
    if (!newest) throw new Error('the ledger is not founded')
    return newest
  }
  const apply = (
    transactions: readonly Uint8Array[],
    time = tip().time + 1,
    misbehaviour: readonly Misbehaviour[] = [],
  ) => {
    const applied = machine.apply(reader, { height: tip().height + 1, time, transactions, misbehaviour })
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
  }
}

export const accepted = { space: 'kernel', code: 0 }
export const refused = (reason: keyof typeof kernelRejections) => ({
  space: 'kernel',
  code: kernelRejections[reason].code,
})
export const count = (name: string, unusual?: Unusual) => envelopeOf({ type: 'count', name }, unusual)
export const spend = (name: string, amount: number) => envelopeOf({ type: 'spend', name, amount })

/** The same envelope with one bit of its last signature changed. */
export function forged(envelope: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(envelope)
  copy[copy.length - 40] = (copy.at(-40) ?? 0) ^ 1
  return copy
}
