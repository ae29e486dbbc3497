import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { decode, encode } from '@plexus/codec'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from './child.testing.ts'
import type { OfferedSnapshot } from './ledger-restore.ts'
import type { LedgerStoreOptions } from './ledger-store.ts'
import { type SnapshotChunk, snapshotChunk } from './snapshot-format.ts'
import { openSnapshotLedger, type SnapshotEvent, type SnapshotLedger } from './snapshots.ts'
import { endOf, envelopeOf, idOf, nextBlock, tallyMachine, transactionsOf } from './tally.testing.ts'

const machine = tallyMachine()
const every = 320
/** Blocks are a second apart here: more than the window in which an envelope could come again. */
const blocks = 640
/** Most are empty. */
const busy = 16

interface Opened {
  readonly ledger: SnapshotLedger
  readonly directory: string
  readonly next: () => Promise<SnapshotEvent>
}

/** What need not survive a crash is made in a tenth of the time. */
function open(directory = temporaryDirectory(), durable = true, options: Partial<LedgerStoreOptions> = {}): Opened {
  let heard = (_event: SnapshotEvent): void => {}
  const ledger = openSnapshotLedger(
    join(directory, 'ledger'),
    { chain: machine.chain.id, durable, ...options },
    { directory: join(directory, 'snapshots'), every, onEvent: (event) => heard(event) },
  )
  onTestFinished(() => ledger.close())
  return {
    ledger,
    directory,
    next: () =>
      new Promise((resolve) => {
        heard = resolve
      }),
  }
}

function commit(ledger: SnapshotLedger, transactions?: readonly Uint8Array[]): void {
  const { applied, header } = nextBlock(machine, ledger, transactions)
  ledger.commit(applied, header)
}

/** Goes on up to a height at which a snapshot is made, and the block behind it. */
async function upTo({ ledger, next }: Opened, height: number): Promise<SnapshotEvent> {
  let last: Promise<SnapshotEvent> | undefined
  while ((ledger.tip()?.height ?? -1) <= height) {
    const at = (ledger.tip()?.height ?? -1) + 1
    if (at === height + 1 && height % every === 0) last = next()
    commit(ledger, at % busy === 0 ? undefined : [])
    if (at > 1 && at % every === 1 && at <= height) await next()
  }
  return (await last) as SnapshotEvent
}

const chunksOf = (ledger: SnapshotLedger, { height, hashes }: Omit<OfferedSnapshot, 'appHash'>): Uint8Array[] =>
  hashes.map((_, index) => ledger.snapshots.chunk(height, index) as Uint8Array)

function offeredBy(ledger: SnapshotLedger): OfferedSnapshot {
  const [newest] = ledger.snapshots.list()
  const roots = newest && ledger.rootAt(newest.height)
  if (!roots) throw new Error('no snapshot was made')
  return { ...newest, appHash: roots.appHash }
}

async function takeAll(ledger: SnapshotLedger, offered: OfferedSnapshot, chunks: readonly Uint8Array[]) {
  const taken = ledger.snapshots.restore(offered)
  let answer: Awaited<ReturnType<typeof taken.take>> | undefined
  for (const chunk of chunks) {
    answer = await taken.take(chunk)
    if (!answer.ok) break
  }
  return answer
}

test('a ledger that began from a snapshot goes on as the one that made it, and refuses what came there before', async () => {
  const source = open(undefined, false)
  expect(await upTo(source, blocks)).toEqual({ type: 'taken', height: blocks })
  const { ledger: from } = source
  const offered = offeredBy(from)
  // Two are kept, and the newest comes first.
  expect(from.snapshots.list().map(({ height }) => height)).toEqual([blocks, blocks - every])

  const target = open()
  const { ledger } = target
  expect(await takeAll(ledger, offered, chunksOf(from, offered))).toEqual({ ok: true, value: 'whole' })
  expect(ledger.tip()?.appHash).toEqual(offered.appHash)
  expect(ledger.tip()?.height).toBe(blocks)
  expect(ledger.beginning()).toEqual({ height: blocks, event: ledger.tip()?.nextEvent })
  expect([...ledger.entries('')].length).toBeGreaterThan(20)

  // An envelope of the last seconds counts as seen; one that nobody sent does not.
  const block = from.block(blocks - busy)
  const [seen] = block?.transactions ?? []
  if (!seen) throw new Error('no envelope')
  expect(ledger.wasAccepted(idOf(seen), endOf(seen))).toBe(from.wasAccepted(idOf(seen), endOf(seen)))
  expect(ledger.transactionPlace(idOf(seen), endOf(seen))).toEqual(from.transactionPlace(idOf(seen), endOf(seen)))
  expect(ledger.block(blocks - busy)?.outcomes).toEqual(block?.outcomes)

  // Both apply the same blocks from here on, and prove the same.
  for (let more = 0; more < every; more++) {
    const time = from.tip()?.time ?? 0
    const envelopes = more % busy === 0 ? transactionsOf(machine, blocks + 2 + more, time) : []
    if (more === 0) commit(ledger, from.block(blocks + 1)?.transactions)
    commit(from, envelopes)
    commit(ledger, envelopes)
    expect(ledger.tip()).toEqual(from.tip())
  }
  const top = from.tip()?.height ?? 0
  expect([...ledger.entries('')]).toEqual([...from.entries('')])
  expect([...ledger.tiles()]).toEqual([...from.tiles()])
  expect(ledger.proveBlock(blocks + 3, top)).toEqual(from.proveBlock(blocks + 3, top))
  expect(ledger.proveGrowth(blocks + 3, top)).toEqual(from.proveGrowth(blocks + 3, top))
  expect(ledger.proveStateAt(top, 'tally/counts/founded')).toEqual(from.proveStateAt(top, 'tally/counts/founded'))
  expect(ledger.events(ledger.beginning().event - 1, 10)).toEqual(from.events(ledger.beginning().event - 1, 10))
  // What was before is not here.
  expect(ledger.block(2)).toBeUndefined()
  expect(ledger.header(blocks - 1)).toBeUndefined()
  expect(ledger.proveBlock(2, top)).toBeUndefined()
  expect(ledger.proveGrowth(2, top)).toBeUndefined()

  // The snapshot that it makes itself is that of the other, byte for byte.
  expect(ledger.snapshots.list()[0]?.height).not.toBe(top)
  let both: readonly SnapshotEvent[] | undefined
  Promise.all([target.next(), source.next()]).then((events) => {
    both = events
  })
  // What is on its way to LMDB gets there with the blocks that follow, at a pace at which a process can look.
  while (!both) {
    commit(from, [])
    commit(ledger, [])
    await pause(5)
  }
  expect(both).toEqual([
    { type: 'taken', height: blocks + every },
    { type: 'taken', height: blocks + every },
  ])
  expect(ledger.snapshots.list()[0]).toEqual(from.snapshots.list()[0])

  ledger.close()
  const again = open(target.directory).ledger
  expect(again.tip()).toEqual(from.tip())
  expect(again.beginning().height).toBe(blocks)
  expect(again.snapshots.list()[0]).toEqual(from.snapshots.list()[0])
  commit(again, [])
  commit(from, [])
  expect(again.tip()).toEqual(from.tip())
})

test.each([true, false])(
  'a ledger that writes to LMDB with every block misses no snapshot, and does so again behind it (durable: %s)',
  async (durable) => {
    // Without waiting, LMDB would be blocks ahead before a process has begun.
    const source = open(undefined, durable, { journalBytesMax: 1 })
    const { ledger, next } = source
    const taken = next()
    let heard: SnapshotEvent | undefined
    void taken.then((event) => {
      heard = event
    })
    while (!heard) {
      commit(ledger, [])
      // A node hears what its processes say between two blocks, and does not wait for them.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(heard).toEqual({ type: 'taken', height: every })
    const height = ledger.tip()?.height ?? 0
    expect(height).toBeGreaterThan(every)
    const offered = offeredBy(ledger)
    const { ledger: begun } = open()
    expect(await takeAll(begun, offered, chunksOf(ledger, offered))).toEqual({ ok: true, value: 'whole' })
    expect(begun.tip()?.appHash).toEqual(ledger.rootAt(every)?.appHash)
    // What waited meanwhile went to LMDB: opened anew, the ledger stands where it stood.
    commit(ledger, [])
    ledger.close()
    expect(open(source.directory).ledger.tip()?.height).toBe(height + 1)
  },
)

const remade = (chunks: readonly Uint8Array[], change: (chunk: SnapshotChunk) => SnapshotChunk | undefined) => {
  return chunks.flatMap((source) => {
    const read = decode(snapshotChunk, source, 1e9)
    const made = read.ok ? change(read.value) : undefined
    return made ? [encode(snapshotChunk, made)] : []
  })
}

const hashed = (chunks: readonly Uint8Array[]): readonly Uint8Array[] =>
  chunks.map((chunk) => new Uint8Array(createHash('sha256').update(chunk).digest()))

test('nothing of a snapshot that lies is used, whichever part of it does', async () => {
  const source = open(undefined, false)
  await upTo(source, blocks)
  const offered = offeredBy(source.ledger)
  const chunks = chunksOf(source.ledger, offered)
  const target = open()
  commit(target.ledger)
  const before = target.ledger.tip()

  const refusedFor = async (changed: readonly Uint8Array[], of: Partial<OfferedSnapshot> = {}) => {
    const answer = await takeAll(target.ledger, { ...offered, hashes: hashed(changed), ...of }, changed)
    expect(target.ledger.tip()).toEqual(before)
    return answer?.ok === false ? answer.reason.type : answer?.ok
  }
  const flipped = Uint8Array.from(chunks.at(-1) as Uint8Array)
  flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1
  const withFlip = [...chunks.slice(0, -1), flipped]
  // The hashes that were offered tell at once; if they lie too, the root does.
  expect(await refusedFor(withFlip, { hashes: offered.hashes })).toBe('chunk-differs')
  expect(await refusedFor(withFlip)).toBe('state-differs')
  expect(await refusedFor(chunks, { appHash: new Uint8Array(32) })).toBe('app-hash-differs')
  expect(await refusedFor(chunks, { height: blocks - 1 })).toBe('app-hash-differs')
  expect(await refusedFor([Uint8Array.of(0xff), ...chunks.slice(1)])).toBe('chunk-malformed')
  expect(await refusedFor(chunks.slice(1))).toBe('chunk-out-of-order')
  expect(await refusedFor([...chunks, chunks.at(-1) as Uint8Array])).toBe('chunk-out-of-order')
  const without = (type: string) => remade(chunks, (chunk) => (chunk.type === type ? undefined : chunk))
  expect(await refusedFor(without('entries'))).toBe('state-differs')
  expect(await refusedFor(without('blocks'))).toBe('blocks-missing')
  const entries = (change: (all: readonly { key: string; value: Uint8Array }[]) => typeof all) =>
    remade(chunks, (chunk) => (chunk.type === 'entries' ? { ...chunk, entries: change(chunk.entries) } : chunk))
  expect(await refusedFor(entries((all) => all.slice(1)))).toBe('state-differs')
  expect(await refusedFor(entries((all) => all.toReversed()))).toBe('chunk-out-of-order')
  expect(await refusedFor(entries((all) => [...all, { key: '~', value: new Uint8Array(1) }]))).toBe('state-differs')
  const inBlocks = (change: (chunk: Extract<SnapshotChunk, { type: 'blocks' }>) => SnapshotChunk) =>
    remade(chunks, (chunk) => (chunk.type === 'blocks' ? change(chunk) : chunk))
  const accepted = inBlocks((chunk) => ({
    ...chunk,
    blocks: chunk.blocks.map((block) => ({ ...block, outcomes: block.outcomes.map((each) => ({ ...each, code: 5 })) })),
  }))
  expect(await refusedFor(accepted)).toBe('history-differs')
  expect(await refusedFor(inBlocks((chunk) => ({ ...chunk, blocks: chunk.blocks.slice(1) })))).toBe('blocks-missing')

  // Fewer blocks than the window holds: each in its place in the history, and yet refused.
  const short = shortened(source.ledger, chunks)
  expect(await refusedFor(short)).toBe('blocks-missing')

  // The right one is taken after all that, and what was half taken in has left nothing.
  expect(await takeAll(target.ledger, offered, chunks)).toEqual({ ok: true, value: 'whole' })
  expect(readdirSync(join(target.directory, 'snapshots'))).toEqual([])
})

/** The same snapshot with the blocks of the last minute alone. */
function shortened(ledger: SnapshotLedger, chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const first = blocks - 59
  return remade(chunks, (chunk) => {
    if (chunk.type === 'head') return { ...chunk, first, before: subtreesBefore(ledger, first - 1) }
    if (chunk.type === 'blocks') return { ...chunk, blocks: chunk.blocks.slice(-60) }
    return chunk
  })
}

/** By the audit path of the leaf behind them: what stands to its left is larger and larger. */
function subtreesBefore(ledger: SnapshotLedger, size: number): readonly Uint8Array[] {
  const next = ledger.proveBlock(size + 1, size + 1)
  return next ? next.path.toReversed() : []
}

test('what a process that died has taken in is gone when the next one opens the ledger', async () => {
  const source = open(undefined, false)
  await upTo(source, every)
  const offered = offeredBy(source.ledger)
  const [first] = chunksOf(source.ledger, offered)
  const target = open()
  const taken = target.ledger.snapshots.restore(offered)
  expect(await taken.take(first as Uint8Array)).toEqual({ ok: true, value: 'goes-on' })
  expect(readdirSync(join(target.directory, 'snapshots'))).toEqual(['restoring'])
  const reopened = open(target.directory)
  expect(readdirSync(join(target.directory, 'snapshots'))).toEqual([])
  expect(reopened.ledger.tip()).toBeUndefined()
})

test('an envelope that a snapshot has brought is refused as a repetition', async () => {
  const source = open(undefined, false)
  const { ledger: from } = source
  await upTo(source, every - 2)
  const envelope = envelopeOf(machine, { type: 'count', name: 'once', note: new Uint8Array(1) }, from.tip()?.time ?? 0)
  commit(from, [envelope])
  await upTo(source, every)
  const offered = offeredBy(from)
  const { ledger } = open()
  await takeAll(ledger, offered, chunksOf(from, offered))
  commit(ledger, [envelope])
  expect(ledger.block(every + 1)?.outcomes).toEqual([{ space: 'kernel', code: 5 }])
})
