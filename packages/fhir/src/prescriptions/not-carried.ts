/** What a message says of prescriptions and no item has a place for: named, so that nobody believes that it was taken. */
import { isJsonList, isJsonObject, type JsonObject, type JsonValue } from '@plexus/codec'
import { textIn } from '../references.ts'

/** Of no meaning to what is asked. */
const always = ['resourceType', 'id', 'meta', 'text', 'contained']

/** Elements that are read, or that the reading rests on, by type. */
const carried: Readonly<Record<string, readonly string[]>> = {
  MedicationRequest: [
    ...['identifier', 'status', 'intent', 'medicationCodeableConcept', 'medicationReference', 'requester'],
    ...['authoredOn', 'groupIdentifier', 'note', 'substitution', 'dosageInstruction.text', 'subject.identifier'],
    ...['dispenseRequest.quantity', 'dispenseRequest.numberOfRepeatsAllowed', 'dispenseRequest.validityPeriod'],
    ...['dispenseRequest.dispenseInterval', 'dispenseRequest.performer'],
  ],
  MedicationDispense: [
    ...['identifier', 'status', 'medicationCodeableConcept', 'medicationReference', 'authorizingPrescription'],
    ...['type', 'quantity', 'performer', 'whenHandedOver'],
  ],
  Task: ['status', 'statusReason', 'intent', 'code', 'groupIdentifier', 'focus', 'owner'],
  Claim: ['status', 'type', 'use', 'prescription', 'item'],
}

/** Read in part, and walked into. */
const inside = ['dosageInstruction', 'dispenseRequest', 'subject']

/** Extensions that are read: of the exchange's own, and of England's EPS. */
const readExtensions = ['urn:plexus:schedule', 'urn:plexus:remainder', 'Extension-EPS-TaskBusinessStatus']

/** Paths such as `MedicationRequest.dosageInstruction.route`, each once, in the order in which they come. */
export function notCarriedOf(resources: readonly JsonObject[]): readonly string[] {
  const paths = new Set<string>()
  for (const resource of resources) {
    const type = textIn(resource, 'resourceType')
    const known = carried[type]
    if (!known) continue
    for (const [name, value] of resource) {
      if (always.includes(name) || known.includes(name)) continue
      if (name === 'extension') for (const url of unread(value)) paths.add(`${type}.extension(${url})`)
      else if (inside.includes(name))
        for (const field of fieldsOf(value)) {
          if (!known.includes(`${name}.${field}`)) paths.add(`${type}.${name}.${field}`)
        }
      else paths.add(`${type}.${name}`)
    }
  }
  return [...paths]
}

function fieldsOf(value: JsonValue): readonly string[] {
  const objects = isJsonList(value) ? value.filter(isJsonObject) : isJsonObject(value) ? [value] : []
  return objects.flatMap((each) => [...each.keys()])
}

/** The last part of the URL alone, and only where it is a name: a URL could say anything. */
function unread(value: JsonValue): readonly string[] {
  if (!isJsonList(value)) return []
  const urls = value.filter(isJsonObject).map((each) => textIn(each, 'url').split('/').at(-1) ?? '')
  return urls.filter((url) => !readExtensions.includes(url)).map((url) => (/^[A-Za-z-]{1,80}$/.test(url) ? url : '…'))
}

/** The path of an element that would change what is said (R4 §2.1.0.12), or undefined. */
export function modifierIn(resource: JsonObject): string | undefined {
  const type = textIn(resource, 'resourceType')
  for (const name of ['modifierExtension', 'implicitRules']) if (resource.has(name)) return `${type}.${name}`
  return resource.get('doNotPerform') === true ? `${type}.doNotPerform` : undefined
}
