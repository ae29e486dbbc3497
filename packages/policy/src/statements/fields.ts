/** Fields that several statements share. */
import { bytes, list, object, oneOf, text, uint } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'

export { organisationId }

export const hash = bytes({ length: 32 })
/** A random identifier: never derived from anything that it names. */
export const randomId = bytes({ length: 16 })
export const ed25519Key = bytes({ length: 32 })
/** X-Wing public key (ML-KEM-768 and X25519). */
export const sealingKey = bytes({ length: 1216 })
/** Seconds since 1970. */
export const seconds = uint()

/** A signature inside a statement, by somebody who vouches and is not its author. */
export const inner = object({ key: ed25519Key, signature: bytes({ length: 64 }) })

/**
 * Parts of a chart that are released and erased apart. 42 CFR Part 2 programmes, psychotherapy notes (45 CFR 164.501),
 * reproductive health, and what an adolescent may keep confidential (45 CFR 164.502(g)(3)).
 */
export const segments = ['general', 'minor-confidential', 'part2', 'psychotherapy', 'reproductive'] as const
export const segment = oneOf(...segments)
export type Segment = (typeof segments)[number]

/** HL7 v3 PurposeOfUse codes that a request may carry. `ETREAT` is treatment in an emergency. */
export const purposes = ['ETREAT', 'HOPERAT', 'HPAYMT', 'PATRQT', 'TREAT'] as const
export const purpose = oneOf(...purposes)
export type Purpose = (typeof purposes)[number]

export const npi = text({ min: 10, max: 10, pattern: /^[12]\d{9}$/, says: 'an NPI of ten digits' })
export const resourceType = text({ min: 2, max: 40, pattern: /^[A-Z][A-Za-z]+$/, says: 'a FHIR resource type' })
export const coding = object({ system: text({ max: 200 }), code: text({ min: 1, max: 80 }) })

/** FHIR R4 has 148 resource types; a request names few or none. */
export const resourceTypes = list(resourceType, { max: 160 })

/** As the kernel knows contracts. */
export const contractName = text({
  min: 1,
  max: 40,
  pattern: /^[a-z][a-z0-9-]*$/,
  says: 'a contract of 1 to 40 lower-case letters, digits and hyphens',
})
/** What a wallet and the book of a contract tell each other at once: some signed contents with their openings. */
export const bookWordBytesMax = 64 * 1024

/** Where notices for a patient go: the member that keeps them, a box that only the wallet can empty, and the key they are sealed to. */
export const mailbox = object({ member: organisationId, address: hash, sealingKey })
