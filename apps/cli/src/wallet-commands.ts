/** The commands with which patients act on their prescriptions, from their wallet file. */
import { Argument, type Command } from 'commander'
import type { WalletOptions } from './open-wallet.ts'
import { type CommonOptions, doorOf, json, member, node, screenFor, wholeNumber } from './options.ts'
import type { WalletAct, WalletActOptions } from './wallet-prescriptions.ts'

const acts: readonly WalletAct[] = ['prescriptions', 'keys', 'nominate', 'take-back']

const help = `
Acts:
  prescriptions       what was prescribed to this wallet: what, how much, where it is, what was filled, until when
  keys                --custodian, --lines: what a practice needs to sign an order for this wallet, as JSON for its \`patient\`
  nominate HANDLE     --pharmacy: who may claim the item, or its next fill; named again, another one
  take-back HANDLE    nobody may claim it, until a pharmacy is nominated again`

export function addWallet(program: Command): void {
  program
    .command('wallet')
    .description('a patient’s prescriptions, from the patient’s own wallet')
    .addArgument(new Argument('<act>', 'what to do').choices(acts))
    .argument('[handle]', 'the handle of the item')
    .requiredOption('--wallet <file>', 'the wallet')
    .option('--pharmacy <id>', 'who may claim the item')
    .option('--custodian <id>', 'in whose mailbox the copy is to lie: one at which the wallet is enrolled')
    .option('--lines <number>', 'how many keys: one for each line of the order', wholeNumber, 1)
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', help)
    .action(
      async (act: WalletAct, handle: string | undefined, options: CommonOptions & WalletOptions & WalletActOptions) => {
        const { actOnPrescriptions } = await import('./wallet-prescriptions.ts')
        await actOnPrescriptions(doorOf(options), act, handle, options, screenFor(options))
      },
    )
}
