import { OperationOutcomeError, validateResource as validateStructure } from '@medplum/core'
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes'
import { type JsonObject, jsonLimits, toPlain } from '@plexus/codec'
import { loadDefinitions } from './definitions.ts'
import type { Issue } from './refusals.ts'
import { findingsMax, walkResource } from './walk.ts'

/**
 * `refused` is not empty when the resource is not FHIR R4: structure, type, cardinality or an invariant. Terminology
 * (a code outside a required binding) gives `warnings`: such a resource is stored all the same.
 */
export interface Validation {
  readonly refused: readonly Issue[]
  readonly warnings: readonly Issue[]
}

/**
 * Checks one resource against base FHIR R4. Profiles that it claims, extensible bindings and the types of what it refers
 * to are not checked. The first call loads the definitions.
 */
export function validateResource(value: JsonObject): Validation {
  const definitions = loadDefinitions()
  const { faults, warnings } = walkResource(value, definitions)
  // What has no known type or foreign members would only be said twice, and less well.
  const refused = faults.length > 0 ? faults : structureFaults(toPlain(value) as Resource)
  return { refused, warnings }
}

function structureFaults(resource: Resource): readonly Issue[] {
  try {
    // The size of attachments is for the limits of the reader to bound.
    validateStructure(resource, { base64BinaryMaxBytes: jsonLimits.bytesMax })
    return []
  } catch (error) {
    const found = error instanceof OperationOutcomeError ? (error.outcome.issue ?? []) : []
    const issues = found.filter(({ severity }) => severity === 'error' || severity === 'fatal').map(issueOf)
    // The validator stops with an error of its own on shapes that it did not foresee (a list where an object must be).
    if (issues.length === 0) {
      return [{ path: resource.resourceType, expected: 'the structure of its type', came: 'another one' }]
    }
    return issues.slice(0, findingsMax)
  }
}

/** Names of elements, positions and choices: all that a path may hold. */
const elementPath = /^[A-Za-z]+(\.[_a-z][A-Za-z0-9]*(\[x\])?(\[\d+\])?)*$/

/** The validator's messages quote names and types of FHIR, but may quote the resource too: only known forms pass. */
const knownMessages: readonly (readonly [RegExp, (match: RegExpExecArray) => Omit<Issue, 'path'>])[] = [
  [/^Missing required property/, () => ({ expected: 'a value', came: 'none' })],
  [/^Invalid (empty|null|undefined) (non-primitive )?value/, (match) => ({ expected: 'a value', came: `${match[1]}` })],
  [/^Expected array of values/, () => ({ expected: 'a list', came: 'a single value' })],
  [/^Expected single value/, () => ({ expected: 'a single value', came: 'a list' })],
  [
    /^Invalid number of values: expected (\d+\.\.[\d*]+), but found (\d+)/,
    (match) => ({ expected: `${match[1]} values`, came: `${match[2]}` }),
  ],
  [
    /^Invalid JSON type: expected (\w+), but got (\w+)/,
    (match) => ({ expected: `a JSON ${match[1]}`, came: `${match[2]}` }),
  ],
  [/^Invalid (\w+) (format|value)/, (match) => ({ expected: `the form of ${match[1]}`, came: 'another text' })],
  [/^Invalid numeric value/, () => ({ expected: 'a finite number', came: 'another' })],
  [/^Expected number to be an integer/, () => ({ expected: 'an integer', came: 'a fraction' })],
  [
    /^Expected number to be in the range (-?\d+\.\.\d+)/,
    (match) => ({ expected: match[1] ?? '', came: 'a number outside' }),
  ],
  [/^String must contain/, () => ({ expected: 'a text', came: 'white space alone' })],
  [/^String cannot be larger/, () => ({ expected: 'at most 1 MB of text', came: 'more' })],
  [/^Constraint ([a-z]+-\d+[a-z]?) not met/, (match) => ({ expected: `invariant ${match[1]}`, came: 'it is not met' })],
]

function issueOf(issue: OperationOutcomeIssue): Issue {
  const message = issue.details?.text ?? ''
  const path = issue.expression?.[0] ?? ''
  for (const [form, say] of knownMessages) {
    const match = form.exec(message)
    if (match) return { path: elementPath.test(path) ? path : '', ...say(match) }
  }
  return { path: elementPath.test(path) ? path : '', expected: 'what FHIR R4 defines here', came: 'something else' }
}
