/** The door for systems of prescribers and pharmacies that speak FHIR R4, or England's EPS in it. */
import { isJsonObject, readJson, writeJson } from '@plexus/codec'
import { type OutcomeIssue, readPrescriptionMessage, writeOutcome } from '@plexus/fhir'
import { z } from 'zod'
import { hexHash, npi, organisationId, whole } from './fields.ts'
import { answerTo } from './prescription-asks.ts'
import { bundleOf, entryOf } from './prescription-fhir.ts'
import { issue } from './prescription-order.ts'
import { type Answer, fhirType, memberRoute, type Route } from './route.ts'

/** A dispensing of four lines with all that stands around it takes 50 kB. */
const documentBytesMax = 512 * 1024
const besideMax = 63
const dayLagMinutesMax = 26 * 60

const query = z.strictObject({
  organisation: organisationId.optional(),
  clinician: npi.optional(),
  pharmacy: organisationId.optional(),
  dispensary: npi.optional(),
  registrar: organisationId.optional(),
  authentication: hexHash.optional(),
  beside: z
    .string({ error: 'NPIs with commas between them' })
    .transform((text) => text.split(','))
    .pipe(z.array(npi).max(besideMax, `at most ${besideMax} NPIs`))
    .optional(),
  dayLagMinutes: whole.refine((minutes) => minutes <= dayLagMinutesMax, `at most ${dayLagMinutesMax}`).optional(),
})

export const prescriptionFhirRoute: Route = memberRoute({
  method: 'POST',
  path: '/prescriptions/fhir',
  id: 'askOfPrescriptionsInFhir',
  summary:
    'Prescribes, nominates, claims, dispenses, returns, withdraws, completes or cancels, as a resource of R4 or a message of England’s EPS asks',
  tag: 'staff',
  staff: true,
  query,
  documentMax: documentBytesMax,
  documents: [fhirType, 'application/json'],
  outcomes: {
    statuses: [400, 409, 422],
    media: fhirType,
    says: 'an OperationOutcome: what was expected and which kind came, or why the rules refuse it',
  },
  media: fhirType,
  gives:
    'A Bundle: an OperationOutcome that says what became of each line and names what is not kept, and the lines as they stand.',
  async handle({ octets, query: beside }, node) {
    const json = readJson(octets)
    if (!json.ok) {
      const { at, expected, came } = json.reason
      return outcome(400, [issue('structure', 'not-json', `at byte ${at}: expected ${expected}; came ${came}`)])
    }
    const { value } = json.value
    if (!isJsonObject(value)) return outcome(400, [issue('structure', 'not-json', 'expected an object; came another')])
    const read = readPrescriptionMessage(value)
    if (!read.ok) {
      const { type, path, expected, came } = read.reason
      return outcome(422, [issue('value', type, `expected ${expected}; came ${came}`, path || null)])
    }
    const { ask, notCarried } = read.value
    const { issues, entries } = await answerTo(node, ask, beside)
    const all = [...issues, ...notCarried.map(left)]
    const isRefused = issues.some(({ severity }) => severity === 'error')
    if (isRefused && entries.length === 0) return outcome(issues.some(isOfForm) ? 422 : 409, all)
    const bundle = bundleOf([entryOf(writeOutcome(all)), ...entries])
    return reply(isRefused ? 409 : 200, writeJson(bundle))
  },
})

const left = (path: string): OutcomeIssue => ({
  ...issue('not-supported', 'not-carried', 'An item has no place for it: it was not kept.', path),
  severity: 'warning',
})

const isOfForm = ({ type }: OutcomeIssue): boolean => type === 'value' || type === 'required'

const outcome = (status: 400 | 409 | 422, issues: readonly OutcomeIssue[]): Answer =>
  reply(status, writeJson(writeOutcome(issues)))

const reply = (status: 200 | 400 | 409 | 422, bytes: Uint8Array): Answer => ({
  ...{ type: 'reply', status, headers: {}, contentType: fhirType, bytes },
})
