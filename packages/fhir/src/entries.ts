import { createHash } from 'node:crypto'
import {
  isJsonList,
  isJsonObject,
  type JsonDocument,
  type JsonLimits,
  type JsonObject,
  type JsonRefusal,
  no,
  ok,
  type Result,
  readJson,
  toHex,
} from '@plexus/codec'
import type { Refusal } from './refusals.ts'

/** One resource as it arrived. */
export interface ResourceEntry {
  /** Its place in the source: "entry[17]", "line 12", or "file". */
  readonly where: string
  /** The bundle's name for it (mostly `urn:uuid:…`), or "". */
  readonly fullUrl: string
  readonly resourceType: string
  /** The id of the source; else the UUID of `fullUrl`; else one made of the content, so that a re-import finds it again. */
  readonly id: string
  /** The bytes exactly as received: a view into the source, which stays in memory as long as this does. */
  readonly raw: Uint8Array
  readonly value: JsonObject
}

/** What one file or line held. Entries read are `entries.length + refused.length`. */
export interface ReadEntries {
  readonly entries: readonly ResourceEntry[]
  readonly refused: readonly Refusal[]
}

/** FHIR R4 Bundle.type, less `message` and the answers to a batch or transaction, which carry no chart of their own. */
const bundleTypes: ReadonlySet<string> = new Set([
  'transaction',
  'batch',
  'collection',
  'searchset',
  'document',
  'history',
])

/**
 * Reads one FHIR R4 JSON text: a Bundle or a single resource. A text that cannot be read is refused as a whole; an entry
 * that holds no resource is refused by itself.
 */
export function readBundle(bytes: Uint8Array, limits: Partial<JsonLimits> = {}): Result<ReadEntries, Refusal> {
  const read = readResource(bytes, 'file', limits)
  if (!read.ok) return read
  const { entry, document } = read.value
  if (entry.resourceType !== 'Bundle') return ok({ entries: [entry], refused: [] })
  const type = entry.value.get('type')
  if (typeof type !== 'string' || !bundleTypes.has(type)) {
    return no(notFhir('file', 'Bundle.type', `one of ${[...bundleTypes].join(', ')}`, 'another type'))
  }
  const items = entry.value.get('entry') ?? []
  if (!isJsonList(items)) return no(notFhir('file', 'Bundle.entry', 'a list', 'no list'))
  const entries: ResourceEntry[] = []
  const refused: Refusal[] = []
  items.forEach((item, index) => {
    const taken = entryOf(item, `entry[${index}]`, bytes, document)
    if (taken.ok) entries.push(taken.value)
    else refused.push(taken.reason)
  })
  return ok({ entries, refused })
}

/** Reads one resource that fills `bytes`, such as a line of NDJSON. */
export function readResource(
  bytes: Uint8Array,
  where: string,
  limits: Partial<JsonLimits> = {},
): Result<{ readonly entry: ResourceEntry; readonly document: JsonDocument }, Refusal> {
  const read = readJson(bytes, limits)
  if (!read.ok) return no(unreadableJson(read.reason, where))
  const document = read.value
  if (!isJsonObject(document.value)) return no(notFhir(where, '', 'a resource', 'no object'))
  const entry = resourceOf(document.value, '', where, bytes, document)
  return entry.ok ? ok({ entry: entry.value, document }) : entry
}

function entryOf(
  item: unknown,
  where: string,
  bytes: Uint8Array,
  document: JsonDocument,
): Result<ResourceEntry, Refusal> {
  if (!(item instanceof Map)) return no(notFhir(where, '', 'an object', 'no object'))
  const resource = item.get('resource')
  const fullUrl = item.get('fullUrl')
  if (!isJsonObject(resource)) {
    const came = resource === undefined ? 'none' : 'no object'
    return no({ type: 'no-resource', where, path: 'Bundle.entry.resource', expected: 'a resource', came })
  }
  return resourceOf(resource, typeof fullUrl === 'string' ? fullUrl : '', where, bytes, document)
}

function resourceOf(
  value: JsonObject,
  fullUrl: string,
  where: string,
  bytes: Uint8Array,
  document: JsonDocument,
): Result<ResourceEntry, Refusal> {
  const resourceType = value.get('resourceType')
  // The full check against the definitions comes with validation; this keeps chart text out of places for type names.
  if (typeof resourceType !== 'string' || !/^[A-Z][A-Za-z]{1,63}$/.test(resourceType)) {
    return no(
      notFhir(
        where,
        'resourceType',
        'the name of a resource type',
        resourceType === undefined ? 'none' : 'another value',
      ),
    )
  }
  const { start, end } = document.span(value)
  const raw = bytes.subarray(start, end)
  return ok({ where, fullUrl, resourceType, id: idOf(value, fullUrl, raw), raw, value })
}

const uuidUrl = /^urn:uuid:([0-9a-fA-F-]{36})$/
/** FHIR R4 §2.24.0.1, type id. */
export const fhirId = /^[A-Za-z0-9\-.]{1,64}$/

function idOf(value: JsonObject, fullUrl: string, raw: Uint8Array): string {
  const id = value.get('id')
  if (typeof id === 'string' && fhirId.test(id)) return id
  const uuid = uuidUrl.exec(fullUrl)?.[1]
  if (uuid !== undefined) return uuid.toLowerCase()
  return `content-${toHex(createHash('sha256').update(raw).digest()).slice(0, 40)}`
}

function notFhir(where: string, path: string, expected: string, came: string): Refusal {
  return { type: 'not-fhir', where, path, expected, came }
}

/** The refusal of the JSON reader, with the place in which the text stood. */
function unreadableJson(reason: JsonRefusal, where: string): Refusal {
  return { type: reason.type, where, path: `byte ${reason.at}`, expected: reason.expected, came: reason.came }
}
