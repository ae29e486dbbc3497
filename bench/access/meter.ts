/**
 * Listens to an access from outside: which durable write happened when, what went over the wire, what the ledger grew.
 * A journal's write says by its tables which step it ends, so the exchange itself needs no clock.
 */
import type { JournalChange } from '@plexus/exchange'
import type { Demonstration } from '@plexus/node'
import { now } from '../world.ts'

/** Stretches of one access, in order; their sum is its length. The slowest custodian ends each. */
export const stages = [
  'intents made and durable (session keys, batching)',
  'block of the intents, at the requester',
  'requests sealed, opened, decided, receipts durable (batching)',
  'blocks of the receipts, at the custodians',
  'decided again, releases sealed and durable',
  'answers opened and verified, durable',
  'ciphertexts fetched, opened, verified, durable',
  'gathered from the journal',
  'assembled',
] as const
type Stage = (typeof stages)[number]

export interface Meter {
  begin(): void
  mark(what: 'gathered'): void
  end(): {
    readonly seconds: number
    readonly stages: Readonly<Record<Stage, number>>
    readonly writes: number
    readonly writeSeconds: number
  }
  /** Since `begin`. */
  totals(): {
    readonly wireBytes: number
    readonly notes: number
    readonly ledgerBytes: number
    readonly blocks: number
  }
}

/** When each of these was seen. */
type Moment = 'asked' | 'sent' | 'receipted' | 'concluding' | 'released' | 'answered' | 'received' | 'gathered'

export function listen({ network }: Demonstration, requester: string): Meter {
  const seen = new Map<Moment, number>()
  let startedAt = 0
  let writes = 0
  let writeSeconds = 0
  let wireBytes = 0
  let notes = 0
  let from = 0
  const see = (moment: Moment): void => {
    // The first request leaves when the block of all intents was applied; of all else the slowest counts.
    if (moment === 'sent' && seen.has(moment)) return
    seen.set(moment, now())
  }
  const first = network.node(requester)
  const height = () => first.store.tip()?.height ?? 0

  const timed = <Value>(action: () => Value): Value => {
    const before = now()
    const value = action()
    writes++
    writeSeconds += now() - before
    return value
  }
  for (const node of network.nodes.values()) {
    const { journal, store, exchange } = node
    const write = journal.write.bind(journal)
    journal.write = (changes) => {
      timed(() => write(changes))
      for (const moment of momentsOf(changes)) see(moment)
    }
    const commit = store.commit.bind(store)
    store.commit = (applied, header) => {
      timed(() => commit(applied, header))
      if (node !== first) see('concluding')
    }
    const receive = exchange.receive.bind(exchange)
    exchange.receive = (note) => {
      wireBytes += note.length
      notes++
      return receive(note)
    }
  }

  return {
    begin() {
      seen.clear()
      writes = 0
      writeSeconds = 0
      wireBytes = 0
      notes = 0
      from = height()
      startedAt = now()
    },
    mark: see,
    end() {
      const endedAt = now()
      const order: readonly (readonly [Stage, number | undefined])[] = [
        [stages[0], seen.get('asked')],
        [stages[1], seen.get('sent')],
        [stages[2], seen.get('receipted')],
        [stages[3], seen.get('concluding')],
        [stages[4], seen.get('released')],
        [stages[5], seen.get('answered')],
        [stages[6], seen.get('received')],
        [stages[7], seen.get('gathered')],
        [stages[8], endedAt],
      ]
      let last = startedAt
      const parts = {} as Record<Stage, number>
      for (const [stage, at] of order) {
        const end = Math.max(last, at ?? last)
        parts[stage] = end - last
        last = end
      }
      return { seconds: endedAt - startedAt, stages: parts, writes, writeSeconds }
    },
    totals() {
      let ledgerBytes = 0
      for (let at = from + 1; at <= height(); at++) {
        const block = first.store.block(at)
        if (!block) throw new Error('a block of the ledger is not there')
        ledgerBytes += block.header.length + block.transactions.reduce((sum, { length }) => sum + length, 0)
      }
      return { wireBytes, notes, ledgerBytes, blocks: height() - from }
    },
  }
}

/** Which step a durable write ends. */
function momentsOf(changes: readonly JournalChange[]): readonly Moment[] {
  const put = new Set(changes.filter(({ value }) => value).map(({ table }) => table))
  const moments: Moment[] = []
  if (put.has('asks')) moments.push('asked')
  if (put.has('requests-deciding')) moments.push('receipted')
  if (put.has('requests') && !put.has('requests-deciding')) moments.push('released')
  if (put.has('records-received')) moments.push('received')
  else if (put.has('outbox') && put.has('intents-asked')) moments.push('answered')
  else if (put.has('intents-asked') && !put.has('asks')) moments.push('sent')
  return moments
}
