import { expect, test } from 'vitest'
import { createBroadcasts, isAbreast, readBroadcastAnswers } from './engine-rpc.ts'

const bytes = (value: unknown): Uint8Array => Uint8Array.from(Buffer.from(JSON.stringify(value)))
const failed = (id: number, data: string) => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32603, message: 'Internal', data },
})
const checked = (id: number, code: number) => ({ jsonrpc: '2.0', id, result: { code, data: '', log: '', hash: '' } })

test('each envelope of a request gets its own answer', () => {
  const answers = readBroadcastAnswers(
    bytes([
      checked(1, 5),
      checked(0, 0),
      failed(2, 'tx already exists in cache'),
      failed(3, 'mempool is full: number of txs 10000 (max: 10000)'),
      failed(4, 'something new'),
    ]),
    6,
  )
  expect(answers.map(({ type }) => type)).toEqual(['waits', 'refused', 'waits', 'full', 'unreachable', 'unreachable'])
  expect(readBroadcastAnswers(bytes(checked(0, 0)), 1)).toEqual([{ type: 'waits' }])
})

test.each([['nothing'], [[7, null, { id: 0 }]], [{ id: 'a', result: { code: 0 } }], [[checked(9, 0)]]])(
  'what is no answer (%j) counts as none',
  (said) => {
    expect(readBroadcastAnswers(bytes(said), 1)).toEqual([{ type: 'unreachable' }])
  },
)

test('the engine takes envelopes when it says that it is abreast', () => {
  const status = (catching: unknown) => bytes({ result: { sync_info: { catching_up: catching } } })
  expect([status(false), status(true), bytes({}), new Uint8Array(0)].map(isAbreast)).toEqual([
    true,
    false,
    false,
    false,
  ])
})

test('envelopes of one turn go together, at most fifty, and few requests are under way', async () => {
  const sizes: number[] = []
  let underWay = 0
  let most = 0
  const broadcasts = createBroadcasts(async (body) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    const asked = JSON.parse(body) as readonly { readonly id: number }[]
    sizes.push(asked.length)
    return bytes(asked.map(({ id }) => checked(id, 0)))
  })
  const answers = await Promise.all(Array.from({ length: 320 }, () => broadcasts.send(new Uint8Array(3))))
  expect(answers.every(({ type }) => type === 'waits')).toBe(true)
  expect(sizes).toEqual([50, 50, 50, 50, 50, 50, 20])
  expect(most).toBe(4)
})

test('an engine that is gone is unreachable', async () => {
  const broadcasts = createBroadcasts(() => Promise.reject(new Error('no such socket')))
  expect(await broadcasts.send(new Uint8Array(1))).toEqual({ type: 'unreachable' })
})
