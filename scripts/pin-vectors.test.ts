import { readFileSync } from 'node:fs'
import { contracts } from '@plexus/contracts'
import { expect, test } from 'vitest'
import { pinned, vectorsOf } from './pin-vectors.ts'

test.each(contracts)('what is pinned of $name is what pinning again would write', (contract) => {
  const source = readFileSync(vectorsOf(contract.name), 'utf8')
  expect(pinned(contract, source)).toBe(source)
})

test('bytes that are wrong, and what follows from the values, are written anew', () => {
  const [contract] = contracts
  if (!contract) throw new Error('there is no contract')
  const source = readFileSync(vectorsOf(contract.name), 'utf8')
  const { about, transactions, events } = JSON.parse(source)
  const values = (of: readonly { readonly value: unknown }[]) => of.map(({ value }) => ({ value, bytes: 'ff' }))
  const worn = { about, transactions: values(transactions), events: values(events), rejections: [] }
  expect(pinned(contract, JSON.stringify(worn))).toBe(source)
})
