/** The command with which members that run apart found a network, join one, and run the members of one machine. */
import { Argument, type Command } from 'commander'
import { collect, json, peerPort, port } from './options.ts'

const acts = ['init', 'candidate', 'join', 'begin', 'up'] as const

const help = `
Acts:
  init        a genesis: of --members founders whose keys are made here, each in its own folder, or of --candidate files
  candidate   a member's keys in its own folder, and the public file that describes it: --member, --address, --engine
  join        the same, and the request to be admitted, which --sponsor proposes
  begin       of an admitted member: a block to begin from, as each --source shows it over the members' own connection
  up          the members whose keys are here, a process each; founds --members of them in an empty folder

A member's node alone: plexus start --data DIR --member ID`

export function addNetwork(
  program: Command,
  run: (words: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<void>,
): void {
  program
    .command('network')
    .description('members that run apart, a process each: found a network, describe a member, ask to be admitted')
    .addArgument(new Argument('<act>', 'what to do').choices(acts))
    .requiredOption('--data <dir>', 'the data directory: genesis.cbor, and a folder for each member that is here')
    .option('--members <number>', 'so many founders, named member-1 and so on')
    .option('--candidate <file>', 'a founder, by the file that describes it; repeatable', collect)
    .option('--name <name>', 'name of the network')
    .option('--voting-delay <seconds>', 'between what passes and its effect; a week unless told')
    .option('--without <contract>', 'a contract that it does not begin with, and may vote in; repeatable', collect)
    .option('--host <host>', 'where founders that are made here are reached')
    .addOption(peerPort())
    .option('--member <id>', 'of candidate and join: the member; of up: a member that joined')
    .option('--address <address>', 'where the node answers others, plexus://HOST:PORT')
    .option('--engine <host:port>', 'where the engine beside it is reached')
    .option('--owner <name>', 'to whom the organisation belongs; itself unless told')
    .option('--power <number>', 'weight of its votes for blocks; 0 for a member that does not validate')
    .option('--board', 'it attests licences')
    .option('--genesis <file>', 'of join: the genesis document')
    .option('--sponsor <member>', 'of join: who is to propose the admission')
    .option('--sponsor-key <key>', 'its key that governs and sponsors, if it is not the one of the founding')
    .option(
      '--source <member>',
      'of begin: a member to ask, MEMBER or MEMBER=plexus://HOST:PORT; two at least',
      collect,
    )
    .option('--snapshot-every <heights>', 'of up: heights between two snapshots of the ledger; 10,000 unless told')
    .addOption(port())
    .addOption(json())
    .addHelpText('after', help)
    .action((act: string, options) => run(['network', act], options))
}
