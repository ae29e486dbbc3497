import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, patient, startWorld, type World } from '../http/world.testing.ts'
import { forksFolder, layoutOf } from '../layout.ts'
import { restoredMark } from '../restored-mark.ts'
import { StandingForks } from '../standing-forks.ts'
import { verifyData } from '../verify/verify-data.ts'
import { expireKeys, keyBackupSecondsMax, keyBackups } from './keys.ts'
import { lastBackup } from './last-backup.ts'
import { manifestNames, readDataManifest } from './manifest.ts'
import { namesIn } from './objects.ts'
import { type RestoreParts, restore } from './restore.ts'
import { type BackupParts, takeBackup } from './take.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-backup-'))
const now = (): number => Date.now() / 1000
let world: World

beforeAll(async () => {
  world = await startWorld()
  const { network } = world
  await network.until(() => network.node(hospital).exchange.batches.idle, 20, 'the chart to be committed')
})

afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

const places = { to: join(folder, 'data'), keysTo: join(folder, 'keys'), secretsTo: join(folder, 'secrets') }

const backup = (member: string, changed: Partial<BackupParts> = {}) =>
  takeBackup({ data: world.data, member, keep: 30, now, ...places, ...changed })

const back = (member: string, to: string, changed: Partial<RestoreParts> = {}) =>
  restore({
    member,
    from: places.to,
    keysFrom: places.keysTo,
    secretsFrom: places.secretsTo,
    to: join(folder, to),
    acceptOldKeys: false,
    now,
    random: systemRandom,
    ...changed,
  })

function objectsNamed(at: string): readonly string[] {
  return manifestNames(at).flatMap((name) => {
    const read = readDataManifest(join(at, name))
    return read.ok ? read.value.files.flatMap(({ objects }) => namesIn(objects)) : []
  })
}

async function value<Value>(of: Promise<{ ok: true; value: Value } | { ok: false; reason: unknown }>): Promise<Value> {
  const answer = await of
  if (!answer.ok) throw new Error(JSON.stringify(answer.reason))
  return answer.value
}

describe('a backup of a member that runs', () => {
  test('is whole, names its block, and a second one writes only what changed', async () => {
    const first = await value(backup(hospital))
    expect(first.height).toBeGreaterThan(0)
    expect(first.bytesWritten).toBeGreaterThan(0)
    expect(first.secrets).toBeGreaterThanOrEqual(5)
    const second = await value(backup(hospital, { now: () => now() + 1 }))
    expect(second.bytes).toBeGreaterThanOrEqual(first.bytes)
    expect(second.bytesWritten).toBeLessThan(second.bytes)
    expect(manifestNames(join(places.to, hospital))).toHaveLength(2)
    expect(lastBackup(layoutOf(world.data, hospital).root)).toMatchObject({ height: second.height })
  })

  test('holds no key: neither secret nor key store lies among its files', async () => {
    await value(backup(hospital))
    const secret = readFileSync(join(layoutOf(world.data, hospital).keys, 'master.secret'))
    const files = readdirSync(places.to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(3)
    expect(files.some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(secret))).toBe(false)
  })

  test('is refused where ciphertexts, keys and secrets would lie together, links followed', async () => {
    const mixed = await backup(hospital, { keysTo: join(places.to, 'keys') })
    expect(mixed).toMatchObject({ ok: false, reason: { type: 'places-mixed' } })
    expect(await backup(hospital, { secretsTo: world.data })).toMatchObject({ reason: { type: 'places-mixed' } })
    expect(existsSync(join(places.to, 'keys'))).toBe(false)
  })

  test('keeps as many backups as it is told, and no part that none of them names', async () => {
    const to = join(folder, 'kept')
    for (let round = 0; round < 3; round++) await value(backup(clinic, { to, keep: 1, now: () => now() + round }))
    expect(manifestNames(join(to, clinic))).toHaveLength(1)
    const named = new Set(objectsNamed(join(to, clinic)))
    const there = readdirSync(join(to, clinic, 'objects'), { recursive: true, withFileTypes: true })
    expect(
      there
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...named].sort())
    expect(await back(clinic, 'from-kept', { from: to })).toMatchObject({ ok: true })
  })

  test('a backup that was interrupted before its manifest is none', async () => {
    const to = join(folder, 'half')
    await value(backup(clinic, { to }))
    for (const name of manifestNames(join(to, clinic))) rmSync(join(to, clinic, name))
    expect(await back(clinic, 'from-half', { from: to })).toMatchObject({ ok: false, reason: { type: 'no-backup' } })
  })
})

describe('a key backup', () => {
  test('says until when it may be there, and is destroyed then', async () => {
    await value(backup(hospital))
    const at = join(places.keysTo, hospital)
    const [newest] = keyBackups(at).slice(-1)
    expect(newest?.manifest?.deleteAfter).toBe((newest?.manifest?.madeAt ?? 0) + keyBackupSecondsMax)
    const copy = join(folder, 'aged')
    cpSync(at, copy, { recursive: true })
    expect(expireKeys(copy, now() + keyBackupSecondsMax + 60)).toBe(keyBackups(at).length)
    expect(readdirSync(copy)).toEqual([])
  })

  test('T-20: from before an erasure goes with the first backup after it, so that nothing erased comes back', async () => {
    await value(backup(hospital))
    const { exchange, vault } = world.network.node(hospital)
    const erased = await exchange.run(({ custody }) => custody.eraseRecord(hospital, patient, 'MedicationRequest/m1'))
    if (!erased.ok) throw new Error('the record is there')
    expect(vault.dataKey(erased.value.record)).toMatchObject({ ok: false })
    const after = await value(backup(hospital, { now: () => now() + 1 }))
    expect(after.keyBackupsDestroyed).toBeGreaterThan(0)
    expect(new Set(keyBackups(join(places.keysTo, hospital)).map(({ manifest }) => manifest?.generation)).size).toBe(1)
    expect(await back(hospital, 'after-erasure', { now: () => now() + 2 })).toMatchObject({
      ok: true,
      value: { records: 1, erasedRecords: 1 },
    })
  })

  test('that is past its time is refused, unless an operator takes it on', async () => {
    await value(backup(clinic))
    const later = () => now() + keyBackupSecondsMax + 60
    expect(await back(clinic, 'late', { now: later })).toMatchObject({ reason: { type: 'keys-too-old' } })
    expect(await back(clinic, 'late', { now: later, acceptOldKeys: true })).toMatchObject({ ok: true })
  })
})

describe('a restore', () => {
  test('puts a member back as it was, marked, and everything of it verifies', async () => {
    for (const member of [hospital, clinic]) await value(backup(member))
    const { height } = await value(back(hospital, 'restored'))
    await value(back(clinic, 'restored'))
    const root = join(folder, 'restored')
    expect(restoredMark(join(root, hospital))).toMatchObject({ height, newestBlock: null, ledgerWentBack: false })
    expect(statSync(join(root, hospital, 'keys', 'master.secret')).mode & 0o077).toBe(0)
    expect(statSync(join(root, hospital)).mode & 0o077).toBe(0)
    const lines: string[] = []
    const status = await verifyData({
      data: root,
      members: [clinic, hospital],
      json: false,
      print: (line) => lines.push(line),
    })
    expect([status, lines.join('\n')]).toEqual([0, expect.stringContaining('All is as it must be.')])
  })

  test('stands before a fork that its member stood before: no key leaves there either', async () => {
    const forks = forksFolder(layoutOf(world.data, clinic))
    mkdirSync(forks)
    writeFileSync(join(forks, 'fork-7-hospital.evidence'), 'what both sides answered')
    await value(backup(clinic))
    rmSync(forks, { recursive: true })
    await value(back(clinic, 'forked'))
    const restored = forksFolder(layoutOf(join(folder, 'forked'), clinic))
    expect(new StandingForks(restored).stand).toBe(true)
    expect(readFileSync(join(restored, 'fork-7-hospital.evidence'), 'utf8')).toBe('what both sides answered')
  })

  test('never goes into a place where something is', async () => {
    await value(backup(clinic))
    await value(back(clinic, 'taken'))
    expect(await back(clinic, 'taken')).toMatchObject({ ok: false, reason: { type: 'target-not-empty' } })
  })

  test('of the member whose key orders wants the newest block that anybody holds', async () => {
    await value(backup(board))
    expect(await back(board, 'orders')).toMatchObject({ reason: { type: 'newest-block-needed' } })
    expect(await back(board, 'orders', { newestBlock: 1 })).toMatchObject({ ok: true })
    expect(existsSync(join(folder, 'orders', board, 'sequencer', 'data.mdb'))).toBe(true)
  })

  test('refuses the keys and the secrets of another member', async () => {
    for (const member of [hospital, clinic]) await value(backup(member))
    const wrongSecrets = join(folder, 'wrong-secrets')
    cpSync(join(places.secretsTo, clinic), join(wrongSecrets, hospital), { recursive: true })
    expect(await back(hospital, 'mixed', { secretsFrom: wrongSecrets })).toMatchObject({
      reason: { type: 'of-another-member' },
    })
    const wrongKeys = join(folder, 'wrong-keys')
    cpSync(join(places.keysTo, clinic), join(wrongKeys, hospital), { recursive: true })
    expect(await back(hospital, 'mixed', { keysFrom: wrongKeys })).toMatchObject({
      reason: { type: 'of-another-member' },
    })
    expect(existsSync(join(folder, 'mixed', hospital))).toBe(false)
  })

  test('tells any flipped bit of a backup, and leaves nothing under the member’s name', async () => {
    const to = join(folder, 'flipped')
    const keysTo = join(folder, 'flipped-keys')
    await value(backup(clinic, { to, keysTo }))
    const files = [to, keysTo].flatMap((place) =>
      readdirSync(join(place, clinic), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'lock.sqlite' && !entry.name.endsWith('-lock'))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    expect(files.length).toBeGreaterThan(4)
    for (const file of files) {
      const whole = readFileSync(file)
      const torn = Buffer.from(whole)
      const at = Math.floor(whole.length / 2)
      torn[at] = (torn[at] ?? 0) ^ 1
      writeFileSync(file, torn)
      const answer = await back(clinic, 'never', { from: to, keysFrom: keysTo })
      expect([file, answer]).toEqual([file, { ok: false, reason: expect.objectContaining({ type: 'backup-damaged' }) }])
      writeFileSync(file, whole)
    }
    expect(existsSync(join(folder, 'never', clinic))).toBe(false)
    expect(await back(clinic, 'never', { from: to, keysFrom: keysTo })).toMatchObject({ ok: true })
  })
})
