/**
 * The event feed over a WebSocket: pages of the replica's own store, each read when the socket has taken the one before. A
 * reader that is slow, or stands still, costs one page.
 */

import { decode, type Schema, toHex } from '@plexus/codec'
import { contracts } from '@plexus/contracts'
import { type EventRecord, kernelEvent, transactionBytesMax } from '@plexus/kernel'
import type { EventPage, ShownEvent } from '@plexus/sdk'
import type { MemberNode } from '../member-node.ts'
import type { Connection, Served } from './sockets.ts'

/** Lines of one page; a reader goes on from where it ended. */
export const eventsPerPageMax = 500
/** Events that open thousands of handles take most room; so many bytes end a page early. */
const eventBytesPerPageMax = 1024 * 1024

type EventStore = Pick<MemberNode['store'], 'events'>

/** Events after the cursor, as they are shown. The same cursor gives the same events, and more when there are more. */
export function eventPage(store: EventStore, after: number, limit: number): EventPage {
  const events: ShownEvent[] = []
  let size = 0
  let next = after
  for (const record of store.events(after, limit)) {
    size += record.event.length
    if (events.length > 0 && size > eventBytesPerPageMax) break
    events.push(eventOf(record))
    next = record.sequence
  }
  return { events, next }
}

/** An event is at most as long as the transaction that brought it. */
function eventOf({ sequence, height, contract, event }: EventRecord): ShownEvent {
  const schemas = contract === 'kernel' ? [kernelEvent] : eventsOf(contract)
  for (const schema of schemas) {
    const read = decode(schema, event, transactionBytesMax)
    if (read.ok) return { sequence, height, contract, event: fieldsOf(read.value) as ShownEvent['event'] }
  }
  return { sequence, height, contract, event: { type: 'unreadable' } }
}

/** Of every version of a contract that this build has, the newest first: canonical bytes fit the shape that they were written in. */
function eventsOf(contract: string): readonly Schema<unknown>[] {
  return contracts
    .filter(({ name }) => name === contract)
    .map(({ event }) => event)
    .toReversed()
}

/** The same fields with bytes in hexadecimal. */
export function fieldsOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(fieldsOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fieldsOf(member)]))
}

/** Whoever is to hear of new blocks; one listener of the replica stands for all of them. */
export interface BlockBell {
  listen(ring: () => void): () => void
}

export function bellOf({ replica }: Pick<MemberNode, 'replica'>): BlockBell {
  const listeners = new Set<() => void>()
  // The sockets that listen are bounded; the replica's own listeners are few.
  replica.onApplied(() => {
    for (const ring of [...listeners]) ring()
  })
  return {
    listen(ring) {
      listeners.add(ring)
      return () => void listeners.delete(ring)
    },
  }
}

export interface ServedFeed extends Served {
  /** Bytes of the page that the socket has not taken; 0 when it has taken all. */
  readonly unsentBytes: () => number
}

export function serveEventFeed(
  { socket, progressed }: Connection,
  { store, bell, after }: { readonly store: EventStore; readonly bell: BlockBell; readonly after: number },
): ServedFeed {
  let cursor = after
  let unsentBytes = 0
  let over = false

  function pump(): void {
    if (over || unsentBytes > 0) return
    const page = eventPage(store, cursor, eventsPerPageMax)
    if (page.events.length === 0) return
    cursor = page.next
    const text = JSON.stringify(page)
    unsentBytes = text.length
    socket.send(text, (failed) => {
      unsentBytes = 0
      if (failed) return
      progressed()
      pump()
    })
  }

  const silence = bell.listen(pump)
  // A reader has nothing to say; what it says is not kept.
  pump()
  return {
    owes: () => false,
    endsWhenIdle: false,
    ended() {
      over = true
      silence()
    },
    unsentBytes: () => unsentBytes,
  }
}
