/**
 * The smallest ledger that survives its process: blocks in one file, each with its length before it, synced before
 * `commit` returns; everything else is computed again when it is opened. Keeps every state, so it suits short chains.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { concatBytes, decode, encode, toHex } from '@plexus/codec'
import { frontierRoot } from '@plexus/crypto'
import {
  type AppliedBlock,
  appHash,
  type LedgerReader,
  type Machine,
  memoryLedger,
  proveState,
  readEnvelope,
  storedBlock,
} from '@plexus/kernel'
import type { LedgerPort, StoredBlock, TransactionPlace } from './ports.ts'

/** What a crash is in these tests: thrown where the process would have died. */
export class Crash extends Error {}

export interface FileLedger extends LedgerPort {
  /** The next commit dies before anything is durable, or after all of it is. */
  crashNext(when: 'before-durable' | 'after-durable'): void
  close(): void
}

/** Without a path the ledger lives in memory. */
export function openFileLedger(machine: Machine, path?: string): FileLedger {
  const content = path && existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  const file = path ? openSync(path, 'a') : undefined
  const states: ReadonlyMap<string, Uint8Array>[] = []
  const roots: Uint8Array[] = []
  const blocks: StoredBlock[] = []
  const places = new Map<string, TransactionPlace>()
  let memory: ReturnType<typeof memoryLedger> | undefined
  let crash: 'before-durable' | 'after-durable' | undefined

  const reader: LedgerReader = {
    tip: () => memory?.reader.tip(),
    get: (key) => memory?.reader.get(key),
    entries: (prefix) => memory?.reader.entries(prefix) ?? [],
    tile: (place) => memory?.reader.tile(place),
    wasAccepted: (id, validUntil) => memory?.reader.wasAccepted(id, validUntil) ?? false,
  }

  function take(applied: AppliedBlock, header: Uint8Array): void {
    const { tip, transactions, outcomes, misbehaviour } = applied
    if (tip.height === 0) memory = memoryLedger({ found: () => applied })
    else memory?.commit(applied)
    states.push(new Map(reader.entries('')))
    roots.push(tip.stateRoot)
    blocks.push({ kind: 'block', height: tip.height, time: tip.time, header, transactions, outcomes, misbehaviour })
    for (const [index, bytes] of transactions.entries()) {
      const read = readEnvelope(bytes)
      if (!read.ok) continue
      const id = toHex(read.value.id)
      const known = places.get(id)
      const accepted = known && blocks[known.height]?.outcomes[known.index]?.code === 0
      if (!accepted) places.set(id, { height: tip.height, index })
    }
  }

  let whole = 0
  for (let at = 0; at + 4 <= content.length; ) {
    const end = at + 4 + content.readUInt32BE(at)
    const block =
      end <= content.length ? decode(storedBlock, new Uint8Array(content.subarray(at + 4, end)), 1e9) : undefined
    if (!block?.ok) break
    const { height, header } = block.value
    take(height === 0 ? machine.found() : machine.apply(reader, block.value), header)
    whole = end
    at = end
  }
  // What was torn by the end of a process was never acknowledged.
  if (path && whole < content.length) truncateSync(path, whole)

  return {
    ...reader,
    commit(applied, header) {
      const expected = (reader.tip()?.height ?? -1) + 1
      if (applied.tip.height !== expected) throw new Error(`block ${applied.tip.height} where ${expected} follows`)
      if (crash === 'before-durable') throw new Crash(crash)
      const { tip, transactions, outcomes, misbehaviour } = applied
      const block = encode(storedBlock, {
        kind: 'block',
        height: tip.height,
        time: tip.time,
        header,
        transactions,
        outcomes,
        misbehaviour,
      })
      if (file !== undefined) {
        const length = new Uint8Array(4)
        new DataView(length.buffer).setUint32(0, block.length)
        writeSync(file, concatBytes(length, block))
        fsyncSync(file)
      }
      if (crash === 'after-durable') throw new Crash(crash)
      take(applied, header)
    },
    block: (height) => blocks[height],
    header: (height) => blocks[height]?.header,
    transactionPlace: (id) => places.get(toHex(id)),
    proveStateAt(height, key) {
      const root = roots[height]
      const after = height + 1 < blocks.length ? blocks[height + 1] : undefined
      const state = memory?.stateAt(height)
      if (!root || !after || !state) return undefined
      return {
        height,
        key,
        value: states[height]?.get(key) ?? null,
        proof: proveState(state, root, key),
        stateRoot: root,
        historyRoot: historyRootAt(height),
      }
    },
    crashNext(when) {
      crash = when
    },
    close() {
      if (file !== undefined) closeSync(file)
    },
  }

  /** Computed again from the blocks: only a proof asks for it. */
  function historyRootAt(height: number): Uint8Array {
    const replay = memoryLedger(machine)
    for (const block of blocks.slice(1, height + 1)) replay.commit(machine.apply(replay.reader, block))
    const tip = replay.reader.tip()
    if (!tip) throw new Error('a founded ledger has a tip')
    const root = frontierRoot({ size: height, peaks: tip.history })
    if (toHex(appHash({ stateRoot: tip.stateRoot, historyRoot: root })) !== toHex(tip.appHash))
      throw new Error('the history does not give the app hash')
    return root
  }
}
