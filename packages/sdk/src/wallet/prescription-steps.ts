/**
 * What patients do with their prescriptions: give a practice keys for the items that it will sign, name a pharmacy, name
 * another, take an item back. Each step is signed by the item's own key and carried by the wallet's sponsor.
 */
import { encode, no, ok, parseHex, type Result, toBase64Url, toHex } from '@plexus/codec'
import { prescriptions } from '@plexus/contracts'
import { generateSealingKey, handleOf, publicKeyOf } from '@plexus/crypto'
import { claimantSeed, handleOfSeed, patientItemSeed } from '../prescriptions/keys.ts'
import { prescriptionNote } from '../prescriptions/words.ts'
import type { StepRefusal, WalletClient } from './client.ts'
import { mailboxSeed, noticeSeed } from './keys.ts'
import { isKeyUsed, itemHeldAgainstLedger, itemOf } from './prescription-check.ts'
import { type HeldItem, type Nomination, nominationsMax } from './prescription-state.ts'
import { prescriptionOf } from './prescription-view.ts'
import { withHeld, withItem } from './prescription-words.ts'
import { relationshipWith } from './state.ts'
import { placeOf, type Wallet, type WalletRefusal } from './wallet.ts'

/** As many lines as one order has. */
export const itemKeysMax = 32

/** What a practice needs from a patient for an order: a key for each line, and where the patient's copy goes. */
export interface ItemKeys {
  readonly keys: readonly Uint8Array[]
  readonly mailbox: { readonly member: string; readonly address: Uint8Array; readonly sealingKey: Uint8Array }
}

/** Keys for `count` items (1 to 32), each given away once, and the mailbox that this wallet has at a custodian. */
export async function giveItemKeys(
  client: WalletClient,
  { custodian, count }: { readonly custodian: string; readonly count: number },
): Promise<Result<ItemKeys, WalletRefusal>> {
  if (!Number.isInteger(count) || count < 1 || count > itemKeysMax)
    throw new RangeError(`count: expected an integer from 1 to ${itemKeysMax}`)
  const { wallet } = client
  const mailbox = await mailboxAt(wallet, custodian)
  if (!mailbox) return no({ type: 'not-enrolled', custodian })
  const held = wallet.state.prescriptions
  const place = { root: wallet.root, chain: wallet.chain.id }
  const keys = Array.from({ length: count }, (_, index) =>
    handleOfSeed(patientItemSeed(place, held.nextNumber + index)),
  )
  await client.remember(withHeld(wallet, { ...held, nextNumber: held.nextNumber + count }))
  return ok({ keys, mailbox })
}

/** As it stands in an order under `patient`, in JSON: keys and address in hexadecimal, the sealing key in base64url. */
export function writtenItemKeys({ keys, mailbox: { member, address, sealingKey } }: ItemKeys) {
  return {
    keys: keys.map(toHex),
    mailbox: { member, address: toHex(address), sealingKey: toBase64Url(sealingKey) },
  }
}

/**
 * Names the pharmacy that may claim an item, or its next fill, and brings it what it needs. Named again, a pharmacy that was
 * not reached is brought it again, and any other is refused with `named-already`. Names are those of `NamingRefusal`, of
 * the ledger, and of the pharmacy's book.
 */
export async function namePharmacy(
  client: WalletClient,
  handle: string,
  pharmacy: string,
): Promise<Result<void, StepRefusal>> {
  const found = await movable(client, handle)
  if (!found.ok) return found
  const { place } = prescriptionOf(client.wallet, found.value, client.now())
  if (place.type === 'named' && place.pharmacy === pharmacy)
    return place.brought ? no({ type: 'named-already' }) : bringItem(client, found.value.handle)
  if (place.type === 'held' && place.pharmacy === pharmacy) return no({ type: 'held-there-already' })
  // Before the ledger is asked: a name that nobody has would leave the item with nobody.
  const reached = await client.reaches(pharmacy)
  if (!reached.ok) return reached
  const named = await name(client, found.value, pharmacy)
  return named.ok ? bringItem(client, found.value.handle) : named
}

/** From now on no pharmacy may claim the item, until one is named again: the key that may is given to nobody. */
export async function takeItemBack(client: WalletClient, handle: string): Promise<Result<void, StepRefusal>> {
  const found = await movable(client, handle)
  if (!found.ok) return found
  const { place } = prescriptionOf(client.wallet, found.value, client.now())
  return place.type === 'named' ? name(client, found.value, null) : no({ type: 'not-named' })
}

/** The item as the ledger has it now, when a pharmacy can be named for it. */
async function movable(client: WalletClient, written: string): Promise<Result<HeldItem, StepRefusal>> {
  const handle = parseHex(written)
  const item = handle && itemOf(client.wallet, handle)
  if (!item) return no({ type: 'item-unknown' })
  if (!client.readState) return no({ type: 'ledger-not-shown' })
  const checked = await itemHeldAgainstLedger(client.wallet, item.handle, client.readState)
  if (!checked.ok) return checked
  await client.remember(checked.value)
  const known = itemOf(client.wallet, item.handle) ?? item
  const { naming } = prescriptionOf(client.wallet, known, client.now())
  return naming === null ? ok(known) : no({ type: naming })
}

async function name(
  client: WalletClient,
  { handle }: HeldItem,
  pharmacy: string | null,
): Promise<Result<void, StepRefusal>> {
  const taken = await takeNumber(client, handle)
  if (!taken.ok) return taken
  const { item, number } = taken.value
  const { root, chain } = client.wallet
  const patient = patientItemSeed({ root, chain: chain.id }, item.number)
  const claimant = handleOfSeed(claimantSeed(patient, chain.id, number))
  const { status } = prescriptionOf(client.wallet, item, client.now())
  const type = status === 'signed' ? 'make-available' : status === 'filled' ? 'open-refill' : 'nominate'
  const done = await client.step(prescriptions, { type, handle, claimant }, [patient])
  if (!done.ok) return done
  const nomination: Nomination = { pharmacy, number, height: done.value.height, brought: 'no' }
  await change(client, { ...item, nominations: [...item.nominations, nomination].slice(-nominationsMax) })
  return ok()
}

/** A number whose key was never on the ledger: after a recovery the wallet does not know which it used. */
async function takeNumber(
  client: WalletClient,
  handle: Uint8Array,
): Promise<Result<{ readonly item: HeldItem; readonly number: number }, StepRefusal>> {
  const held = itemOf(client.wallet, handle)
  if (!held || !client.readState) return no({ type: 'item-unknown' })
  const { root, chain } = client.wallet
  const patient = patientItemSeed({ root, chain: chain.id }, held.number)
  for (let tried = 0; tried < nominationsMax; tried++) {
    const number = held.nextClaimant + tried
    const used = await isKeyUsed(handleOfSeed(claimantSeed(patient, chain.id, number)), client.readState)
    if (!used.ok) return used
    if (used.value) continue
    // Kept before the step leaves: a number is used once, whatever becomes of it.
    const item = { ...held, nextClaimant: number + 1 }
    await change(client, item)
    return ok({ item, number })
  }
  return no({ type: 'nominations-spent' })
}

/** The newest nomination reaches its pharmacy, sealed to its node. */
async function bringItem(client: WalletClient, handle: Uint8Array): Promise<Result<void, StepRefusal>> {
  const item = itemOf(client.wallet, handle)
  const newest = item?.nominations.at(-1)
  if (!item || !newest || newest.pharmacy === null) return no({ type: 'not-named' })
  const { root, chain } = client.wallet
  const { pharmacy, number } = newest
  const patient = patientItemSeed({ root, chain: chain.id }, item.number)
  const note = {
    type: 'nomination' as const,
    pharmacy,
    handle,
    claimantSeed: claimantSeed(patient, chain.id, number),
    prescription: item.prescription,
    mailbox: (await mailboxAt(client.wallet, item.custodian)) ?? null,
    names: null,
  }
  const told = await client.bring(pharmacy, prescriptions.name, encode(prescriptionNote, note))
  if (!told.ok) return told
  await change(client, { ...item, nominations: [...item.nominations.slice(0, -1), { ...newest, brought: 'yes' }] })
  return ok()
}

function change(client: WalletClient, item: HeldItem): Promise<void> {
  return client.remember(withHeld(client.wallet, withItem(client.wallet.state.prescriptions, item)))
}

async function mailboxAt(wallet: Wallet, custodian: string): Promise<ItemKeys['mailbox'] | undefined> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return undefined
  const place = placeOf(wallet, custodian)
  const { publicKey } = await generateSealingKey(noticeSeed(place, known.epoch))
  const address = handleOf(publicKeyOf(mailboxSeed(place, known.epoch)))
  return { member: known.mailboxMember, address, sealingKey: publicKey }
}
