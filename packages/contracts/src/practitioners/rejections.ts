/** Why a transaction about clinicians was refused, in order of precedence. An NPI is public (CMS publishes the register). */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'

export type Rejection =
  | { readonly type: 'npi-invalid'; readonly npi: string }
  | { readonly type: 'not-one-board' }
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'licence-unknown'; readonly npi: string }
  | { readonly type: 'not-its-board'; readonly board: string }
  | { readonly type: 'already-over'; readonly validUntil: number; readonly time: number }
  | { readonly type: 'role-unknown'; readonly npi: string; readonly organisation: string }
  | { readonly type: 'already-suspended' }
  | { readonly type: 'not-suspended' }
  | { readonly type: 'only-by-contract' }
  | { readonly type: 'licence-not-active'; readonly npi: string }
  | { readonly type: 'role-not-active'; readonly npi: string; readonly organisation: string }

export const rejections: Rejections<Rejection> = {
  'npi-invalid': { code: 1, says: 'The number is not an NPI: its first digit or its check digit is wrong.' },
  'not-one-board': { code: 2, says: 'Not exactly one licensing board signed.' },
  'scope-missing': { code: 3, says: 'No key of the sponsor with the scope credentials signed.' },
  'licence-unknown': { code: 4, says: 'No licence of this NPI is attested.' },
  'not-its-board': { code: 5, says: 'The licence is attested by another board.' },
  'already-over': { code: 6, says: 'The licence would have ended before this block.' },
  'role-unknown': { code: 7, says: 'The organisation has attested no role of this NPI.' },
  'already-suspended': { code: 8, says: 'The licence or role is already suspended.' },
  'not-suspended': { code: 9, says: 'The licence or role is not suspended.' },
  'only-by-contract': { code: 10, says: 'Only another contract asks this.' },
  'licence-not-active': { code: 11, says: 'The licence of this NPI is unknown, suspended or over.' },
  'role-not-active': { code: 12, says: 'The organisation has attested no role of this NPI, or has suspended it.' },
}
