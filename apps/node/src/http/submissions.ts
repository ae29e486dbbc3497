/** Whole envelopes on their way from a door to the engine: how many bytes of them there are, and what their answers mean. */
import { rejectionName } from '@plexus/books'
import { no } from '@plexus/codec'
import type { SubmitAnswer } from '@plexus/engine'
import type { KernelRejection } from '@plexus/kernel'
import type { BatchAnswer } from '@plexus/sdk'
import type { Network } from '../network.ts'
import { type Problem, problem } from './problem.ts'

/** What the doors of one member have with the engine unanswered; as much as its mempool holds. */
const offeredBytesMax = 64 * 1024 * 1024
/** An engine at its bound takes several blocks, each well under a second. */
const retryAfterSeconds = 1

type Answered = Extract<SubmitAnswer, { readonly ok: true }>['value']
/** `door-full` is this file's own; all others are the engine's. */
type Refusal = Extract<SubmitAnswer, { readonly ok: false }>['reason'] | DoorFull
type DoorFull = { readonly type: 'door-full'; readonly retryAfterSeconds: number }

export type Offered = { readonly ok: true; readonly value: Answered } | { readonly ok: false; readonly reason: Refusal }

/** The doors of one member to the engine. */
export interface Submissions {
  /** Bytes of envelopes that the engine has not answered. */
  readonly offeredBytes: () => number
  /**
   * Offers the envelope, of which it keeps a copy of exactly its length: a view would hold the whole body or frame it came
   * in for as long as the mempool holds the envelope.
   */
  offer(envelope: Uint8Array): Promise<Offered>
}

export function submissionsOf(network: Pick<Network, 'submitEnvelope'>, member: string): Submissions {
  let offeredBytes = 0
  return {
    offeredBytes: () => offeredBytes,
    async offer(envelope) {
      const { length } = envelope
      if (offeredBytes + length > offeredBytesMax) return no({ type: 'door-full' as const, retryAfterSeconds })
      offeredBytes += length
      try {
        return await network.submitEnvelope(member, new Uint8Array(envelope))
      } finally {
        // Not when a caller goes away: the engine goes on holding what it was offered.
        offeredBytes -= length
      }
    },
  }
}

/** The problem for what was not accepted, in a block or before; null for what was. */
export function problemOf(answer: Offered): Problem | null {
  if (answer.ok) return problemInBlock(answer.value)
  const { reason } = answer
  // Every full queue behind the door says when to come again, whatever it is called.
  if ('retryAfterSeconds' in reason) return ledgerFull(reason.type, reason.retryAfterSeconds)
  switch (reason.type) {
    case 'refused':
      if (reason.reason === 'malformed') return problem('envelope-malformed')
      if (reason.reason === quotaExceeded) return overQuota(secondsIn(reason.facts))
      return problem('envelope-refused', { refusal: reason.reason })
    case 'sequencer-unreachable':
    case 'stopped':
      return problem('ledger-away', { refusal: reason.type, retryAfterSeconds })
    default:
      return problem('envelope-refused', { refusal: reason.type })
  }
}

function problemInBlock({ outcome, height, index }: Answered): Problem | null {
  if (outcome.code === 0) return null
  const refusal = rejectionName(outcome)
  // A block does not say how much of the minute was left.
  if (refusal === quotaExceeded) return { ...overQuota(quotaSeconds), height, index }
  return problem('ledger-refused', { refusal, height, index })
}

const quotaExceeded: KernelRejection = 'quota-exceeded'
/** Quotas are by the minute of block time. */
const quotaSeconds = 60

const secondsIn = (facts: object): unknown => ('retryAfterSeconds' in facts ? facts.retryAfterSeconds : undefined)

export function overQuota(told: unknown = quotaSeconds): Problem {
  const fits = typeof told === 'number' && Number.isSafeInteger(told) && told >= 1 && told <= quotaSeconds
  return problem('quota-exceeded', { refusal: quotaExceeded, retryAfterSeconds: fits ? told : quotaSeconds })
}

export function ledgerFull(refusal: string, seconds = retryAfterSeconds): Problem {
  return problem('ledger-full', { refusal, retryAfterSeconds: seconds })
}

/** The same as one line of an answer to many. */
export function lineOf(answer: Offered): BatchAnswer {
  const refused = problemOf(answer)
  if (refused) {
    const { code, refusal = null, height = null, retryAfterSeconds: wait = null } = refused
    return { type: 'refused', code, refusal, height, retryAfterSeconds: wait }
  }
  if (!answer.ok) throw new Error('an envelope without a place was not refused')
  const { height, index } = answer.value
  return { type: 'applied', height, index }
}
