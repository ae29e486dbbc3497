/** What the feed holds for a reader that stands still, and what the reader has when it goes on. */
import { encode } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import type { EventRecord } from '@plexus/kernel'
import type { EventPage } from '@plexus/sdk'
import { afterEach, expect, test } from 'vitest'
import { type ServedFeed, serveEventFeed } from './event-feed.ts'
import { type SocketPair, socketPair, turns, untilTurn } from './socket-pair.testing.ts'

let pair: SocketPair
afterEach(() => pair.close())

/** Each opens as many handles as an envelope may: the largest events that there are. */
const event = encode(notary.event, {
  type: 'handles-opened',
  handles: Array.from({ length: 4_096 }, (_, index) => new Uint8Array(32).fill(index >> 8).fill(index & 255, 31)).sort(
    Buffer.compare,
  ),
  sponsor: 'hospital',
  height: 1,
})
const count = 100

test('a reader that stands still costs one page, however many blocks come, and misses nothing', async () => {
  let newest = count - 20
  let reads = 0
  const ring = new Set<() => void>()
  const store = {
    events(after: number, limit: number): readonly EventRecord[] {
      reads += 1
      return Array.from({ length: Math.min(limit, 8, newest - after) }, (_, index) => ({
        sequence: after + index + 1,
        height: 1,
        contract: notary.name,
        event,
      }))
    },
  }
  let feed: ServedFeed | undefined
  const bell = {
    listen(each: () => void) {
      ring.add(each)
      return () => void ring.delete(each)
    },
  }
  pair = await socketPair((socket) => {
    feed = serveEventFeed({ socket, progressed: () => {} }, { store, bell, after: 0 })
    socket.on('close', feed.ended)
  }, true)
  const unsent = () => feed?.unsentBytes() ?? 0
  let before = -1
  // Until the system's own buffers are full too.
  while (before !== reads) {
    before = reads
    await turns(200, () => {})
  }
  expect(unsent()).toBeGreaterThan(0)
  let peak = 0
  await turns(100, () => {
    newest = Math.min(count, newest + 2)
    for (const each of ring) each()
    peak = Math.max(peak, pair.served.bufferedAmount)
  })
  expect(reads).toBe(before)
  // A mebibyte of events, twice as long in hexadecimal, and their frames of JSON.
  expect(peak).toBeLessThan(2.5 * 1024 * 1024)
  pair.client.resume()
  const pages = () => pair.texts.map((text) => JSON.parse(text) as EventPage)
  await untilTurn(() => pair.texts.length > 0 && pair.texts.at(-1)?.endsWith(`"next":${count}}`) === true)
  const sequences = pages().flatMap(({ events }) => events.map(({ sequence }) => sequence))
  expect(sequences).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  pair.client.terminate()
  await untilTurn(() => ring.size === 0)
})
