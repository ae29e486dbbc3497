/** The command with which a trading partner moves its goods. */
import { Argument, type Command } from 'commander'
import { type CommonOptions, collect, doorOf, json, member, node, screenFor, wholeNumber } from './options.ts'
import { type SupplyAct, type SupplyOptions, supplyActs } from './supply.ts'

const help = `
Acts; a LABEL is what a scanner gives, (01)GTIN(21)SERIAL(10)LOT or (00)SSCC:
  keys ROLE COUNT AUTHORITY   asks an authority for one-time keys: maker, distributor, dispenser or regulator
  keys                        at an authority: who waits for keys
  grant ROLE PARTNER...       at an authority: grants them
  commission FILE             a lot begins with its packages and units
  ship TO LABEL...            to a partner, who is asked for a key first
  shipments                   deliveries, and where each stands
  receive SHIPMENT            the goods are here
  resolve SHIPMENT WHY...     with the partner: --lost, --found; what is in neither never left its shipper
  withdraw SHIPMENT           goods on their way that nobody received are one’s own again
  pack SSCC LABEL...          into a new package
  unpack LABEL [LABEL...]     opens a package: all in it, or only these
  scan LABEL                  real, own and good? Or why it is held back
  suspect SCAN                what carries the label is not what it says: the clock of 24 hours runs
  notified SCAN               the authority was told
  quarantine LABEL WHY...     suspect goods in hand stand still
  verify LABEL WHY...         asks the maker of what stands still here; it goes on once the maker agreed
  agreements                  what partners ask, and are asked
  agree | decline ID          says what a partner asks, or not
  clear LABEL WHY...          at the maker, who verified them: they go on
  end LABEL AS WHY...         gone for good: destroyed, exported, lost, stolen or transformed
  holdings                    what was held back, cleared and ended here, and why
  dispense LABEL...           to a patient
  return DISPENSING           nobody fetched it
  recall LOT...               own lots, wherever they are
  trace LOT                   where every unit of an own lot is; with --proof FILE, so that a regulator can check it
  list, alerts                what is or was in hand; what concerns it. list shows packages, and with --inside one’s contents`

export function addSupply(program: Command): void {
  program
    .command('supply')
    .description('units of drugs from the maker’s line to the patient: labels, deliveries, scans, recalls')
    .addArgument(new Argument('<act>', 'what to do').choices(supplyActs))
    .argument('[words...]', 'what it is done with')
    .option('--purpose <purpose>', 'of a delivery: trade or return')
    .option('--missing <label>', 'of a delivery: what is not there; repeatable', collect)
    .option('--lost <label>', 'of what was missing: gone for good; repeatable', collect)
    .option('--found <label>', 'of what was missing: it turned up at the receiver; repeatable', collect)
    .option('--damaged <label>', 'of a delivery: what is broken; repeatable', collect)
    .option('--proof <file>', 'of a trace: writes a proof for a regulator, and says what opens its labels')
    .option('--height <number>', 'of a proof: the block after which', wholeNumber)
    .option('--inside <label>', 'of a list: the package whose contents are wanted')
    .option('--maker <id>', 'whom to ask about a label that is not known here')
    .option('--fill <file>', 'of a dispensing: the part of a prescription that moves with the units')
    .option('--days <number>', 'for how long keys are granted; 365 unless told', wholeNumber)
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', help)
    .action(async (act: SupplyAct, words: readonly string[], options: CommonOptions & SupplyOptions) => {
      const { supply } = await import('./supply.ts')
      await supply(doorOf(options), act, words, options, screenFor(options))
    })
}
