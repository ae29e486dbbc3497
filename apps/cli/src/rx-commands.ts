/** The commands of those who prescribe and dispense. */
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { type CommonOptions, doorOf, json, member, node, screenFor } from './options.ts'
import type { RxAct, RxOptions } from './rx.ts'
import type { StaffOptions } from './staff.ts'

type Common = CommonOptions & StaffOptions

const acts: readonly RxAct[] = [
  'list',
  'show',
  'sign',
  'nominate',
  'claim',
  'fill',
  'reverse',
  'return',
  'transfer',
  'complete',
  'not-dispensed',
  'cancel',
  'expire',
]

const help = `
Acts, each but list and sign of one item by its handle:
  list                what this member signed, or was brought
  show HANDLE         one item: where it stands, what it says, what was dispensed
  sign FILE           the lines of an order, as the API takes them (POST …/prescriptions), in JSON
  nominate HANDLE     --pharmacy: who may claim it, or its next fill; on the word of a patient without a wallet
  claim HANDLE        takes it to this pharmacy
  fill HANDLE         --quantity, --product, --lot, --pharmacist, --pharmacy-npi; --remainder where the limits ask why it is
                      a part
  reverse HANDLE      takes the newest fill back: nobody fetched it
  return HANDLE       gives it back
  transfer HANDLE     lets whoever the patient nominates take it over
  complete HANDLE     nothing is left to be dispensed
  not-dispensed HANDLE
  cancel HANDLE       says what became of it
  expire HANDLE       once its last day is over`

export function addPrescriptions(program: Command): void {
  program
    .command('rx')
    .description('prescriptions: sign, bring to a pharmacy, claim, fill, cancel')
    .addArgument(new Argument('<act>', 'what to do').choices(acts))
    .argument('[what]', 'the handle of the item, or the file of the order')
    .option('--pharmacy <id>', 'who may claim it')
    .option('--quantity <number>', 'units that are handed out', quantityNumber)
    .option('--product <product>', 'what is handed out: SYSTEM:CODE or SYSTEM:CODE:NAME, of ndc, rxnorm or snomed')
    .option('--lot <lot>', 'its lot', '')
    .option('--pharmacist <npi>', 'who hands it out, employed here')
    .option('--pharmacy-npi <npi>', 'of the pharmacy; the pharmacist’s own where it is not given')
    .option('--remainder <why>', 'why only a part: requested or shortage')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', help)
    .action(async (act: RxAct, what: string | undefined, options: Common & RxOptions) => {
      const { rx } = await import('./rx.ts')
      await rx(doorOf(options), act, what, options, screenFor(options))
    })
}

function quantityNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}
