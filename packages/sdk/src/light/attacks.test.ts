/** What each lie is refused as, and that CometBFT's own light client gave the same verdict on the same bytes. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { utf8 } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { knownTwice, type LightCase, lightCases, lineOf } from './attacks.testing.ts'
import { answersOfBlock, mint, seats, soon } from './mint.testing.ts'
import { readLightBlock } from './read-light-block.ts'
import { trustedOf } from './trusted-block.ts'
import { lightSettings, verifyAdjacent, verifyNext, verifyNonAdjacent } from './verify-header.ts'

/** As it comes over the wire, from the bytes on. */
function judged({ trusted, next, now, settings }: LightCase): string {
  const { commit, validators } = answersOfBlock(next)
  const read = readLightBlock({ commit: utf8(JSON.stringify(commit)), validators: utf8(JSON.stringify(validators)) })
  const answer = read.ok ? verifyNext(trustedOf(trusted), read.value, now, settings) : read
  return answer.ok ? 'accepted' : answer.reason.type
}

describe('a header that is shown', () => {
  for (const each of lightCases)
    test(`${each.name}: ${each.verdict}`, () => {
      expect(judged(each)).toBe(each.verdict)
    })
})

test('a validator that the reader would let stand twice has one vote', () => {
  const { trusted, next } = knownTwice
  expect(verifyNext(trustedOf(trusted), next, soon(next.header.height), lightSettings)).toEqual({
    ok: false,
    reason: { type: 'voted-twice', index: 1 },
  })
})

test('the next header is not taken for one further on, nor the other way', () => {
  const trusted = trustedOf(mint({ height: 10, validators: seats('ann') }))
  const [next, further] = [11, 12].map((height) => mint({ height, validators: seats('ann') }))
  if (!next || !further) throw new Error('nothing was minted')
  const refused = { ok: false, reason: { type: 'not-adjacent' } }
  expect(verifyAdjacent(trusted, further, soon(12), lightSettings)).toEqual(refused)
  expect(verifyNonAdjacent(trusted, next, soon(11), lightSettings)).toEqual(refused)
})

test('a trust level below a third is a bug of the caller', () => {
  const trusted = trustedOf(mint({ height: 10, validators: seats('ann') }))
  const further = mint({ height: 12, validators: seats('ann') })
  for (const [numerator, denominator] of [
    [1, 4],
    [4, 3],
    [0.5, 1],
    [1, 0],
  ] as const)
    expect(() =>
      verifyNonAdjacent(trusted, further, soon(12), { ...lightSettings, trustLevel: { numerator, denominator } }),
    ).toThrow('trustLevel: expected a part from 1/3 to 1')
})

test('CometBFT accepts the same, refuses the same, and asks for a header in between for the same', () => {
  const file = new URL('../../../../vectors/light/verdicts.json', import.meta.url)
  const theirs: readonly { readonly name: string; readonly sha256: string; readonly verdict: string }[] = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  const ours = lightCases.map((each) => ({
    name: each.name,
    sha256: createHash('sha256').update(lineOf(each)).digest('hex'),
    verdict: ['accepted', 'too-little-trusted-power'].includes(each.verdict) ? each.verdict : 'refused',
  }))
  expect(ours).toEqual(theirs)
})
