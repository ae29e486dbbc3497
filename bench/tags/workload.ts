/** Suite `tags`: whether a fill already bears a discount, asked of a ledger with a million that do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareBytes, encode, ok, uint, variant } from '@plexus/codec'
import {
  contracts,
  directory,
  members,
  type PrescriptionsEvent,
  prescriptions,
  type RebatesEvent,
  rebates,
  whole,
} from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { createSequencer } from '@plexus/engine'
import {
  type Chain,
  createMachine,
  defineContract,
  foundChain,
  type Machine,
  type RegisteredContract,
  register,
  sealEnvelope,
} from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { foundedAt } from '../engine/world.ts'
import { bytesOf, foundedBy, sequencerSeed, sponsors } from '../sponsors.ts'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'

const full = { spent: 1_000_000, checks: 1_000, loadedPerBlock: 4_000 }
const tiny = { spent: 2_000, checks: 20, loadedPerBlock: 500 }
/** As many as one event of prescriptions signs. */
const itemsPerSigning = 250
const secondsMax = 0.005
const secondsPerDay = 86_400

export const suite: Suite = {
  name: 'tags',
  claim:
    'Second and first claims on fills, each checked by a node as its mempool does, signatures included, among a million fills that bear a discount.',
  nonClaim:
    'Nothing about the wait for a block. Nothing about more than fits into the memory of this machine: pages that were just written are in its cache.',
  oneCore: false,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const { spent, checks, loadedPerBlock } = small ? tiny : full
  const folder = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const chain = chainWithFills(checks)
  const store = openLedgerStore(join(folder, 'ledger'), { chain: chain.id })
  try {
    let time = foundedAt
    const loading = createSequencer({
      machine: loadingMachine(chain, checks),
      store,
      seed: sequencerSeed,
      blockTransactionsMax: 1,
    })
    for (let from = 0; from < spent; from += loadedPerBlock) {
      const count = Math.min(loadedPerBlock, spent - from)
      const transaction = encode(load, { type: 'load', from, count })
      const submitted = loading.submit(sealed(chain, from, transaction, [], time), time)
      time++
      if (!submitted.ok || loading.cut(time)?.transactions.length !== 1) throw new Error('nothing was loaded')
      if ((from + count) % (100 * loadedPerBlock) === 0) tell(`${from + count} fills bear a discount`)
    }
    const machine = createMachine({ chain, contracts, directory })
    const seconds: Readonly<Record<'first' | 'second', number[]>> = { first: [], second: [] }
    const answers = new Set<string>()
    for (let index = 0; index < checks; index++)
      for (const which of ['second', 'first'] as const) {
        const envelope = claim(chain, which, index, time)
        const from = performance.now()
        const checked = machine.check(store, envelope, time)
        seconds[which].push((performance.now() - from) / 1000)
        answers.add(`${which}: ${checked.ok ? 'accepted' : checked.reason.reason}`)
      }
    const target = { type: 'below', value: secondsMax } as const
    return {
      figures: (['second', 'first'] as const).flatMap((which) => [
        { name: `a ${which} claim among ${spent} spent tags, p50`, value: median(seconds[which]), unit: 's' },
        {
          name: `a ${which} claim among ${spent} spent tags, p95`,
          value: percentile(seconds[which], 0.95),
          unit: 's',
          target,
        },
      ]),
      checked: { spent, answers: [...answers].sort() },
    }
  } finally {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Which = 'first' | 'second'
/** The key of a fill's tag: of one that bears a discount, or of one that waits for its first. */
const tagSeed = (which: Which, index: number) => bytesOf(`tag ${which}`, index)
const tagOf = (which: Which, index: number) => handleOf(publicKeyOf(tagSeed(which, index)))

/** The envelope of one sponsor; `seeds` sign besides. */
function sealed(
  chain: Chain,
  index: number,
  transaction: Uint8Array,
  seeds: readonly Uint8Array[],
  time: number,
): Uint8Array {
  const sponsor = sponsors[index % sponsors.length] as (typeof sponsors)[number]
  const nonce = bytesOf('nonce', index).subarray(0, 16)
  const content = {
    chain: chain.id,
    sponsor: sponsor.id,
    nonce,
    validUntil: time + 60,
    contract: rebates.name,
    transaction,
  }
  return sealEnvelope(content, [sponsor.seed, ...seeds])
}

function claim(chain: Chain, which: Which, index: number, time: number): Uint8Array {
  const transaction = encode(rebates.transaction, {
    type: 'accrue',
    handle: bytesOf(`claimant ${which}`, index),
    tag: tagOf(which, index),
    programme: '340b',
    payer: bytesOf(`payer ${which}`, index),
    content: bytesOf('content', index),
  })
  return sealed(chain, index, transaction, [tagSeed(which, index)], time)
}

const load = variant({ load: { from: uint(), count: uint() } })

/** Writes accruals by the contract's own events; of the first `checks` of them somebody has the tags' keys. */
function loadingMachine(chain: Chain, checks: number): Machine {
  const loading: RegisteredContract = register(
    defineContract({
      ...rebates,
      transaction: load,
      objects: () => 0,
      rules: {
        load: (_, { from, count }, { height }) =>
          ok({ events: Array.from({ length: count }, (_each, index) => accrued(from + index, checks, height)) }),
      },
    }),
  )
  const others = contracts.filter(({ name }) => name !== rebates.name)
  return createMachine({ chain, contracts: [...others, loading], directory })
}

function accrued(index: number, checks: number, height: number): RebatesEvent {
  return {
    type: 'accrued',
    handle: bytesOf('loaded claimant', index),
    tag: index < checks ? tagOf('second', index) : bytesOf('tag', index),
    programme: 'medicaid',
    payer: bytesOf('loaded payer', index),
    content: bytesOf('loaded content', index),
    height,
  }
}

/** A chain that founds so many fills on which nothing accrued. */
function chainWithFills(count: number): Chain {
  const { genesis } = foundedBy(sponsors, foundedAt)
  const activated = [prescriptions, rebates].map(({ name, version }) => ({
    contract: members.name,
    event: encode(members.event, { type: 'contract-activated', contract: name, version, height: 0 }),
  }))
  const fills = fillEvents(count).map((event) => ({
    contract: prescriptions.name,
    event: encode(prescriptions.event, event),
  }))
  return foundChain({ ...genesis, founding: [...genesis.founding, ...activated, ...fills] })
}

function fillEvents(count: number): readonly PrescriptionsEvent[] {
  const issuedDay = Math.floor(foundedAt / secondsPerDay)
  const indexes = Array.from({ length: count }, (_, index) => index)
  const items = indexes.map((index) => ({
    handle: bytesOf('item', index),
    patient: bytesOf('patient', index),
    content: bytesOf('prescription', index),
    limits: 'none' as const,
    issuedDay,
    firstDay: issuedDay,
    lastDay: issuedDay + 365,
    refills: 0,
    refillWeeks: 0,
  }))
  const signings = indexes.filter((index) => index % itemsPerSigning === 0)
  return [
    ...signings.map(
      (from): PrescriptionsEvent => ({
        type: 'items-signed',
        organisation: 'clinic',
        registrar: null,
        prescribers: ['1003000126'],
        dayLagMinutes: 0,
        items: items.slice(from, from + itemsPerSigning).sort((a, b) => compareBytes(a.handle, b.handle)),
        height: 0,
      }),
    ),
    ...indexes.flatMap((index): readonly PrescriptionsEvent[] => {
      const [handle, holder] = [bytesOf('item', index), bytesOf('holder', index)]
      return [
        { type: 'made-available', handle, claimant: bytesOf('claimant of an item', index), height: 0 },
        { type: 'claimed', handle, holder, height: 0 },
        {
          type: 'filled',
          handle,
          fill: 1,
          from: 0,
          to: whole,
          record: bytesOf('record', index),
          tag: tagOf('first', index),
          holder,
          dispensers: [{ organisation: 'clinic', pharmacy: '1003000126', pharmacists: ['1003000126'] }],
          remainderEndsAt: null,
          nextStartsAt: foundedAt,
          height: 0,
        },
      ]
    }),
  ]
}
