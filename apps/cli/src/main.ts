/** The commands of `plexus`. Exit codes: 0 all well, 1 refused or failed, 2 wrong usage. */
import { Command, CommanderError, Option } from 'commander'
import { addCases } from './case-commands.ts'
import { addGovernment } from './govern-commands.ts'
import { addNetwork } from './network-commands.ts'
import {
  type CommonOptions,
  collect,
  doorOf,
  engine,
  json,
  member,
  node,
  peerPort,
  port,
  screenFor,
  secondsNumber,
  wholeNumber,
} from './options.ts'
import type { DirectiveFlags } from './patient.ts'
import { addRebates } from './rebate-commands.ts'
import { addPrescriptions } from './rx-commands.ts'
import { Refused } from './screen.ts'
import type { AskFlags } from './staff.ts'
import { addStaff } from './staff-commands.ts'
import { addSupply } from './supply-commands.ts'
import type { VoteFlags } from './verify-bundle.ts'
import { addWallet } from './wallet-commands.ts'
import type { WitnessFlags } from './witness.ts'

const usageError = 2
const failed = 1

interface Common extends CommonOptions {
  readonly member?: string
  readonly token?: string
  readonly data?: string
}

/** Commands load what they need when they run: `demo` must not wait for what it does not use. */
function commands(end: (code: number) => void): Command {
  const program = new Command('plexus')
    .description('A health information exchange that its members run together.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(plexus help COMMAND says more)')

  const runWords = async (
    words: readonly string[],
    options: Readonly<Record<string, unknown>>,
    paths: readonly string[] = [],
  ) => {
    const { runNode } = await import('./node-process.ts')
    end(await runNode([...words, ...argumentsOf(options), ...paths]))
  }
  const run = (name: string, options: Readonly<Record<string, unknown>>, paths?: readonly string[]) =>
    runWords([name], options, paths)

  program
    .command('demo')
    .description('start a demonstration network, import charts, tell the story, and stay up')
    .option('--once', 'end after the story, with status 0 only if every step was checked')
    .option('--data <dir>', 'keep everything here, one folder per member')
    .option('--input <path>', 'charts to import instead of the samples: a file, folder or NDJSON; repeatable', collect)
    .option('--patient <id>', 'whose story')
    .addOption(engine())
    .addOption(json())
    .addOption(port())
    .addOption(peerPort())
    .action((options) => run('demo', options))
  program
    .command('start')
    .description('start the nodes of a data directory, or one member’s node where the others run elsewhere')
    .requiredOption('--data <dir>', 'the data directory')
    .option('--member <id>', 'only this member, of a network whose members run apart')
    .option(
      '--peer <address>',
      'an engine that the own ledger does not know yet, or that is reached by another way, ID@HOST:PORT; repeatable',
      collect,
    )
    .option('--begin <block>', 'begin from a snapshot, trusting this block: HEIGHT:HASH of its header, in hexadecimal')
    .option(
      '--source <member>',
      'who shows headers for --begin, MEMBER, MEMBER=plexus://HOST:PORT, or the URL of an engine; two at least; repeatable',
      collect,
    )
    .option('--snapshot-every <heights>', 'with --member: heights between two snapshots, the same at all members')
    .addOption(json())
    .addOption(port())
    .action((options) => run('start', options))
  program
    .command('init')
    .description('found a network in an empty folder')
    .requiredOption('--data <dir>', 'the folder')
    .addOption(peerPort())
    .addOption(engine())
    .addOption(json())
    .action((options) => run('init', options))
  program
    .command('import')
    .description('import FHIR R4 files: each resource goes to the organisation that made it; goes on after a kill')
    .requiredOption('--data <dir>', 'the data directory')
    .argument('<path...>', 'files, folders or NDJSON')
    .option('--member <id>', 'into this member and tenants of it, in a network whose members run apart')
    .addOption(json())
    .action((paths: readonly string[], options) => run('import', options, paths))

  program
    .command('ask')
    .description(
      'ask every custodian that the patient pointed out at a visit, or those that the member knows of itself',
    )
    .option('--visit <id>', 'the visit at which the patient checked in')
    .option(
      '--known <custodian=number>',
      'without a check-in: a custodian and its number of the chart; it opens a summary alone; repeatable',
      collect,
    )
    .requiredOption('--npi <npi>', 'the clinician who asks')
    .option(
      '--emergency <reason>',
      'unconscious, cannot-communicate or life-in-danger: the first minutes, told to the patient and reviewed',
    )
    .option('--words <text>', 'what a reviewer should know of the emergency', '')
    .addOption(new Option('--purpose <code>', 'why').choices(['TREAT', 'HPAYMT', 'HOPERAT', 'PATRQT']).default('TREAT'))
    .option('--type <resource-type>', 'only this FHIR type; repeatable', collect)
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & AskFlags) => {
      const { askFor, askingOf } = await import('./staff.ts')
      const asking = askingOf(options)
      if (!asking)
        return program.error('give --visit, or --known CUSTODIAN=NUMBER, and not both', { exitCode: usageError })
      await askFor(doorOf(options), asking, options, screenFor(options))
    })
  program
    .command('chart')
    .description('the assembled record of an ask: sources with their state, problems, medicines, allergies, gaps')
    .requiredOption('--ask <id>', 'the ask')
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & { ask: string }) => {
      const { chart } = await import('./staff.ts')
      await chart(doorOf(options), options.ask, options, screenFor(options))
    })
  addCases(program)

  program
    .command('who-looked')
    .description('who looked at a patient’s charts, from the patient’s own wallet')
    .requiredOption('--wallet <file>', 'the wallet')
    .option('--offline', 'show what the wallet knows, without fetching')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & { wallet: string; offline?: boolean }) => {
      const { showWhoLooked } = await import('./patient.ts')
      await showWhoLooked(doorOf(options), { ...options, offline: options.offline === true }, screenFor(options))
    })
  program
    .command('directive')
    .description('replace the patient’s directives at one custodian; a change closes the door until it is taken')
    .requiredOption('--wallet <file>', 'the wallet')
    .requiredOption('--custodian <id>', 'where')
    .addOption(new Option('--deny <what>', 'refuse').choices(['everything']))
    .option('--deny-type <resource-type>', 'refuse one FHIR type; repeatable', collect)
    .addOption(new Option('--permit <what>', 'allow').choices(['everything']))
    .option('--permit-type <resource-type>', 'allow one FHIR type; repeatable', collect)
    .option('--to <who>', 'whom it speaks of: an organisation’s id or an NPI; repeatable (default: anyone)', collect)
    .addOption(new Option('--open', 'no directives at all').conflicts(['deny', 'denyType', 'permit', 'permitType']))
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & DirectiveFlags & { wallet: string; custodian: string; open?: boolean }) => {
      const { changeDirective, directivesOf } = await import('./patient.ts')
      const directives = directivesOf(options, Math.floor(Date.now() / 1000))
      if (!directives) return program.error('a scope or grantee is not understood', { exitCode: usageError })
      if (directives.length === 0 && options.open !== true)
        return program.error('say what shall hold: --deny, --deny-type, --permit, --permit-type or --open', {
          exitCode: usageError,
        })
      return changeDirective(doorOf(options), { ...options, directives }, screenFor(options))
    })
  program
    .command('bundle')
    .description('export the receipt bundles of a wallet’s mailbox, to be checked off-line by anyone')
    .requiredOption('--wallet <file>', 'the wallet')
    .requiredOption('--out <dir>', 'where to')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & { wallet: string; out: string }) => {
      const { exportBundles } = await import('./patient.ts')
      await exportBundles(doorOf(options), options, screenFor(options))
    })

  addWallet(program)
  addStaff(program)
  addNetwork(program, runWords)
  addGovernment(program)
  addSupply(program)
  addPrescriptions(program)
  addRebates(program)

  program
    .command('backup')
    .description('back up members, running or not: ciphertexts, wrapped keys and secrets to three places apart')
    .requiredOption('--data <dir>', 'the data directory')
    .requiredOption(
      '--to <dir>',
      'where ledger, journal and ciphertexts go; what is there already is not written again',
    )
    .option('--keys-to <dir>', 'where the wrapped keys go, for 48 hours at most')
    .option('--secrets-to <dir>', 'where the node’s secrets go')
    .option('--keep <number>', 'backups that stay; older ones are removed', wholeNumber)
    .option('--member <id>', 'only this member; repeatable', collect)
    .addOption(json())
    .action((options) => run('backup', options))
  program
    .command('restore')
    .description('put members back from backups into a place where they are not, every byte checked')
    .requiredOption('--from <dir>', 'what was given to backup as --to')
    .requiredOption('--keys-from <dir>', 'what was given as --keys-to')
    .requiredOption('--secrets-from <dir>', 'what was given as --secrets-to')
    .requiredOption('--to <dir>', 'the data directory')
    .option('--at <time>', 'the newest backup whose time begins so, such as 20261121T12; otherwise the newest')
    .option(
      '--newest-block <height>',
      'for the member whose key orders: the newest block that anybody holds',
      wholeNumber,
    )
    .option('--accept-old-keys', 'take wrapped keys that were to be gone: what was erased since may open')
    .option('--member <id>', 'only this member; repeatable', collect)
    .addOption(json())
    .action((options) => run('restore', options))
  program
    .command('recovery')
    .description('what a member that was put back knows of what its backup missed; and to take that on')
    .option('--acknowledge <batches>', 'take on that so many batches are lost here, and open the doors', wholeNumber)
    .option('--token <token>', 'bearer token of the member’s staff')
    .option('--data <dir>', 'data directory whose keys hold the token')
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & { acknowledge?: number }) => {
      const { recovery } = await import('./recovery.ts')
      await recovery(doorOf(options), options, screenFor(options))
    })

  program
    .command('doctor')
    .description('what is wrong with a node, running or not, and what to do: folder, keys, clock, address, peers')
    .requiredOption('--data <dir>', 'the data directory')
    .option('--member <id>', 'only this member; repeatable', collect)
    .addOption(json())
    .action((options) => run('doctor', options))

  program
    .command('verify')
    .description(
      'check off-line: a data directory, its ledgers alone, one access by its receipt bundle, a lot by its proof',
    )
    .argument(
      '[path]',
      'a receipt bundle, evidence of a fork, a proof of a lot, or a directory to be replayed from genesis',
    )
    .option('--data <dir>', 'a data directory: layout, keys, ledger, journal, records and ciphertexts of each member')
    .option('--member <id>', 'with --data, only this member; repeatable', collect)
    .option('--genesis <file>', 'the genesis document; a directory has its own')
    .option(
      '--node <url>',
      'a node that shows votes, where validators vote; repeatable: the others are witnesses',
      collect,
    )
    .option(
      '--votes <file>',
      'votes that were kept (default: votes.cbor beside the bundle); with --node, keeps them here',
    )
    .option('--trace-key <hex>', 'of a proof of a lot: what opens its labels')
    .option('--checkpoint <height:hash>', 'a header that somebody vouches for, where genesis is older than a week')
    .addOption(json())
    .action(async (path: string | undefined, options: Common & VoteFlags & { genesis?: string; traceKey?: string }) => {
      if ((path === undefined) === (options.data === undefined))
        return program.error('give a path, or --data', { exitCode: usageError })
      if (path === undefined) return run('verify', { ...options })
      const { verify } = await import('./verify.ts')
      await verify(path, { ...options, json: options.json === true }, screenFor(options))
    })
  program
    .command('witness')
    .description('cosign the checkpoints of members’ logs, and raise the alarm when one contradicts itself or another')
    .option('--log <url>', 'a log, URL or URL#VERIFIER-KEY; repeatable (default: those of the state)', collect)
    .requiredOption('--state <dir>', 'where key, cosigned checkpoints and evidence are kept')
    .option('--once', 'look once, with status 0 only if every log was checked and is cosigned')
    .option('--interval <seconds>', 'between two looks', secondsNumber, 5)
    .option('--name <name>', 'name of the key that the first run makes, such as witness.example/w1')
    .option('--post', 'hand cosignatures back to the logs')
    .option('--resume <origin>', 'follow a halted log again, and end')
    .addOption(json())
    .action(async (options: Common & WitnessFlags) => {
      const { witness } = await import('./witness.ts')
      const ended = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort())
      await witness(options, screenFor(options), ended.signal)
    })
  program
    .command('ledger')
    .description('a member’s replica: its tip, newest blocks, and events')
    .option('--follow', 'stay, and show events as they come')
    .option('--after <number>', 'events after this one', wholeNumber)
    .addOption(node())
    .addOption(member())
    .addOption(json())
    .action(async (options: Common & { follow?: boolean; after?: number }) => {
      const { ledger } = await import('./ledger.ts')
      await ledger(doorOf(options), { ...options, follow: options.follow === true }, screenFor(options))
    })
  return program
}

/** The same options again, for the node's own program. */
function argumentsOf(options: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(options).flatMap(([known, value]) => {
    const name = known.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    if (value === true) return [`--${name}`]
    const values = Array.isArray(value) ? value : [value]
    return values.filter((each) => each !== undefined && each !== false).flatMap((each) => [`--${name}`, String(each)])
  })
}

async function main(): Promise<number> {
  let code = 0
  try {
    const program = commands((ended) => {
      code = ended
    })
    await program.parseAsync()
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError
    if (error instanceof Refused) {
      const told = process.argv.includes('--json')
        ? JSON.stringify({ error: error.code, says: error.message, advice: error.advice })
        : `${error.message}\n${error.advice}`
      process.stderr.write(`${told}\n`)
      return failed
    }
    throw error
  }
}

// A reader that stops early (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await main()
