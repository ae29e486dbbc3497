/** Visits without the patient's word, and the emergencies among them that wait for a person to look at them. */
import { fromHex, toHex } from '@plexus/codec'
import type { Review } from '@plexus/exchange'
import { z } from 'zod'
import type { Directory } from '../directory.ts'
import { chartNumber, hexId, organisationId, reviewer, reviewId, reviewWords, verdict } from './fields.ts'
import { problem } from './problem.ts'
import { empty, json, memberRoute, type Route } from './route.ts'

/** As many as one check-in names. */
const knownMax = 64

export function visitRoutes(directory: Directory): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/visits',
      id: 'goOnWithout',
      summary: 'Opens a visit on the member’s own word: what is asked there opens a summary alone',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        requester: organisationId,
        known: z
          .array(z.strictObject({ custodian: organisationId, number: chartNumber }), { error: 'a list of charts' })
          .min(1, 'at least one chart')
          .max(knownMax, `at most ${knownMax} charts`),
      }),
      gives: 'The random name of the visit; its evidence is durable, and asked with once it is committed.',
      refusals: ['custodian-unknown', 'evidence-does-not-hold', 'evidence-for-another-requester', 'requester-not-here'],
      async handle({ body: { requester, known } }, { exchange }) {
        const opened = await exchange.goOnWithout(requester, known)
        return opened.ok ? json({ visit: toHex(opened.value) }) : problem(opened.reason.type)
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/visits/:visit',
      id: 'visit',
      summary: 'Whether all evidence of a visit is committed, so that it may be asked with',
      tag: 'staff',
      staff: true,
      params: { visit: hexId },
      gives: '`ready`: false too where this member knows no such visit.',
      handle: ({ params: { visit } }, { exchange }) => json({ ready: exchange.requester.visitReady(fromHex(visit)) }),
    }),
    memberRoute({
      method: 'GET',
      path: '/reviews',
      id: 'reviews',
      summary: 'Emergencies that wait for a person to look at them, here as custodian or as who asked; or all',
      tag: 'staff',
      staff: true,
      query: z.strictObject({
        after: reviewId.optional(),
        all: z.enum(['true', 'false'], { error: 'true or false' }).optional(),
      }),
      gives: 'Oldest first, at most 500: who asked, why, about whom, until when a person must look; what was found.',
      async handle({ query: { after = null, all } }, { exchange }) {
        const reviews = exchange.reviews.list({ after, all: all === 'true' })
        await exchange.durable()
        return json({ reviews: reviews.map((each) => reviewOf(each, directory)) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/reviews/:review/answer',
      id: 'answerReview',
      summary: 'A named person looked at an emergency; never the clinician who asked',
      tag: 'staff',
      staff: true,
      params: { review: reviewId },
      body: z.strictObject({ verdict, reviewer, words: reviewWords }),
      gives: 'What was found is durable here, final, and goes into the member’s next batch.',
      media: 'none',
      refusals: ['review-answered', 'review-unknown', 'reviewer-asked'],
      async handle({ params: { review }, body, person }, { exchange }) {
        const signedIn = person?.npi ?? null
        const answered = await exchange.run(({ reviews }) => reviews.answer(review, { ...body, signedIn }))
        return answered.ok ? empty : problem(answered.reason.type)
      },
    }),
  ]
}

/** Intents by their hashes stay here: a person has no use for them. */
function reviewOf({ intents: _, about, ...review }: Review, directory: Directory) {
  return {
    ...review,
    names: review.custodians.map((each) => directory.nameOf(each)),
    about: about.type === 'chart' ? about : { type: about.type, visit: toHex(about.visit) },
  }
}
