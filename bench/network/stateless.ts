/**
 * The application to compare with: it verifies every signature once and makes each block durable, and does nothing else.
 * No rules, no state, no tree; what agreement itself costs on this machine.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { concatBytes, no, ok, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import type { CometEngineOptions } from '@plexus/engine'
import {
  type AppliedBlock,
  type Envelope,
  kernelRefusal,
  type Machine,
  memoryLedger,
  type RegisteredContract,
  readEnvelope,
} from '@plexus/kernel'

export interface Stateless {
  readonly machine: Machine
  readonly store: CometEngineOptions['store']
  close(): void
}

/** `founded` gives the chain and its founding state, from which the engine learns its validators. */
export function stateless(founded: Machine, holds: (envelope: Envelope) => boolean, file: string): Stateless {
  const { reader } = memoryLedger(founded)
  const descriptor = openSync(file, 'w')
  let tip = reader.tip()
  const [contract] = founded.contracts as readonly [RegisteredContract, ...RegisteredContract[]]

  const machine: Machine = {
    ...founded,
    quotaRefusal: () => undefined,
    check(_reader, bytes, _time, read = readEnvelope(bytes)) {
      if (!read.ok) return no(kernelRefusal('malformed'))
      if (!holds(read.value)) return no(kernelRefusal('signature-invalid'))
      return ok({ envelope: read.value, name: toHex(read.value.id), transaction: { type: 'none' }, contract })
    },
    apply(_reader, { height, time, transactions }, checked = []): AppliedBlock {
      if (!tip) throw new Error('the ledger was founded, and has no tip')
      const envelopes = transactions.flatMap((bytes, index) => {
        const known = checked[index]?.envelope
        const read = known ? ok(known) : readEnvelope(bytes)
        if (!read.ok) return []
        return [{ id: read.value.id, validUntil: read.value.body.validUntil, index, accepted: true }]
      })
      const appHash = sha256(concatBytes(tip.appHash, ...envelopes.map(({ id }) => id)))
      const root = tip.stateRoot
      return {
        tip: { ...tip, height, time, appHash },
        summary: { height, time, transactionsRoot: root, outcomesRoot: root },
        transactions,
        misbehaviour: [],
        envelopes,
        outcomes: transactions.map(() => ({ space: 'kernel', code: 0 })),
        events: [],
        changes: [],
        tiles: [],
        overwritten: [],
      }
    },
  }
  return {
    machine,
    store: {
      ...reader,
      tip: () => tip,
      commit(applied, header) {
        writeSync(descriptor, concatBytes(header, ...applied.transactions))
        fdatasyncSync(descriptor)
        tip = applied.tip
      },
      block: () => undefined,
      header: () => undefined,
      transactionPlace: () => undefined,
      proveStateAt: () => undefined,
    },
    close: () => closeSync(descriptor),
  }
}
