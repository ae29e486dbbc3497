/** Prescriptions from the patient's side, in a terminal. */
import {
  giveItemKeys,
  itemKeysMax,
  namePharmacy,
  prescriptionsIn,
  takeItemBack,
  type WalletClient,
  type WalletPrescription,
  writtenItemKeys,
} from '@plexus/sdk'
import type { NodeDoor } from './node-door.ts'
import { openWallet, refusedStep, type WalletOptions } from './open-wallet.ts'
import { plain, Refused, type Screen, when } from './screen.ts'

export type WalletAct = 'keys' | 'nominate' | 'prescriptions' | 'take-back'

export interface WalletActOptions {
  readonly pharmacy?: string
  readonly custodian?: string
  readonly lines: number
}

export async function actOnPrescriptions(
  door: NodeDoor,
  act: WalletAct,
  handle: string | undefined,
  options: WalletOptions & WalletActOptions,
  screen: Screen,
): Promise<void> {
  const { client } = await openWallet(door, options, screen)
  if (act === 'keys') return giveKeys(client, options, screen)
  const fetched = await client.fetch()
  if (!fetched.ok) throw refusedStep(fetched.reason.type, 'The mailbox was not fetched')
  if (act === 'prescriptions') return list(client, screen)
  const item = given(handle, 'The handle of the item')
  const done =
    act === 'nominate'
      ? await namePharmacy(client, item, given(options.pharmacy, '--pharmacy'))
      : await takeItemBack(client, item)
  if (!done.ok) throw refusedItem(done.reason.type)
  const known = prescriptionsIn(client.wallet, client.now()).find((each) => each.handle === item)
  if (!known) throw new Error('an item moved that the wallet does not have')
  screen.give({ type: 'prescription', ...shown(known) })
  for (const line of linesOf(known)) screen.say(line)
}

async function giveKeys(client: WalletClient, { custodian, lines }: WalletActOptions, screen: Screen): Promise<void> {
  if (lines < 1 || lines > itemKeysMax)
    throw new Refused(
      'usage',
      `An order has 1 to ${itemKeysMax} lines.`,
      'plexus help wallet says what each act needs.',
    )
  const at = custodian ?? client.custodians[0]
  const made = await giveItemKeys(client, { custodian: given(at, '--custodian'), count: lines })
  if (!made.ok)
    throw new Refused(
      made.reason.type,
      `This wallet is not enrolled at ${at}.`,
      `It knows ${client.custodians.join(', ') || 'no custodian'}.`,
    )
  const patient = writtenItemKeys(made.value)
  screen.give(patient)
  screen.say(JSON.stringify(patient, null, 2))
}

function list(client: WalletClient, screen: Screen): void {
  const items = prescriptionsIn(client.wallet, client.now())
  for (const item of items) {
    screen.give({ type: 'prescription', ...shown(item) })
    for (const line of linesOf(item)) screen.say(line)
  }
  const { recalls } = client.wallet.state.prescriptions
  for (const recall of recalls) {
    screen.give({ type: 'recall', ...recall })
    screen.say(`! Recalled by ${recall.maker}: lot ${recall.lot} of ${recall.gtin}, ${recall.serials.join(', ')}.`)
  }
  screen.give({ type: 'end', prescriptions: items.length, recalls: recalls.length })
  if (items.length === 0) screen.say('Nothing was prescribed to this wallet, as far as any practice has told.')
}

function shown({ content, ...item }: WalletPrescription): object {
  const { drug, quantity, unit, schedule, directions, note, prescriber, refills, issuedDay, firstDay, lastDay } =
    content
  const terms = { drug, quantity, unit, schedule, directions, note, prescriber, refills, issuedDay, firstDay, lastDay }
  return { ...terms, ...item }
}

function linesOf(item: WalletPrescription): readonly string[] {
  const { handle, content, status, marked, filled, fill, fills, endsAt, refused } = item
  const { drug, quantity, unit, directions, refills } = content
  const stands = `${status ?? 'not on the ledger yet'}${marked ? ', marked for cancellation' : ''}`
  return [
    `${handle}  ${plain(drug.display)}: ${stands}, ${filled} of ${quantity} ${plain(unit)} filled.`,
    `    ${plain(directions)}`,
    `    Fill ${fill} of ${refills + 1}; ${placeIn(item)}${endsAt === null ? '' : `; until ${when(endsAt)}`}.`,
    ...(refused === null ? [] : [`    ! It is not what the ledger says was signed: ${refused}.`]),
    ...fills.map(
      ({ quantity: part, product, lot, standing, recalled }) =>
        `    Dispensed ${part}: ${plain(product.display)}, lot ${plain(lot)} (${standing})${recalled.length > 0 ? ', RECALLED' : ''}.`,
    ),
  ]
}

function placeIn({ place }: WalletPrescription): string {
  if (place.type === 'nowhere') return 'no pharmacy may claim it'
  if (place.type === 'named') return `${place.pharmacy} may claim it${place.brought ? '' : ', and was not reached yet'}`
  return `with ${place.pharmacy ?? 'a pharmacy that this wallet did not name'}${place.offered ? ', which lets it go' : ''}`
}

function refusedItem(code: string): Refused {
  return new Refused(code, `The prescription did not move: ${code}.`, adviceFor(code))
}

function adviceFor(code: string): string {
  if (code === 'held-by-another') return 'The pharmacy that has it gives it back, or lets it go; then nominate another.'
  if (code === 'item-unknown') return '`plexus wallet prescriptions` lists those of this wallet.'
  if (code === 'organisation-unknown') return 'Give the id of an organisation that takes part.'
  if (code === 'not-on-the-ledger-yet') return 'Try again in a moment.'
  return 'Nothing is lost: `plexus wallet prescriptions` says where it stands.'
}

function given<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value
  throw new Refused('usage', `${what} is missing.`, 'plexus help wallet says what each act needs.')
}
