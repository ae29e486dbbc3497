import { expect, test } from 'vitest'
import { connect, request } from './abci-client.testing.ts'
import { frame } from './frames.ts'
import { type AbciRequest, type AbciResponse, readRequest, writeResponse } from './messages.ts'

const check = (code: number): AbciResponse => ({
  type: 'checkTx',
  value: {
    code,
    data: new Uint8Array(0),
    log: '',
    info: '',
    gasWanted: 0n,
    gasUsed: 0n,
    events: [],
    codespace: '',
  },
})
const committed: AbciResponse = { type: 'commit', value: { retainHeight: 0n } }

/** Answers when the test says so. */
function slow() {
  const asked: { readonly request: AbciRequest; readonly answer: (response: AbciResponse) => void }[] = []
  return {
    asked,
    answer: (request: AbciRequest) => new Promise<AbciResponse>((answer) => asked.push({ request, answer })),
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('checks are under way together, and answered in the order in which they were asked', async () => {
  const { asked, answer } = slow()
  const client = connect({ answer })
  const answers = [1, 2, 3].map((code) => client.ask({ checkTx: { tx: Uint8Array.of(code) } }))
  await turn()
  expect(asked.map((each) => each.request.type)).toEqual(['checkTx', 'checkTx', 'checkTx'])
  const heard: (number | undefined)[] = []
  for (const each of answers) each.then(({ checkTx }) => heard.push(checkTx?.code))
  asked[2]?.answer(check(3))
  asked[1]?.answer(check(2))
  await turn()
  expect(heard).toEqual([])
  asked[0]?.answer(check(1))
  await Promise.all(answers)
  expect(heard).toEqual([1, 2, 3])
})

test('what may change the ledger begins when all before it is answered, and nothing begins before it has ended', async () => {
  const { asked, answer } = slow()
  const client = connect({ answer })
  const answers = [client.ask({ checkTx: {} }), client.ask({ commit: {} }), client.ask({ info: {} })]
  const types = () => asked.map((each) => each.request.type)
  await turn()
  expect(types()).toEqual(['checkTx'])
  asked[0]?.answer(check(0))
  await turn()
  expect(types()).toEqual(['checkTx', 'commit'])
  asked[1]?.answer(committed)
  await turn()
  expect(types()).toEqual(['checkTx', 'commit', 'info'])
  asked[2]?.answer(check(0))
  expect((await Promise.all(answers)).length).toBe(3)
})

test('more than the engine ever has in flight is answered too, in order', async () => {
  const client = connect({ answer: async (asked) => check(asked.type === 'checkTx' ? (asked.value.tx[0] ?? 0) : 999) })
  const codes = Array.from({ length: 5_000 }, (_, index) => index % 200)
  const answers = await Promise.all(codes.map((code) => client.ask({ checkTx: { tx: Uint8Array.of(code) } })))
  expect(answers.map(({ checkTx }) => checkTx?.code)).toEqual(codes)
})

test.each([
  ['a length that no message has', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 'frame-length-malformed'],
  ['a message above the limit', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 'frame-too-long'],
  ['bytes that are no message', frame(Uint8Array.of(0x0a, 0x09, 0x01)), 'request-malformed'],
  ['an empty message', frame(new Uint8Array(0)), 'request-unknown'],
  ['a message of a later protocol', frame(Uint8Array.of(0xfa, 0x01, 0x00)), 'request-unknown'],
  ['two messages in one', frame(Uint8Array.of(0x12, 0x00, 0x1a, 0x00)), 'request-malformed'],
])('%s closes the connection, with its reason', async (_what, bytes, type) => {
  const client = connect({ answer: () => committed })
  client.write(bytes)
  await client.closed
  expect(client.refused()?.type).toBe(type)
  expect(client.failed()).toBeUndefined()
})

test('what cannot be answered closes the connection, and is told to whoever runs the node', async () => {
  const full = new Error('no space left')
  const client = connect({ answer: () => Promise.reject(full) })
  client.write(request({ commit: {} }))
  await client.closed
  expect(client.failed()).toBe(full)
})

test('the two requests that the wire types do not know are known, and answered with nothing', () => {
  expect(readRequest(Uint8Array.of(0xaa, 0x01, 0x00))).toEqual({ ok: true, value: { type: 'insertTx' } })
  expect(readRequest(Uint8Array.of(0xb2, 0x01, 0x02, 0x08, 0x01))).toEqual({ ok: true, value: { type: 'reapTxs' } })
  expect(writeResponse({ type: 'insertTx' })).toEqual(Uint8Array.of(0xb2, 0x01, 0x00))
  expect(writeResponse({ type: 'reapTxs' })).toEqual(Uint8Array.of(0xba, 0x01, 0x00))
})
