/** Suite `submit`: signed envelopes over HTTP and WebSocket until they are durable, beside etcd and PostgreSQL, which sign nothing. */
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Figure, median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { type PeerSize, startEtcd } from './etcd.ts'
import { type OwnNode, startOwn } from './own.ts'
import { startPostgres } from './postgres.ts'
import type { Contender, Peer } from './processes.ts'

const size = { rounds: 5, singles: 8_000, streamed: 16_000, batched: 20_000, alone: 200, lines: 64, perBatch: 1_000 }
const smallSize = { rounds: 1, singles: 120, streamed: 300, batched: 200, alone: 20, lines: 8, perBatch: 100 }
/** Enough that one is on its way while another is made durable. */
const batchLines = 4
/** What performance.md §10 G5 grants a single submission beside its one write: verification, HTTP, and their slack. */
const latencySlackMilliseconds = 0.15
const latencyFactor = 1.5
const appendBytes = 4_096

export const suite: Suite = {
  name: 'submit',
  claim:
    'Signed envelopes, each by one of 64 sponsors, answered when they are durable: single over HTTP, as a stream over WebSocket, in batches; beside etcd and PostgreSQL writing values of the same length unsigned, with their own fsync, in turns of one run.',
  nonClaim:
    'One member in one process with its sequencer, the load generator on the same cores, everything on the loopback and one disk. etcd is asked over its JSON gateway, which its gRPC door outruns. Nothing about consensus between machines.',
  oneCore: false,
  async run({ small, tell }: RunOptions): Promise<Outcome> {
    const of = small ? smallSize : size
    const own = await startOwn({ lines: of.lines, batchLines, perBatch: of.perBatch })
    const peers: Peer[] = []
    try {
      const peerSize = { valueBytes: own.envelopeBytes, lines: of.lines, batchLines, perBatch: of.perBatch }
      if (!small) peers.push(...(await startPeers(peerSize, tell)))
      return await run(own, peers, of, tell)
    } finally {
      for (const peer of peers) await peer.stop()
      await own.stop()
    }
  },
}

/** Those that are installed; says plainly which are left out. */
async function startPeers(of: PeerSize, tell: RunOptions['tell']): Promise<readonly Peer[]> {
  const found: Peer[] = []
  for (const [name, start] of [
    ['etcd (Debian: etcd-server)', startEtcd],
    ['PostgreSQL (Debian: postgresql)', startPostgres],
  ] as const) {
    const peer = await start(of)
    if (peer) found.push(peer)
    else tell(`LEFT OUT: ${name} is not installed here, so there is no ratio to it.`)
  }
  return found
}

async function run(own: OwnNode, peers: readonly Peer[], of: typeof size, tell: RunOptions['tell']): Promise<Outcome> {
  const contenders: readonly (readonly [Contender, number])[] = [
    [own.single, of.singles],
    ...peers.map(({ single }) => [single, of.singles] as const),
    [own.stream, of.streamed],
    [own.batch, of.batched],
    ...peers.map(({ batch }) => [batch, of.batched] as const),
  ]
  const rates = new Map<string, number[]>(contenders.map(([{ name }]) => [name, []]))
  const disk: number[] = []
  const alone: number[] = []
  // One of each unmeasured: code that was never run, and files that were never written, are no contender's speed.
  for (let round = -1; round < of.rounds; round++) {
    for (const [contender, count] of contenders) {
      const share = round < 0 ? Math.min(count, of.perBatch) : count
      const prepared = await contender.prepare(share)
      const from = performance.now()
      await prepared.run()
      const rate = share / ((performance.now() - from) / 1000)
      prepared.close()
      if (round >= 0) rates.get(contender.name)?.push(rate)
    }
    const written = appends(of.alone)
    const answered = await own.oneByOne(of.alone)
    if (round < 0) continue
    disk.push(...written)
    alone.push(...answered)
  }
  const heights = await own.again()
  const accepted = own.accepted()
  const opened = await own.opened()
  if (opened !== accepted) throw new Error(`${accepted} were answered as accepted, and ${opened} are on the ledger`)
  for (const [name, values] of rates) tell(`${name}: ${values.map((rate) => Math.round(rate)).join(' ')} a second`)
  const rateOf = ({ name }: Contender): number => median(rates.get(name) ?? [])
  return {
    figures: [
      ...contenders.map(
        ([contender]): Figure => ({ name: contender.name, value: rateOf(contender), unit: 'a second' }),
      ),
      ...ratios(own, peers, rateOf),
      ...latencies(alone, disk),
    ],
    checked: { accepted, samePlace: new Set(heights).size === 1 },
  }
}

function ratios(own: OwnNode, peers: readonly Peer[], rateOf: (of: Contender) => number): readonly Figure[] {
  const ratio = (of: Contender, to: Contender): Figure => ({
    name: `${of.name} / ${to.name}`,
    value: rateOf(of) / rateOf(to),
    unit: 'times',
  })
  return [
    ratio(own.stream, own.single),
    ratio(own.batch, own.single),
    ...peers.flatMap(({ single, batch }) => [
      ratio(own.single, single),
      ratio(own.stream, single),
      ratio(own.batch, batch),
    ]),
  ]
}

function latencies(alone: readonly number[], disk: readonly number[]): readonly Figure[] {
  const allowed = latencyFactor * (median(disk) + latencySlackMilliseconds)
  return [
    { name: '4 KiB into a preallocated file and fdatasync, p50', value: median(disk), unit: 'ms' },
    { name: 'one client, single over HTTP, durable, p50', value: median(alone), unit: 'ms' },
    { name: 'one client, single over HTTP, durable, p99', value: percentile(alone, 0.99), unit: 'ms' },
    {
      name: `that p50 / ${latencyFactor} × (fdatasync p50 + ${latencySlackMilliseconds} ms)`,
      value: median(alone) / allowed,
      unit: 'times',
      target: { type: 'below', value: 1 },
    },
  ]
}

/** Milliseconds of appends to a file that has its length already, each made durable: what one commit cannot be faster than. */
function appends(count: number): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-bench-append-'))
  const file = openSync(join(folder, 'log'), 'w')
  try {
    const block = Buffer.alloc(appendBytes, 1)
    writeSync(file, Buffer.alloc(appendBytes * count))
    fsyncSync(file)
    return Array.from({ length: count }, (_, index) => {
      const from = performance.now()
      writeSync(file, block, 0, appendBytes, index * appendBytes)
      fdatasyncSync(file)
      return performance.now() - from
    })
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}
