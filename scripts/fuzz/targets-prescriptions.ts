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
]
