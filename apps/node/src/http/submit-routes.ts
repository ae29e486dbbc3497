/**
 * Envelopes that carry all their signatures, one or many in a request. An answer is given when they are durable at this
 * member's replica. The envelope proves its own authority; the token says who may make this node work.
 */
import { decode } from '@plexus/codec'
import { envelopeBytesMax } from '@plexus/kernel'
import {
  batchBytesMax,
  batchEnvelopesMax,
  envelopeBatch,
  eventsProtocol,
  sequenceMax,
  submitProtocol,
} from '@plexus/sdk'
import { z } from 'zod'
import type { MemberDoors } from './doors.ts'
import { serveEventFeed } from './event-feed.ts'
import { whole } from './fields.ts'
import { prunedAfter } from './ledger-routes.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'
import { lineOf, problemOf } from './submissions.ts'
import { serveSubmitStream } from './submit-stream.ts'

export function submitRoutes(doors: ReadonlyMap<string, MemberDoors>): readonly Route[] {
  const of = (member: string): MemberDoors => {
    const found = doors.get(member)
    if (!found) throw new Error(`no doors of ${member}`)
    return found
  }
  return [...transactionRoutes(of), ...streamRoutes(of)]
}

function transactionRoutes(of: (member: string) => MemberDoors): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/ledger/transactions',
      id: 'submitTransaction',
      summary: 'Submits one envelope, byte for byte, and answers when it is durable here',
      tag: 'submit',
      staff: true,
      cborMax: envelopeBytesMax,
      gives:
        '`height` and `index` of its place, and its `outcome`, which is acceptance. Sent again, it has the same place.',
      refusals: [
        'envelope-malformed',
        'envelope-refused',
        'ledger-away',
        'ledger-full',
        'ledger-refused',
        'quota-exceeded',
      ],
      async handle({ octets: envelope }, { member }) {
        const answer = await of(member).submissions.offer(envelope)
        const refused = problemOf(answer)
        if (refused || !answer.ok) return refused ?? problem('internal')
        const { height, index, outcome } = answer.value
        return json({ height, index, outcome })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/ledger/transactions/batch',
      id: 'submitBatch',
      summary: `Submits a list of at most ${batchEnvelopesMax} envelopes, each answered by itself`,
      tag: 'submit',
      staff: true,
      cborMax: batchBytesMax,
      gives:
        '`answers`, one for each envelope in order: `applied` with `height` and `index`, or `refused` with `code`, `refusal`, `height` and `retryAfterSeconds`.',
      refusals: ['batch-malformed', 'ledger-away', 'ledger-full', 'quota-exceeded'],
      async handle({ octets: body }, { member }) {
        const batch = decode(envelopeBatch, body, batchBytesMax)
        if (!batch.ok) {
          const { path, expected, came } = batch.reason
          return problem('batch-malformed', { at: path === '' ? 'body' : `body.${path}`, expected, came })
        }
        const { submissions } = of(member)
        const answers = await Promise.all(batch.value.map((envelope) => submissions.offer(envelope)))
        const lines = answers.map(lineOf)
        const refused = answers.map(problemOf)
        const [first] = refused
        // Nothing of it was taken: whoever looks at the status alone must not take that for done.
        if (first && refused.every((each) => each?.code === first.code && each.retryAfterSeconds !== undefined))
          return first
        return json({ answers: lines })
      },
    }),
  ]
}

function streamRoutes(of: (member: string) => MemberDoors): readonly Route[] {
  const refusals = ['handshake-malformed', 'streams-full', 'upgrade-required'] as const
  return [
    memberRoute({
      method: 'GET',
      path: '/ledger/stream',
      id: 'submitStream',
      summary: `A WebSocket (${submitProtocol}) for envelopes, answered in order by runs of their numbers`,
      tag: 'submit',
      staff: true,
      query: z.strictObject({
        first: whole
          .refine((first) => first >= 1 && first <= sequenceMax, `a number from 1 to ${sequenceMax}`)
          .optional(),
      }),
      media: 'websocket',
      gives:
        'Binary frames hold lists of envelopes as a batch does; text frames hold lists of answers, the welcome first.',
      refusals,
      handle: ({ query: { first = 1 } }, { member }) => ({
        type: 'upgrade',
        protocol: submitProtocol,
        serve: (connection) => serveSubmitStream(connection, { first, submissions: of(member).submissions }),
      }),
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/events/stream',
      id: 'eventFeed',
      summary: `A WebSocket (${eventsProtocol}) on which events come as soon as they are durable here`,
      tag: 'submit',
      staff: true,
      query: z.strictObject({ after: whole.optional() }),
      media: 'websocket',
      gives: 'Text frames, each a page as of `/ledger/events`, each going on where the one before ended.',
      refusals: [...refusals, 'pruned'],
      handle: ({ query: { after = 0 } }, { member, store }) =>
        prunedAfter({ store }, after) ?? {
          type: 'upgrade',
          protocol: eventsProtocol,
          serve: (connection) => serveEventFeed(connection, { store, bell: of(member).bell, after }),
        },
    }),
  ]
}
