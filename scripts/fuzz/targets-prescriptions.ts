/** Doors for orders, dispenses and tasks in FHIR, from a system of a practice or a pharmacy. */
import { accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'

const folder = 'packages/fhir/src/prescriptions'
const drug = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '1049221' }] }
const quantity = { value: 30, code: '{tbl}', system: 'http://unitsofmeasure.org' }
const documents: readonly object[] = [
  {
    resourceType: 'MedicationRequest',
    status: 'active',
    intent: 'order',
    medicationReference: { reference: '#m' },
    contained: [{ resourceType: 'Medication', id: 'm', code: drug }],
    subject: { reference: 'Patient/p-1' },
    authoredOn: '2026-11-21',
    dispenseRequest: { numberOfRepeatsAllowed: 1, quantity },
  },
  {
    resourceType: 'MedicationDispense',
    status: 'completed',
    medicationCodeableConcept: drug,
    authorizingPrescription: [{ reference: 'MedicationRequest/line-1' }],
    quantity,
  },
  { resourceType: 'Task', status: 'rejected', code: { coding: [{ code: 'fulfill' }] } },
  { resourceType: 'OperationOutcome', issue: [{ details: { coding: [{ code: 'R-0008' }] } }] },
]

const line = {
  ...documents[0],
  identifier: [{ value: 'line-1' }],
  requester: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' } },
  dosageInstruction: [{ text: 'one in the evening', asNeededBoolean: true }],
}
const messages: readonly object[] = [
  line,
  {
    resourceType: 'Bundle',
    type: 'message',
    entry: [
      {
        resource: {
          resourceType: 'MessageHeader',
          eventCoding: { system: 'urn:event', code: 'prescription-order' },
          source: { endpoint: 'urn:practice' },
        },
      },
      { fullUrl: 'urn:uuid:47c2efe1-f29b-4108-8c63-53bc164497c2', resource: line },
    ],
  },
  { ...documents[1], subject: { display: 'a patient' } },
  { resourceType: 'Parameters', parameter: [{ name: 'status', valueCode: 'accepted' }, { name: 'owner' }] },
]

export const prescriptionTargets: readonly Target[] = [
  {
    name: 'fhir/prescription',
    reads: 'an order, a dispense, a task or an answer, from a system of a practice or a pharmacy',
    covers: [`${folder}/order.ts#readOrder`, `${folder}/dispense.ts#readDispense`],
    async load() {
      const { cancellationCode, readDispense, readOrder, readResource, readTask, writeOrder } = await import(
        '@plexus/fhir'
      )
      return {
        shape: 'json',
        seeds: documents.map((document) => new Uint8Array(Buffer.from(JSON.stringify(document)))),
        run(bytes) {
          const read = readResource(bytes, 'file')
          if (!read.ok) return refused(read.reason.type)
          const { value } = read.value.entry
          const order = readOrder(value)
          if (order.ok && !readOrder(writeOrder(order.value, 'active')).ok)
            throw new Error('what was read is not written')
          if (order.ok) return accepted
          const dispense = readDispense(value)
          if (dispense.ok) return accepted
          const task = readTask(value)
          if (task) return refused(task.type)
          if (cancellationCode(value) !== '') return accepted
          return answerOf(order.reason.type === 'not-a-medication-request' ? dispense : order)
        },
      }
    },
  },
  {
    name: 'fhir/prescription-message',
    reads: 'what a system of a practice or a pharmacy asks: resources of R4, messages of England’s EPS',
    covers: [`${folder}/message.ts#readPrescriptionMessage`, `${folder}/prescribed-line.ts#readLine`],
    async load() {
      const { readPrescriptionMessage, readResource } = await import('@plexus/fhir')
      return {
        shape: 'json',
        seeds: messages.map((message) => new Uint8Array(Buffer.from(JSON.stringify(message)))),
        run(bytes) {
          const read = readResource(bytes, 'file')
          return read.ok ? answerOf(readPrescriptionMessage(read.value.entry.value)) : refused(read.reason.type)
        },
      }
    },
  },
]
