/** Why a message about prescriptions was not taken. */
import { no } from '@plexus/codec'
import type { DispenseRefusal } from './dispense.ts'
import type { OrderRefusal } from './order.ts'

export interface MessageRefusal {
  readonly type:
    | OrderRefusal['type']
    | DispenseRefusal['type']
    | 'not-valid'
    | 'not-supported'
    | 'an-answer'
    | 'modifier'
    | 'directions-missing'
    | 'line-missing'
    | 'line-twice'
    | 'lines-differ'
    | 'interval-not-weeks'
    | 'controlled-elsewhere'
    | 'patient-deceased'
    | 'status-contradicts'
  /** Elements of FHIR and positions only. */
  readonly path: string
  /** Shapes and kinds, never what stood there. */
  readonly expected: string
  readonly came: string
}

export const refuse = (type: MessageRefusal['type'], path: string, expected: string, came: string) =>
  no({ type, path, expected, came })
