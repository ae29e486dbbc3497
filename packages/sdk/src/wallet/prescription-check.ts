/** What a wallet was told of its prescriptions, held against the ledger. */
import { decode, equalBytes, no, ok, type Result, type Schema, toHex } from '@plexus/codec'
import { itemEndings, practitioners, prescriptions } from '@plexus/contracts'
import { stateKey } from '@plexus/kernel'
import { checkPrescription } from '../prescriptions/check.ts'
import { prescriptionContent } from '../prescriptions/content.ts'
import { checkRecord, isOfPharmacist } from '../prescriptions/dispensing.ts'
import { handleOfSeed, patientItemSeed } from '../prescriptions/keys.ts'
import type { StepRefusal } from './client.ts'
import type { HeldFill, HeldItem } from './prescription-state.ts'
import { withHeld, withItem } from './prescription-words.ts'
import type { ReadState } from './read-state.ts'
import type { Wallet } from './wallet.ts'

/** Keys that were given to a practice that signed nothing with them leave holes; more in a row end the search. */
const holeMax = 8
/** More items than a lifetime has. */
const numbersMax = 10_000

const keyOf = (map: keyof typeof prescriptions.state, key: Uint8Array): string =>
  stateKey(prescriptions.name, map, toHex(key))

/** The wallet with each item and each fill as the ledger has it now. What the ledger does not have yet stays as it was told. */
export async function heldAgainstLedger(wallet: Wallet, read: ReadState): Promise<Result<Wallet, StepRefusal>> {
  let checked = wallet
  for (const { handle } of wallet.state.prescriptions.items) {
    const next = await itemHeldAgainstLedger(checked, handle, read)
    if (!next.ok) return next
    checked = next.value
  }
  return ok(checked)
}

/** The same of one item. */
export async function itemHeldAgainstLedger(
  wallet: Wallet,
  handle: Uint8Array,
  read: ReadState,
): Promise<Result<Wallet, StepRefusal>> {
  const before = itemOf(wallet, handle)
  if (!before || isOver(wallet, before)) return ok(wallet)
  const shown = await read([keyOf('items', handle)])
  if (!shown.ok) return shown
  const { height } = shown.value
  const item = readAs(prescriptions.state.items.value, shown.value.values[0])
  if (!item) return ok(wallet)
  const known: HeldItem = { ...before, seen: { height, item } }
  const refused = before.seen ? before.refused : await refusalOf(wallet, known, read)
  if (refused && typeof refused === 'object') return refused
  const changed = withHeld(wallet, withItem(wallet.state.prescriptions, { ...known, refused }))
  const hasMoved = before.seen?.item.since !== item.since
  return fillsHeldAgainstLedger(changed, known, hasMoved, read)
}

type Failed = Extract<Result<never, StepRefusal>, { readonly ok: false }>

/** Whether it is what was signed, by whom the ledger says; null when it is. */
async function refusalOf(
  { chain }: Wallet,
  { handle, prescription, seen }: HeldItem,
  read: ReadState,
): Promise<string | null | Failed> {
  const content = decode(prescriptionContent, prescription.content)
  if (!content.ok || !seen) return 'malformed'
  const { item, height } = seen
  const { npi, organisation } = content.value.prescriber
  const role = stateKey(practitioners.name, 'roles', `${npi}/${organisation}`)
  const shown = await read([keyOf('signings', item.signing), role], height)
  if (!shown.ok) return shown
  const signing = readAs(prescriptions.state.signings.value, shown.value.values[0])
  const prescriber = readAs(practitioners.state.roles.value, shown.value.values[1])
  if (!signing || !prescriber) return 'prescriber-unknown'
  // That it registers prescribers the pharmacy checks, before it takes the item; here the ledger's word for who it is will do.
  const registrars = signing.registrar === null ? [] : [signing.registrar]
  const clinicianKey = prescriber.key
  const checked = checkPrescription(prescription, { chain: chain.id, handle, item, signing, clinicianKey, registrars })
  return checked.ok ? null : checked.reason.type
}

async function fillsHeldAgainstLedger(
  wallet: Wallet,
  { handle, prescription, seen }: HeldItem,
  hasMoved: boolean,
  read: ReadState,
): Promise<Result<Wallet, StepRefusal>> {
  const content = decode(prescriptionContent, prescription.content)
  if (!content.ok || !seen) return ok(wallet)
  const held = wallet.state.prescriptions
  const fills: HeldFill[] = []
  for (const each of held.fills) {
    const asks =
      equalBytes(each.handle, handle) && (each.standing === 'told' || (each.standing === 'holds' && hasMoved))
    const { pharmacist, organisation } = each.told.record
    const role = stateKey(practitioners.name, 'roles', `${pharmacist}/${organisation}`)
    const shown = asks ? await read([keyOf('fills', each.told.tag), role], seen.height) : undefined
    if (shown && !shown.ok) return shown
    const fill = shown && readAs(prescriptions.state.fills.value, shown.value.values[0])
    if (!fill) {
      fills.push(each)
      continue
    }
    const checked = checkRecord(each.told, { chain: wallet.chain.id, fill, content: content.value })
    const key = readAs(practitioners.state.roles.value, shown.value.values[1])?.key
    const isSigned = key !== undefined && isOfPharmacist(each.told, wallet.chain.id, key)
    if (!checked.ok || !isSigned)
      fills.push({ ...each, standing: 'refused', refused: checked.ok ? 'signature-invalid' : checked.reason.type })
    else fills.push({ ...each, standing: fill.reversed === null ? 'holds' : 'reversed' })
  }
  return ok(withHeld(wallet, { ...held, fills }))
}

/** Nothing of it changes any more. */
function isOver({ state }: Wallet, { handle, seen }: HeldItem): boolean {
  if (!seen || !itemEndings.includes(seen.item.status)) return false
  return !state.prescriptions.fills.some((each) => each.standing === 'told' && equalBytes(each.handle, handle))
}

/**
 * After a recovery: how many of the wallet's keys the ledger has seen for items, so that none is given away twice. A key that
 * was given and not signed for is not on the ledger, and is given again.
 */
export async function numbersHeldAgainstLedger(wallet: Wallet, read: ReadState): Promise<Result<Wallet, StepRefusal>> {
  const { root, chain } = wallet
  let nextNumber = 0
  for (let number = 0; number < numbersMax && number < nextNumber + holeMax; number++) {
    const key = handleOfSeed(patientItemSeed({ root, chain: chain.id }, number))
    const used = await isKeyUsed(key, read)
    if (!used.ok) return used
    if (used.value) nextNumber = number + 1
  }
  return ok(withHeld(wallet, { ...wallet.state.prescriptions, nextNumber }))
}

/** Whether the hash of a one-time key stands on the ledger. */
export async function isKeyUsed(key: Uint8Array, read: ReadState): Promise<Result<boolean, StepRefusal>> {
  const shown = await read([keyOf('keys', key)])
  return shown.ok ? ok((shown.value.values[0] ?? null) !== null) : no(shown.reason)
}

export const itemOf = ({ state }: Wallet, handle: Uint8Array): HeldItem | undefined =>
  state.prescriptions.items.find((each) => equalBytes(each.handle, handle))

function readAs<Value>(schema: Schema<Value>, bytes: Uint8Array | null | undefined): Value | undefined {
  const read = bytes ? decode(schema, bytes) : undefined
  return read?.ok ? read.value : undefined
}
