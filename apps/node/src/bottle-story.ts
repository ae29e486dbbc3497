/**
 * The second act: one bottle, from the maker's line to the patient's hand, and what it was prescribed for. Each step is taken
 * through the books of the members, as their staff would take it, and checks its own result.
 */
import { fromHex, toHex } from '@plexus/codec'
import { giveItemKeys, namePharmacy, prescriptionsIn, type Wallet, type WalletPrescription } from '@plexus/sdk'
import {
  bottle,
  fillFromBottle,
  firstPart,
  handedOut,
  oxycodone,
  registration,
  signForPatient,
  step,
  tablets,
} from './bottle-acts.ts'
import { asker } from './demonstration.ts'
import {
  bringGoods,
  firstPharmacy,
  type Goods,
  holdersOfLot,
  maker,
  pharmacy,
  recallLot,
  showCounterfeit,
} from './goods-story.ts'
import { payRebateOnce, product as rebatedProduct } from './rebate-story.ts'
import { must, StoryFailed, stepSecondsMax, type Telling } from './telling.ts'

/** Tells the second act, after the first: the wallet is enrolled, and the clinician employed. */
export async function tellBottle(telling: Telling): Promise<void> {
  const { left: goods, report } = await bringGoods(telling)
  telling.step(report)
  const handle = await prescribe(telling)
  await dispense(telling, handle, goods)
  await cancel(telling, handle, goods)
  telling.step(await showCounterfeit(telling, goods))
  await recall(telling, goods)
  await payRebateOnce(telling, handle, firstPart)
  silence(telling, goods)
}

/** The handle of what was prescribed. */
async function prescribe(telling: Telling): Promise<Uint8Array> {
  const given = await giveItemKeys(telling.client, { custodian: telling.custodians[0] ?? '', count: 1 })
  if (!given.ok) throw new StoryFailed(`the wallet gave no key: ${given.reason.type}`)
  const { handle, signed, prescribersNamed } = await signForPatient(telling, given.value)
  const copy = await inWallet(telling, handle, ({ status }) => status === 'signed')
  telling.step({
    step: 'prescribe',
    ok: signed === 'accepted' && copy?.refused === null,
    says: [
      `At ${asker} a clinician prescribed ${tablets} tablets of a schedule II drug; the envelope names ${prescribersNamed} prescribers, each with a licence and a registration, and not which of them signed.`,
      `The ledger has a handle, limits and a commitment; the patient's wallet has the prescription.`,
    ],
    facts: { handle, outcome: signed, prescribersNamed, inWallet: copy !== undefined },
  })
  if (!copy) throw new StoryFailed('the prescription did not reach the wallet')
  return fromHex(handle)
}

async function dispense(telling: Telling, handle: Uint8Array, goods: Goods): Promise<void> {
  const { network } = telling
  for (const to of [firstPharmacy, pharmacy])
    must(await namePharmacy(telling.client, toHex(handle), to), `naming ${to}`)
  const { claimed, late, filled } = await fillFromBottle(telling, handle, goods)
  await network.until(
    () => network.node(asker).books.prescriptions.find(handle)[0]?.fills.length === 1,
    stepSecondsMax,
    'the prescriber to be told of the fill',
  )
  const [known] = network.node(asker).books.prescriptions.find(handle)
  const told = await inWallet(telling, toHex(handle), ({ fills }) => fills.some(({ standing }) => standing === 'holds'))
  telling.step({
    step: 'dispense',
    ok:
      claimed === 'accepted' &&
      late === 'held-by-another' &&
      filled === 'accepted' &&
      known?.filled === firstPart &&
      told?.fills[0]?.quantity === firstPart,
    says: [
      `The patient's wallet named the pharmacy of ${firstPharmacy}, then that of ${pharmacy}, and brought it the prescription; ${pharmacy} claimed it, and ${firstPharmacy} was told: ${late}.`,
      `${firstPart} of ${tablets} tablets were filled at the patient's request, in the transaction that says that their bottle is dispensed; the prescriber and the wallet have the record, the ledger has a share of the whole.`,
    ],
    facts: { claimed, late, filled, quantity: known?.filled, of: tablets },
  })
}

async function cancel(telling: Telling, handle: Uint8Array, { lotNumber }: Goods): Promise<void> {
  const { clinic } = telling
  const { prescriber } = clinic.books.prescriptions
  const made = await clinic.exchange.run(() => prescriber.cancel(handle))
  if (!made.ok) throw new StoryFailed(`the cancellation was refused: ${made.reason.type}`)
  const answer = prescriber.answerTo(handle, await clinic.books.shelf.outcome(made.value.step))
  const rest = { ...handedOut(telling, tablets - firstPart), lot: lotNumber, remainder: null }
  const refused = await step(telling, pharmacy, ({ dispenser }) => dispenser.fill(handle, rest))
  const returned = await step(telling, pharmacy, ({ dispenser }) => dispenser.move(handle, 'return-item'))
  await telling.network.until(
    () => clinic.books.prescriptions.find(handle)[0]?.status === 'cancelled',
    stepSecondsMax,
    'the item to be cancelled',
  )
  const [end] = clinic.books.prescriptions.find(handle)
  telling.step({
    step: 'cancel',
    ok:
      answer?.code === 'R-0003' &&
      refused === 'marked-for-cancellation' &&
      returned === 'accepted' &&
      end?.filled === firstPart,
    says: [
      `The prescriber cancelled, and was told: ${answer?.says}.`,
      `The last ${tablets - firstPart} tablets were refused (${refused}); the pharmacy gave the item back, and it ended as ${end?.status} with ${end?.filled} filled.`,
    ],
    facts: { code: answer?.code, says: answer?.says, refused, status: end?.status, filled: end?.filled },
  })
}

/** The maker recalls the lot, and the patient's wallet hears of it. */
async function recall(telling: Telling, goods: Goods): Promise<void> {
  const holders = await recallLot(telling, goods)
  const walletReached = await fetchedUntil(telling, ({ state }) =>
    state.prescriptions.recalls.some(({ serials }) => serials.includes(goods.serial)),
  )
  telling.step({
    step: 'recall',
    ok: walletReached && holders === holdersOfLot,
    says: [
      `${maker} recalled the lot by one entry: both holders answered what they have, and the patient's wallet was told by its pharmacy that bottle ${goods.serial} is concerned.`,
    ],
    facts: { holders, walletReached },
  })
}

/** That no block which any member holds names the drug, its lot, its serial or its code. */
function silence(telling: Telling, { lotNumber, serial }: Goods): void {
  const { store } = telling.clinic
  const secrets = [
    rebatedProduct,
    oxycodone.code,
    oxycodone.display,
    bottle.code,
    'Oxycodone',
    lotNumber,
    serial,
    registration,
  ]
  const height = store.tip()?.height ?? 0
  let found = 0
  let bytes = 0
  for (let each = 1; each <= height; each++)
    for (const transaction of store.block(each)?.transactions ?? []) {
      bytes += transaction.length
      const held = Buffer.from(transaction)
      if (secrets.some((secret) => held.includes(secret))) found++
    }
  telling.step({
    step: 'silence',
    ok: found === 0 && bytes > 0,
    says: [
      `In the ${bytes} bytes of all ${height} blocks, which every member holds, neither drug nor lot nor serial stands.`,
    ],
    facts: { height, bytes, found },
  })
}

/** The item as the wallet has it, once it is so: the wallet holds what it is told against the ledger. */
async function inWallet(
  telling: Telling,
  handle: string,
  is: (item: WalletPrescription) => boolean,
): Promise<WalletPrescription | undefined> {
  let found: WalletPrescription | undefined
  await fetchedUntil(telling, (wallet) => {
    found = prescriptionsIn(wallet, telling.parts.now()).find((each) => each.handle === handle && is(each))
    return found !== undefined
  })
  return found
}

/** Fetches the patient's mailbox until the wallet is so; false when it never was. */
async function fetchedUntil({ client, parts }: Telling, is: (wallet: Wallet) => boolean): Promise<boolean> {
  const end = parts.now() + stepSecondsMax
  for (;;) {
    must(await client.fetch(), 'fetching the mailbox')
    if (is(client.wallet)) return true
    if (parts.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
