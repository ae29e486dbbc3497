import { isJsonList, isJsonObject, type JsonObject } from '@plexus/codec'
import type { Segment } from '@plexus/policy'

const actCodeSystems: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  'http://hl7.org/fhir/v3/ActCode',
  'urn:oid:2.16.840.1.113883.5.4',
])

/** Strictest first: what carries several labels goes to the first segment that any of them names. */
const labels: readonly (readonly [Segment, ReadonlySet<string>])[] = [
  ['part2', new Set(['ETH', 'SUD', '42CFRPart2', 'ETHUD', 'OPIOIDUD'])],
  ['psychotherapy', new Set(['PSYTHPN', 'PSY'])],
  ['reproductive', new Set(['SEX', 'REPRO'])],
  ['minor-confidential', new Set(['ADOL'])],
]

/** The segment by the resource's own `meta.security` (codes of HL7 v3 ActCode); without such a label, `general`. */
export function segmentOf(resource: JsonObject): Segment {
  const meta = resource.get('meta')
  const security = isJsonObject(meta) ? meta.get('security') : undefined
  if (!isJsonList(security)) return 'general'
  const codes = security
    .filter(isJsonObject)
    .filter(isActCode)
    .map((coding) => coding.get('code'))
  const segment = labels.find(([, known]) => codes.some((code) => typeof code === 'string' && known.has(code)))
  return segment?.[0] ?? 'general'
}

/** A label without a system counts too: a restriction that was meant is worse lost than one that was not. */
function isActCode(coding: JsonObject): boolean {
  const system = coding.get('system')
  return system === undefined || (typeof system === 'string' && actCodeSystems.has(system))
}
