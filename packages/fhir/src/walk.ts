import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import type { Definitions } from './definitions.ts'
import { fhirId } from './entries.ts'
import type { Issue } from './refusals.ts'
import type { JsonKind, MemberShape } from './shapes.ts'

/** What the walk over one resource finds: `faults` mean that it is not FHIR, `warnings` concern its terminology. */
export interface Findings {
  readonly faults: Issue[]
  readonly warnings: Issue[]
}

/** A resource with more findings than this is not worth listing in full. */
export const findingsMax = 50

/**
 * Walks a resource along the shapes of FHIR R4 and finds what the structural validator leaves out or passes: members
 * that FHIR does not know, values of the wrong JSON kind, empty ones, two values for one choice, and codes outside a
 * required binding (R4 §4.1). The depth is that of the document, which its reader bounded.
 */
export function walkResource(value: JsonObject, definitions: Definitions): Findings {
  const findings: Findings = { faults: [], warnings: [] }
  const resourceType = value.get('resourceType')
  const name = typeof resourceType === 'string' && definitions.shapes.has(resourceType) ? resourceType : 'Resource'
  walkAnyResource(value, name, definitions, findings)
  return findings
}

function walkAnyResource(value: JsonObject, path: string, definitions: Definitions, findings: Findings): void {
  const resourceType = value.get('resourceType')
  if (typeof resourceType !== 'string' || !definitions.shapes.has(resourceType)) {
    add(findings.faults, {
      path,
      expected: 'a resource type of FHIR R4',
      came: resourceType === undefined ? 'none' : 'another name',
    })
    return
  }
  // The definitions give a resource's id the system type String, which has no form to check.
  const id = value.get('id')
  if (typeof id === 'string' && !fhirId.test(id)) {
    add(findings.faults, { path: `${path}.id`, expected: 'the form of id', came: 'another text' })
  }
  walkObject(value, resourceType, path, definitions, findings)
}

function walkObject(
  value: JsonObject,
  shape: string,
  path: string,
  definitions: Definitions,
  findings: Findings,
): void {
  const members = definitions.shapes.get(shape)?.members
  if (members === undefined) return
  let choices: Map<string, string> | undefined
  for (const [key, item] of value) {
    const member = members.get(key)
    if (member === undefined) walkUnnamed(value, key, item, members, path, definitions, findings)
    else {
      if (member.choice !== '') {
        choices ??= new Map()
        if (choices.has(member.choice)) {
          add(findings.faults, {
            path: `${path}.${key}`,
            expected: `one value for ${member.choice}`,
            came: 'a second one',
          })
        }
        choices.set(member.choice, key)
      }
      walkMember(item, member, `${path}.${key}`, definitions, findings)
    }
  }
}

/** Members beside the named ones: `resourceType` of a resource, and `_name`, the extensions of a primitive. */
function walkUnnamed(
  value: JsonObject,
  key: string,
  item: JsonValue,
  members: ReadonlyMap<string, MemberShape>,
  path: string,
  definitions: Definitions,
  findings: Findings,
): void {
  // Only resources have the member: every other shape lists what it may hold.
  if (key === 'resourceType' && members.has('implicitRules')) return
  const primitive = key.startsWith('_') ? members.get(key.slice(1)) : undefined
  if (primitive === undefined || primitive.shape !== '') {
    // The name is the sender's own and may say anything: its position names it well enough.
    const position = [...value.keys()].indexOf(key) + 1
    add(findings.faults, {
      path,
      expected: 'only members that FHIR R4 gives it',
      came: `another one at position ${position}`,
    })
    return
  }
  eachItem(item, `${path}.${key}`, (extended, at) => {
    if (isJsonObject(extended)) walkObject(extended, 'Element', at, definitions, findings)
  })
}

function walkMember(
  item: JsonValue,
  member: MemberShape,
  path: string,
  definitions: Definitions,
  findings: Findings,
): void {
  if (isJsonList(item) !== member.repeats) {
    const [expected, came] = member.repeats ? ['a list', 'a single value'] : ['a single value', 'a list']
    add(findings.faults, { path, expected, came })
  } else if (isJsonList(item) && item.length === 0) {
    add(findings.faults, { path, expected: 'a value', came: 'an empty list' })
  } else eachItem(item, path, (value, at) => walkValue(value, member, at, definitions, findings))
}

function walkValue(
  value: JsonValue,
  member: MemberShape,
  path: string,
  definitions: Definitions,
  findings: Findings,
): void {
  // In a list of primitives null keeps the place of one that has extensions only; the structural validator sees to it.
  if (value === null && member.repeats && member.kind !== 'object') return
  const kind = kindOf(value)
  if (kind !== member.kind) add(findings.faults, { path, expected: member.kind, came: kind })
  else {
    if (member.requiredValueSet !== '') checkBinding(value, member, path, definitions, findings)
    if (!isJsonObject(value)) return
    if (value.size === 0) add(findings.faults, { path, expected: 'an object with members', came: 'an empty one' })
    if (member.shape === 'Resource') walkAnyResource(value, path, definitions, findings)
    else walkObject(value, member.shape, path, definitions, findings)
  }
}

function kindOf(value: JsonValue): JsonKind | 'list' | 'null' {
  if (value === null) return 'null'
  if (isJsonList(value)) return 'list'
  if (value instanceof JsonNumber) return 'number'
  return typeof value === 'object' ? 'object' : (typeof value as 'string' | 'boolean')
}

function eachItem(item: JsonValue, path: string, visit: (value: JsonValue, path: string) => void): void {
  if (!isJsonList(item)) visit(item, path)
  else for (let index = 0; index < item.length; index++) visit(item[index] as JsonValue, `${path}[${index}]`)
}

function checkBinding(
  value: JsonValue,
  member: MemberShape,
  path: string,
  definitions: Definitions,
  findings: Findings,
): void {
  const expansion = definitions.expansions.get(member.requiredValueSet)
  if (expansion === undefined) return
  if (member.type === 'code') {
    if (typeof value === 'string' && !expansion.codes.has(value)) outside(member, path, findings)
  } else if (isJsonObject(value)) {
    const codings = member.type === 'CodeableConcept' ? value.get('coding') : [value]
    const known =
      isJsonList(codings) && codings.some((coding) => isJsonObject(coding) && expansion.codings.has(codingKey(coding)))
    if (!known) outside(member, path, findings)
  }
}

function codingKey(coding: JsonObject): string {
  return `${String(coding.get('system') ?? '')}|${String(coding.get('code') ?? '')}`
}

function outside(member: MemberShape, path: string, findings: Findings): void {
  add(findings.warnings, { path, expected: `a code of ${member.requiredValueSet}`, came: 'no such code' })
}

function add(issues: Issue[], issue: Issue): void {
  if (issues.length < findingsMax) issues.push(issue)
}
