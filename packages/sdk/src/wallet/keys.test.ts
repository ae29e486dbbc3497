import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@plexus/codec'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { headHandle, headSeed, mailboxSeed, noticeSeed, relationship, sealingSeed, signingSeed } from './keys.ts'

interface Vector {
  readonly comment: string
  readonly root: string
  readonly chain: string
  readonly custodian: string
  readonly epoch: number
  readonly heads: readonly { readonly number: number; readonly seed: string; readonly handle: string }[]
  readonly [field: string]: unknown
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../../../vectors/wallet/derivations.json', import.meta.url), 'utf8'),
)

describe('derivations, as a second implementation made them', () => {
  for (const vector of vectors)
    test(vector.comment, () => {
      const { root, chain, custodian, epoch, heads } = vector
      const place = { root: fromHex(root), chain: fromHex(chain), custodian }
      expect({
        ...vector,
        relationship: toHex(relationship(place, epoch)),
        signingSeed: toHex(signingSeed(place, epoch)),
        signingKey: toHex(publicKeyOf(signingSeed(place, epoch))),
        sealingSeed: toHex(sealingSeed(place, epoch)),
        mailboxSeed: toHex(mailboxSeed(place, epoch)),
        mailboxAddress: toHex(handleOf(publicKeyOf(mailboxSeed(place, epoch)))),
        noticeSeed: toHex(noticeSeed(place, epoch)),
        heads: heads.map(({ number }) => ({
          number,
          seed: toHex(headSeed(place, number)),
          handle: toHex(headHandle(place, number)),
        })),
      }).toEqual(vector)
    })
})

test('no two keys of any two places are alike', () => {
  const seeds = vectors.flatMap(({ root, chain, custodian, epoch }) => {
    const place = { root: fromHex(root), chain: fromHex(chain), custodian }
    return [relationship, signingSeed, sealingSeed, mailboxSeed, noticeSeed].map((of) => toHex(of(place, epoch)))
  })
  expect(new Set(seeds).size).toBe(seeds.length)
})

test('a number that does not fit four bytes is a mistake of the caller', () => {
  const place = { root: new Uint8Array(32), chain: new Uint8Array(32), custodian: 'hospital' }
  for (const number of [-1, 1.5, 2 ** 32]) expect(() => headSeed(place, number)).toThrow(RangeError)
})
