/** Task (R4 §12.1) in and out, and what England's EPS answers: where a line stands, and who asks to move it. */
import type { JsonObject, JsonValue } from '@plexus/codec'
import { objectsIn, textIn } from '../references.ts'
import { codingsIn, extensionCode, extensionOf, identifierIn } from './fields.ts'
import { concept, reference } from './order.ts'

/** What a pharmacy or prescriber asks by a Task. */
export interface Asked {
  /** `return`: to the patient, undispensed. `withdraw`: what was said of dispensing is taken back. */
  readonly type: 'return' | 'withdraw' | 'other'
  /** The code of the reason, or "". */
  readonly reason: string
  /** The identifier of the prescription. */
  readonly group: string
}

export function readTask(value: JsonObject): Asked | undefined {
  if (textIn(value, 'resourceType') !== 'Task') return undefined
  const code = codingsIn(value, 'code')[0]?.code
  const status = textIn(value, 'status')
  const returns = code === 'fulfill' && status === 'rejected'
  const withdraws = code === 'abort' && (status === 'in-progress' || status === 'requested')
  return {
    type: returns ? 'return' : withdraws ? 'withdraw' : 'other',
    reason: codingsIn(value, 'statusReason')[0]?.code ?? '',
    group: identifierIn(value, 'groupIdentifier'),
  }
}

/** Where an item of the ledger stands. */
export type ItemStanding =
  | 'signed'
  | 'available'
  | 'held'
  | 'filled'
  | 'completed'
  | 'not-dispensed'
  | 'cancelled'
  | 'expired'

/** EPS-task-business-status, code and display, and the Task's own status (R4, valueset-task-status). */
const business = {
  '0001': 'To Be Dispensed',
  '0002': 'With Dispenser',
  '0003': 'With Dispenser - Active',
  '0004': 'Expired',
  '0005': 'Cancelled',
  '0006': 'Dispensed',
  '0007': 'Not Dispensed',
  '0008': 'Claimed',
} as const
export type BusinessStatus = keyof typeof business

/** The business status of an item; `begun` says that a part of the present fill was dispensed. Before it is available it has none. */
export function businessStatus(standing: ItemStanding, begun: boolean): BusinessStatus | undefined {
  switch (standing) {
    case 'signed':
      return undefined
    case 'available':
      return '0001'
    case 'held':
      return begun ? '0003' : '0002'
    case 'filled':
      return '0006'
    case 'completed':
      return '0008'
    case 'not-dispensed':
      return '0007'
    case 'cancelled':
      return '0005'
    case 'expired':
      return '0004'
  }
}

const taskStatus: Readonly<Record<BusinessStatus, string>> = {
  '0001': 'requested',
  '0002': 'accepted',
  '0003': 'in-progress',
  '0004': 'failed',
  '0005': 'cancelled',
  '0006': 'completed',
  '0007': 'rejected',
  '0008': 'completed',
}

/** The Task that tells where the dispensing of an order stands. */
export function writeTask(said: {
  readonly order: string
  readonly subject: string
  readonly status: BusinessStatus
}): JsonObject {
  const system = 'https://fhir.nhs.uk/CodeSystem/EPS-task-business-status'
  return new Map<string, JsonValue>([
    ['resourceType', 'Task'],
    ['status', taskStatus[said.status]],
    ['businessStatus', concept([{ system, code: said.status, display: business[said.status] }])],
    ['intent', 'order'],
    ['code', concept([{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill', display: '' }])],
    ['focus', reference(said.order)],
    ['for', reference(said.subject)],
  ])
}

/** What became of a cancellation (`R-0001` and on), from the line or the OperationOutcome that EPS sends back, or "". */
export function cancellationCode(answer: JsonObject): string {
  const history = extensionOf(answer, 'Extension-DM-PrescriptionStatusHistory')
  return history ? extensionCode(history, 'status') : refusalCode(answer)
}

/** The code of the first issue of an OperationOutcome, such as PRESCRIPTION_WITH_ANOTHER_DISPENSER, or "". */
export function refusalCode(outcome: JsonObject): string {
  const [issue] = objectsIn(outcome, 'issue')
  return (issue && codingsIn(issue, 'details')[0]?.code) ?? ''
}
