/** What the engine's answers become at the doors, and how many bytes the doors have with it. */
import { no, ok } from '@plexus/codec'
import type { SubmitAnswer } from '@plexus/engine'
import { expect, test } from 'vitest'
import { problems } from './problem.ts'
import { lineOf, type Offered, problemOf, submissionsOf } from './submissions.ts'

const refused = (reason: string, facts: object = {}): Offered =>
  no({ type: 'refused', space: 'kernel', code: 11, reason, says: '', facts: { type: reason, ...facts } })
const inBlock = (space: string, code: number): Offered => ok({ height: 4, index: 2, outcome: { space, code } })

test('what may come again is 429 with its time, and what may not is not', () => {
  const told = (answer: Offered) => {
    const refusal = problemOf(answer)
    return refusal && [problems[refusal.code].status, refusal.code, refusal.refusal, refusal.retryAfterSeconds]
  }
  expect(told(no({ type: 'mempool-full', retryAfterSeconds: 3 }))).toEqual([429, 'ledger-full', 'mempool-full', 3])
  expect(told(refused('quota-exceeded', { retryAfterSeconds: 17 }))).toEqual([
    429,
    'quota-exceeded',
    'quota-exceeded',
    17,
  ])
  expect(told(inBlock('kernel', 11))).toEqual([429, 'quota-exceeded', 'quota-exceeded', 60])
  expect(told(no({ type: 'stopped' }))).toEqual([503, 'ledger-away', 'stopped', 1])
  expect(told(no({ type: 'expired' }))).toEqual([409, 'envelope-refused', 'expired', undefined])
  expect(told(refused('signature-invalid'))).toEqual([409, 'envelope-refused', 'signature-invalid', undefined])
  expect(told(refused('malformed'))).toEqual([400, 'envelope-malformed', undefined, undefined])
  expect(told(inBlock('kernel', 0))).toBeNull()
})

test('a refusal in a block is named, with its place', () => {
  expect(problemOf(inBlock('kernel', 5))).toMatchObject({
    code: 'ledger-refused',
    refusal: 'replayed',
    height: 4,
    index: 2,
  })
  expect(problemOf(inBlock('later', 5))).toMatchObject({ refusal: 'later-5' })
  expect(lineOf(inBlock('kernel', 5))).toEqual({
    type: 'refused',
    code: 'ledger-refused',
    refusal: 'replayed',
    height: 4,
    retryAfterSeconds: null,
  })
  expect(lineOf(inBlock('kernel', 0))).toEqual({ type: 'applied', height: 4, index: 2 })
})

test('the bytes that the engine has not answered are bounded, and their room comes back with its answers', async () => {
  const answers: ((answer: SubmitAnswer) => void)[] = []
  const seen: Uint8Array[] = []
  const submissions = submissionsOf(
    {
      submitEnvelope(_, envelope) {
        seen.push(envelope)
        return new Promise((resolve) => answers.push(resolve))
      },
    },
    'hospital',
  )
  const mebibyte = new Uint8Array(2 ** 20)
  const offered = Array.from({ length: 64 }, () => submissions.offer(mebibyte))
  expect(submissions.offeredBytes()).toBe(64 * 2 ** 20)
  expect(problemOf(await submissions.offer(Uint8Array.of(1)))).toMatchObject({
    code: 'ledger-full',
    refusal: 'door-full',
  })
  expect(seen).toHaveLength(64)
  for (const answer of answers) answer(no({ type: 'stopped' }))
  await Promise.all(offered)
  expect(submissions.offeredBytes()).toBe(0)
})

test('the engine gets a copy of exactly the envelope, not a view that keeps the whole frame', () => {
  let kept: Uint8Array | undefined
  const submissions = submissionsOf(
    {
      submitEnvelope(_, envelope) {
        kept = envelope
        return new Promise(() => {})
      },
    },
    'hospital',
  )
  void submissions.offer(new Uint8Array(1_000_000).subarray(10, 20))
  expect(kept?.buffer.byteLength).toBe(10)
})
