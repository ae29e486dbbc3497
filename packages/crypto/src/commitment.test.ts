import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex, toHex, utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { handleOf, leafOf, signedBytes, statementHash } from './commitment.ts'
import { merkleRoot } from './merkle.ts'

interface Pinned<Case> {
  readonly cases: readonly (Case & { readonly name: string })[]
}

function pinned<Case>(file: string): Pinned<Case>['cases'] {
  const { cases } = JSON.parse(
    readFileSync(new URL(`../../../vectors/hashing/${file}`, import.meta.url), 'utf8'),
  ) as Pinned<Case>
  expect(cases.length).toBeGreaterThan(2)
  return cases
}

interface StatementCase {
  readonly typeName: string
  readonly genesisHash: string
  readonly canonicalBytes: string
  readonly signedBytes: string
  readonly statementHash: string
}

test('what is signed, and the hash of a statement, are pinned', () => {
  for (const { name, ...pin } of pinned<StatementCase>('statements.json')) {
    const input = [pin.typeName, fromHex(pin.genesisHash), fromHex(pin.canonicalBytes)] as const
    const made = { signedBytes: toHex(signedBytes(...input)), statementHash: toHex(statementHash(...input)) }
    expect({ name, ...made }).toEqual({ name, signedBytes: pin.signedBytes, statementHash: pin.statementHash })
  }
})

test('the leaf of a commitment is pinned', () => {
  for (const pin of pinned<{ leafKey: string; statementHash: string; leaf: string }>('leaves.json')) {
    const leaf = toHex(leafOf(fromHex(pin.leafKey), fromHex(pin.statementHash)))
    expect({ name: pin.name, leaf }).toEqual({ name: pin.name, leaf: pin.leaf })
  }
})

test('the handle of a key is pinned', () => {
  for (const pin of pinned<{ publicKey: string; handle: string }>('handles.json')) {
    const handle = toHex(handleOf(fromHex(pin.publicKey)))
    expect({ name: pin.name, handle }).toEqual({ name: pin.name, handle: pin.handle })
  }
})

test('the root of a tree is pinned', () => {
  for (const pin of pinned<{ leaves: string[]; root: string }>('merkle-roots.json')) {
    const root = toHex(merkleRoot(pin.leaves.map(fromHex)))
    expect({ name: pin.name, root }).toEqual({ name: pin.name, root: pin.root })
  }
})

const genesis = new Uint8Array(32).fill(7)
const body = utf8('body')

test('the layout is the one that the documentation gives', () => {
  const digest = createHash('sha256').update(body).digest()
  const expected = Buffer.concat([Buffer.from('plexus/v1/intent\0'), genesis, digest])
  expect(toHex(signedBytes('intent', genesis, body))).toBe(expected.toString('hex'))
  const hash = createHash('sha256').update(expected).digest()
  expect(toHex(statementHash('intent', genesis, body))).toBe(hash.toString('hex'))
  const key = new Uint8Array(32).fill(9)
  const leaf = createHmac('sha256', key).update('plexus/v1/leaf\0').update(hash).digest('hex')
  expect(toHex(leafOf(key, new Uint8Array(hash)))).toBe(leaf)
})

test('another type, network, body or leaf key gives other bytes', () => {
  const other = new Uint8Array(32).fill(8)
  const statements = [
    statementHash('intent', genesis, body),
    statementHash('receipt', genesis, body),
    statementHash('intent', other, body),
    statementHash('intent', genesis, utf8('bodies')),
  ]
  const [first] = statements as [Uint8Array]
  const leaves = [
    leafOf(genesis, first),
    leafOf(other, first),
    ...statements.slice(1).map((hash) => leafOf(other, hash)),
  ]
  expect(new Set([...statements, ...leaves].map(toHex)).size).toBe(9)
})

test('names that could be read in two ways, and lengths that are wrong, are bugs of the caller', () => {
  for (const name of ['', 'a\0b', 'a b', 'é', 'x'.repeat(65)]) {
    expect(() => signedBytes(name, genesis, body)).toThrow('typeName: expected 1 to 64 printable ASCII characters')
  }
  expect(() => signedBytes('intent', genesis.subarray(1), body)).toThrow('genesisHash: expected 32 bytes, came 31')
  expect(() => leafOf(genesis.subarray(1), genesis)).toThrow('leafKey: expected 32 bytes, came 31')
  expect(() => leafOf(genesis, body)).toThrow('statementHash: expected 32 bytes, came 4')
  expect(() => handleOf(body)).toThrow('publicKey: expected 32 bytes, came 4')
})
