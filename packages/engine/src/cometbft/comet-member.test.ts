import { readEnvelope, signaturesHold } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { createLedgerView } from '../local/ledger-view.ts'
import type { SubmitAnswer } from '../local/local-engine.ts'
import { testNode } from './application.testing.ts'
import { createCometMember } from './comet-member.ts'
import type { BroadcastAnswer } from './engine-rpc.ts'
import { chainOf, machineOf, opening } from './network.testing.ts'

const foundedAt = 1_700_000_000
const chain = chainOf(foundedAt)
const opens = (name: string, member = 'alder') => opening(chain, member, name, foundedAt, 60)

/** A member whose engine answers what the test says, over an application that tests feed with blocks. */
function member() {
  const node = testNode(chain, {
    now: () => foundedAt,
    verify(bytes) {
      const read = readEnvelope(bytes)
      return read.ok && signaturesHold(read.value)
    },
  })
  const { machine } = machineOf(chain, { verify: async () => [] })
  const replica = createLedgerView({ machine, store: node.store, member: 'alder' })
  const sent: Uint8Array[] = []
  const engine: { answer: BroadcastAnswer } = { answer: { type: 'waits' } }
  const made = createCometMember({
    replica,
    application: node.application,
    broadcasts: {
      async send(envelope) {
        sent.push(envelope)
        return engine.answer
      },
    },
    clock: { now: () => foundedAt },
  })
  return {
    made,
    sent,
    engine,
    node,
    replica,
    offer(envelope: Uint8Array) {
      const offered: { answer?: SubmitAnswer } = {}
      made.offer(envelope, (answer) => {
        expect(offered.answer).toBeUndefined()
        offered.answer = answer
      })
      return offered
    },
    async block(height: number, time: number, transactions: readonly Uint8Array[]) {
      await node.block(height, time, transactions)
      const applied = node.committed.at(-1)
      if (applied) replica.committed(applied)
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('an envelope is answered when the own replica has it, and sent again when the engine lost it', async () => {
  const { made, sent, offer, block } = member()
  const offered = offer(opens('a'))
  await turn()
  expect([sent.length, offered.answer]).toEqual([1, undefined])
  made.sendAgain()
  expect(sent).toEqual([opens('a'), opens('a')])
  await block(1, foundedAt, [opens('a')])
  expect(offered.answer).toEqual({ ok: true, value: { height: 1, index: 0, outcome: { space: 'kernel', code: 0 } } })
  made.sendAgain()
  expect(sent.length).toBe(2)
  // Offered once more it is answered from its block, and not sent.
  expect(offer(opens('a')).answer).toEqual(offered.answer)
  expect(sent.length).toBe(2)
})

test('an envelope that no block had before its end is answered so', async () => {
  const { offer, block } = member()
  const offered = offer(opens('a'))
  await block(1, foundedAt + 61, [])
  expect(offered.answer).toEqual({ ok: false, reason: { type: 'expired' } })
})

test.each([
  ['full', { type: 'mempool-full', retryAfterSeconds: 1 }],
  ['unreachable', { type: 'sequencer-unreachable' }],
] as const)('an engine that is %s says so to the caller', async (type, reason) => {
  const { offer, engine } = member()
  engine.answer = { type }
  const offered = offer(opens('a'))
  await turn()
  expect(offered.answer).toEqual({ ok: false, reason })
})

test('what the mempool’s check refuses is answered with the reason and its place in the protocol', async () => {
  const { offer, engine, node } = member()
  engine.answer = { type: 'refused' }
  const forged = new Uint8Array(opens('b'))
  forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1)
  await node.client.ask({ checkTx: { tx: forged } })
  const offered = offer(forged)
  await turn()
  expect(offered.answer).toMatchObject({ ok: false, reason: { reason: 'signature-invalid', space: 'kernel', code: 7 } })
})

test('what cannot be read is answered at once, and a stopped node answers all that wait', async () => {
  const { offer, replica, sent } = member()
  expect(offer(new Uint8Array(3)).answer).toMatchObject({ ok: false, reason: { reason: 'malformed' } })
  const offered = offer(opens('a'))
  replica.stop()
  expect(offered.answer).toEqual({ ok: false, reason: { type: 'stopped' } })
  expect(offer(opens('b')).answer).toEqual({ ok: false, reason: { type: 'stopped' } })
  expect(sent.length).toBe(1)
})
