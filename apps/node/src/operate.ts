/** The commands that work on a data directory without starting its nodes: `backup`, `doctor`, `restore`, `verify`. */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '@plexus/crypto'
import { StoreError } from '@plexus/store'
import { type RestoreRefusal, restore } from './backup/restore.ts'
import { type BackupRefusal, takeBackup } from './backup/take.ts'
import { doctor } from './doctor/doctor.ts'
import { schedule } from './schedule.ts'
import { verifyData } from './verify/verify-data.ts'

/** A month of daily backups, unless told otherwise. */
const backupsKeptDefault = 30
const backupsKeptMax = 10_000

const now = (): number => Date.now() / 1000

type Operation = 'backup' | 'doctor' | 'restore' | 'verify'

const options = {
  data: { type: 'string' },
  member: { type: 'string', multiple: true },
  to: { type: 'string' },
  'keys-to': { type: 'string' },
  'secrets-to': { type: 'string' },
  keep: { type: 'string', default: String(backupsKeptDefault) },
  from: { type: 'string' },
  'keys-from': { type: 'string' },
  'secrets-from': { type: 'string' },
  at: { type: 'string' },
  'accept-old-keys': { type: 'boolean', default: false },
  'newest-block': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ readonly options: typeof options }>>['values']

/** Exit status: 0 all well, 1 refused, failed or something found, 2 wrong usage. */
export async function operate(operation: Operation, args: readonly string[]): Promise<number> {
  let values: Values
  try {
    values = parseArgs({ args: [...args], options }).values
    return await run[operation](values)
  } catch (error) {
    if (error instanceof TypeError) {
      console.error(error.message)
      return 2
    }
    if (!(error instanceof StoreError)) throw error
    console.error(error.message)
    return 1
  }
}

const run: Readonly<Record<Operation, (values: Values) => Promise<number>>> = {
  async backup(values) {
    const data = folder(values, 'data')
    const to = folder(values, 'to')
    const keep = count(values, 'keep', 1, backupsKeptMax) ?? backupsKeptDefault
    const keysTo = optionalFolder(values, 'keys-to')
    const secretsTo = optionalFolder(values, 'secrets-to')
    for (const member of membersOf(values, data, 'ledger')) {
      const startedAt = now()
      const taken = await takeBackup({
        data,
        member,
        to,
        keep,
        now,
        ...(keysTo !== undefined && { keysTo }),
        ...(secretsTo !== undefined && { secretsTo }),
      })
      if (!taken.ok) return failed(values, member, taken.reason.type, whyNoBackup(member, taken.reason))
      const { height, bytes, bytesWritten, files, keysUntil, keyBackupsDestroyed } = taken.value
      say(
        values,
        { type: 'backup', ok: true, ...taken.value, seconds: rounded(now() - startedAt) },
        `${member}: block ${height}, ${files} files of ${mebibytes(bytes)}, ${mebibytes(bytesWritten)} of them new, ${(now() - startedAt).toFixed(1)} s.`,
      )
      say(
        values,
        undefined,
        keysUntil === null
          ? '  Wrapped keys were not copied: without --keys-to this backup alone opens no chart.'
          : `  Wrapped keys: to be gone by ${whenOf(keysUntil)}; ${keyBackupsDestroyed} older copies destroyed.`,
      )
    }
    return 0
  },

  async restore(values) {
    const from = folder(values, 'from')
    const to = folder(values, 'to')
    const newestBlock = count(values, 'newest-block', 0, Number.MAX_SAFE_INTEGER)
    for (const member of membersOf(values, from, 'objects')) {
      const startedAt = now()
      const done = await restore({
        member,
        from,
        to,
        keysFrom: folder(values, 'keys-from'),
        secretsFrom: folder(values, 'secrets-from'),
        acceptOldKeys: values['accept-old-keys'] === true,
        now,
        random: systemRandom,
        ...(values.at !== undefined && { at: values.at }),
        ...(newestBlock !== undefined && { newestBlock }),
      })
      if (!done.ok) return failed(values, member, done.reason.type, whyNotRestored(member, done.reason))
      const { height, bytes, files, records, madeAt } = done.value
      const seconds = now() - startedAt
      say(
        values,
        { type: 'restore', ok: true, ...done.value, seconds: rounded(seconds) },
        `${member}: as of ${whenOf(madeAt)}, block ${height}; ${files} files of ${mebibytes(bytes)} and the keys of ${records} records, every byte checked, ${seconds.toFixed(1)} s.`,
      )
    }
    say(
      values,
      undefined,
      'Start the node. It opens its doors when it knows what the backup missed: `plexus recovery`.',
    )
    return 0
  },

  async doctor(values) {
    const data = folder(values, 'data')
    return doctor({
      data,
      members: membersOf(values, data, 'ledger'),
      json: values.json === true,
      now,
      random: systemRandom,
      schedule,
    })
  },

  async verify(values) {
    const data = folder(values, 'data')
    return verifyData({ data, members: membersOf(values, data, 'ledger'), json: values.json === true })
  },
}

function folder(values: Values, name: 'data' | 'from' | 'keys-from' | 'secrets-from' | 'to'): string {
  const value = values[name]
  if (value === undefined) throw new TypeError(`expected --${name} DIR`)
  return resolve(value)
}

function optionalFolder(values: Values, name: 'keys-to' | 'secrets-to'): string | undefined {
  const value = values[name]
  return value === undefined ? undefined : resolve(value)
}

function count(values: Values, name: 'keep' | 'newest-block', min: number, max: number): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\d{1,16}$/.test(value) || number < min || number > max)
    throw new TypeError(`--${name}: expected a number from ${min} to ${max}`)
  return number
}

/** Those that were named, or all whose folder has what a member's has. */
function membersOf({ member: named }: Values, under: string, has: string): readonly string[] {
  for (const each of named ?? [])
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(each)) throw new TypeError('--member: expected the id of a member')
  if (named) return named
  const found = existsSync(under)
    ? readdirSync(under)
        .filter((name) => existsSync(join(under, name, has)))
        .sort()
    : []
  if (found.length === 0) throw new TypeError(`no member was found under ${under}`)
  return found
}

function say({ json }: Values, value: object | undefined, line: string): void {
  if (!json) console.log(line)
  else if (value) console.log(JSON.stringify(value))
}

function failed({ json }: Values, member: string, code: string, { says, advice }: Why): number {
  console.error(json ? JSON.stringify({ error: code, member, says, advice }) : `${says}\n${advice}`)
  return 1
}

const rounded = (seconds: number): number => Number(seconds.toFixed(3))
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const whenOf = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`

interface Why {
  readonly says: string
  readonly advice: string
}

function whyNoBackup(member: string, reason: BackupRefusal): Why {
  switch (reason.type) {
    case 'no-such-member':
      return { says: `${member} has no ledger and keys there.`, advice: 'Give the folder that holds genesis.cbor.' }
    case 'places-mixed':
      return {
        says: `${reason.one} and ${reason.other} are one place.`,
        advice:
          'Ciphertexts, wrapped keys and secrets go to places apart: any two of them together open more than one alone.',
      }
    case 'backup-in-use':
      return { says: `Another backup of ${member} is under way there.`, advice: 'Let it end.' }
    case 'secret-differs':
      return {
        says: `The secret ${reason.name} of ${member} is not the one that lies there.`,
        advice: 'Give a place of its own for the secrets of this network, or find out who changed it.',
      }
    case 'key-store-changing':
      return {
        says: `Keys of ${member} were erased during each copy.`,
        advice: 'Try again when the erasures are done.',
      }
    case 'key-store-missing':
      return { says: `${member} has no key store.`, advice: 'Start the node once, or restore its keys.' }
  }
}

function whyNotRestored(member: string, reason: RestoreRefusal): Why {
  switch (reason.type) {
    case 'no-backup':
      return { says: `There is no finished backup of ${member} there.`, advice: 'Give --from as it was given to --to.' }
    case 'no-keys':
      return {
        says: `There is no key backup of ${member} there.`,
        advice: 'Give --keys-from as it was given to --keys-to.',
      }
    case 'target-not-empty':
      return {
        says: `${member} has data there already.`,
        advice: 'Restore into a place where nothing is; move what is there aside.',
      }
    case 'newest-block-needed':
      return {
        says: `${member} orders blocks: it must not sign a height anew.`,
        advice: 'Give --newest-block: the highest block that any member, witness or wallet holds. Ask them all.',
      }
    case 'backup-damaged':
      return {
        says: `${reason.file} is damaged: ${reason.what}.`,
        advice: 'Take an earlier backup with --at, or another copy.',
      }
    case 'of-another-member':
      return { says: `${reason.file} is not of ${member}.`, advice: 'Give the backup, keys and secrets of one member.' }
    case 'of-another-chain':
      return { says: `${reason.file} belongs to another network.`, advice: 'Restore into a data directory of its own.' }
    case 'keys-too-old':
      return {
        says: `The keys were to be gone by ${whenOf(reason.deleteAfter)}: they may open what was erased since.`,
        advice: 'Only if no younger copy is left: give --accept-old-keys, and repeat every erasure since it was made.',
      }
    case 'keys-older-than-backup':
      return {
        says: 'The keys are older than the backup: records between the two would have none.',
        advice: 'Take keys of the same run or a later one, or an earlier backup with --at.',
      }
    case 'secret-missing':
      return {
        says: `The secret ${reason.name} of ${member} is missing.`,
        advice: 'Without it nothing opens: find its copy.',
      }
  }
}
