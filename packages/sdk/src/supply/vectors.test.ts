import { readFileSync } from 'node:fs'
import { decode, fromHex, toHex } from '@plexus/codec'
import { packageMember } from '@plexus/contracts'
import { expect, test } from 'vitest'
import { type LabelIdentifier, labelKeysOf, tagOf } from './labels.ts'
import { contentsOf, unpacking } from './packages.ts'

interface Vectors {
  readonly chain: string
  readonly traceKey: string
  readonly labels: readonly { readonly identifier: LabelIdentifier; readonly labelKey: string; readonly tag: string }[]
  readonly package: {
    readonly noiseSeed: string
    readonly members: readonly string[]
    readonly leaves: number
    readonly root: string
    readonly indexes: readonly number[]
  }
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/supply/derivations.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.labels)('the label $identifier has this key and this tag', ({ identifier, labelKey, tag }) => {
  const key = labelKeysOf({ traceKey: fromHex(vectors.traceKey), chain: fromHex(vectors.chain) })(identifier)
  if (!key.ok) throw new Error(key.reason.type)
  const found = tagOf(key.value, identifier)
  expect([toHex(key.value), found.ok && toHex(found.value)]).toEqual([labelKey, tag])
})

test('a package of two units has this root, and its members these places', () => {
  const { noiseSeed, members, leaves, root, indexes } = vectors.package
  const read = members.map((each) => {
    const member = decode(packageMember, fromHex(each))
    if (!member.ok) throw new Error('a member does not read')
    return member.value
  })
  const manifest = { members: read, noiseSeed: fromHex(noiseSeed) }
  const contents = contentsOf(manifest)
  expect([contents.leaves, toHex(contents.root)]).toEqual([leaves, root])
  const places = read.map(({ tag }) => {
    const step = unpacking(fromHex(root), manifest, [tag])
    return step.ok && step.value.children[0]?.index
  })
  expect(places).toEqual(indexes)
})
