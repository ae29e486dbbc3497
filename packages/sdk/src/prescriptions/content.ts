/**
 * What a prescriber signs: the content of one line. It never stands on the ledger, which keeps a hiding commitment to it;
 * it travels sealed to the patient, the practice and whoever holds the item (21 CFR 1306.05(a), 1311.120).
 */
import {
  bytes,
  concatBytes,
  decode,
  encode,
  type Infer,
  no,
  object,
  ok,
  oneOf,
  option,
  type Result,
  text,
  uint,
  utf8,
} from '@plexus/codec'
import type { SignedItem } from '@plexus/contracts'
import {
  leafOf,
  openSealed,
  type RandomBytes,
  type SealRefusal,
  sealTo,
  sign,
  signedBytes,
  statementHash,
} from '@plexus/crypto'
import { quantityMax } from './amounts.ts'

const hash = bytes({ length: 32 })
const dayMax = 1_000_000
const npi = text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' })
const printable = /^[\x20-\x7e]+$/
const code = text({ min: 1, max: 40, pattern: printable, says: 'a code of 1 to 40 ASCII characters' })

export const drug = object({ system: oneOf('rxnorm', 'ndc', 'snomed'), code, display: text({ max: 300 }) })
export type Drug = Infer<typeof drug>

export const prescriptionContent = object({
  /** Binds the content to its item. */
  handle: hash,
  patient: hash,
  drug,
  /** Authorised for each fill, in `unit` (UCUM), the smallest that is dispensed. */
  quantity: uint(quantityMax),
  unit: code,
  /** 21 CFR 1308; null is not controlled. */
  schedule: option(oneOf('II', 'III', 'IV', 'V')),
  directions: text({ max: 1000 }),
  note: text({ max: 1000 }),
  limits: oneOf('ii', 'iii-iv', 'v', 'none'),
  issuedDay: uint(dayMax),
  firstDay: uint(dayMax),
  lastDay: uint(dayMax),
  refills: uint(),
  refillWeeks: uint(),
  prescriber: object({
    npi,
    organisation: text({ min: 1, max: 64, pattern: printable, says: 'an organisation' }),
    /** Number of the registration for controlled substances (21 CFR 1301.11). */
    registration: option(text({ min: 9, max: 9, pattern: /^[A-Z][A-Z9][0-9]{7}$/, says: 'a DEA number' })),
  }),
  /** SHA-256 of the evidence of two factors at the signing (21 CFR 1311.115), or null. */
  authentication: option(hash),
})
export type PrescriptionContent = Infer<typeof prescriptionContent>

/** A signed content with the key of its commitment: who has it can open what the ledger holds. */
const contentBytesMax = 8 * 1024
export const prescription = object({
  content: bytes({ max: contentBytesMax }),
  /** By the clinician's key at the organisation, over the content. */
  signature: bytes({ length: 64 }),
  leafKey: hash,
})
export type Prescription = Infer<typeof prescription>

export const contentType = 'prescription'

/** The commitment to a signed content: the signature is part of it, so that no other may be put in its place. */
export function commitmentOf(chain: Uint8Array, { content, signature, leafKey }: Prescription): Uint8Array {
  return leafOf(leafKey, statementHash(contentType, chain, concatBytes(content, signature)))
}

/** Signs a content with the clinician's seed, and says what the ledger is to keep of it. */
export function signPrescription(
  chain: Uint8Array,
  content: PrescriptionContent,
  { clinicianSeed, random }: { readonly clinicianSeed: Uint8Array; readonly random: RandomBytes },
): { readonly prescription: Prescription; readonly item: SignedItem } {
  const encoded = encode(prescriptionContent, content)
  const signature = sign(clinicianSeed, signedBytes(contentType, chain, encoded))
  const signed = { content: encoded, signature, leafKey: random(32) }
  const { handle, patient, limits, issuedDay, firstDay, lastDay, refills, refillWeeks } = content
  const terms = { handle, patient, limits, issuedDay, firstDay, lastDay, refills, refillWeeks }
  return { prescription: signed, item: { ...terms, content: commitmentOf(chain, signed) } }
}

const sealInfo = utf8('plexus/v1/prescription')

/** Sealed to one who may read it: 1,216 bytes of public key that passed `checkSealingKey`. */
export function sealPrescription(
  prescribed: Prescription,
  {
    chain,
    handle,
    publicKey,
  }: { readonly chain: Uint8Array; readonly handle: Uint8Array; readonly publicKey: Uint8Array },
): Promise<Uint8Array> {
  const plaintext = encode(prescription, prescribed)
  return sealTo({ publicKey, info: sealInfo, context: concatBytes(chain, handle), plaintext })
}

/** What was sealed for this item to the key of this seed (32 bytes, X-Wing). What it is worth, `checkPrescription` says. */
export async function openPrescription(
  sealed: Uint8Array,
  { chain, handle, seed }: { readonly chain: Uint8Array; readonly handle: Uint8Array; readonly seed: Uint8Array },
): Promise<Result<Prescription, SealRefusal | { readonly type: 'malformed' }>> {
  const opened = await openSealed({ seed, info: sealInfo, context: concatBytes(chain, handle), sealed })
  if (!opened.ok) return opened
  const read = decode(prescription, opened.value)
  return read.ok ? ok(read.value) : no({ type: 'malformed' })
}
