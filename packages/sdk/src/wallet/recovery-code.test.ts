import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recoveryCodeOf, rootOfRecoveryCode } from './recovery-code.ts'

const roots = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('a recovery code', () => {
  test('gives back the root that it was made of', () => {
    fc.assert(
      fc.property(roots, (root) => {
        expect(rootOfRecoveryCode(recoveryCodeOf(root))).toEqual({ ok: true, value: root })
      }),
    )
  })

  test('is fourteen groups of four, the same on every machine', () => {
    const root = Uint8Array.from({ length: 32 }, (_, index) => index)
    expect(recoveryCodeOf(root)).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(recoveryCodeOf(root).slice(0, 9)).toBe('000G-40R4')
  })

  test('is read however a person writes it', () => {
    fc.assert(
      fc.property(roots, (root) => {
        const code = recoveryCodeOf(root)
        const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `
        expect(rootOfRecoveryCode(typed)).toEqual({ ok: true, value: root })
      }),
    )
  })

  test('with one character mistyped is refused, and so are two that changed places', () => {
    const root = Uint8Array.from({ length: 32 }, (_, index) => 7 * index)
    const code = recoveryCodeOf(root).replaceAll('-', '')
    for (let at = 0; at < code.length; at++) {
      const other = code[at] === '7' ? '8' : '7'
      expect(rootOfRecoveryCode(code.slice(0, at) + other + code.slice(at + 1))).toEqual({
        ok: false,
        reason: { type: 'mistyped' },
      })
      const [a, b] = [code[at], code[at + 1]]
      if (b === undefined || a === b) continue
      expect(rootOfRecoveryCode(code.slice(0, at) + b + a + code.slice(at + 2)).ok).toBe(false)
    }
  })

  test('that is too short, too long or of other letters is refused by name', () => {
    const code = recoveryCodeOf(new Uint8Array(32))
    expect(rootOfRecoveryCode(code.slice(0, -1))).toEqual({ ok: false, reason: { type: 'length' } })
    expect(rootOfRecoveryCode(`${code}0`)).toEqual({ ok: false, reason: { type: 'length' } })
    expect(rootOfRecoveryCode(`U${code.slice(1)}`)).toEqual({ ok: false, reason: { type: 'letters' } })
    expect(rootOfRecoveryCode('%'.repeat(56))).toEqual({ ok: false, reason: { type: 'letters' } })
    expect(rootOfRecoveryCode(' '.repeat(10_000))).toEqual({ ok: false, reason: { type: 'length' } })
  })
})
