import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { binder } from './binder.testing.ts'
import { claimed, filling, freshKey, signedExample } from './examples.testing.ts'
import { prescriptions, whole } from './index.ts'

describe('what hangs on a fill', () => {
  const bindingOf = ({ world }: ReturnType<typeof signedExample>, type: 'bind' | 'unbind', tag: Uint8Array) =>
    world.submit(binder, { type, tag }, { sponsor: 'cedar' })

  test('fill-bound: a fill of which something hangs is not taken back alone, and again when nothing does', () => {
    const example = signedExample()
    const { by, world } = example
    const holder = claimed(example)
    const { tag } = filling(example, holder, whole)
    expect(bindingOf(example, 'bind', tag)).toBe('accepted')
    expect(prescriptions.queries.fill(world.view(prescriptions), toHex(tag))?.boundBy).toEqual(['binder'])
    const reverse = { type: 'reverse-fill', tag, record: freshKey().handle } as const
    expect(by(holder, reverse)).toBe('fill-bound')
    expect(bindingOf(example, 'unbind', tag)).toBe('accepted')
    expect(by(holder, reverse)).toBe('accepted')
    expect(bindingOf(example, 'bind', tag)).toBe('fill-unknown')
  })

  test('already-bound, not-bound: a contract binds a fill once, and lets go of what it bound', () => {
    const example = signedExample()
    const { tag } = filling(example, claimed(example), whole)
    expect(bindingOf(example, 'unbind', tag)).toBe('not-bound')
    expect(bindingOf(example, 'bind', tag)).toBe('accepted')
    expect(bindingOf(example, 'bind', tag)).toBe('already-bound')
    expect(bindingOf(example, 'bind', freshKey().handle)).toBe('fill-unknown')
  })

  test('only-contracts: nobody binds a fill or lets it go by an envelope', () => {
    const example = signedExample()
    const holder = claimed(example)
    const { tag } = filling(example, holder, whole)
    for (const type of ['bind-fill', 'unbind-fill'] as const)
      expect(example.by(holder, { type, tag })).toBe('only-contracts')
  })
})
