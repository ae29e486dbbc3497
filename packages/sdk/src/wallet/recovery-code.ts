/**
 * A wallet's root on paper: 32 bytes and three of their hash, in the alphabet of Crockford's Base 32, which leaves out the
 * letters that people mistake for digits. Fourteen groups of four; whoever has them is the patient.
 */
import { concatBytes, no, ok, type Result } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const rootLength = 32
/** One mistyped code in sixteen million is taken for a right one. */
const checkLength = 3
const charactersPerGroup = 4
/** 35 bytes of five bits each. */
const charactersCount = 56
/** Spaces and hyphens as people type them. */
const typedCharactersMax = 200

export interface RecoveryCodeRefusal {
  readonly type: 'length' | 'letters' | 'mistyped'
}

/** Throws when the root is not 32 bytes. */
export function recoveryCodeOf(root: Uint8Array): string {
  if (root.length !== rootLength) throw new RangeError('recovery code: expected a root of 32 bytes')
  const bytes = concatBytes(root, sha256(root).subarray(0, checkLength))
  let characters = ''
  let [held, bits] = [0, 0]
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      characters += alphabet[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return (characters.match(new RegExp(`.{${charactersPerGroup}}`, 'g')) ?? []).join('-')
}

/** Takes small letters, O for 0, I and L for 1, and any spaces or hyphens. */
export function rootOfRecoveryCode(typed: string): Result<Uint8Array, RecoveryCodeRefusal> {
  if (typed.length > typedCharactersMax) return no({ type: 'length' })
  const characters = typed.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1')
  if (!/^[0-9A-Z]*$/.test(characters)) return no({ type: 'letters' })
  if (characters.length !== charactersCount) return no({ type: 'length' })
  const bytes: number[] = []
  let [held, bits] = [0, 0]
  for (const character of characters) {
    const value = alphabet.indexOf(character)
    if (value < 0) return no({ type: 'letters' })
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >>> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  const root = Uint8Array.from(bytes.slice(0, rootLength))
  const check = sha256(root)
  for (let index = 0; index < checkLength; index++)
    if (check[index] !== bytes[rootLength + index]) return no({ type: 'mistyped' })
  return ok(root)
}
