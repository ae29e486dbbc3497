/** Suite `restore`: how long a member's backup, its loss, and everything until it follows the ledger again take. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { type Demonstration, restore, takeBackup, verifyData } from '@plexus/node'
import type { Figure, Outcome, RunOptions, Suite } from '../suite.ts'
import { inFolder, inWorldAt, now } from '../world.ts'

/** The unit of the figures, and what one chart holds of it. */
const records = 100_000
const smallRecords = 600
const recordsPerPatient = 100
/** Registered between the first backup and the second. */
const laterShare = 0.01
/** About what a resource of Synthea takes. */
const recordBytes = 1_400
const stepSecondsMax = 600
/** 72 hours is what 45 CFR 164.308(a)(7), as proposed, allows for everything; this part of it is not to be felt. */
const restoreSecondsMax = 60

const member = 'hospital-1'
const mebibyte = 1024 * 1024

export const suite: Suite = {
  name: 'restore',
  claim:
    'Seconds that a backup of a running member with 100,000 records takes, a second one after 1 % more, a restore into an empty place with every byte checked, a check of the whole data directory, and the start until the replica stands where the others stand.',
  nonClaim:
    'Nothing about the way to another machine: backup and data lie on one disk, whose cache is warm. Nothing about the ten minutes of block time for which a restored member keeps its doors shut, whatever its size. Charts in an S3 bucket are not copied.',
  oneCore: false,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const count = small ? smallRecords : records
  const later = Math.max(recordsPerPatient, Math.round(count * laterShare))
  const figures: Figure[] = []
  const timed = async <Value>(name: string, action: () => Promise<Value>): Promise<Value> => {
    const from = performance.now()
    const value = await action()
    const seconds = (performance.now() - from) / 1000
    tell(`${name}: ${seconds.toFixed(2)} s`)
    const figure = { name, value: seconds, unit: 's' }
    // The target is that of the full size.
    const bounded = name.startsWith('restore') && !small
    figures.push(bounded ? { ...figure, target: { type: 'below', value: restoreSecondsMax } } : figure)
    return value
  }

  return inFolder(async (folder) => {
    const data = join(folder, 'data')
    const places = { to: join(folder, 'backup'), keysTo: join(folder, 'keys'), secretsTo: join(folder, 'secrets') }
    const backUp = async () => {
      const taken = await takeBackup({ data, member, keep: 2, now, ...places })
      if (!taken.ok) throw new Error(`no backup: ${taken.reason.type}`)
      return taken.value
    }
    const [first, second, written] = await inWorldAt(data, async (world) => {
      await fill(world, 0, count)
      const whole = await timed('backup, the first, beside the running node', backUp)
      await fill(world, count, count + later)
      const next = await timed('backup, after 1 % more', backUp)
      return [whole, next, recordsOf(world)] as const
    })
    if (written !== count + later) throw new Error('not every record was taken')

    renameSync(join(data, member), join(folder, 'lost'))
    const restored = await timed('restore, every byte checked', async () => {
      const { to: from, keysTo: keysFrom, secretsTo: secretsFrom } = places
      const parts = { member, from, keysFrom, secretsFrom, to: data, acceptOldKeys: false, now, random: systemRandom }
      const done = await restore(parts)
      if (!done.ok) throw new Error(`not restored: ${done.reason.type}`)
      return done.value
    })
    const found = await timed('verify, every block, row and ciphertext', () =>
      verifyData({ data, members: [member], json: true, print: () => {} }),
    )
    if (found !== 0) throw new Error('the check of the restored directory found something')
    const doors = await timed('start, until its replica is abreast', () =>
      inWorldAt(data, async ({ network }) => {
        const { store, recovery } = network.node(member)
        const heights = () => [...network.nodes.values()].map((each) => each.store.tip()?.height ?? 0)
        const abreast = () => (store.tip()?.height ?? 0) >= Math.max(...heights())
        await network.until(abreast, stepSecondsMax, 'the restored replica to be abreast')
        return recovery?.shut ?? false
      }),
    )
    figures.push(
      { name: 'backup, the first: rate', value: first.bytes / mebibyte / seconds(figures, 0), unit: 'MiB/s' },
      {
        name: 'backup, after 1 % more: written of all bytes',
        value: second.bytesWritten / second.bytes,
        unit: 'share',
      },
      { name: 'restore: rate', value: restored.bytes / mebibyte / seconds(figures, 2), unit: 'MiB/s' },
      { name: 'records that open again', value: restored.records, unit: 'records' },
    )
    return { figures, checked: { records: restored.records, erased: restored.erasedRecords, shutAtTheStart: doors } }
  })
}

const seconds = (figures: readonly Figure[], index: number): number => figures[index]?.value ?? Number.NaN

const recordsOf = ({ network }: Demonstration): number => network.node(member).vault.stats().records

/** Charts of synthetic patients, straight into custody: reading and validating is what suite `import` measures. */
async function fill({ network }: Demonstration, from: number, to: number): Promise<void> {
  const { exchange } = network.node(member)
  for (let at = from; at < to; at += recordsPerPatient) {
    const chart = Array.from({ length: Math.min(recordsPerPatient, to - at) }, (_, index) => recordOf(at + index))
    await exchange.register(member, `synthetic-${at}`, chart)
  }
  await network.until(() => exchange.batches.idle, stepSecondsMax, 'the records to be committed')
}

function recordOf(number: number) {
  const resource = { resourceType: 'Observation', id: `o-${number}`, status: 'final', note: '' }
  const text = JSON.stringify(resource)
  return {
    source: `Observation/o-${number}`,
    segment: 'general' as const,
    resourceType: 'Observation',
    codes: [{ system: 'http://loinc.org', code: `${number % 997}-1` }],
    contentType: 'application/fhir+json',
    // No two records have the same bytes, so that no part of a backup stands for two.
    bytes: utf8(
      JSON.stringify({ ...resource, note: `${number} `.repeat(recordBytes).slice(0, recordBytes - text.length) }),
    ),
    enteredInError: false,
  }
}
