/**
 * What a system beside a node asks of prescriptions: a resource of R4, or a message of England's Electronic Prescription
 * Service, whose resources are R4 too. It is read whole or refused; what an item has no place for is named.
 */
import { type JsonObject, no, ok, type Result } from '@plexus/codec'
import { objectsIn, textIn } from '../references.ts'
import { validateResource } from '../validate.ts'
import { type Dispense, type DispenseRefusal, readDispense } from './dispense.ts'
import { codingsIn, extensionCode, extensionOf, identifierIn, objectIn, referenceIn } from './fields.ts'
import { type MessageRefusal, refuse } from './message-refusal.ts'
import { modifierIn, notCarriedOf } from './not-carried.ts'
import { type PharmacyNamed, type PrescribedLine, pharmacyIn, readLine } from './prescribed-line.ts'
import { readTask } from './task.ts'

/** How a system means lines: by its own identifiers, or by `urn:plexus:item:HANDLE` as `line`. "" says nothing. */
export interface LineMeant {
  readonly group: string
  readonly line: string
}

export type PrescriptionAsk =
  | { readonly type: 'prescribe'; readonly group: string; readonly lines: readonly PrescribedLine[] }
  | { readonly type: 'cancel'; readonly lines: readonly LineMeant[] }
  /** The patient's word, through whoever signed: which pharmacy may claim. */
  | { readonly type: 'nominate'; readonly of: LineMeant; readonly pharmacy: PharmacyNamed }
  /** A pharmacy takes items; of no name: all that were brought to it. */
  | { readonly type: 'claim'; readonly of: LineMeant | null }
  | { readonly type: 'dispense'; readonly dispenses: readonly Dispense[] }
  | { readonly type: 'return'; readonly of: LineMeant }
  /** What was said of dispensing is taken back. */
  | { readonly type: 'withdraw'; readonly of: LineMeant }
  /** All is dispensed and paid for: nothing is left to be done (England's EPS: claimed). */
  | { readonly type: 'complete'; readonly of: LineMeant; readonly lines: readonly string[] }

export interface PrescriptionMessage {
  readonly ask: PrescriptionAsk
  /** Paths of what was said and is not kept. */
  readonly notCarried: readonly string[]
}

type Read<Value = PrescriptionAsk> = Result<Value, MessageRefusal>
type Beside = ReadonlyMap<string, JsonObject>

/** A discharge with many medicines; England allows four. */
const linesMax = 32

export function readPrescriptionMessage(value: JsonObject): Read<PrescriptionMessage> {
  const [fault] = validateResource(value).refused
  if (fault) return no({ type: 'not-valid', ...fault })
  const parts = partsOf(value)
  for (const { resource } of parts) {
    const modifier = modifierIn(resource)
    if (modifier) return refuse('modifier', modifier, 'no element that changes the meaning of others', 'one')
  }
  const beside = new Map(parts.flatMap(({ resource, names }) => names.map((name) => [name, resource] as const)))
  const ask = askOf(value, beside)
  return ask.ok ? ok({ ask: ask.value, notCarried: notCarriedOf(parts.map(({ resource }) => resource)) }) : ask
}

interface Part {
  readonly resource: JsonObject
  /** By what it is referred to. */
  readonly names: readonly string[]
}

function partsOf(value: JsonObject): readonly Part[] {
  if (textIn(value, 'resourceType') !== 'Bundle') return [{ resource: value, names: [] }]
  return objectsIn(value, 'entry').flatMap((entry) => {
    const resource = objectIn(entry, 'resource')
    if (!resource) return []
    const typed = `${textIn(resource, 'resourceType')}/${textIn(resource, 'id')}`
    return [{ resource, names: [textIn(entry, 'fullUrl'), typed].filter((name) => name !== '') }]
  })
}

const supported = 'Bundle of type message, Claim, MedicationDispense, MedicationRequest, Parameters or Task'

function askOf(value: JsonObject, beside: Beside): Read {
  switch (textIn(value, 'resourceType')) {
    case 'MedicationRequest':
      return textIn(value, 'status') === 'cancelled' ? cancel([value]) : prescribe([value], beside)
    case 'MedicationDispense':
      return dispense([value], beside)
    case 'Task':
      return taskAsk(value)
    case 'Parameters':
      return release(value)
    case 'Claim':
      return complete(value)
    case 'Bundle':
      return messageAsk(value, beside)
    case 'OperationOutcome':
      return refuse('an-answer', 'OperationOutcome', supported, 'an answer')
    default:
      return refuse('not-supported', 'resourceType', supported, 'another resource')
  }
}

function messageAsk(value: JsonObject, beside: Beside): Read {
  if (textIn(value, 'type') === 'searchset') return refuse('an-answer', 'Bundle.type', 'message', 'an answer')
  if (textIn(value, 'type') !== 'message') return refuse('not-supported', 'Bundle.type', 'message', 'another type')
  const all = partsOf(value).map(({ resource }) => resource)
  const of = (type: string) => all.filter((each) => textIn(each, 'resourceType') === type)
  const [header] = of('MessageHeader')
  const event = header && objectIn(header, 'eventCoding')
  switch (event && textIn(event, 'code')) {
    case 'prescription-order':
      return prescribe(of('MedicationRequest'), beside)
    case 'prescription-order-update':
      return cancel(of('MedicationRequest'))
    case 'dispense-notification':
      return dispense(of('MedicationDispense'), beside)
    case 'prescription-order-response':
      return refuse('an-answer', 'MessageHeader.eventCoding', 'an event that asks', 'an answer')
    default:
      return refuse(
        'not-supported',
        'MessageHeader.eventCoding',
        'prescription-order, prescription-order-update or dispense-notification',
        'another event',
      )
  }
}

function prescribe(requests: readonly JsonObject[], beside: Beside): Read {
  const deceased = [...beside.values()].some(
    (each) =>
      textIn(each, 'resourceType') === 'Patient' &&
      (each.get('deceasedBoolean') === true || textIn(each, 'deceasedDateTime') !== ''),
  )
  if (deceased) return refuse('patient-deceased', 'Patient.deceased[x]', 'a patient who lives', 'one who died')
  const lines: PrescribedLine[] = []
  for (const [index, request] of requests.entries()) {
    const read = readLine(request, beside, `MedicationRequest[${index}]`)
    if (!read.ok) return read
    lines.push(read.value)
  }
  const [first] = lines
  if (!first || lines.length > linesMax)
    return refuse('line-missing', 'MedicationRequest', `1 to ${linesMax} lines`, `${lines.length}`)
  if (new Set(lines.map(({ line }) => line)).size < lines.length) return twice('MedicationRequest.identifier')
  const differs = lines.some((each) =>
    (['group', 'npi', 'registration', 'subject', 'authoredOn'] as const).some((name) => each[name] !== first[name]),
  )
  if (differs)
    return refuse('lines-differ', 'MedicationRequest', 'one prescription, patient, prescriber and day', 'several')
  return ok({ type: 'prescribe', group: first.group || first.line, lines })
}

const twice = (path: string) => refuse('line-twice', path, 'each line once', 'one twice')

function cancel(requests: readonly JsonObject[]): Read {
  const lines = requests.map((each) => ({
    group: identifierIn(each, 'groupIdentifier'),
    line: identifierIn(each) || textIn(each, 'id'),
  }))
  if (lines.length === 0 || lines.length > linesMax)
    return refuse('line-missing', 'MedicationRequest', `1 to ${linesMax} lines`, `${lines.length}`)
  if (!requests.every((each) => textIn(each, 'status') === 'cancelled'))
    return refuse('not-supported', 'MedicationRequest.status', 'cancelled', 'another status')
  return lines.every(({ line }) => line !== '')
    ? ok({ type: 'cancel', lines })
    : unnamed('MedicationRequest.identifier')
}

const unnamed = (path: string) => refuse('line-missing', path, 'what the line is called', 'nothing')

/** Business statuses of England's EPS under which nothing was dispensed. */
const nothingDispensed: readonly string[] = ['0001', '0002', '0004', '0005', '0007']

function dispense(values: readonly JsonObject[], beside: Beside): Read {
  const dispenses: Dispense[] = []
  for (const [index, value] of values.entries()) {
    const path = `MedicationDispense[${index}]`
    const read = readDispense(value, beside)
    if (!read.ok) return refuse(read.reason.type, path, ...dispenseExpectations[read.reason.type])
    const { counts, quantity, prescriptionStatus, orders } = read.value
    if (orders.length > 1) return refuse('line-twice', `${path}.authorizingPrescription`, 'one order', 'several')
    if (counts === 'dispensed' && !quantity)
      return refuse('quantity-missing', `${path}.quantity`, 'whole units', 'none, or a part')
    const counted = counts === 'dispensed' && (quantity?.count ?? 0) > 0
    if (counted && nothingDispensed.includes(prescriptionStatus))
      return refuse('status-contradicts', path, 'a status under which something was dispensed', 'one under which not')
    dispenses.push(read.value)
  }
  if (dispenses.length === 0 || dispenses.length > linesMax)
    return refuse('line-missing', 'MedicationDispense', `1 to ${linesMax}`, `${dispenses.length}`)
  const names = dispenses.flatMap(({ name }) => (name === '' ? [] : [name]))
  if (new Set(names).size < names.length) return twice('MedicationDispense.identifier')
  return ok({ type: 'dispense', dispenses })
}

const dispenseExpectations: Readonly<Record<DispenseRefusal['type'], readonly [string, string]>> = {
  'not-a-medication-dispense': ['a MedicationDispense', 'another resource'],
  'status-unknown': ['a status of R4', 'another'],
  'drug-missing': ['a drug with a code', 'none'],
  'order-missing': ['the order that it is for', 'none'],
}

function taskAsk(value: JsonObject): Read {
  const asked = readTask(value)
  const of = meantBy(value, asked?.group ?? '')
  if (!of) return unnamed('Task.focus')
  const status = textIn(value, 'status')
  const isFulfil = codingsIn(value, 'code')[0]?.code === 'fulfill'
  if (asked?.type === 'return' || asked?.type === 'withdraw') return ok({ type: asked.type, of })
  if (isFulfil && status === 'accepted') return ok({ type: 'claim', of })
  if (isFulfil && status === 'requested') {
    const pharmacy = pharmacyIn(value, 'owner')
    return pharmacy ? ok({ type: 'nominate', of, pharmacy }) : unnamed('Task.owner')
  }
  return refuse(
    'not-supported',
    'Task.status',
    'fulfill: requested (nominate), accepted (claim), rejected (return); abort: in-progress (withdraw)',
    'another code or status',
  )
}

/** By the prescription's identifier where the task has one; its focus is then the message that it answers. */
function meantBy(task: JsonObject, group: string): LineMeant | undefined {
  if (group !== '') return { group, line: '' }
  const line = referenceIn(task, 'focus')
  return line === '' ? undefined : { group: '', line }
}

function release(value: JsonObject): Read {
  const parameters = objectsIn(value, 'parameter')
  const named = (name: string) => parameters.find((each) => textIn(each, 'name') === name)
  if (named('passedPrescriptions') || named('digest'))
    return refuse('an-answer', 'Parameters.parameter', 'owner and status', 'an answer')
  const status = named('status')
  if (!status || textIn(status, 'valueCode') !== 'accepted' || !named('owner'))
    return refuse('not-supported', 'Parameters.parameter', 'owner, and status accepted', 'something else')
  const ofGroup = named('group-identifier')
  const group = ofGroup ? identifierIn(ofGroup, 'valueIdentifier') : ''
  return ok({ type: 'claim', of: group === '' ? null : { group, line: '' } })
}

function complete(value: JsonObject): Read {
  const prescription = objectIn(value, 'prescription')
  const names = prescription && extensionOf(prescription, 'Extension-DM-GroupIdentifier')
  const short = names && extensionOf(names, 'shortForm')
  const group = short ? identifierIn(short, 'valueIdentifier') : ''
  const items = objectsIn(value, 'item')
  const open = items.some((each) => !['0006', ''].includes(extensionCode(each, 'Extension-EPS-TaskBusinessStatus')))
  if (open) return refuse('status-contradicts', 'Claim.item', 'what is dispensed', 'what is not')
  const lines = items
    .flatMap((each) => objectsIn(each, 'detail'))
    .filter((each) => dispensedKinds.includes(kindOf(each)))
    .map(lineOfDetail)
  if (group === '' && lines.length === 0) return unnamed('Claim.prescription')
  return ok({ type: 'complete', of: { group, line: '' }, lines })
}

/** Kinds of dispensing after which a line is paid for: in full, and in part. */
const dispensedKinds: readonly string[] = ['0001', '0003']

const kindOf = (detail: JsonObject): string => {
  const [modifier] = objectsIn(detail, 'modifier')
  const [coding] = modifier ? objectsIn(modifier, 'coding') : []
  return coding ? textIn(coding, 'code') : ''
}

function lineOfDetail(detail: JsonObject): string {
  const extension = extensionOf(detail, 'Extension-ClaimMedicationRequestReference')
  const reference = extension && objectIn(extension, 'valueReference')
  return reference ? identifierIn(reference) : ''
}
