import { isJsonList, isJsonObject, type JsonObject, type JsonValue } from '@plexus/codec'

/** One reference of a resource (R4 §2.3), as a key under which its target may be known. */
export interface Target {
  /** `urn:uuid:…`, `Type/id`, `Type?system|value`, or another absolute URL as it stands. */
  readonly key: string
  /** The type that the reference names, or "". */
  readonly type: string
  /** The id or identifier value that the reference names: what an unknown target is called. */
  readonly id: string
  readonly display: string
}

const typedUrl = /^(?:https?:\/\/.*\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/
const conditionalUrl = /^([A-Z][A-Za-z]+)\?identifier=([^|&]*)\|([^&]+)$/

/**
 * The target of a FHIR Reference, or undefined when it names none (a display alone) or one that it contains (`#…`).
 * `impliedType` is the type that the field demands, for references by identifier alone.
 */
export function targetOf(value: JsonValue | undefined, impliedType = ''): Target | undefined {
  if (!isJsonObject(value)) return undefined
  const display = textIn(value, 'display')
  const reference = textIn(value, 'reference')
  if (reference.startsWith('#')) return undefined
  if (reference !== '') return { ...parseReference(reference), display }
  const identifier = value.get('identifier')
  if (!isJsonObject(identifier)) return undefined
  const type = textIn(value, 'type') || impliedType
  const id = textIn(identifier, 'value')
  if (type === '' || id === '') return undefined
  return { key: identifierKey(type, textIn(identifier, 'system'), id), type, id, display }
}

function parseReference(reference: string): Omit<Target, 'display'> {
  if (reference.startsWith('urn:uuid:')) {
    const key = reference.toLowerCase()
    return { key, type: '', id: key.slice('urn:uuid:'.length) }
  }
  const typed = typedUrl.exec(reference)
  if (typed) return { key: `${typed[1]}/${typed[2]}`, type: typed[1] ?? '', id: typed[2] ?? '' }
  const conditional = conditionalUrl.exec(reference)
  if (conditional) {
    const [type, system, id] = [conditional[1] ?? '', unescaped(conditional[2] ?? ''), unescaped(conditional[3] ?? '')]
    return { key: identifierKey(type, system, id), type, id }
  }
  return { key: reference, type: '', id: '' }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function identifierKey(type: string, system: string, value: string): string {
  return `${type}?${system}|${value}`
}

/** Keys of every reference inside a value, in source order. */
export function targetKeysIn(value: JsonValue, into: string[] = []): readonly string[] {
  if (isJsonList(value)) for (const item of value) targetKeysIn(item, into)
  else if (isJsonObject(value)) {
    const reference = value.get('reference')
    if (typeof reference === 'string' && !reference.startsWith('#')) into.push(parseReference(reference).key)
    for (const member of value.values()) if (typeof member === 'object' && member !== null) targetKeysIn(member, into)
  }
  return into
}

/** The text of a member, or "". */
export function textIn(value: JsonObject, key: string): string {
  const member = value.get(key)
  return typeof member === 'string' ? member : ''
}

/** A member as a list of objects, whether it is one or many. */
export function objectsIn(value: JsonObject, key: string): readonly JsonObject[] {
  const member = value.get(key)
  if (isJsonList(member)) return member.filter(isJsonObject)
  return isJsonObject(member) ? [member] : []
}
