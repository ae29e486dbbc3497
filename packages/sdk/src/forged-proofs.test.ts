import { expect, test } from 'vitest'
import { forgeFromNothing, forgeStateProofs, forgeTreeProofs } from './forged-proofs.testing.ts'

test('T-13: a proof of state, with any one bit changed or for another value, proves nothing', () => {
  const { proofs, forgeries, accepted } = forgeStateProofs(40)
  expect({ proofs, accepted }).toEqual({ proofs: 40, accepted: 0 })
  expect(forgeries).toBeGreaterThan(40_000)
})

test('T-13: a path or a proof of consistency with any one bit changed proves nothing', () => {
  const { forgeries, accepted } = forgeTreeProofs(40)
  expect(accepted).toBe(0)
  expect(forgeries).toBeGreaterThan(40_000)
})

test('T-13: a proof of presence or absence that nobody made proves nothing', () => {
  expect(forgeFromNothing(5_000)).toEqual({ proofs: 0, forgeries: 5_000, accepted: 0 })
})
