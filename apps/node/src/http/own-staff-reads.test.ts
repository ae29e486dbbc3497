import { afterAll, beforeAll, expect, test } from 'vitest'
import { hospital, npi, patient, startWorld, type World } from './world.testing.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

test('reads that come at the same time have a receipt each, in one chain, durable when they are answered', async () => {
  const { custody } = world.network.node(hospital).exchange
  const receipts = () => custody.patients.get(custody.patientKey(hospital, patient))?.receipts ?? Number.NaN
  const before = receipts()
  const known: number[] = []
  const answers = await Promise.all(
    [...Array(20).keys()].map(async (index) => {
      const chart = index === 7 ? 'nobody' : patient
      const address = `${world.url}/v1/members/${hospital}/charts/${chart}?custodian=${hospital}&npi=${npi}`
      const { status } = await fetch(address, { headers: { authorization: `Bearer ${world.tokens[hospital]}` } })
      known.push(receipts() - before)
      return status
    }),
  )
  expect(answers).toEqual(Array(20).fill(200).with(7, 404))
  expect(receipts() - before).toBe(19)
  // No answer was given before its own receipt, so with the n-th answer at least n stand, but for the one without.
  for (const [index, count] of known.entries()) expect(count).toBeGreaterThanOrEqual(index)
})
