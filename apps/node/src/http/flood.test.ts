/** T-18 at the doors: a member whose programs send far more than its quota is told when to come again, and nobody else is. */
import { encode } from '@plexus/codec'
import { envelopeBatch } from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openingEnvelope, portTo } from './submitting.testing.ts'
import { clinic, hospital, startWorld, type World } from './world.testing.ts'

/** Above what founding the world takes. */
const quota = 20
const floodFactor = 10
const batches = 4
const quotaSeconds = 60
const one = 'application/cbor'

let world: World
beforeAll(async () => {
  world = await startWorld({ envelopesPerMinuteMax: quota })
})
afterAll(() => world.close())

const post = (member: string, path: string, body: Uint8Array) =>
  portTo(world.url, world.tokens[member] ?? '').post(`/v1/members/${member}/ledger/transactions${path}`, one, body)

test('T-18: ten times the quota of one member is refused with a time to come again, and others are served meanwhile', async () => {
  const flood = Array.from({ length: batches }, () =>
    encode(
      envelopeBatch,
      Array.from({ length: (quota * floodFactor) / batches }, () => openingEnvelope(world, clinic)),
    ),
  )
  const flooding = Promise.all(flood.map((batch) => post(clinic, '/batch', batch)))
  for (let sent = 0; sent < quota / 2; sent++)
    expect(await post(hospital, '', openingEnvelope(world, hospital))).toMatchObject({ status: 200 })

  const lines = (await flooding).flatMap(({ status, text }) =>
    status === 200 ? (JSON.parse(text) as Answers).answers : [],
  )
  const applied = lines.filter(({ type }) => type === 'applied').length
  // A minute of block time may have ended in between.
  expect(applied).toBeGreaterThan(0)
  expect(applied).toBeLessThanOrEqual(2 * quota)
  for (const { type, code, retryAfterSeconds } of lines) {
    if (type === 'applied') continue
    expect(code).toBe('quota-exceeded')
    expect(retryAfterSeconds).toSatisfy((seconds: number) => seconds >= 1 && seconds <= quotaSeconds)
  }
})

interface Answers {
  readonly answers: readonly {
    readonly type: string
    readonly code?: string
    readonly retryAfterSeconds?: number
  }[]
}

test('T-18: a batch of which nothing was taken is refused as a whole, by the status that programs wait on', async () => {
  const batch = () => encode(envelopeBatch, [openingEnvelope(world, clinic), openingEnvelope(world, clinic)])
  const answers: Awaited<ReturnType<typeof post>>[] = []
  // A minute that began anew has a whole quota, which the first of these take.
  for (let tries = 0; tries <= quota && answers.at(-1)?.status !== 429; tries++)
    answers.push(await post(clinic, '/batch', batch()))
  const last = answers.at(-1)
  expect([last?.status, JSON.parse(last?.text ?? '{}')]).toMatchObject([429, { code: 'quota-exceeded' }])
  expect(Number(last?.retryAfter)).toSatisfy((seconds: number) => seconds >= 1 && seconds <= quotaSeconds)
})
