/**
 * The second act: one bottle, from the maker's line to the patient's hand, and what it was prescribed for. Each step is taken
 * through the books of the members, as their staff would take it, and checks its own result.
 */
import { decode, encode, fromHex, type Result, toHex } from '@plexus/codec'
import { practitioners, prescriptions } from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import {
  claimantSeed,
  handleOfSeed,
  type Prescription,
  type PrescriptionWord,
  patientItemSeed,
  prescriptionNote,
  prescriptionWord,
} from '@plexus/sdk'
import { asker, board, employClinician, mintNpi } from './demonstration.ts'
import {
  bringGoods,
  firstPharmacy,
  type Goods,
  identifierOf,
  pharmacy,
  recall,
  showCounterfeit,
} from './goods-story.ts'
import { payRebateOnce, product as rebatedProduct } from './rebate-story.ts'
import { must, StoryFailed, stepSecondsMax, type Telling } from './telling.ts'

/** Of RxNorm, of the National Drug Code, and of no patient. */
const oxycodone = { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' } as const
const bottle = { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen, 100 tablets' } as const
const tablets = 30
const firstPart = 20
/** A number with a right check digit (DEA), given to nobody. */
const registration = 'AB1234563'
/** Boston in winter: UTC-5. */
const dayLagMinutes = 19 * 60

interface Item {
  readonly handle: Uint8Array
  readonly prescription: Prescription
  /** Of the patient's key, which only the wallet has. */
  readonly patientSeed: Uint8Array
}

/** Tells the second act, after the first: the wallet is enrolled, and the clinician employed. */
export async function tellBottle(telling: Telling): Promise<void> {
  const goods = await bringGoods(telling)
  const item = await prescribe(telling)
  await dispense(telling, item, goods)
  await cancel(telling, item, goods)
  await showCounterfeit(telling, goods)
  await recall(telling, goods)
  await payRebateOnce(telling, item.handle, firstPart)
  silence(telling, goods)
}

async function prescribe(telling: Telling): Promise<Item> {
  const { parts, clinic, npi, network } = telling
  const beside = [mintNpi(parts.random), mintNpi(parts.random)]
  for (const colleague of beside) await employClinician(parts.demonstration, colleague, parts.now())
  for (const each of [npi, ...beside]) {
    const key = publicKeyOf(clinic.clinicianSeed(each))
    const attested = await network.submit(board, practitioners, {
      ...{ type: 'attest-role', npi: each, organisation: board, role: 'registrant', key },
    })
    if (!attested.ok || attested.value.outcome.code !== 0) throw new StoryFailed('a registration was refused')
  }
  const patientSeed = freshSeed(telling)
  const { prescriber } = clinic.books.prescriptions
  const made = await clinic.exchange.run(() =>
    prescriber.sign({
      organisation: asker,
      name: `discharge ${toHex(parts.random(8))}`,
      lines: [
        {
          ...{ drug: oxycodone, quantity: tablets, unit: '{tbl}', schedule: 'II', limits: null, note: '' },
          ...{ directions: 'one tablet every six hours as needed for pain', startsInDays: 0, lastsDays: 30 },
          ...{ refills: 0, refillWeeks: 0, name: null },
        },
      ],
      patient: { keys: [handleOfSeed(patientSeed)], mailbox: mailboxOf(telling) },
      prescriber: { npi, seed: clinic.clinicianSeed(npi), registration },
      beside,
      registrar: board,
      authentication: sha256(parts.random(32)),
      dayLagMinutes,
    }),
  )
  if (!made.ok) throw new StoryFailed(`the prescription was refused: ${made.reason.type}`)
  const signed = await ended(telling, asker, made)
  const [handle = ''] = made.value.handles
  const copy = await wordOf(telling, 'prescribed', handle)
  telling.step({
    step: 'prescribe',
    ok: signed === 'accepted' && copy !== undefined,
    says: [
      `At ${asker} a clinician prescribed ${tablets} tablets of a schedule II drug; the envelope names ${beside.length + 1} prescribers, each with a licence and a registration, and not which of them signed.`,
      `The ledger has a handle, limits and a commitment; the patient's wallet has the prescription.`,
    ],
    facts: { handle, outcome: signed, prescribersNamed: beside.length + 1, inWallet: copy !== undefined },
  })
  if (!copy) throw new StoryFailed('the prescription did not reach the wallet')
  return { handle: fromHex(handle), prescription: copy.prescription, patientSeed }
}

async function dispense(telling: Telling, item: Item, goods: Goods): Promise<void> {
  const { network } = telling
  await bringTo(telling, item, firstPharmacy, 0)
  await bringTo(telling, item, pharmacy, 1)
  const { handle } = item
  const claimed = await step(telling, pharmacy, ({ dispenser }) => dispenser.claim(handle))
  const late = await step(telling, firstPharmacy, ({ dispenser }) => dispenser.claim(handle))
  // The bottle and the item's counter move in one transaction, or neither.
  const { exchange, books } = network.node(pharmacy)
  const moved = await exchange.run(() =>
    books.supply.dispensing.dispense({
      labels: [identifierOf(goods.bottle)],
      fill: { item: handle, ...handedOut(telling, firstPart) },
    }),
  )
  const filled = await ended(telling, pharmacy, moved)
  await network.until(
    () => network.node(asker).books.prescriptions.find(handle)[0]?.fills.length === 1,
    stepSecondsMax,
    'the prescriber to be told of the fill',
  )
  const [known] = network.node(asker).books.prescriptions.find(handle)
  const told = await wordOf(telling, 'dispensed', toHex(handle))
  telling.step({
    step: 'dispense',
    ok:
      claimed === 'accepted' &&
      late === 'held-by-another' &&
      filled === 'accepted' &&
      known?.filled === firstPart &&
      told?.record.quantity === firstPart,
    says: [
      `The patient's wallet named the pharmacy of ${firstPharmacy}, then that of ${pharmacy}, and brought it the prescription; ${pharmacy} claimed it, and ${firstPharmacy} was told: ${late}.`,
      `${firstPart} of ${tablets} tablets were filled at the patient's request, in the transaction that says that their bottle is dispensed; the prescriber and the wallet have the record, the ledger has a share of the whole.`,
    ],
    facts: { claimed, late, filled, quantity: known?.filled, of: tablets },
  })
}

async function cancel(telling: Telling, { handle }: Item, { lotNumber }: Goods): Promise<void> {
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

/** The wallet puts the item on the exchange or names another claimant, and brings the pharmacy what it needs. */
async function bringTo(
  telling: Telling,
  { handle, prescription, patientSeed }: Item,
  to: string,
  number: number,
): Promise<void> {
  const { client, network } = telling
  const seed = claimantSeed(patientSeed, network.chain.id, number)
  const type = number === 0 ? 'make-available' : 'nominate'
  const named = await client.step(prescriptions, { type, handle, claimant: handleOfSeed(seed) }, [patientSeed])
  must(named, `naming ${to}`)
  const mailbox = mailboxOf(telling)
  const note = {
    type: 'nomination',
    pharmacy: to,
    handle,
    claimantSeed: seed,
    prescription,
    mailbox,
    names: null,
  } as const
  must(await client.bring(to, prescriptions.name, encode(prescriptionNote, note)), `bringing the item to ${to}`)
}

const handedOut = ({ npi }: Telling, quantity: number) =>
  ({ quantity, product: bottle, pharmacist: npi, remainder: 'requested', name: null }) as const

/** The first key of the wallet that the ledger has not seen: a number is used for one item. */
function freshSeed({ client, clinic, network }: Telling): Uint8Array {
  const { keys } = viewOf(prescriptions, clinic.store)
  for (let number = 0; ; number++) {
    const seed = patientItemSeed({ root: client.wallet.root, chain: network.chain.id }, number)
    if (keys.get(toHex(handleOfSeed(seed))) === undefined) return seed
  }
}

/** Where the wallet is told: it says so at the desk. */
function mailboxOf({ parts, custodians }: Telling) {
  const { directory, network } = parts.demonstration
  const [custodian = ''] = custodians
  const { custody } = network.node(directory.byId(custodian)?.member ?? board).exchange
  const known = custody.patients.get(custody.patientKey(custodian, parts.patient))?.enrolment
  if (!known) throw new StoryFailed('the wallet is enrolled nowhere')
  return known.content.mailbox
}

/** What a book told the wallet of the item. */
async function wordOf<Type extends PrescriptionWord['type']>(
  telling: Telling,
  type: Type,
  handle: string,
): Promise<Extract<PrescriptionWord, { readonly type: Type }> | undefined> {
  const { client, words, parts } = telling
  const end = parts.now() + stepSecondsMax
  for (;;) {
    must(await client.fetch(), 'fetching the mailbox')
    for (const { contract, body } of words) {
      const word = contract === prescriptions.name ? decode(prescriptionWord, body) : undefined
      if (word?.ok && word.value.type === type && toHex(word.value.handle) === handle)
        return word.value as Extract<PrescriptionWord, { readonly type: Type }>
    }
    if (parts.now() > end) return undefined
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A step of a pharmacy's staff, to its end: `accepted`, or why not. */
async function step(
  telling: Telling,
  member: string,
  act: (
    book: Telling['clinic']['books']['prescriptions'],
  ) => Result<{ readonly step: string }, { readonly type: string }>,
): Promise<string> {
  const { exchange, books } = telling.network.node(member)
  return ended(telling, member, await exchange.run(() => act(books.prescriptions)))
}

async function ended(
  { network }: Telling,
  member: string,
  made: Result<{ readonly step: string }, { readonly type: string }>,
): Promise<string> {
  if (!made.ok) return made.reason.type
  const outcome = await network.node(member).books.shelf.outcome(made.value.step)
  return outcome.type === 'refused' ? outcome.reason : outcome.type
}
