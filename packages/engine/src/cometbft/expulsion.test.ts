/** An engine that is connected to somebody who does not belong any more begins anew, one after another. */
import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { virtualTime } from '../local/virtual-time.testing.ts'
import { createExpulsion } from './expulsion.ts'

const answer = (ids: readonly string[]): Uint8Array =>
  utf8(JSON.stringify({ jsonrpc: '2.0', id: 0, result: { peers: ids.map((id) => ({ node_info: { id } })) } }))

function watched(turn: number) {
  const time = virtualTime(1_000)
  const members = new Set(['alder', 'birch'])
  const expelled: number[] = []
  let post = async (): Promise<Uint8Array> => answer(['alder', 'birch'])
  const expulsion = createExpulsion({
    post: () => post(),
    admits: (id) => members.has(id),
    turn: () => turn,
    clock: time.clock,
    schedule: time.schedule,
    onStrangers: (count) => expelled.push(count),
  })
  expulsion.begin()
  return {
    expulsion,
    members,
    expelled,
    answers: (next: typeof post) => {
      post = next
    },
    /** Each look answers in turns of its own. */
    async looks(count: number) {
      for (let look = 0; look < count; look++) {
        time.run(5)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

test('nobody is expelled who belongs, and an engine that does not answer expels nobody', async () => {
  const { looks, expelled, answers } = watched(0)
  await looks(3)
  answers(() => Promise.reject(new Error('no such socket')))
  await looks(3)
  answers(async () => utf8('{"result":7}'))
  await looks(3)
  expect(expelled).toEqual([])
})

test('whoever was removed is expelled at the next look by the first in turn, and by others when theirs has come', async () => {
  const [first, third] = [watched(0), watched(2)]
  for (const { members, looks } of [first, third]) {
    members.delete('birch')
    await looks(1)
  }
  expect([first.expelled, third.expelled]).toEqual([[1], []])
  await third.looks(3)
  expect(third.expelled).toEqual([])
  await third.looks(1)
  expect(third.expelled).toEqual([1])
})

test('a removed peer that went by itself before the turn costs nothing', async () => {
  const { members, looks, expelled, answers } = watched(2)
  members.delete('birch')
  await looks(2)
  answers(async () => answer(['alder']))
  await looks(1)
  answers(async () => answer(['alder', 'birch']))
  await looks(3)
  expect(expelled).toEqual([])
})

test('after its end it asks nothing, also where an answer was under way', async () => {
  const { expulsion, members, looks, expelled } = watched(0)
  members.delete('birch')
  expulsion.end()
  await looks(3)
  expect(expelled).toEqual([])
})
