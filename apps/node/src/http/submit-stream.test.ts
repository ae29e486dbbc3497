/** What a stream holds when the other side floods it, does not read, or goes away. */
import { encode, ok } from '@plexus/codec'
import { batchEnvelopesMax, envelopeBatch, frameBytesMax, type StreamMessage } from '@plexus/sdk'
import { afterEach, expect, test } from 'vitest'
import { type SocketPair, socketPair, turns, untilTurn } from './socket-pair.testing.ts'
import type { Offered } from './submissions.ts'
import {
  heldEnvelopesMax,
  type ServedStream,
  serveSubmitStream,
  windowBytes,
  windowEnvelopes,
} from './submit-stream.ts'

/** What the system may hand over at once, above what was asked for. */
const readBytesMax = 64 * 1024

let pair: SocketPair
afterEach(() => pair.close())

interface Opened {
  readonly stream: ServedStream
  readonly messages: () => readonly StreamMessage[]
  /** The highest counts that were seen. */
  readonly peak: { envelopes: number; bytes: number; unsent: number }
  readonly look: () => void
}

async function open(offer: (envelope: Uint8Array) => Promise<Offered>): Promise<Opened> {
  let stream: ServedStream | undefined
  pair = await socketPair((socket) => {
    stream = serveSubmitStream({ socket, progressed: () => {} }, { first: 1, submissions: { offer } })
    const { ended } = stream
    socket.on('close', ended)
  })
  const { served } = pair
  const messages = () => pair.texts.flatMap((text) => JSON.parse(text) as StreamMessage[])
  await untilTurn(() => pair.texts.length === 1)
  if (!stream) throw new Error('nothing was served')
  const counts = stream.counts
  const peak = { envelopes: 0, bytes: 0, unsent: 0 }
  const look = () => {
    const { envelopes, bytes } = counts()
    peak.envelopes = Math.max(peak.envelopes, envelopes)
    peak.bytes = Math.max(peak.bytes, bytes)
    peak.unsent = Math.max(peak.unsent, served.bufferedAmount)
  }
  return { stream, messages, peak, look }
}

const frameOf = (count: number, length: number) =>
  encode(envelopeBatch, Array<Uint8Array>(count).fill(new Uint8Array(length)))
const applied = (height: number): Offered => ok({ height, index: 0, outcome: { space: '', code: 0 } })
const full = (retryAfterSeconds: number): Offered => ({
  ok: false,
  reason: { type: 'mempool-full', retryAfterSeconds },
})

test('a writer that floods is not read beyond the window, and all of it is answered in order later', async () => {
  const answers: ((answer: Offered) => void)[] = []
  const { messages, peak, look } = await open(() => new Promise((resolve) => answers.push(resolve)))
  const frames = 60
  const frame = frameOf(90, 11_000)
  for (let each = 0; each < frames; each++) pair.client.send(frame)
  await untilTurn(() => pair.served.isPaused, look)
  await turns(200, look)
  // Sixty million bytes were sent: what is not in the window waits at the writer and in the system.
  expect(pair.client.bufferedAmount).toBeGreaterThan(0)
  expect(peak.bytes).toBeLessThanOrEqual(windowBytes + frameBytesMax + readBytesMax)
  expect(messages()).toHaveLength(1)
  let height = 0
  await untilTurn(
    () => pair.texts.at(-1)?.includes(`"through":${frames * 90},`) === true,
    () => {
      look()
      height += 1
      for (const answer of answers.splice(0)) answer(applied(height))
    },
  )
  expect(peak.bytes).toBeLessThanOrEqual(windowBytes + frameBytesMax + readBytesMax)
  const through = messages()
    .slice(1)
    .map((message) => (message.type === 'welcome' ? 0 : message.through))
  expect(through).toEqual([...through].sort((a, b) => a - b))
})

test('a writer that reads no answers is held by the window too', async () => {
  let height = 0
  // Heights alternate, so that no two answers make one run: the most that can be owed.
  const { stream, peak, look } = await open(() => Promise.resolve(applied(++height % 2)))
  pair.client.pause()
  const frame = frameOf(batchEnvelopesMax, 200)
  for (let each = 0; each < 300; each++) pair.client.send(frame)
  await untilTurn(() => pair.served.isPaused && pair.served.bufferedAmount > 0, look)
  await turns(500, look)
  expect(stream.counts().envelopes).toBeGreaterThanOrEqual(windowEnvelopes)
  expect(peak.envelopes).toBeLessThanOrEqual(heldEnvelopesMax)
  // An answer is at most some hundred and fifty bytes.
  expect(peak.unsent).toBeLessThanOrEqual(heldEnvelopesMax * 150)
  expect(pair.client.bufferedAmount).toBeGreaterThan(0)
})

test('a flood of what is no envelope is cut off before it is held', async () => {
  const { peak, look } = await open(() => new Promise(() => {}))
  const closed = new Promise((resolve) => pair.client.on('close', resolve))
  const frame = frameOf(batchEnvelopesMax, 0)
  for (let each = 0; each < 40; each++) pair.client.send(frame)
  await untilTurn(() => pair.client.readyState === pair.client.CLOSED, look)
  expect(await closed).toBe(1008)
  expect(peak.envelopes).toBeLessThanOrEqual(heldEnvelopesMax)
})

test('a full engine is told as a refusal, and nothing is read until it may have room', async () => {
  let offered = 0
  const { messages } = await open(() => Promise.resolve(offered++ < 1 ? full(0.05) : applied(7)))
  pair.client.send(frameOf(1, 300))
  await untilTurn(() => messages().length === 2)
  expect(messages()[1]).toMatchObject({ type: 'refused', through: 1, code: 'ledger-full', retryAfterSeconds: 0.05 })
  expect(pair.served.isPaused).toBe(true)
  const resumed = new Promise<void>((resolve) => pair.client.on('message', () => resolve()))
  pair.client.send(frameOf(2, 300))
  await turns(20, () => expect(offered).toBe(1))
  await resumed
  expect(messages().at(-1)).toEqual({ type: 'applied', through: 3, height: 7 })
})

test('answers wait for those before them, and equal heights make one run', async () => {
  const answers: ((answer: Offered) => void)[] = []
  const { messages } = await open(() => new Promise((resolve) => answers.push(resolve)))
  pair.client.send(frameOf(4, 300))
  await untilTurn(() => answers.length === 4)
  answers[3]?.({ ok: false, reason: { type: 'expired' } })
  answers[1]?.(applied(5))
  answers[2]?.(applied(5))
  await turns(50, () => expect(messages()).toHaveLength(1))
  answers[0]?.(applied(5))
  await untilTurn(() => messages().length === 3)
  expect(messages().slice(1)).toMatchObject([
    { type: 'applied', through: 3, height: 5 },
    { type: 'refused', through: 4, code: 'envelope-refused', refusal: 'expired' },
  ])
})

test('what is answered after the other side went away is nobody’s', async () => {
  const answers: ((answer: Offered) => void)[] = []
  const { stream } = await open(() => new Promise((resolve) => answers.push(resolve)))
  pair.client.send(frameOf(3, 300))
  await untilTurn(() => answers.length === 3)
  expect(stream.owes()).toBe(true)
  pair.client.terminate()
  await untilTurn(() => pair.served.readyState === pair.served.CLOSED)
  for (const answer of answers) answer(applied(1))
  await turns(5, () => {})
  expect(stream.owes()).toBe(false)
})
