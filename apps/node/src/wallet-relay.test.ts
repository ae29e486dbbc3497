/** What passes between two nodes for a wallet, and what becomes of it where a member is away. */
import { encode } from '@plexus/codec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clinic, startWorld, type World } from './http/world.testing.ts'
import { schedule } from './schedule.ts'
import { answerRelayed, answerWallet, WalletRelay, walletAsk } from './wallet-relay.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

describe('a member', () => {
  test('answers a wallet that came through another node as one that came by itself', async () => {
    const node = world.network.node(clinic)
    for (const type of ['mailbox', 'own-record'] as const) {
      const asked = { type, request: new Uint8Array(40) } as const
      const answer = await answerWallet(node, asked)
      expect(answer).toEqual({ type: 'refused', reason: { type: 'request-malformed', refusal: null } })
      expect(await answerRelayed(node, encode(walletAsk, asked))).toBeInstanceOf(Uint8Array)
    }
    const note = { type: 'note', sealed: new Uint8Array(300) } as const
    expect(await answerWallet(node, note)).toMatchObject({ reason: { type: 'note-not-sealed-to-us' } })
  })

  test('has no answer to bytes that are no ask of a wallet', async () => {
    const node = world.network.node(clinic)
    expect(await answerRelayed(node, new Uint8Array([1, 2, 3]))).toBeUndefined()
    const longer = encode(walletAsk, { type: 'mailbox', request: new Uint8Array(40) })
    expect(await answerRelayed(node, new Uint8Array([...longer, 0]))).toBeUndefined()
  })
})

describe('a member that is away', () => {
  test('keeps nobody waiting: after the first all hear of it at once, until it is tried again', async () => {
    let dials = 0
    let time = 0
    const relay = new WalletRelay({
      seed: () => new Uint8Array(32).fill(1),
      random: (length) => new Uint8Array(length).fill(7),
      now: () => time,
      schedule,
      holderOf: () => undefined,
      addressOf() {
        dials += 1
        return undefined
      },
    })
    const asked = { type: 'mailbox', request: new Uint8Array(40) } as const
    const all = await Promise.all(Array.from({ length: 40 }, () => relay.ask('elsewhere', asked)))
    const codes = all.map((each) => (each.type === 'refused' ? each.reason.type : each.type))
    expect([dials, new Set(codes.slice(0, 32)), new Set(codes.slice(32))]).toEqual([
      1,
      new Set(['member-not-reached']),
      new Set(['node-busy']),
    ])
    time = 10
    expect(await relay.ask('elsewhere', asked)).toMatchObject({ reason: { type: 'member-not-reached' } })
    expect(dials).toBe(2)
  })
})
