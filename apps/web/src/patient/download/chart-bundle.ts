/**
 * The whole record as one FHIR R4 Bundle of type `collection` (R4 §2.36): every resource as its custodian keeps it, to the
 * last digit, with the custodian beside it, and an OperationOutcome that names what is missing.
 */
import { type JsonObject, type JsonValue, writeJson } from '@plexus/codec'
import type { ChartSource } from '../../wallet/own-record.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const recordDigits = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/

/** `madeAt`: an instant with its zone (RFC 3339), which R4 wants of a timestamp. The bytes are JSON in UTF-8. */
export function chartBundle(charts: readonly ChartSource[], madeAt: string): Uint8Array {
  const names = new Set<string>()
  const entries = charts.flatMap(({ source }) =>
    source.entries.flatMap((entry) => {
      if (!entry.verified) return []
      const fullUrl = nameFor(entry.value, entry.record, names)
      return [object({ link: [from(source.custodian)], fullUrl, resource: entry.value })]
    }),
  )
  const missing = charts.flatMap(missingFrom)
  const outcome =
    missing.length > 0 ? [object({ resource: object({ resourceType: 'OperationOutcome', issue: missing }) })] : []
  const all = [...entries, ...outcome]
  // An empty list is no FHIR (R4 §2.6.2).
  return writeJson(
    object({ resourceType: 'Bundle', type: 'collection', timestamp: madeAt, ...(all.length > 0 && { entry: all }) }),
  )
}

const object = (members: Readonly<Record<string, JsonValue>>): JsonObject => new Map(Object.entries(members))

/** Where it came from (RFC 4287 §4.2.7.2, relation `via`). */
const from = (custodian: string): JsonObject => object({ relation: 'via', url: `urn:plexus:organisation:${custodian}` })

/** By its own UUID, which is how resources of one chart refer to each other; no name twice (R4, invariant bdl-7). */
function nameFor(resource: JsonObject, record: string, names: Set<string>): string {
  const id = resource.get('id')
  const own = typeof id === 'string' && uuid.test(id) ? id : null
  const name = `urn:uuid:${own !== null && !names.has(`urn:uuid:${own}`) ? own : record.replace(recordDigits, '$1-$2-$3-$4-$5')}`
  names.add(name)
  return name
}

function missingFrom({ source: { custodian, state, entries } }: ChartSource): readonly JsonObject[] {
  const issue = (code: string, diagnostics: string): JsonObject =>
    object({ severity: 'warning', code, diagnostics: `${custodian}: ${diagnostics}` })
  const unread = entries.filter(({ verified }) => !verified).length
  return [
    ...(state.type === 'unavailable' ? [issue('transient', 'did not answer')] : []),
    ...(state.type === 'withheld' ? [issue('suppressed', 'refused')] : []),
    ...(state.type === 'part'
      ? [issue('suppressed', state.of === null ? 'gave a part' : `${state.of - state.count} records are left out`)]
      : []),
    ...(unread > 0 ? [issue('invalid', `${unread} records do not match what was committed and are left out`)] : []),
  ]
}
