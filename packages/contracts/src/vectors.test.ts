/** The protocol of every contract is pinned in `vectors/contracts`: a change of bytes, state or codes fails here first. */
import { existsSync, readFileSync } from 'node:fs'
import { decode, encode, fromHex, toHex } from '@plexus/codec'
import { evolve, Overlay, type Variant } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { contracts } from './index.ts'

interface Pinned {
  readonly value: Variant
  readonly bytes: string
}

interface Vectors {
  readonly version: number
  readonly transactions: readonly Pinned[]
  readonly events: readonly Pinned[]
  readonly state: readonly { readonly key: string; readonly bytes: string }[]
  readonly rejections: readonly { readonly code: number; readonly type: string; readonly says: string }[]
}

const fileOf = (name: string) => new URL(`../../../vectors/contracts/${name}.json`, import.meta.url)

/** Byte strings stand as `{ "bytes": hex }` in the files. */
function readValue(written: unknown): unknown {
  if (Array.isArray(written)) return written.map(readValue)
  if (typeof written !== 'object' || written === null) return written
  const { bytes, ...others } = written as Record<string, unknown>
  if (typeof bytes === 'string' && Object.keys(others).length === 0) return fromHex(bytes)
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, readValue(value)]))
}

const types = (pinned: readonly Pinned[]) => [...new Set(pinned.map(({ value }) => value.type))].sort()

test.each(contracts)('$name has its vectors', ({ name }) => {
  expect(existsSync(fileOf(name))).toBe(true)
})

describe.each(contracts.filter(({ name }) => existsSync(fileOf(name))))('$name', (contract) => {
  const vectors = JSON.parse(readFileSync(fileOf(contract.name), 'utf8')) as Vectors

  test('the version is the one that was pinned', () => {
    expect(contract.version).toBe(vectors.version)
  })

  test('every transaction and every event is pinned', () => {
    expect(types(vectors.transactions)).toEqual(Object.keys(contract.rules).sort())
    expect(types(vectors.events)).toEqual(Object.keys(contract.evolve).sort())
  })

  test.each(vectors.transactions)('the transaction $value.type has these bytes, and they read as it', (pinned) => {
    const value = readValue(pinned.value) as Variant
    expect(toHex(encode(contract.transaction, value))).toBe(pinned.bytes)
    expect(decode(contract.transaction, fromHex(pinned.bytes))).toEqual({ ok: true, value })
  })

  test.each(vectors.events)('the event $value.type has these bytes, and they read as it', (pinned) => {
    const value = readValue(pinned.value) as Variant
    expect(toHex(encode(contract.event, value))).toBe(pinned.bytes)
    expect(decode(contract.event, fromHex(pinned.bytes))).toEqual({ ok: true, value })
  })

  test('the events lead from nothing to this state', () => {
    const overlay = new Overlay({ get: () => undefined, entries: () => [] })
    for (const { value } of vectors.events) evolve(overlay, contract, readValue(value) as Variant)
    expect([...overlay.entries('')].map(([key, bytes]) => ({ key, bytes: toHex(bytes) }))).toEqual(vectors.state)
  })

  test('rejections have these codes and sentences', () => {
    const codes = Object.entries(contract.rejections).map(([type, { code, says }]) => ({ code, type, says }))
    expect(codes).toEqual(vectors.rejections)
  })
})
