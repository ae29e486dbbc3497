/** What goes over the doors for whole envelopes: its bounds, its bytes, and the texts that come back. */
import { bytes, list } from '@plexus/codec'

/** Names of the two protocols over WebSocket (RFC 6455 §1.9); the token goes beside them where no header can be set. */
export const submitProtocol = 'plexus-submit.v1'
export const eventsProtocol = 'plexus-events.v1'

/** Browsers cannot set headers on a WebSocket. A token in the address would come into logs; in this list it does not. */
export const bearerProtocol = (token: string): string => `bearer.${token}`

/** The media type of one envelope, and of a batch (RFC 8949 §9.3). */
export const cborType = 'application/cbor'

/** Half a block of the embedded engine: an answer comes after one block or two. */
export const batchEnvelopesMax = 1_000
/** A block's worth of bytes. */
export const batchBytesMax = 4 * 1024 * 1024

/** One frame is held whole before it is read; the largest envelope fits five times. */
export const frameBytesMax = 1024 * 1024

/** A sequence number has 32 bits. A stream that has used them all ends, after some four thousand million envelopes. */
export const sequenceMax = 0xffff_ffff

/**
 * A batch, and the content of each binary frame of a stream: the envelopes as byte strings in a list, so that one that
 * cannot be read spoils no other. How long an envelope may be is said of each on its own.
 */
export const envelopeBatch = list(bytes({ max: batchBytesMax }), { min: 1, max: batchEnvelopesMax })

/** Where an envelope stands; `index` from 0. */
export interface Place {
  readonly height: number
  readonly index: number
}

/** Why an envelope was not accepted. `code` is a problem code of the node; those with `retryAfterSeconds` may come again. */
export interface SubmitRefused {
  readonly code: string
  /** The code of whoever refused behind the door: the kernel, a contract, or the engine. */
  readonly refusal: string | null
  /** Of the block that carries the refused envelope, when one does. */
  readonly height: number | null
  readonly retryAfterSeconds: number | null
}

/** What a batch is answered with: one for each envelope, in order. */
export type BatchAnswer = ({ readonly type: 'applied' } & Place) | ({ readonly type: 'refused' } & SubmitRefused)

/**
 * A text frame of the server is a list of these. After the welcome, each covers the sequence numbers after the last one
 * covered, through its own: `applied` all of them, `refused` exactly one.
 */
export type StreamMessage =
  | {
      readonly type: 'welcome'
      /** The number of the first envelope; each later one is the next. */
      readonly first: number
      /** So much may be unanswered. Beyond it the server does not read on until it has answered. */
      readonly windowEnvelopes: number
      readonly windowBytes: number
      readonly frameBytesMax: number
    }
  | { readonly type: 'applied'; readonly through: number; readonly height: number }
  | ({ readonly type: 'refused'; readonly through: number } & SubmitRefused)

/** An event of the feed, as `GET …/ledger/events` shows it too. */
export interface ShownEvent {
  readonly sequence: number
  readonly height: number
  readonly contract: string
  readonly event: { readonly type: string }
}

/** A text frame of the event feed. `next` is the cursor from which to go on. */
export interface EventPage {
  readonly events: readonly ShownEvent[]
  readonly next: number
}
