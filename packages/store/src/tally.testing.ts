/** The smallest ledger that exercises a store: a contract that keeps counts under names, one sponsor, one engine key. */
import { createPrivateKey, sign } from 'node:crypto'
import { bytes, encode, no, object, ok, text, toHex, uint, variant } from '@plexus/codec'
import {
  type AppliedBlock,
  type Block,
  createMachine,
  defineContract,
  foundChain,
  headerHash,
  headerMessage,
  type LedgerReader,
  type LocalHeader,
  type Machine,
  readEnvelope,
  readSignedHeader,
  register,
  sealEnvelope,
  signedHeader,
  transactionsRoot,
} from '@plexus/kernel'

const tally = defineContract({
  name: 'tally',
  version: 1,
  state: { counts: { value: object({ count: uint(), note: bytes({ max: 4096 }) }) } },
  transaction: variant({
    count: { name: text({ max: 40 }), note: bytes({ max: 4096 }) },
    forget: { name: text({ max: 40 }) },
  }),
  event: variant({
    counted: { name: text({ max: 40 }), note: bytes({ max: 4096 }) },
    forgotten: { name: text({ max: 40 }) },
  }),
  rules: {
    count: (_state, { name, note }) => ok({ events: [{ type: 'counted' as const, name, note }] }),
    forget: (state, { name }) =>
      state.counts.get(name)
        ? ok({ events: [{ type: 'forgotten' as const, name }] })
        : no({ type: 'unknown' as const }),
  },
  rejections: { unknown: { code: 1, says: 'No such count.' } },
  evolve: {
    counted: (state, { name, note }) =>
      state.counts.set(name, { count: (state.counts.get(name)?.count ?? 0) + 1, note }),
    forgotten: (state, { name }) => state.counts.delete(name),
  },
  queries: {},
  invariants: {},
})
export type TallyTransaction =
  | { readonly type: 'count'; readonly name: string; readonly note: Uint8Array }
  | { readonly type: 'forget'; readonly name: string }

const sponsorSeed = new Uint8Array(32).fill(1)
const engineSeed = new Uint8Array(32).fill(2)
const genesisTime = 1_800_000_000

const anyEnvelope = {
  chain: new Uint8Array(32),
  sponsor: 'clinic-a',
  nonce: new Uint8Array(16),
  validUntil: 0,
  contract: 'tally',
  transaction: new Uint8Array(0),
}
/** Through an envelope, since a store knows no cryptography. */
function publicKey(seed: Uint8Array): Uint8Array {
  const read = readEnvelope(sealEnvelope(anyEnvelope, [seed]))
  if (!read.ok || !read.value.body.signers[0]) throw new Error('an own envelope is readable')
  return read.value.body.signers[0]
}

export function tallyMachine(name = 'tally-chain'): Machine {
  const chain = foundChain({
    name,
    time: genesisTime,
    engine: { type: 'local', sequencer: publicKey(engineSeed) },
    founding: [
      {
        contract: 'tally',
        event: encode(tally.event, { type: 'counted', name: 'founded', note: new Uint8Array(0) }),
      },
    ],
  })
  const sponsorKey = toHex(publicKey(sponsorSeed))
  return createMachine({
    chain,
    contracts: [register(tally)],
    directory: {
      contract: 'organisations',
      quotaOf: () => ({ envelopesPerMinuteMax: 1_000_000, objectsPerMinuteMax: 1_000_000 }),
      versionsAt: () => new Map([['tally', 1]]),
      holderOf: (_state, key) => (key === sponsorKey ? { holder: 'clinic-a', scopes: ['sponsor'] } : undefined),
      isActive: (_state, member) => member === 'clinic-a',
    },
  })
}

let nonces = 0
export function envelopeOf(machine: Machine, transaction: TallyTransaction, time: number): Uint8Array {
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(0, ++nonces)
  new DataView(nonce.buffer).setUint32(4, time)
  return sealEnvelope(
    {
      ...anyEnvelope,
      chain: machine.chain.id,
      nonce,
      validUntil: time + 30,
      transaction: encode(tally.transaction, transaction),
    },
    [sponsorSeed],
  )
}

export const idOf = (envelope: Uint8Array): Uint8Array => {
  const read = readEnvelope(envelope)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value.id
}

/** The last second at which the envelope is valid. */
export const endOf = (envelope: Uint8Array): number => {
  const read = readEnvelope(envelope)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value.body.validUntil
}

/** A deterministic stream of transactions: every third block forgets what the one before counted. */
export function transactionsOf(machine: Machine, height: number, time: number, count = 4): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `name-${(height * 7 + index * 3) % 50}`
    const transaction: TallyTransaction =
      height % 3 === 2 && index === 0
        ? { type: 'forget', name: `name-${((height - 1) * 7) % 50}` }
        : { type: 'count', name, note: new Uint8Array((height * 31) % 300).fill(index) }
    return envelopeOf(machine, transaction, time)
  })
}

export interface MadeBlock {
  readonly applied: AppliedBlock
  readonly header: Uint8Array
}

interface Readable extends LedgerReader {
  header(height: number): Uint8Array | undefined
}

// RFC 8410 §7: the fixed beginning of an Ed25519 key in PKCS #8.
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
function signature(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  return new Uint8Array(sign(null, message, key))
}

/** The next block, signed; as an engine would make it, or with a changed header or another key. */
export function nextBlock(
  machine: Machine,
  store: Readable,
  transactions?: readonly Uint8Array[],
  { seed = engineSeed, ...change }: Partial<LocalHeader> & { readonly seed?: Uint8Array } = {},
): MadeBlock {
  const tip = store.tip()
  if (!tip) return { applied: machine.found(), header: new Uint8Array(0) }
  const height = tip.height + 1
  const block: Block = {
    height,
    time: tip.time + 1,
    transactions: transactions ?? transactionsOf(machine, height, tip.time + 1),
  }
  const before = readSignedHeader(store.header(tip.height) ?? new Uint8Array(0))
  const header: LocalHeader = {
    type: 'local',
    chain: machine.chain.id,
    height,
    time: block.time,
    appHash: tip.appHash,
    transactionsRoot: transactionsRoot(block.transactions),
    previous: before.ok ? headerHash(before.value.header) : new Uint8Array(32),
    ...change,
  }
  return {
    applied: machine.apply(store, block),
    header: encode(signedHeader, { header, signature: signature(seed, headerMessage(header)) }),
  }
}
