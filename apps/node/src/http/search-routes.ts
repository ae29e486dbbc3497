/** A patient is found again at the own desk. Whoever is shown in the answer is told, as of any read by own staff. */
import { z } from 'zod'
import type { Directory } from '../directory.ts'
import { type Candidate, searchPatients } from '../patient-search.ts'
import { npi, searched } from './fields.ts'
import type { ReadTogether } from './own-staff-reads.ts'
import { notInOwnName } from './person.ts'
import { json, memberRoute, type Route } from './route.ts'

export function searchRoutes(directory: Directory, together: ReadTogether): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/patients/search',
      id: 'searchPatients',
      summary: 'Patients of the member’s own charts who fit what is known, each with the reasons',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        npi,
        name: searched,
        birthDate: searched,
        postalCode: searched,
        phone: searched,
        number: searched,
      }),
      gives:
        'At most five, the best first, or `tooMany`: then nobody is shown. A receipt of each who is shown is durable.',
      refusals: ['clinician-not-you'],
      async handle({ body: { npi: clinician, ...query }, person }, node) {
        const notFor = notInOwnName(person, clinician)
        if (notFor) return notFor
        const found = searchPatients(node, query)
        if (found.type === 'too-many') return json({ tooMany: true, candidates: [] })
        const reads = found.candidates.map(({ custodian, number }) =>
          together(node, { custodian, patient: number, clinician }),
        )
        await Promise.all(reads)
        return json({ tooMany: false, candidates: found.candidates.map((each) => candidateOf(each, directory)) })
      },
    }),
  ]
}

/** What tells two people apart; addresses and telephones stay in the chart. */
function candidateOf({ custodian, number, demographics, reasons, known }: Candidate, directory: Directory) {
  const { names, birthDate, gender } = demographics
  return {
    custodian,
    number,
    name: names[0] ?? '',
    birthDate,
    gender,
    reasons,
    known: known.map((each) => ({ ...each, name: directory.nameOf(each.custodian) })),
  }
}
