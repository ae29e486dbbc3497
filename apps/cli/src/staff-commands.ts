/** What a member does for its people and patients: roles, links for passkeys, codes for wallets, and emergencies that wait for a person. */
import { Argument, type Command } from 'commander'
import { type ClinicianAct, type ClinicianOptions, clinicianActs } from './clinicians.ts'
import { type CommonOptions, doorOf, json, member, node, screenFor } from './options.ts'
import type { ReviewFlags } from './reviews.ts'
import type { StaffOptions } from './staff.ts'

export function addStaff(program: Command): void {
  program
    .command('clinician')
    .description('who may ask in a member’s name: licences by a board, roles by whoever employs')
    .addArgument(new Argument('<act>', 'what to do').choices(clinicianActs))
    .addArgument(new Argument('<npi>', 'the clinician, by National Provider Identifier'))
    .option('--role <code>', 'employ: a code of the role', 'physician')
    .option('--organisation <id>', 'employ, suspend, reinstate: of the member, where it is not the member itself')
    .option('--jurisdiction <code>', 'licence: a state, in two capital letters')
    .option('--until <day>', 'licence: the last day, YYYY-MM-DD')
    .option('--token <token>', 'bearer token of the member’s staff')
    .requiredOption('--data <dir>', 'data directory with the member’s keys; the clinician’s is made there')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (act: ClinicianAct, npi: string, options: CommonOptions & ClinicianOptions) => {
      const { clinician } = await import('./clinicians.ts')
      await clinician(doorOf(options), act, npi, options, screenFor(options))
    })
  program
    .command('passkey')
    .description('a link with which a clinician of the member makes a passkey: good once, for a day')
    .requiredOption('--npi <npi>', 'the clinician, who has a role at the member')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: CommonOptions & StaffOptions & { npi: string }) => {
      const { passkeyLink } = await import('./staff.ts')
      await passkeyLink(doorOf(options), options, screenFor(options))
    })
  program
    .command('code')
    .description('a code with which a patient’s wallet enrols at a chart: handed over in person, good once, for a day')
    .argument('<chart>', 'the number of the chart')
    .option('--custodian <id>', 'the organisation that keeps it, where it is not the member itself')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (of: string, options: CommonOptions & StaffOptions & { custodian?: string }) => {
      const { enrolmentCode } = await import('./staff.ts')
      await enrolmentCode(doorOf(options), of, options, screenFor(options))
    })
  program
    .command('review')
    .description(
      'emergencies that wait for a person to look at them, as custodian or as who asked; or the answer to one',
    )
    .addArgument(new Argument('[id]', 'the emergency that was looked at; without it, those that wait are listed'))
    .option('--verdict <what>', 'justified, mistaken (the wrong patient) or unjustified')
    .option('--reviewer <name>', 'who looked: never the clinician who asked')
    .option('--words <text>', 'what was found', '')
    .option('--all', 'list also those that were answered')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (id: string | undefined, options: CommonOptions & ReviewFlags) => {
      const { answerReview, listReviews } = await import('./reviews.ts')
      if (id === undefined) return listReviews(doorOf(options), options, screenFor(options))
      return answerReview(doorOf(options), id, options, screenFor(options))
    })
}
