/** What whoever runs the node asks: is it alive, is it abreast, how does it fare. */
import { z } from 'zod'
import type { Network } from '../network.ts'
import type { Metrics } from './metrics.ts'
import { type ProblemCode, problem, problems } from './problem.ts'
import { json, openRoute, type Route } from './route.ts'

/** Custodians stop releasing when their newest block is older than this (design: when consensus halts). */
const blockAgeSecondsMax = 15

export function operationRoutes({
  network,
  metrics,
  now,
  demonstration,
}: {
  readonly network: Network
  readonly metrics: Metrics
  readonly now: () => number
  /** Whether people in person are played here. */
  readonly demonstration: boolean
}): readonly Route[] {
  return [
    openRoute({
      method: 'GET',
      path: '/health/live',
      id: 'isAlive',
      summary: 'Whether the process answers',
      tag: 'operation',
      gives: 'It does.',
      handle: () => json({ live: true }),
    }),
    openRoute({
      method: 'GET',
      path: '/health/ready',
      id: 'isReady',
      summary: `Whether each member's replica has a block of the last ${blockAgeSecondsMax} seconds, and its doors are open`,
      tag: 'operation',
      gives: 'All are abreast; with status 503 the same document says which are not.',
      handle() {
        const members = [...network.nodes].map(([member, { store, recovery }]) => {
          const tip = store.tip()
          const blockAgeSeconds = tip ? Math.max(0, Math.round(now() - tip.time)) : null
          return {
            member,
            height: tip?.height ?? null,
            blockAgeSeconds,
            recovery: recovery?.shut ? recovery.state.type : null,
            ready: blockAgeSeconds !== null && blockAgeSeconds <= blockAgeSecondsMax && !recovery?.shut,
          }
        })
        const ready = members.every((each) => each.ready)
        return { type: ready ? 'json' : 'unavailable', value: { ready, members } }
      },
    }),
    openRoute({
      method: 'GET',
      path: '/metrics',
      id: 'metrics',
      summary: 'Metrics in the text format of Prometheus',
      tag: 'operation',
      media: 'text/plain',
      gives: 'Heights, block age, outboxes, steps of the exchange, HTTP times. Nothing about patients.',
      handle: async () => ({
        type: 'text',
        text: await metrics.registry.metrics(),
        contentType: metrics.registry.contentType,
      }),
    }),
    openRoute({
      method: 'GET',
      path: '/problems/:code',
      id: 'problem',
      summary: 'What a problem code means (RFC 9457, the type of a problem)',
      tag: 'operation',
      params: z.strictObject({ code: z.string().max(60) }),
      gives: 'Title and status of the code.',
      refusals: ['route-unknown'],
      handle({ params: { code } }) {
        if (!Object.hasOwn(problems, code)) return problem('route-unknown')
        return json({ code, ...problems[code as ProblemCode] })
      },
    }),
    openRoute({
      method: 'GET',
      path: '/v1/members',
      id: 'members',
      summary: 'The members that run in this process, and the organisations that each acts for',
      tag: 'operation',
      gives:
        'Members in their order in the network; and whether this is a demonstration, which plays the people at desks.',
      handle: () =>
        json({
          demonstration,
          members: [...network.nodes].map(([member, { exchange }]) => ({
            member,
            organisations: [...exchange.organisations.keys()].sort(),
          })),
        }),
    }),
    openRoute({
      method: 'GET',
      path: '/v1/chain',
      id: 'chain',
      summary: 'The genesis document; its SHA-256 is the id of the chain',
      tag: 'wallet',
      media: 'application/octet-stream',
      gives: 'Canonical bytes.',
      handle: () => ({ type: 'octets', bytes: network.chain.bytes }),
    }),
  ]
}
