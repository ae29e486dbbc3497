/** The commands with which a member's staff reads and answers what patients say is wrong. */
import { denialBases } from '@plexus/policy'
import { Argument, type Command, Option } from 'commander'
import type { CaseOptions, CasesAct } from './cases.ts'
import { type CommonOptions, doorOf, json, member, node, screenFor } from './options.ts'

const acts: readonly CasesAct[] = ['list', 'answer']

const help = `
Acts:
  list                what waits for an answer, soonest due first, and what has one
  answer CASE         says to the patient what --words say, with one of --accept, --deny or --later
An entry that is accepted as wrong is then amended by an import, or marked as entered in error.`

export function addCases(program: Command): void {
  program
    .command('cases')
    .description('what patients say is wrong with an entry or an access, and a member’s answers')
    .addArgument(new Argument('<act>', 'what to do').choices(acts))
    .argument('[case]', 'its id')
    .addOption(new Option('--accept', 'the patient is right').conflicts(['deny', 'later']))
    .addOption(new Option('--deny <basis>', 'why it stands').choices(denialBases).conflicts('later'))
    .option('--later', 'it takes up to 30 days longer, once')
    .option('--words <text>', 'what the patient reads')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .addHelpText('after', help)
    .action(async (act: CasesAct, id: string | undefined, options: CommonOptions & CaseOptions) => {
      const { answerCase, listCases } = await import('./cases.ts')
      if (act === 'list') await listCases(doorOf(options), options, screenFor(options))
      else await answerCase(doorOf(options), id ?? '', options, screenFor(options))
    })
}
