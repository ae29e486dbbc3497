/** The commands with which a member takes part in what all decide, and looks after its own keys. */
import { Argument, type Command } from 'commander'
import type { GovernAct, GovernOptions } from './govern.ts'
import type { KeysAct, KeysOptions } from './keys.ts'
import { type CommonOptions, collect, doorOf, json, member, node, screenFor } from './options.ts'
import { proposable } from './proposed-action.ts'

const governActs: readonly GovernAct[] = [
  'address',
  'engine-address',
  'list',
  'propose',
  'vote',
  'withdraw',
  'enact',
  'leave',
]
const keysActs: readonly KeysAct[] = ['list', 'rotate', 'register', 'activate', 'revoke', 'seat']

const governHelp = `
Acts:
  list                what stands, and what is proposed
  propose WORDS       one of:
${proposable.map((form) => `                        ${form}`).join('\n')}
  vote NUMBER         in favour
  withdraw NUMBER     takes the vote back: a proposal that loses its majority falls
  enact NUMBER        makes a proposal take effect, once it is due
  address ADDRESS     where the own node answers others from now on, plexus://HOST:PORT: no vote is needed
  engine-address A    where the engine beside it answers the others’, ID@HOST:PORT: no vote is needed
  leave WORDS         announce ORGANISATION SUCCESSOR, withdraw, take-over FROM, now`

const keysHelp = `
Acts:
  list                keys of a member, or of all
  rotate              the next key takes over, at once and without a vote
  register            a further key: its secret is made at --out
  activate KEY        once the delay of a key that governs, sponsors or vouches is over
  revoke KEY          from the next transaction on
  seat                makes the next key with which the member signs blocks, and says what to propose`

export function addGovernment(program: Command): void {
  program
    .command('govern')
    .description('what the members decide together: proposals, votes, and their effect')
    .addArgument(new Argument('<act>', 'what to do').choices(governActs))
    .argument('[words...]', 'what it is done with')
    .option('--data <dir>', 'data directory whose keys sign, and hold the token')
    .option('--secret <file>', 'a secret that signs besides, such as a candidate’s; repeatable', collect)
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', governHelp)
    .action(async (act: GovernAct, words: readonly string[], options: CommonOptions & GovernOptions) => {
      const { govern } = await import('./govern.ts')
      await govern(doorOf(options), act, words, options, screenFor(options))
    })
  program
    .command('keys')
    .description('a member’s keys: which stand on the ledger; to rotate, register, activate and revoke them')
    .addArgument(new Argument('<act>', 'what to do').choices(keysActs))
    .argument('[key]', 'the public key, in hexadecimal')
    .option('--data <dir>', 'data directory whose keys sign, and hold the token')
    .option('--scope <scope>', 'what a further key is for; repeatable', collect)
    .option('--out <file>', 'where the secret of a further key goes')
    .option('--transport', 'rotate the key that the node shows to other nodes, not the one that signs')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', keysHelp)
    .action(async (act: KeysAct, key: string | undefined, options: CommonOptions & KeysOptions) => {
      const { keys } = await import('./keys.ts')
      await keys(doorOf(options), act, key, options, screenFor(options))
    })
}
