/**
 * Parameters of a query about extensions (EPCIS 2.0 §8.2.7.1): `EQ_PREFIX:NAME` at the top of an event and
 * `EQ_ILMD_PREFIX:NAME` in its instance data, such as `EQ_ILMD_cbvmda:lotNumber`.
 */
import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import type { EpcisEvent } from '../documents/events.ts'
import { expandedName, type Namespaces } from '../documents/namespaces.ts'

const parameterForm = /^EQ_(ILMD_)?([A-Za-z][\w-]*:[\w.-]+)$/

/** What an extension must say, or undefined where the name is none or its prefix stands for nothing. */
export function extensionParameter(
  name: string,
  namespaces: Namespaces,
): ((values: ReadonlySet<string>) => (event: EpcisEvent) => boolean) | undefined {
  const [, place, written] = parameterForm.exec(name) ?? []
  if (written === undefined) return undefined
  const wanted = expandedName(namespaces, written)
  if (wanted.namespace === '') return undefined
  return (values) => (event) => {
    const within = place === undefined ? event.form : event.form.get('ilmd')
    return isJsonObject(within) && says(within, event.namespaces, wanted, values)
  }
}

/** Events may use another prefix for the same namespace. */
function says(
  form: JsonObject,
  namespaces: Namespaces,
  wanted: ReturnType<typeof expandedName>,
  values: ReadonlySet<string>,
): boolean {
  for (const [name, value] of form) {
    if (!name.endsWith(wanted.local)) continue
    const { namespace, local } = expandedName(namespaces, name)
    if (namespace === wanted.namespace && local === wanted.local && textsOf(value).some((text) => values.has(text)))
      return true
  }
  return false
}

function textsOf(value: JsonValue): readonly string[] {
  if (isJsonList(value)) return value.flatMap(textsOf)
  if (isJsonObject(value)) return textsOf(value.get('#text') ?? null)
  if (value instanceof JsonNumber) return [value.text]
  return typeof value === 'string' ? [value] : typeof value === 'boolean' ? [String(value)] : []
}
