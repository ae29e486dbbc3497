import { decode, encode, utf8 } from '@plexus/codec'
import { handleOf, publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { mailboxRequest, noticePage, signedMailboxRequest } from '@plexus/policy'
import { beforeEach, describe, expect, test } from 'vitest'
import { board, hospital, seedOf } from './founding.testing.ts'
import { Stopped } from './replica.testing.ts'
import { recordOf, World } from './world.testing.ts'

const boxSeed = seedOf('box')
const address = handleOf(publicKeyOf(boxSeed))
let world: World
beforeEach(async () => {
  world = await World.start()
})

function requestOf(
  changes: { readonly after?: number; readonly madeAt?: number; readonly address?: Uint8Array } = {},
  seed = boxSeed,
): Uint8Array {
  const content = { address, after: 0, madeAt: world.time, ...changes }
  const signature = sign(seed, signedBytes('mailbox-request', world.chain.id, encode(mailboxRequest, content)))
  return encode(signedMailboxRequest, { content, signature: { key: publicKeyOf(seed), signature } })
}

const boxes = () => world.exchange(board).mailboxes
const deposit = (name: string) => boxes().deposit({ id: seedOf(name), address, sealed: utf8(name) })
const fetched = (request: Uint8Array) => {
  const page = boxes().fetch(request)
  if (!page.ok) throw new Error(`refused: ${page.reason.type}`)
  expect(decode(noticePage, encode(noticePage, page.value)).ok).toBe(true)
  return page.value
}
const refusalOf = (request: Uint8Array) => {
  const page = boxes().fetch(request)
  return page.ok ? 'none' : page.reason.type
}

describe('a mailbox', () => {
  test('keeps a notice once, however often it is deposited, and in the order of arrival', () => {
    for (const name of ['one', 'two', 'one', 'three', 'two']) deposit(name)
    world.restart(board)
    deposit('three')
    expect(fetched(requestOf()).notices).toEqual(
      ['one', 'two', 'three'].map((name, index) => ({ number: index + 1, sealed: utf8(name) })),
    )
  })

  test('gives what comes after the notice that the wallet has, fifty at a time, and says how many are left', () => {
    for (let at = 1; at <= 120; at++) deposit(`notice ${at}`)
    const pages = [0, 50, 100, 120].map((after) => fetched(requestOf({ after })))
    expect(pages.map(({ notices, more }) => [notices.length, more])).toEqual([
      [50, 70],
      [50, 20],
      [20, 0],
      [0, 0],
    ])
    expect(pages.flatMap(({ notices }) => notices.map(({ number }) => number))).toEqual(
      Array.from({ length: 120 }, (_, index) => index + 1),
    )
  })

  test('that nobody has written to is empty', () => {
    expect(fetched(requestOf())).toEqual({ notices: [], more: 0 })
  })

  test('shows nothing of the box beside it', () => {
    boxes().deposit({ id: seedOf('other'), address: seedOf('other box'), sealed: utf8('other') })
    expect(fetched(requestOf()).notices).toEqual([])
  })
})

describe('a request to fetch is refused', () => {
  test.each([
    ['request-malformed', 'when it is cut off', () => requestOf().slice(1)],
    ['not-its-key', 'when its key is not the box’s', () => requestOf({}, seedOf('another'))],
    ['request-stale', 'when it is older than two minutes', () => requestOf({ madeAt: world.time - 121 })],
    ['request-stale', 'when it is from more than two minutes ahead', () => requestOf({ madeAt: world.time + 121 })],
    [
      'signature-invalid',
      'when a byte of its signature is changed',
      () => {
        const request = requestOf()
        request[request.length - 1] = (request.at(-1) as number) ^ 1
        return request
      },
    ],
  ] as const)('%s: %s', (refusal, _, request) => {
    deposit('one')
    expect(refusalOf(request())).toBe(refusal)
  })

  test('and is good for two minutes either way', () => {
    for (const madeAt of [world.time - 120, world.time + 120]) expect(refusalOf(requestOf({ madeAt }))).toBe('none')
  })
})

describe('acknowledged means durable', () => {
  test('a node that stops in front of a deposit acknowledges nothing, and the sender sends again', async () => {
    await world.register([recordOf('a')])
    const { journal } = world.node(board)
    journal.stopBefore = (changes) => changes.some(({ table }) => table === 'mailbox-notices')
    await world.exchange(hospital).run(({ outbox, batches: _ }) => {
      const mailbox = { member: board, address, sealingKey: world.sealingKeyOf(board) }
      world
        .node(hospital)
        .journal.write(
          outbox.addNotice(mailbox, { type: 'set-in-force', custodian: hospital, version: 1, height: 1, madeAt: 1 }),
        )
    })
    await expect(world.deliver(board)).rejects.toThrow(Stopped)
    expect(world.wire).toEqual([])
    expect(world.exchange(hospital).outbox.waiting).toBe(1)
    world.restart(board)
    world.time += 2
    await world.exchange(hospital).wake()
    await world.deliver(board)
    expect(fetched(requestOf()).notices).toHaveLength(1)
    await world.deliver(hospital)
    expect(world.exchange(hospital).outbox.waiting).toBe(0)
  })

  test('what was acknowledged is there after a restart', async () => {
    await world.say(hospital, board, { type: 'deposit', id: seedOf('id'), address, sealed: utf8('kept') })
    const [answer] = await world.intercept(hospital)
    expect(answer).toEqual({ type: 'deposited', id: seedOf('id') })
    world.restart(board)
    expect(fetched(requestOf()).notices).toEqual([{ number: 1, sealed: utf8('kept') }])
  })
})
