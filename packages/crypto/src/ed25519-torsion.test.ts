import { expect, test } from 'vitest'
import { verifyOn } from './ed25519.ts'
import { oracleVerify, torsionCases } from './ed25519-cases.testing.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'

const seed = 'strict-profile-1'
const casesCount = 4096

test(`T-12: Node, browser and oracle agree on every signature that a dishonest signer can make (seed ${seed})`, () => {
  const accepted = new Map<string, number>()
  const disagreements: string[] = []
  for (const [index, made] of torsionCases(seed, casesCount).entries()) {
    const expected = oracleVerify(made)
    const { publicKey, message, signature } = made
    if (verifyOn(node, publicKey, message, signature) !== expected) disagreements.push(`node ${index} ${made.kind}`)
    if (verifyOn(browser, publicKey, message, signature) !== expected)
      disagreements.push(`browser ${index} ${made.kind}`)
    accepted.set(made.kind, (accepted.get(made.kind) ?? 0) + (expected ? 1 : 0))
  }
  expect(disagreements).toEqual([])

  const perKind = casesCount / accepted.size
  const share = (kind: string) => (accepted.get(kind) ?? Number.NaN) / perKind
  expect(share('honest')).toBe(1)
  // Cofactorless: torsion passes exactly where it cancels.
  expect(share('torsion in A, ground to hold')).toBe(1)
  expect(share('torsion in A and R, ground to hold')).toBe(1)
  expect(share('torsion in A')).toBeGreaterThan(0)
  expect(share('torsion in A')).toBeLessThan(1)
  for (const refused of [
    'torsion in R',
    'small order A',
    'small order A, ground to hold',
    'small order R',
    'small order R, ground to hold',
    'R the identity',
    'A and R of small order, ground to hold',
    'A not canonical',
    'R not canonical',
    'S at or above L',
    'one bit changed',
  ]) {
    expect({ [refused]: share(refused) }).toEqual({ [refused]: 0 })
  }
  const acceptedCount = [...accepted.values()].reduce((sum, count) => sum + count, 0)
  expect(acceptedCount).toBeGreaterThan(500)
  expect(casesCount - acceptedCount).toBeGreaterThan(500)
})
