/** `plexus rebate`, as it is called. */
import { Argument, type Command } from 'commander'
import { type CommonOptions, doorOf, json, member, node, screenFor } from './options.ts'
import { type RebateAct, rebateActs } from './rebates.ts'
import type { StaffOptions } from './staff.ts'

type Common = CommonOptions & StaffOptions

const help = `
Acts:
  list [TERMS]                             contracts; with one, the discounts under it
  propose FILE                             offers terms to another member: JSON, as in docs/guides/rebates.md
  version TERMS FILE                       a further version of them
  sign TERMS                               signs what the other proposed
  keep TAG-SEED PHARMACY FILLED-AT         keeps the key of a fill, from a copy of its record of dispensing
  accrue TERMS TAG PRODUCT UNITS UNIT      a discount on that fill, claimed by itself
  approve ACCRUAL                          the payer will pay
  dispute ACCRUAL CODE [WHY]               duplicate, fill, not-eligible, other, pharmacy, price, product, terms or units
  amount ACCRUAL AMOUNT [WHY]              another amount; done when both have said the same
  displace ACCRUAL                         asks for the place of the discount that refused this claim: the lower price stands
  settle TERMS                             one sum over all that is due
  reverse TAG ITEM [WHY]                   takes a fill back with every discount on it
  audit TERMS                              holds the book of one contract against the ledger
  price FILE                               unit rebate of a quarter, 340B ceiling of the next; nothing is kept`

export function addRebates(program: Command): void {
  program
    .command('rebate')
    .description('discounts, rebates and refunds between this member and others: terms, claims, settlements, audit')
    .addArgument(new Argument('<act>', 'what to do').choices(rebateActs))
    .argument('[words...]', 'what it is done with')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', help)
    .action(async (act: RebateAct, words: readonly string[], options: Common) => {
      const { rebate } = await import('./rebates.ts')
      await rebate(doorOf(options), act, words, options, screenFor(options))
    })
}
