/** Fields of requests, checked at the door. Each message says what is expected, in words that stand in a problem. */
import { parseBase64Url, utf8 } from '@plexus/codec'
import { isNpi } from '@plexus/contracts'
import { emergencyReasons, purposes, verdicts } from '@plexus/policy'
import { z } from 'zod'

const matching = (pattern: RegExp, expected: string) => z.string({ error: expected }).regex(pattern, expected)

export const organisationId = matching(
  /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
  'an organisation id (lower-case letters, digits, hyphens)',
)
/** The custodian's own number of a chart; the exchange keeps at most 64 characters. */
export const chartNumber = matching(/^[\x21-\x7e]{1,64}$/, 'a chart number of at most 64 printable characters')
export const recordSource = matching(
  /^[A-Z][A-Za-z]{1,39}\/[\x21-\x7e]{1,150}$/,
  'a resource name such as Observation/ID',
)
export const hexId = matching(/^[0-9a-f]{32}$/, '32 lower-case hexadecimal digits')
/** As the kernel keeps it: the contract, one of its maps, and a key of that map. */
export const stateEntryKey = matching(
  /^[a-z][a-z0-9-]{0,39}\/[A-Za-z]{1,40}\/[\x21-\x7e]{1,160}$/,
  'a contract, its map and a key, with slashes between them',
)
export const hexHash = matching(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
export const npi = matching(/^[12]\d{9}$/, 'an NPI of ten digits').refine(isNpi, 'an NPI whose check digit is right')
export const purpose = z.enum(purposes, { error: `one of ${purposes.join(', ')}` })
export const resourceTypes = z
  .array(matching(/^[A-Z][A-Za-z]{1,39}$/, 'a FHIR resource type'), { error: 'a list of FHIR resource types' })
  .max(160, 'at most 160 resource types')

/** What a person wrote, of so many bytes in UTF-8. */
const written = (bytesMin: number, bytesMax: number) => {
  const expected = `text of ${bytesMin} to ${bytesMax} bytes`
  return z.string({ error: expected }).refine((text) => {
    const { length } = utf8(text)
    return length >= bytesMin && length <= bytesMax
  }, expected)
}
/** What somebody at the desk knows; empty where it is not known. */
export const searched = written(0, 120)

export const emergency = z.strictObject({
  reason: z.enum(emergencyReasons, { error: `one of ${emergencyReasons.join(', ')}` }),
  words: written(0, 200),
})
export const reviewId = matching(/^\d{12}-(?:chart|visit)-[0-9a-f]{64}$/, 'the id of a review')
export const verdict = z.enum(verdicts, { error: `one of ${verdicts.join(', ')}` })
export const reviewer = written(2, 80)
export const reviewWords = written(0, 500)

/** A number in a path or query: decimal digits, far below where integers lose precision. */
export const whole = matching(/^(?:0|[1-9]\d{0,14})$/, 'a whole number').transform(Number)

export function base64Url(bytesMax: number) {
  const charactersMax = Math.ceil((bytesMax * 4) / 3)
  const expected = `base64url without padding, of at most ${bytesMax} bytes`
  return z
    .string({ error: expected })
    .max(charactersMax, expected)
    .transform((text, context) => {
      const bytes = parseBase64Url(text)
      if (bytes && bytes.length <= bytesMax) return bytes
      context.addIssue({ code: 'custom', message: expected })
      return z.NEVER
    })
}

/** Of a list at once; whoever wants more asks on, after the last. */
export const shownMax = 200
