/** Suite `contracts`: the steps of each contract, signed, checked, under the state root and durable, beside those of `notary`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notary } from '@plexus/contracts'
import { createSequencer, rememberSignatures, type Sequencer } from '@plexus/engine'
import { type Envelope, readEnvelope } from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { foundedAt } from '../engine/world.ts'
import { sequencerSeed } from '../sponsors.ts'
import { cpuSeconds, type Figure, type Outcome, type RunOptions, type Suite } from '../suite.ts'
import { grantingSteps, type Life, lives, notaryLife } from './lives.ts'
import { contractsChain, envelopeOf, machineOf, Round, type Step } from './world.ts'

/** At most as many objects as an authority grants keys in one tree; a block is one kind of step for some of them. */
const full = { rounds: 3, objects: 2_000, blockTransactions: 1_000 }
const tiny = { rounds: 1, objects: 16, blockTransactions: 16 }

export const suite: Suite = {
  name: 'contracts',
  claim:
    'Transactions a second of each contract over the ordinary life of its objects, on one core: every signature verified, rules and the contracts that they call run, state root of each block computed, durable; beside the same of notary, in turns of one run. The ratio is that of transactions a second of processor time.',
  nonClaim:
    'Nothing about a large state (suites growth, tags), about agreement between replicas, or about making and sending envelopes. Steps that are seldom, such as disputes and recalls, are left out.',
  oneCore: true,
  run,
}

interface Spent {
  transactions: number
  seconds: number
  /** Of a processor, all threads of the process together. */
  worked: number
}
type Tally = Map<string, Spent>

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const { rounds, objects, blockTransactions } = small ? tiny : full
  const folder = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const chain = contractsChain()
  const store = openLedgerStore(join(folder, 'ledger'), { chain: chain.id })
  const remembered = rememberSignatures()
  let verifies = true
  try {
    const machine = machineOf(chain, (envelope) => !verifies || remembered(envelope))
    const sequencer = createSequencer({ machine, store, seed: sequencerSeed, blockTransactionsMax: blockTransactions })
    let time = foundedAt
    let made = 0
    const sealed = (step: Step, index: number) => envelopeOf(chain, step, { index, nonce: made++, time })
    const cut = (envelopes: readonly Uint8Array[]): Omit<Spent, 'transactions'> => {
      const read = envelopes.map(readOwn)
      const [from, workedBefore] = [performance.now(), process.cpuUsage()]
      for (const [index, bytes] of envelopes.entries()) submit(sequencer, bytes, read[index] as Envelope, time)
      time++
      if (sequencer.cut(time)?.transactions.length !== envelopes.length) throw new Error('a block lacks what was sent')
      return { seconds: (performance.now() - from) / 1_000, worked: cpuSeconds(workedBefore) }
    }

    const byContract: Tally = new Map()
    const byKind: Tally = new Map()
    const live = (contract: string, life: Life, round: Round, counts: boolean) => {
      for (const { kind, of } of life(round))
        for (let from = 0; from < objects; from += blockTransactions) {
          const count = Math.min(blockTransactions, objects - from)
          const spent = cut(Array.from({ length: count }, (_, each) => sealed(of(from + each, time), from + each)))
          if (!counts) continue
          add(byContract, contract, { transactions: count, ...spent })
          add(byKind, `${contract}: ${kind}`, { transactions: count, ...spent })
        }
    }

    // The notary before each other: whatever the disk is at, both have their share of it.
    const everything = (round: number, counts: boolean) => {
      const about = new Round(round, objects)
      for (const step of grantingSteps(about)) cut([sealed(step, 0)])
      for (const [turn, [contract, life]] of lives.entries()) {
        live(notary.name, notaryLife, new Round(round * lives.length + turn, objects), counts)
        live(contract, life, about, counts)
      }
    }
    everything(0, false)
    for (let round = 1; round <= rounds; round++) everything(round, true)
    const verified = [...byContract]
    for (const [kind, { transactions, worked }] of byKind)
      tell(`${kind}: ${((1e6 * worked) / transactions).toFixed(1)} µs of a processor`)

    byContract.clear()
    verifies = false
    for (let round = 1; round <= rounds; round++) everything(rounds + round, true)
    for (const [contract, { transactions, worked }] of byContract)
      tell(`${contract}, signatures taken as good: ${(transactions / worked).toFixed(0)} transactions/s of a processor`)

    return { figures: figuresOf(new Map(verified)), checked: { accepted: acceptedOf(new Map(verified)) } }
  } finally {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function figuresOf(tally: Tally): readonly Figure[] {
  const standard = spentOn(notary.name, tally)
  return [...tally].flatMap(([contract, { transactions, seconds, worked }]): readonly Figure[] => {
    const rate = { name: contract, value: transactions / seconds, unit: 'transactions/s' }
    if (contract === notary.name) return [rate]
    const ratio = transactions / worked / (standard.transactions / standard.worked)
    const target = { type: 'at-least', value: 0.5 } as const
    return [rate, { name: `${contract} against notary`, value: ratio, unit: 'times', target }]
  })
}

const acceptedOf = (tally: Tally) =>
  Object.fromEntries([...tally].map(([name, { transactions }]) => [name, transactions]))

function spentOn(contract: string, tally: Tally): Spent {
  const spent = tally.get(contract)
  if (!spent) throw new Error('a contract that was never asked')
  return spent
}

function add(to: Tally, name: string, { transactions, seconds, worked }: Spent): void {
  const known = to.get(name) ?? { transactions: 0, seconds: 0, worked: 0 }
  known.transactions += transactions
  known.seconds += seconds
  known.worked += worked
  to.set(name, known)
}

function readOwn(bytes: Uint8Array): Envelope {
  const read = readEnvelope(bytes)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value
}

function submit(sequencer: Sequencer, bytes: Uint8Array, envelope: Envelope, time: number): void {
  const submitted = sequencer.submit(bytes, time, envelope)
  if (!submitted.ok) throw new Error(`${envelope.body.contract}: ${JSON.stringify(submitted.reason)}`)
}
