/** What the books of members tell a wallet of its prescriptions. Nothing is believed of it before the ledger was asked. */
import { compareBytes, decode, encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import { prescriptions, supply } from '@plexus/contracts'
import type { Notice } from '@plexus/policy'
import { prescriptionContent } from '../prescriptions/content.ts'
import { handleOfSeed, patientItemSeed } from '../prescriptions/keys.ts'
import { type PrescriptionWord, prescriptionWord } from '../prescriptions/words.ts'
import { recalledUnits, supplyWord } from '../supply/words.ts'
import type { NoticeRefusal } from './notices.ts'
import { fillsMax, type HeldItem, type HeldPrescriptions, itemsMax, recallsMax } from './prescription-state.ts'
import { type Wallet, withState } from './wallet.ts'

/** Keys that were given away before a wallet was lost, and signed for after it came back, lie at most so far ahead. */
const numbersAhead = 32

/** The wallet after a word of a contract's book. What is not of this wallet, or of a contract that it knows, changes nothing. */
export function takeBookNotice(
  wallet: Wallet,
  custodian: string,
  { contract, body }: Extract<Notice, { readonly type: 'book' }>,
): Result<Wallet, NoticeRefusal> {
  if (contract === supply.name) {
    const word = decode(supplyWord, body)
    return word.ok ? takeRecall(wallet, word.value) : ok(wallet)
  }
  const word = contract === prescriptions.name ? decode(prescriptionWord, body) : undefined
  if (!word?.ok) return ok(wallet)
  return word.value.type === 'prescribed'
    ? takePrescribed(wallet, custodian, word.value)
    : takeDispensed(wallet, word.value)
}

type Of<Type> = Extract<PrescriptionWord, { readonly type: Type }>

function takePrescribed(
  wallet: Wallet,
  custodian: string,
  { handle, prescription }: Of<'prescribed'>,
): Result<Wallet, NoticeRefusal> {
  const held = wallet.state.prescriptions
  const content = decode(prescriptionContent, prescription.content)
  const before = held.items.find((each) => equalBytes(each.handle, handle))
  // What the ledger bore out stands; what it did not may be replaced.
  if (!content.ok || (before && before.refused === null)) return ok(wallet)
  const number = numberOf(wallet, content.value.patient)
  if (number === undefined) return ok(wallet)
  if (!before && held.items.length >= itemsMax) return full(itemsMax)
  const { nextClaimant = 0, nominations = [] } = before ?? {}
  const item = { handle, number, custodian, prescription, nextClaimant, nominations, seen: null, refused: null }
  return ok(withHeld(wallet, { ...withItem(held, item), nextNumber: Math.max(held.nextNumber, number + 1) }))
}

function takeDispensed(
  wallet: Wallet,
  { handle, tag, record, signature, leafKey }: Of<'dispensed'>,
): Result<Wallet, NoticeRefusal> {
  const held = wallet.state.prescriptions
  const before = held.fills.find(({ told }) => equalBytes(told.tag, tag))
  if (before && before.standing !== 'refused') return ok(wallet)
  if (!before && held.fills.length >= fillsMax) return full(fillsMax)
  const told = { handle, told: { tag, record, signature, leafKey }, standing: 'told' as const, refused: null }
  const fills = [...held.fills.filter((each) => each !== before), told]
  return ok(withHeld(wallet, { ...held, fills: fills.sort((a, b) => compareBytes(a.told.tag, b.told.tag)) }))
}

function takeRecall(
  wallet: Wallet,
  { type: _, ...units }: { readonly type: 'recalled' } & HeldPrescriptions['recalls'][number],
): Result<Wallet, NoticeRefusal> {
  const held = wallet.state.prescriptions
  const encoded = (each: typeof units) => encode(recalledUnits, each)
  if (held.recalls.some((each) => equalBytes(encoded(each), encoded(units)))) return ok(wallet)
  if (held.recalls.length >= recallsMax) return full(recallsMax)
  const recalls = [...held.recalls, units].sort((a, b) => compareBytes(encoded(a), encoded(b)))
  return ok(withHeld(wallet, { ...held, recalls }))
}

/** Which of the wallet's keys the ledger names for an item; newest first. */
function numberOf({ root, chain, state }: Wallet, patient: Uint8Array): number | undefined {
  for (let number = state.prescriptions.nextNumber + numbersAhead; number >= 0; number--)
    if (equalBytes(handleOfSeed(patientItemSeed({ root, chain: chain.id }, number)), patient)) return number
  return undefined
}

export const withHeld = (wallet: Wallet, held: HeldPrescriptions): Wallet =>
  withState(wallet, { ...wallet.state, prescriptions: held })

/** The item in place of the one with the same handle; in order of their handles. */
export function withItem(held: HeldPrescriptions, changed: HeldItem): HeldPrescriptions {
  const others = held.items.filter(({ handle }) => !equalBytes(handle, changed.handle))
  return { ...held, items: [...others, changed].sort((a, b) => compareBytes(a.handle, b.handle)) }
}

const full = (max: number) => no({ type: 'wallet-full' as const, of: 'prescriptions' as const, max })
