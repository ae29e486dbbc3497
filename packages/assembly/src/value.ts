import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import { decimalKey } from './decimal.ts'
import { type Coding, type Concept, conceptOf, contentText, objectOf, objectsOf, textOf } from './members.ts'
import { compareText, keyOf, listKey, sortedSet } from './order.ts'

const ucumSystem = 'http://unitsofmeasure.org'
const everything: ReadonlySet<string> = new Set()

/** What a resource says was found; numbers are the text that was received. */
export type ValueFacts =
  | {
      readonly type: 'quantity'
      readonly number: string
      readonly comparator: string
      /** The unit as shown to people; empty when missing. */
      readonly unit: string
      /** The UCUM code; null when the unit is missing or of another system: such a value is never merged. */
      readonly ucum: string | null
    }
  | ({ readonly type: 'codeable' } & Concept)
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'absent'; readonly reason: string }
  /** Periods, ranges, ratios, samples: kept whole and compared whole. */
  | { readonly type: 'structure'; readonly text: string; readonly content: string }
  | { readonly type: 'components'; readonly whole: ValueFacts | null; readonly components: readonly ComponentFacts[] }

export interface ComponentFacts {
  readonly codes: readonly Coding[]
  readonly display: string | null
  readonly value: ValueFacts | null
}

/** Text for people, and the unit beside it (null where a value has none of its own). */
export interface ShownValue {
  readonly text: string
  readonly unit: string | null
}

const valueNames = [
  'valueQuantity',
  'valueCodeableConcept',
  'valueString',
  'valueBoolean',
  'valueInteger',
  'valueDateTime',
  'valuePeriod',
  'valueRange',
  'valueRatio',
  'valueTime',
  'valueSampledData',
]

/** Reads `value[x]`, `component`, `dataAbsentReason`; a report's conclusion; the total of a claim. */
export function statedValue(resource: JsonObject): ValueFacts | null {
  const whole = ownValue(resource)
  const components = objectsOf(resource, 'component').map((component) => ({
    ...conceptOf(objectsOf(component, 'code')),
    value: ownValue(component),
  }))
  return components.length > 0 ? { type: 'components', whole, components } : whole
}

function ownValue(resource: JsonObject): ValueFacts | null {
  for (const name of valueNames) {
    const value = resource.get(name)
    if (value !== undefined && value !== null) return formOf(name, value)
  }
  const absent = objectOf(resource, 'dataAbsentReason')
  if (absent) {
    const reason = conceptOf([absent])
    return { type: 'absent', reason: reason.codes[0]?.code ?? reason.display ?? '' }
  }
  const conclusion = textOf(resource, 'conclusion')
  if (conclusion !== null) return { type: 'text', text: conclusion }
  const total = objectOf(resource, 'total')
  const number = total?.get('value')
  if (!(number instanceof JsonNumber)) return null
  return { type: 'quantity', number: number.text, comparator: '', unit: textOf(total, 'currency') ?? '', ucum: null }
}

function formOf(name: string, value: JsonValue): ValueFacts {
  if (typeof value === 'string') return { type: 'text', text: value }
  if (typeof value === 'boolean') return { type: 'text', text: String(value) }
  if (value instanceof JsonNumber) return { type: 'text', text: value.text }
  if (isJsonObject(value)) {
    if (name === 'valueQuantity') return quantityOf(value) ?? structureOf(value)
    if (name === 'valueCodeableConcept') return { type: 'codeable', ...conceptOf([value]) }
  }
  return structureOf(value)
}

function quantityOf(value: JsonObject): ValueFacts | undefined {
  const number = value.get('value')
  if (!(number instanceof JsonNumber)) return undefined
  const code = textOf(value, 'code')
  return {
    type: 'quantity',
    number: number.text,
    comparator: textOf(value, 'comparator') ?? '',
    unit: textOf(value, 'unit') ?? code ?? '',
    ucum: textOf(value, 'system') === ucumSystem ? code : null,
  }
}

function structureOf(value: JsonValue): ValueFacts {
  return { type: 'structure', text: leavesOf(value).join(' '), content: contentText(value, everything) }
}

/** What a structure says, leaf by leaf in source order, for people to read. */
function leavesOf(value: JsonValue): readonly string[] {
  if (value === null) return []
  if (typeof value === 'string') return [value]
  if (typeof value === 'boolean') return [String(value)]
  if (value instanceof JsonNumber) return [value.text]
  if (isJsonObject(value)) return [...value].flatMap(([name, member]) => (name === 'system' ? [] : leavesOf(member)))
  return isJsonList(value) ? value.flatMap(leavesOf) : []
}

/** Equal for two values exactly when they say the same. Numbers count as equal decimals only under the same unit. */
export function valueKey(value: ValueFacts | null): string {
  if (value === null) return ''
  switch (value.type) {
    case 'quantity': {
      const unit = value.ucum === null ? keyOf('unit', value.unit) : keyOf('ucum', value.ucum)
      return keyOf('quantity', value.comparator, decimalKey(value.number) ?? `=${value.number}`, unit)
    }
    case 'codeable':
      return keyOf('codeable', conceptKey(value))
    case 'text':
      return keyOf('text', value.text)
    case 'absent':
      return keyOf('absent', value.reason)
    case 'structure':
      return keyOf('structure', value.content)
    case 'components': {
      const parts = value.components.map((part) => keyOf(conceptKey(part), valueKey(part.value)))
      return keyOf('components', valueKey(value.whole), listKey(parts.sort(compareText)))
    }
  }
}

/** May this value count as equal to another one? Not when a number has no unit, or one that is not UCUM. */
export function isMergeable(value: ValueFacts | null): boolean {
  if (value === null || value.type === 'absent') return false
  if (value.type === 'quantity') return value.ucum !== null
  if (value.type !== 'components') return true
  const said = value.components.filter((part) => part.value !== null && part.value.type !== 'absent')
  return said.length > 0 && said.every((part) => isMergeable(part.value)) && (!value.whole || isMergeable(value.whole))
}

/** Do two values state numbers under different units, so that only a person can compare them? */
export function differInUnit(a: ValueFacts | null, b: ValueFacts | null): boolean {
  if (a?.type !== 'quantity' || b?.type !== 'quantity') return false
  return a.ucum !== b.ucum || (a.ucum === null && a.unit !== b.unit)
}

/** Codes decide where there are any, else the text. */
export function conceptKey(concept: Concept): string {
  if (concept.codes.length === 0) return concept.display === null ? '' : keyOf('text', concept.display)
  return sortedSet(concept.codes.map(({ system, code }) => keyOf(system, code))).join('')
}

/** The value for people, exactly as received: nothing is rounded, converted or translated. */
export function shownValue(value: ValueFacts | null): ShownValue | null {
  if (value === null) return null
  switch (value.type) {
    case 'quantity':
      return { text: `${value.comparator}${value.number}`, unit: value.unit === '' ? null : value.unit }
    case 'codeable':
      return { text: value.display ?? value.codes[0]?.code ?? '', unit: null }
    case 'text':
    case 'structure':
      return { text: value.text, unit: null }
    case 'absent':
      return { text: `absent: ${value.reason}`, unit: null }
    case 'components': {
      const parts = value.components.map((part) => `${part.display ?? part.codes[0]?.code ?? '?'}: ${flat(part.value)}`)
      return { text: (value.whole ? [flat(value.whole), ...parts] : parts).join('; '), unit: null }
    }
  }
}

function flat(value: ValueFacts | null): string {
  const shown = shownValue(value)
  if (!shown) return 'absent'
  return shown.unit === null ? shown.text : `${shown.text} ${shown.unit}`
}
