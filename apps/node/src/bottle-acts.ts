/** What people at a practice and a pharmacy do in the bottle's story, for whichever wallet plays the patient. */
import { type Result, toHex } from '@plexus/codec'
import { practitioners } from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import type { ItemKeys } from '@plexus/sdk'
import { asker, board, employClinician, mintNpi } from './demonstration.ts'
import { firstPharmacy, type Goods, identifierOf, pharmacy } from './goods-story.ts'
import { type Stage, StoryFailed } from './telling.ts'

/** Of RxNorm, of the National Drug Code, and of no patient. */
export const oxycodone = {
  system: 'rxnorm',
  code: '1049221',
  display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG',
} as const
export const bottle = {
  system: 'ndc',
  code: '00406-0512-01',
  display: 'Oxycodone and acetaminophen, 100 tablets',
} as const
export const tablets = 30
export const firstPart = 20
/** A number with a right check digit (DEA), given to nobody. */
export const registration = 'AB1234563'
/** Boston in winter: UTC-5. */
const dayLagMinutes = 19 * 60

/** Named beside the clinician who signs, so that the envelope does not tell who did. */
const colleagues = 2

/** The clinician prescribes to these keys: the item's handle (hexadecimal), and how it ended. */
export async function signForPatient(
  stage: Stage,
  patient: ItemKeys,
): Promise<{ readonly handle: string; readonly signed: string; readonly prescribersNamed: number }> {
  const { parts, clinic, npi, network } = stage
  const beside = Array.from({ length: colleagues }, () => mintNpi(parts.random))
  for (const colleague of beside) await employClinician(parts.demonstration, colleague, parts.now())
  await employClinician(parts.demonstration, npi, parts.now(), pharmacy)
  for (const each of [npi, ...beside]) {
    const key = publicKeyOf(clinic.clinicianSeed(each))
    const attested = await network.submit(board, practitioners, {
      ...{ type: 'attest-role', npi: each, organisation: board, role: 'registrant', key },
    })
    if (!attested.ok || attested.value.outcome.code !== 0) throw new StoryFailed('a registration was refused')
  }
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
      patient,
      prescriber: { npi, seed: clinic.clinicianSeed(npi), registration },
      beside,
      registrar: board,
      authentication: sha256(parts.random(32)),
      dayLagMinutes,
    }),
  )
  if (!made.ok) throw new StoryFailed(`the prescription was refused: ${made.reason.type}`)
  const signed = await ended(stage, asker, made)
  const [handle = ''] = made.value.handles
  return { handle, signed, prescribersNamed: beside.length + 1 }
}

/** The pharmacy that has the bottle claims the item, another one tries to, and the first part is handed out of the bottle. */
export async function fillFromBottle(
  stage: Stage,
  item: Uint8Array,
  goods: Goods,
): Promise<{ readonly claimed: string; readonly late: string; readonly filled: string }> {
  const claimed = await step(stage, pharmacy, ({ dispenser }) => dispenser.claim(item))
  const late = await step(stage, firstPharmacy, ({ dispenser }) => dispenser.claim(item))
  // The bottle and the item's counter move in one transaction, or neither.
  const { exchange, books } = stage.network.node(pharmacy)
  const moved = await exchange.run(() =>
    books.supply.dispensing.dispense({
      labels: [identifierOf(goods.bottle)],
      fill: { item, ...handedOut(stage, firstPart) },
    }),
  )
  return { claimed, late, filled: await ended(stage, pharmacy, moved) }
}

/** The clinician works at the pharmacy too, which is of one pharmacist. */
export const handedOut = ({ npi, network }: Stage, quantity: number) => ({
  ...({ quantity, product: bottle, remainder: 'requested', name: null } as const),
  ...{ pharmacist: { npi, seed: network.node(pharmacy).clinicianSeed(npi) }, pharmacy: npi, beside: [] },
})

/** A step of a pharmacy's staff, to its end: `accepted`, or why not. */
export async function step(
  stage: Stage,
  member: string,
  act: (
    book: Stage['clinic']['books']['prescriptions'],
  ) => Result<{ readonly step: string }, { readonly type: string }>,
): Promise<string> {
  const { exchange, books } = stage.network.node(member)
  return ended(stage, member, await exchange.run(() => act(books.prescriptions)))
}

async function ended(
  { network }: Stage,
  member: string,
  made: Result<{ readonly step: string }, { readonly type: string }>,
): Promise<string> {
  if (!made.ok) return made.reason.type
  const outcome = await network.node(member).books.shelf.outcome(made.value.step)
  return outcome.type === 'refused' ? outcome.reason : outcome.type
}
