/** What the connections between members' nodes are handed, and what they tell. */
import type { Result } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { BreakerState } from './breaker.ts'
import type { DialRefusal } from './dial.ts'
import type { Answerer } from './questions.ts'
import type { PeerStatus } from './status.ts'

/** A refusal of a note by whoever reads it; `node-busy` asks the sender to come again. */
export interface ReceiveRefusal {
  readonly type: string
}

export interface PeersOptions {
  /** The member whose node this is. */
  readonly member: string
  /** Ed25519 seed of the own transport key; asked again at each `refresh`. */
  readonly seed: () => Uint8Array
  /**
   * The member whose active transport key this is (hexadecimal) by the own replica, or undefined: nobody's, revoked, or of
   * a member that is not active.
   */
  readonly holderOf: (key: string) => string | undefined
  /** The address that the own replica has of a member; undefined for whoever is no active member. */
  readonly addressOf: (member: string) => string | undefined
  /** Takes a note that came whole. What it answers goes back to the sender. */
  readonly receive: (from: string, note: Uint8Array) => Promise<Result<unknown, ReceiveRefusal>>
  /** Answers a question of another member's node; without it, nothing is answered. It must change nothing. */
  readonly answer?: Answerer | undefined
  /** Answers what a wallet asks through another member's node; without it, nothing is answered. */
  readonly answerWallet?: Answerer | undefined
  /** What other members may know of this node. */
  readonly status: () => PeerStatus
  readonly random: RandomBytes
  /** Seconds, with fractions; may be any clock that does not go back. */
  readonly now: () => number
  /** Calls back once after so many milliseconds; the answer cancels. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
  readonly observe?: (event: PeerEvent) => void
  readonly timing?: Partial<PeerTiming>
}

/** Nothing in an event is about a patient: members, words of our own, and numbers. */
export type PeerEvent =
  /** What became of a note that this node was to send. */
  | { readonly type: 'sent'; readonly member: string; readonly outcome: SendOutcome; readonly seconds: number }
  /** What became of a note that a member brought. */
  | { readonly type: 'received'; readonly member: string; readonly outcome: ReceiveOutcome; readonly bytes: number }
  | { readonly type: 'connected'; readonly member: string; readonly direction: 'in' | 'out' }
  | { readonly type: 'disconnected'; readonly member: string; readonly direction: 'in' | 'out' }
  | { readonly type: 'dial-failed'; readonly member: string; readonly refusal: DialRefusal['type'] }
  /** Somebody came who is not let in; who it was is not known. */
  | { readonly type: 'turned-away'; readonly why: TurnedAway }
  | { readonly type: 'breaker'; readonly member: string; readonly state: BreakerState }

export type SendOutcome =
  /** The receiver has it. */
  | 'delivered'
  /** The receiver has it and will not take it: it is not sent again from here. */
  | 'refused'
  /** Its owner sends it again: the peer was down, or busy for too long, or there was no room to wait. */
  | 'peer-down'
  | 'given-up'
  /** It might not leave any more when its turn came. */
  | 'withheld'
  | 'no-room'
  | 'too-large'

export type ReceiveOutcome = 'accepted' | 'busy' | 'over-quota' | 'refused' | 'malformed' | 'too-large' | 'broken-off'

export type TurnedAway = 'handshake-failed' | 'key-unknown' | 'too-many'

/** Milliseconds. */
export interface PeerTiming {
  /** To resolve, connect and shake hands. */
  readonly connect: number
  /** For whoever connects here to show its key. */
  readonly handshake: number
  /** From the last byte of a note to its answer. */
  readonly answer: number
  /** Between two bytes of a note or of an answer. */
  readonly idle: number
  /** Between two signs of life that are asked for on an open connection, and for the answer to one. */
  readonly ping: number
  /** After which a connection that carries nothing is closed. */
  readonly quiet: number
  /** The first wait after a failure, and the longest. */
  readonly retryFirst: number
  readonly retryMax: number
}

export const timingDefault: PeerTiming = {
  connect: 5_000,
  handshake: 5_000,
  answer: 30_000,
  idle: 10_000,
  ping: 15_000,
  quiet: 120_000,
  retryFirst: 250,
  retryMax: 60_000,
}
