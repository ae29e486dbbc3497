/** Suite `engine`: signed transactions that each open one handle, verified, committed under the state root, and durable. */
import { spawnSync } from 'node:child_process'
import { createPublicKey, verify as verifySignature } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { handleOf, publicKeyOf, signedBytes } from '@plexus/crypto'
import { createSequencer, rememberSignatures, type Sequencer, startVerifierPool } from '@plexus/engine'
import { type Envelope, readEnvelope } from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { bytesOf } from '../sponsors.ts'
import type { Outcome, RunOptions, Suite } from '../suite.ts'
import { type EngineWorld, engineWorld, foundedAt, handlesPerEnvelopeMax, openingBlocks } from './world.ts'

const blockTransactions = 1_000

export const suite: Suite = {
  name: 'engine',
  claim:
    'Transactions a second of one replica that orders: decoded, checked, every signature verified under the strict profile, state root of each block computed, durable; each opens one new handle on top of a million.',
  nonClaim:
    'Nothing about agreement between replicas, nor about the way in through HTTP. Figures of one process on one machine; the ratios are the claim.',
  oneCore: false,
  run,
}

interface Sizes {
  readonly handles: number
  readonly rounds: number
  readonly blocksPerRound: number
  readonly transactions: number
}

/**
 * What waits goes to LMDB after some 57 such blocks, in a thread beside those that follow: so many of each kind in a row
 * that each kind pays for one such time in each round.
 */
const full: Sizes = { handles: 1_000_000, rounds: 2, blocksPerRound: 60, transactions: blockTransactions }
const tiny: Sizes = { handles: 8_192, rounds: 1, blocksPerRound: 2, transactions: 50 }

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const sizes = small ? tiny : full
  const directory = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const world = engineWorld()
  const pool = startVerifierPool(2)
  const memory = rememberSignatures()
  let holds: (envelope: Envelope) => boolean = () => true
  const stages = { check: 0, apply: 0, commit: 0 }
  const store = openLedgerStore(directory, { chain: world.chain.id })
  try {
    const plain = world.machine((envelope) => holds(envelope))
    const machine = {
      ...plain,
      check: timed(stages, 'check', plain.check),
      apply: timed(stages, 'apply', plain.apply),
    }
    const sequencer = createSequencer({
      machine,
      store: { ...store, commit: timed(stages, 'commit', store.commit) },
      seed: world.sequencerSeed,
      blockTransactionsMax: sizes.transactions,
    })
    const clock = { now: foundedAt }
    openHandles(world, sequencer, clock, sizes.handles)
    // The threads start before anything is timed.
    await pool.verify(blocksOf(sizes, () => world.opening(0, [bytesOf('warm', 0)], foundedAt)).flat())
    tell(`${sizes.handles} handles are open, at height ${sequencer.height()}`)

    let made = 0
    const openings = () => blocksOf(sizes, () => world.opening(1e9 + made, [bytesOf('fresh', made++)], clock.now))
    const seen: Record<'raw' | 'pipeline' | 'one' | 'two' | 'closingOne' | 'closingTwo', number[]> = {
      raw: [],
      pipeline: [],
      one: [],
      two: [],
      closingOne: [],
      closingTwo: [],
    }
    const parts = { check: 0, apply: 0, commit: 0 }
    const perRound = sizes.blocksPerRound * sizes.transactions
    let accepted = 0
    for (let round = 0; round < sizes.rounds; round++) {
      pin(1)
      seen.raw.push(rawVerify(world, openings().flat()))

      holds = () => true
      const before = { ...stages }
      seen.pipeline.push(await secondsEach(openings(), (blocks) => inline(sequencer, clock, blocks)))
      for (const stage of ['check', 'apply', 'commit'] as const) parts[stage] += stages[stage] - before[stage]

      holds = memory
      seen.one.push(await secondsEach(openings(), (blocks) => inline(sequencer, clock, blocks)))
      pin(2)
      seen.two.push(await secondsEach(openings(), (blocks) => ahead(sequencer, clock, blocks)))

      for (const [name, way, cores] of [
        ['closingOne', inline, 1],
        ['closingTwo', ahead, 2],
      ] as const) {
        const seeds = Array.from({ length: perRound }, () => bytesOf('closing', made++))
        for (let at = 0; at < seeds.length; at += handlesPerEnvelopeMax)
          cutOne(sequencer, clock, [openingOf(world, seeds.slice(at, at + handlesPerEnvelopeMax), clock.now, made++)])
        const blocks = blocksOf(sizes, (index) => world.closing(2e9 + made++, seeds[index] as Uint8Array, clock.now))
        pin(cores)
        seen[name].push(await secondsEach(blocks, (each) => way(sequencer, clock, each)))
      }
      accepted += 5 * perRound
    }

    const each = Object.fromEntries(Object.entries(seen).map(([name, values]) => [name, 1e6 * mean(values)]))
    const of = (name: keyof typeof seen): number => each[name] ?? Number.NaN
    const limit = 1e6 / (of('raw') + of('pipeline'))
    for (const stage of ['check', 'apply', 'commit'] as const)
      tell(
        `${stage}: ${((1e6 * parts[stage]) / (sizes.rounds * perRound)).toFixed(1)} µs of the pipeline's ${of('pipeline').toFixed(1)}`,
      )
    return {
      figures: [
        { name: 'raw node:crypto verify, keys parsed, one core', value: 1e6 / of('raw'), unit: 'signatures/s' },
        { name: 'pipeline without signatures, one core', value: 1e6 / of('pipeline'), unit: 'transactions/s' },
        {
          name: 'pipeline without signatures against raw verify',
          value: of('raw') / of('pipeline'),
          unit: 'times',
          target: { type: 'at-least', value: 1.5 },
        },
        { name: 'verified and durable, one core', value: 1e6 / of('one'), unit: 'transactions/s' },
        {
          name: 'one core against 1/(raw verify + pipeline)',
          value: 1e6 / of('one') / limit,
          unit: 'of the limit',
          target: { type: 'at-least', value: 0.9 },
        },
        { name: 'verified and durable, two cores', value: 1e6 / of('two'), unit: 'transactions/s' },
        {
          name: 'two cores against twice the limit of one',
          value: 1e6 / of('two') / (2 * limit),
          unit: 'of the limit',
          target: { type: 'at-least', value: 0.85 },
        },
        {
          name: 'closings, each by an unseen key of its own, one core',
          value: 1e6 / of('closingOne'),
          unit: 'transactions/s',
        },
        {
          name: 'closings, each by an unseen key of its own, two cores',
          value: 1e6 / of('closingTwo'),
          unit: 'transactions/s',
        },
      ],
      checked: { handles: sizes.handles, accepted },
    }

    /** Signatures are verified where a transaction is checked. */
    async function inline(to: Sequencer, at: Clock, blocks: readonly (readonly Uint8Array[])[]): Promise<void> {
      for (const block of blocks) cutOne(to, at, block)
    }

    /** Signatures of the next blocks are verified in threads while this one is applied. */
    async function ahead(to: Sequencer, at: Clock, blocks: readonly (readonly Uint8Array[])[]): Promise<void> {
      const verified = blocks.map((block) => pool.verify(block))
      for (const [index, block] of blocks.entries()) {
        const answers = await (verified[index] as Promise<readonly boolean[]>)
        if (answers.includes(false)) throw new Error('a good signature did not hold')
        cutOne(to, at, block, memory.learn)
      }
    }
  } finally {
    pin(2)
    await pool.close()
    store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Not the median: the round in which LMDB is written counts as the others do. */
const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length

/** Asked once: a process that is pinned sees fewer. */
const coresAtStart = availableParallelism()

interface Clock {
  now: number
}

/** `learn` is told of each envelope before it is checked, as a node does whose threads found its signatures good. */
function cutOne(
  sequencer: Sequencer,
  clock: Clock,
  block: readonly Uint8Array[],
  learn?: (envelope: Envelope) => void,
): void {
  for (const bytes of block) {
    const envelope = envelopeOf(bytes)
    learn?.(envelope)
    const submitted = sequencer.submit(bytes, clock.now, envelope)
    if (!submitted.ok) throw new Error(`a good transaction was refused: ${JSON.stringify(submitted.reason)}`)
  }
  clock.now += 1
  const made = sequencer.cut(clock.now)
  if (made?.transactions.length !== block.length) throw new Error('a block does not hold what was sent')
}

/** Opens handles, many in one envelope; a minute passes before a member's quota is used up. */
function openHandles(world: EngineWorld, sequencer: Sequencer, clock: Clock, count: number): void {
  for (const block of openingBlocks(world, { from: 0, count, time: clock.now })) {
    cutOne(sequencer, clock, block)
  }
}

const openingOf = (world: EngineWorld, seeds: readonly Uint8Array[], time: number, index: number): Uint8Array =>
  world.opening(
    3e9 + index,
    seeds.map((seed) => handleOf(publicKeyOf(seed))),
    time,
  )

function blocksOf(sizes: Sizes, make: (index: number) => Uint8Array): readonly (readonly Uint8Array[])[] {
  return Array.from({ length: sizes.blocksPerRound }, (_, block) =>
    Array.from({ length: sizes.transactions }, (__, index) => make(block * sizes.transactions + index)),
  )
}

async function secondsEach(
  blocks: readonly (readonly Uint8Array[])[],
  action: (blocks: readonly (readonly Uint8Array[])[]) => Promise<void>,
): Promise<number> {
  const from = performance.now()
  await action(blocks)
  return (performance.now() - from) / 1_000 / blocks.flat().length
}

/** Seconds for one signature, over the very messages and keys of the workload, by the platform alone. */
function rawVerify(world: EngineWorld, envelopes: readonly Uint8Array[]): number {
  const keys = new Map(
    world.sponsors.map(({ seed }) => {
      const key = publicKeyOf(seed)
      const x = Buffer.from(key).toString('base64url')
      return [
        Buffer.from(key).toString('hex'),
        createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
      ]
    }),
  )
  const signed = envelopes.map((bytes) => {
    const { body, bodyBytes, signatures } = envelopeOf(bytes)
    const key = keys.get(Buffer.from(body.signers[0] as Uint8Array).toString('hex'))
    if (!key) throw new Error('an envelope of nobody')
    return { key, message: signedBytes('transaction', body.chain, bodyBytes), signature: signatures[0] as Uint8Array }
  })
  const from = performance.now()
  for (const { key, message, signature } of signed)
    if (!verifySignature(null, message, key, signature)) throw new Error('a good signature did not hold')
  return (performance.now() - from) / 1_000 / signed.length
}

function envelopeOf(bytes: Uint8Array): Envelope {
  const read = readEnvelope(bytes)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value
}

/** Puts all threads of this process on so many cores; where the system cannot, the figures of one core say too much. */
function pin(cores: 1 | 2): void {
  if (coresAtStart < 2) return
  spawnSync('taskset', ['-a', '-c', '-p', cores === 1 ? '0' : '0,1', `${process.pid}`])
}

/** The same function, whose seconds are added up. */
function timed<Parameters extends readonly unknown[], Value>(
  into: Record<string, number>,
  name: string,
  action: (...given: Parameters) => Value,
): (...given: Parameters) => Value {
  return (...given) => {
    const from = performance.now()
    const value = action(...given)
    into[name] = (into[name] ?? 0) + (performance.now() - from) / 1_000
    return value
  }
}
