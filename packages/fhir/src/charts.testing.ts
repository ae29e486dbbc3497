import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type ReadEntries, type ResourceEntry, readBundle } from './entries.ts'

/** Real charts, when they lie beside the repository; tests that need them say so and skip. */
const folder = new URL('../../../../shared/data/synthea/', import.meta.url)
export const chartsPresent = existsSync(folder)

export function chartNames(): readonly string[] {
  return readdirSync(folder).toSorted()
}

export function chartBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)))
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A bundle of resources, each under `urn:uuid:` and its id. */
export function bundleOf(...resources: readonly { readonly id?: string }[]): Uint8Array {
  const entry = resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id ?? 'none'}`, resource }))
  return bytesOf(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }))
}

export function readOrThrow(bytes: Uint8Array): ReadEntries {
  const read = readBundle(bytes)
  if (!read.ok) throw new Error(`refused: ${read.reason.type}`)
  return read.value
}

export function entriesOf(...resources: readonly { readonly id?: string }[]): readonly ResourceEntry[] {
  return readOrThrow(bundleOf(...resources)).entries
}
