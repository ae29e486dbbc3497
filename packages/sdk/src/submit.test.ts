/** The client against nodes that are full, lose answers, or are none; against a real node it is tested at the node's doors. */
import { decode } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { fitsBatch, type HttpAnswer, submitBatch, submitEnvelope } from './submit-client.ts'
import { followEvents, openSubmitStream, type SocketEvents, type StreamAnswer } from './submit-stream.ts'
import {
  type BatchAnswer,
  batchBytesMax,
  batchEnvelopesMax,
  envelopeBatch,
  frameBytesMax,
  type StreamMessage,
} from './submit-wire.ts'

const json = (status: number, value: unknown, retryAfter: string | null = null): HttpAnswer => ({
  status,
  retryAfter,
  text: JSON.stringify(value),
})
const full = (seconds: number) => json(429, { code: 'ledger-full', refusal: 'mempool-full' }, String(seconds))
const applied = json(200, { height: 7, index: 3, outcome: { space: 'kernel', code: 0 } })

/** Answers in order, the last one for ever; null loses the answer. */
function scripted(...answers: readonly (HttpAnswer | null)[]) {
  const pauses: number[] = []
  const sent: Uint8Array[] = []
  return {
    pauses,
    sent,
    port: {
      async post(_path: string, _type: string, body: Uint8Array): Promise<HttpAnswer> {
        const answer = answers[Math.min(sent.length, answers.length - 1)]
        sent.push(body)
        if (!answer) throw new Error('lost')
        return answer
      },
      async pause(seconds: number) {
        pauses.push(seconds)
      },
    },
  }
}

const envelope = Uint8Array.of(1, 2, 3)

describe('one envelope', () => {
  test('comes again after the time that the node asks for, longer each time, with the same bytes', async () => {
    const { port, pauses, sent } = scripted(full(2), full(2), applied)
    expect(await submitEnvelope(port, envelope)).toEqual({ ok: true, value: { height: 7, index: 3 } })
    expect(pauses).toEqual([2, 4])
    expect(sent).toEqual([envelope, envelope, envelope])
  })

  test('is sent again when its answer was lost, since the same bytes are accepted once', async () => {
    const { port, sent } = scripted(null, applied)
    expect((await submitEnvelope(port, envelope)).ok).toBe(true)
    expect(sent).toHaveLength(2)
  })

  test('is given up, with the last answer, at a node that stays full', async () => {
    const { port, pauses, sent } = scripted(full(20))
    expect(await submitEnvelope(port, envelope)).toEqual({
      ok: false,
      reason: { code: 'ledger-full', refusal: 'mempool-full', height: null, retryAfterSeconds: 20 },
    })
    expect(sent).toHaveLength(10)
    expect(pauses).toEqual([20, 40, 60, 60, 60, 60, 60, 60, 60])
  })

  test('is not sent again when it was refused for good, or when no node answers there', async () => {
    const refusal = scripted(json(409, { code: 'ledger-refused', refusal: 'replayed', height: 9 }))
    expect(await submitEnvelope(refusal.port, envelope)).toMatchObject({
      reason: { code: 'ledger-refused', refusal: 'replayed', height: 9, retryAfterSeconds: null },
    })
    const stranger = scripted({ status: 200, retryAfter: null, text: 'hello' }, applied)
    await expect(submitEnvelope(stranger.port, envelope)).resolves.toMatchObject({ reason: { code: 'not-a-node' } })
    expect([refusal.sent.length, stranger.sent.length]).toEqual([1, 1])
  })
})

describe('a batch', () => {
  test('sends only those again that found no room, and keeps the order of answers', async () => {
    const line = (height: number): BatchAnswer => ({ type: 'applied', height, index: 0 })
    const busy: BatchAnswer = {
      type: 'refused',
      code: 'ledger-full',
      refusal: null,
      height: null,
      retryAfterSeconds: 1,
    }
    const { port, sent } = scripted(
      json(200, { answers: [line(1), busy, line(2), busy] }),
      json(200, { answers: [line(3), line(4)] }),
    )
    const four = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte))
    const answers = await submitBatch(port, four)
    expect(answers.map((answer) => answer.ok && answer.value.height)).toEqual([1, 3, 2, 4])
    const second = decode(envelopeBatch, sent[1] ?? envelope)
    expect(second.ok && second.value.map(([byte]) => byte)).toEqual([2, 4])
  })

  test('fits when it is neither empty, nor too many, nor too long', () => {
    const few = Array<Uint8Array>(4).fill(new Uint8Array(batchBytesMax / 4 - 8))
    expect(fitsBatch(few)).toBe(true)
    expect(fitsBatch([...few, new Uint8Array(10)])).toBe(false)
    expect(fitsBatch([])).toBe(false)
    expect(fitsBatch(Array<Uint8Array>(batchEnvelopesMax + 1).fill(envelope))).toBe(false)
  })
})

/** A connection whose other end the test plays. */
function played() {
  const frames: Uint8Array[] = []
  const paths: string[] = []
  let events: SocketEvents | undefined
  let closes = 0
  return {
    frames,
    paths,
    closes: () => closes,
    say: (...messages: readonly StreamMessage[]) => events?.message(JSON.stringify(messages)),
    text: (text: string) => events?.message(text),
    drop: () => events?.closed(),
    port: {
      connect(path: string, _protocol: string, given: SocketEvents) {
        paths.push(path)
        events = given
        return {
          send: (bytes: Uint8Array) => void frames.push(bytes),
          close() {
            closes += 1
          },
        }
      },
      pause: () => Promise.resolve(),
    },
  }
}

const welcome = (windowEnvelopes: number, windowBytes = 1_000_000): StreamMessage => ({
  type: 'welcome',
  first: 1,
  windowEnvelopes,
  windowBytes,
  frameBytesMax,
})

describe('a stream', () => {
  test('sends nothing before the welcome or beyond the window, and says when there is room', async () => {
    const { port, say } = played()
    const stream = openSubmitStream(port)
    expect(stream.submit(envelope, () => {})).toBe(false)
    say(welcome(2))
    await stream.room()
    const answers: StreamAnswer[] = []
    const three = [1, 2, 3].map(() => stream.submit(envelope, (answer) => answers.push(answer)))
    expect(three).toEqual([true, true, false])
    say({ type: 'applied', through: 2, height: 5 })
    await stream.room()
    expect(answers).toEqual([
      { ok: true, value: { height: 5 } },
      { ok: true, value: { height: 5 } },
    ])
    expect(stream.submit(envelope, () => {})).toBe(true)
  })

  test('is held by the bytes of the window too, though one envelope always goes', () => {
    const { port, say } = played()
    const stream = openSubmitStream(port)
    say(welcome(10, 5))
    expect([1, 2].map(() => stream.submit(new Uint8Array(9), () => {}))).toEqual([true, false])
  })

  test('puts what is handed over in one turn into one frame, and no frame above its bound', async () => {
    const { port, say, frames } = played()
    const stream = openSubmitStream(port)
    say(welcome(10_000, 10_000_000))
    for (let each = 0; each < 7; each++) stream.submit(new Uint8Array(200_000), () => {})
    await Promise.resolve()
    await Promise.resolve()
    const counts = frames.map((frame) => {
      const read = decode(envelopeBatch, frame, frameBytesMax)
      return read.ok ? read.value.length : 0
    })
    expect(counts).toEqual([5, 2])
  })

  test('tells each unanswered envelope when the connection is lost: what became of it is not known', () => {
    const { port, say, drop } = played()
    const stream = openSubmitStream(port)
    say(welcome(9))
    const answers: StreamAnswer[] = []
    stream.submit(envelope, (answer) => answers.push(answer))
    stream.submit(envelope, (answer) => answers.push(answer))
    const refusal = { code: 'envelope-refused', refusal: 'expired', height: null, retryAfterSeconds: null }
    say({ type: 'refused', through: 1, ...refusal })
    drop()
    expect(answers).toMatchObject([{ reason: refusal }, { reason: { code: 'connection-lost' } }])
    expect(stream.open()).toBe(false)
  })

  test('ends when the server answers what was never sent', () => {
    const { port, say, closes } = played()
    const stream = openSubmitStream(port)
    say(welcome(9), { type: 'applied', through: 1, height: 1 })
    expect([stream.open(), closes()]).toEqual([false, 1])
  })

  test('ends at a frame that is none, and leaves no envelope without an answer', () => {
    for (const frame of ['', '{}', '[null]', '[{"type":"applied","through":"1","height":1}]', '[{"type":"other"}]']) {
      const { port, say, text, closes } = played()
      const stream = openSubmitStream(port)
      say(welcome(9))
      const answers: StreamAnswer[] = []
      stream.submit(envelope, (answer) => answers.push(answer))
      text(frame)
      expect([stream.open(), closes()], frame).toEqual([false, 1])
      expect(answers, frame).toMatchObject([{ reason: { code: 'connection-lost' } }])
    }
  })
})

test('the event feed comes back to its cursor whenever it is lost, until it is ended', async () => {
  const { port, paths, text, drop } = played()
  const seen: number[] = []
  const stop = followEvents(port, { after: 3, page: ({ next }) => seen.push(next) })
  text(JSON.stringify({ events: [], next: 8 }))
  drop()
  await Promise.resolve()
  await Promise.resolve()
  text(JSON.stringify({ events: [], next: 9 }))
  stop()
  drop()
  await Promise.resolve()
  await Promise.resolve()
  expect(paths.map((path) => path.split('=')[1])).toEqual(['3', '8'])
  expect(seen).toEqual([8, 9])
})

test('the event feed leaves a node that goes back, so that no event is told twice', () => {
  const event = (sequence: number) => ({ sequence, height: 1, contract: 'notary', event: { type: 'batch-posted' } })
  for (const page of [
    { events: [], next: 4 },
    { events: [event(5)], next: 5 },
    { events: [event(7), event(6)], next: 7 },
    { events: [event(6), event(7)], next: 6 },
  ]) {
    const { port, text, closes } = played()
    followEvents(port, { after: 5, page: () => expect.unreachable(JSON.stringify(page)) })
    text(JSON.stringify(page))
    expect(closes(), JSON.stringify(page)).toBe(1)
  }
})

test('the event feed leaves whatever sends frames that are none', () => {
  for (const frame of ['', 'null', '{"events":[]}', '{"events":[{}],"next":1}', '{"events":[],"next":-1}']) {
    const { port, text, closes } = played()
    followEvents(port, { after: 0, page: () => expect.unreachable(frame) })
    text(frame)
    expect(closes(), frame).toBe(1)
  }
})
