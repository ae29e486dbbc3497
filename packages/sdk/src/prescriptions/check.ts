/** Whether a prescription that somebody shows is the one that was signed, and the law lets it be filled. */
import { decode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Item, limitsSuffice, type Signing, startOfDay } from '@plexus/contracts'
import { signedBytes, verify } from '@plexus/crypto'
import {
  commitmentOf,
  contentType,
  type Prescription,
  type PrescriptionContent,
  prescriptionContent,
} from './content.ts'

/** Why a prescription is not to be filled, first reason first. */
export type PrescriptionRefusal =
  | { readonly type: 'not-as-signed' }
  | { readonly type: 'malformed' }
  | { readonly type: 'other-item' }
  | { readonly type: 'prescriber-not-named' }
  | { readonly type: 'signature-invalid' }
  | { readonly type: 'terms-differ' }
  | { readonly type: 'limits-too-loose' }
  | { readonly type: 'quantity-missing' }
  | { readonly type: 'registration-invalid' }
  | { readonly type: 'authentication-missing' }
  | { readonly type: 'registrar-not-believed' }

export interface Shown {
  readonly chain: Uint8Array
  readonly handle: Uint8Array
  /** What the ledger keeps of the item, and of its signing. */
  readonly item: Item
  readonly signing: Signing
  /** The clinician's key on the state after the block that signed it (`practitioners`, `standing`). */
  readonly clinicianKey: Uint8Array
  /** Who is believed to register prescribers for controlled substances. */
  readonly registrars: readonly string[]
}

/** The content, when it is as it was signed and bound as its drug demands. Any change since makes it void (21 CFR 1306.08(d)). */
export function checkPrescription(
  shown: Prescription,
  { chain, handle, item, signing, clinicianKey, registrars }: Shown,
): Result<PrescriptionContent, PrescriptionRefusal> {
  if (!equalBytes(commitmentOf(chain, shown), item.content)) return no({ type: 'not-as-signed' })
  const read = decode(prescriptionContent, shown.content)
  if (!read.ok) return no({ type: 'malformed' })
  const content = read.value
  const { prescriber, schedule, authentication } = content
  if (!equalBytes(content.handle, handle) || !equalBytes(content.patient, item.patient))
    return no({ type: 'other-item' })
  if (prescriber.organisation !== signing.organisation || !signing.prescribers.includes(prescriber.npi))
    return no({ type: 'prescriber-not-named' })
  if (!verify(clinicianKey, signedBytes(contentType, chain, shown.content), shown.signature))
    return no({ type: 'signature-invalid' })
  if (!sameTerms(content, item)) return no({ type: 'terms-differ' })
  if (!limitsSuffice(item.limits, schedule)) return no({ type: 'limits-too-loose' })
  if (content.quantity === 0) return no({ type: 'quantity-missing' })
  if (schedule === null) return ok(content)
  if (prescriber.registration === null || !isRegistrationNumber(prescriber.registration))
    return no({ type: 'registration-invalid' })
  if (authentication === null) return no({ type: 'authentication-missing' })
  if (signing.registrar === null || !registrars.includes(signing.registrar))
    return no({ type: 'registrar-not-believed' })
  return ok(content)
}

/** The first day is the start of the first fill alone: a refill starts by the weeks between fills. */
function sameTerms(content: PrescriptionContent, item: Item): boolean {
  const place = { lagMinutes: item.dayLagMinutes }
  return (
    content.limits === item.limits &&
    content.issuedDay === item.issuedDay &&
    (item.fill > 1 || startOfDay(content.firstDay, place) === item.startsAt) &&
    startOfDay(content.lastDay + 1, place) === item.endsAt &&
    content.refills === item.refills &&
    content.refillWeeks === item.refillWeeks
  )
}

/**
 * A DEA number: two letters (or a letter and a 9) and seven digits, of which the last is the last digit of the first,
 * third and fifth and twice the second, fourth and sixth. It finds a wrong digit, not an invented number.
 */
export function isRegistrationNumber(text: string): boolean {
  if (!/^[A-Z][A-Z9][0-9]{7}$/.test(text)) return false
  const digit = (index: number) => text.charCodeAt(index + 2) - 48
  return (digit(0) + digit(2) + digit(4) + 2 * (digit(1) + digit(3) + digit(5))) % 10 === digit(6)
}

/** Two lines that overlap in time, by their handles in hexadecimal. */
export interface Overlap {
  readonly type: 'same-drug' | 'same-schedule'
  readonly handles: readonly [string, string]
}

/**
 * What one patient's prescriptions tell when they are seen together: lines of the same drug, or of one schedule by several
 * prescribers, that overlap in time. The wallet computes it; no ledger could.
 */
export function overlapsOf(contents: readonly PrescriptionContent[]): readonly Overlap[] {
  return contents.flatMap((one, index) =>
    contents.slice(index + 1).flatMap((other) => {
      const type = overlapOf(one, other)
      return type ? [{ type, handles: [toHex(one.handle), toHex(other.handle)] as const }] : []
    }),
  )
}

function overlapOf(one: PrescriptionContent, other: PrescriptionContent): Overlap['type'] | undefined {
  if (one.firstDay > other.lastDay || other.firstDay > one.lastDay) return undefined
  if (one.drug.system === other.drug.system && one.drug.code === other.drug.code) return 'same-drug'
  const severalPrescribers = one.prescriber.npi !== other.prescriber.npi
  return one.schedule !== null && one.schedule === other.schedule && severalPrescribers ? 'same-schedule' : undefined
}
