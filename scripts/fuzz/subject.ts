/** What is fuzzed: a decoder, as a function that either refuses bytes in its own words or accepts them. */
import type { Shape } from './mutate.ts'

export type Answer =
  /** `why`: the refusal's stable words, never its numbers; a new one is a new behaviour. */
  | { readonly type: 'refused'; readonly why: string }
  /** `again`: what the value is written as; where bytes are canonical these are the input. Null where they are not. */
  | { readonly type: 'accepted'; readonly again: Uint8Array | null }

export interface Subject {
  readonly shape: Shape
  /** Inputs to start from, mostly valid ones; may be empty. */
  readonly seeds: readonly Uint8Array[]
  /** Larger only where the seeds are. */
  readonly inputBytesMax?: number
  /** Throws only when the decoder does, which is a finding. */
  readonly run: (bytes: Uint8Array) => Answer | Promise<Answer>
}

export const accepted: Answer = { type: 'accepted', again: null }

export const acceptedAs = (again: Uint8Array): Answer => ({ type: 'accepted', again })

export const refused = (why: string): Answer => ({ type: 'refused', why })

/**
 * The answer for a `Result`. A refusal is an object with a `type` or a text; one that is anything else throws, since
 * nobody could act on it.
 */
export function answerOf<Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: unknown },
  again?: (value: Value) => Uint8Array,
): Answer {
  if (result.ok) return again ? acceptedAs(again(result.value)) : accepted
  const { reason } = result
  if (typeof reason === 'string') return refused(reason)
  const { type, path, expected } = reason as Readonly<Record<string, unknown>>
  if (typeof type !== 'string' || type === '') throw new TypeError('a refusal without a type')
  return refused(`${type} ${typeof path === 'string' ? path : ''} ${typeof expected === 'string' ? expected : ''}`)
}
