/**
 * INV-R1 and T-09 after a restore: a custodian whose journal went back in time gives no number twice, and releases nothing
 * before it knows what its backup missed, or an operator has taken the loss on.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import { numbersSkipped as skipped } from '@plexus/exchange'
import { findings, type WalletClient, whoLooked } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restore } from '../src/backup/restore.ts'
import { takeBackup } from '../src/backup/take.ts'
import { Network } from '../src/network.ts'
import { restoredMark } from '../src/restored-mark.ts'
import { smallChart } from './records.testing.ts'
import { board, type Clinician, clinic, World } from './world.testing.ts'

const custodian = 'hospital-1'
const patient = 'patient-1'
/** Every envelope of before has ended, and some more. */
const settledSeconds = 700

const folder = mkdtempSync(join(tmpdir(), 'plexus-restored-'))
const data = join(folder, 'data')
const now = (): number => Date.now() / 1000

const backUp = async (member: string) => {
  const taken = await takeBackup({ data, member, keep: 3, now, ...places })
  if (!taken.ok) throw new Error(`no backup: ${taken.reason.type}`)
  return taken.value
}
const places = { to: join(folder, 'backup'), keysTo: join(folder, 'keys'), secretsTo: join(folder, 'secrets') }

async function putBack(member: string, newestBlock?: number): Promise<void> {
  renameSync(join(data, member), join(folder, `lost-${member}-${Date.now()}`))
  const { to: from, keysTo: keysFrom, secretsTo: secretsFrom } = places
  const random = systemRandom
  const done = await restore({
    ...{ member, from, keysFrom, secretsFrom, to: data, acceptOldKeys: false, now, random },
    ...(newestBlock !== undefined && { newestBlock }),
  })
  if (!done.ok) throw new Error(`not restored: ${done.reason.type}`)
}

let world: World
let clinician: Clinician
let client: WalletClient
let visit: Uint8Array

const numbersSeen = () => whoLooked(client.wallet.state).map(({ number }) => number)

/** Until custodian and requester have told of each of so many accesses. */
const bothTold = (accesses: number) =>
  world.looks(
    client,
    (looks) => looks.length === accesses && looks.every(({ confirmedBy }) => confirmedBy.length === 2),
  )

async function goOn(ahead = 0): Promise<void> {
  world = await World.start({ members: [custodian], data })
  world.clock.ahead = ahead
  client = world.carryOn(client)
}

beforeAll(async () => {
  world = await World.start({ members: [custodian], data })
  clinician = await world.employ()
  await world.register(custodian, patient, smallChart(patient, 'a'))
  client = await world.enrol(patient, [custodian])
  visit = await world.checkIn(client, clinic, [custodian])
  await world.ask(visit, clinician)
  await world.settled()
  await world.looks(client, (looks) => looks.length === 1)
})

afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a custodian that is put back', () => {
  test('from a backup that missed nothing opens its doors by itself, and its numbers go on', async () => {
    await backUp(custodian)
    await world.close()
    await putBack(custodian)
    await goOn()
    const { recovery } = world.node(custodian)
    await world.until(() => recovery?.state.type === 'settling', 'the replica to be abreast')
    expect(recovery?.shut).toBe(true)
    world.clock.ahead = settledSeconds
    await world.until(() => recovery?.state.type === 'over', 'the recovery to end')
    expect(restoredMark(join(data, custodian))).toBeUndefined()
    await world.ask(visit, clinician)
    await bothTold(2)
    expect(numbersSeen()).toEqual([2, 1])
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('from a backup that missed a receipt releases nothing, whoever asks, until an operator takes it on', async () => {
    await backUp(custodian)
    await world.ask(visit, clinician)
    await bothTold(3)
    const { ahead } = world.clock
    await world.close()
    await putBack(custodian)
    await goOn(ahead + settledSeconds)
    const { recovery, journal } = world.node(custodian)
    await world.until(() => recovery?.state.type === 'behind', 'the ledger to show what is missing')
    expect(recovery?.state).toMatchObject({ type: 'behind', batches: expect.any(Number) })
    const asked = await world.startAsk(visit, clinician)
    const { requester } = world.node(clinic).exchange
    await world.rounds(clinic, 6)
    expect([requester.settled(asked), [...journal.entries('requests')].length]).toEqual([false, 2])
    const batches = recovery?.state.type === 'behind' ? recovery.state.batches : 0
    expect(recovery?.acknowledge(batches + 1)).toEqual({ type: 'recovery-differs' })
    expect(recovery?.shut).toBe(true)
    expect(recovery?.acknowledge(batches)).toBeNull()
    await world.ended(clinic, asked)
    await bothTold(4)
    // The third is the one that the custodian forgot and the patient did not; none is there twice.
    expect(numbersSeen()).toEqual([2 + skipped + 1, 3, 2, 1])
    expect(findings(client.wallet.state)).toEqual([{ type: 'gap', custodian, from: 4, to: skipped + 2 }])
  })

  test('keeps its mark over a restart, and goes on looking', async () => {
    await backUp(custodian)
    const { ahead } = world.clock
    await world.close()
    await putBack(custodian)
    for (let round = 0; round < 2; round++) {
      await goOn(ahead)
      expect(world.node(custodian).recovery?.shut).toBe(true)
      if (round === 0) await world.close()
    }
    world.clock.ahead = ahead + settledSeconds
    await world.until(() => world.node(custodian).recovery?.state.type === 'over', 'the recovery to end')
  })
})

describe('a keeper of mailboxes that is put back', () => {
  test('numbers notices on above those that a wallet has taken, so that none stays unseen', async () => {
    await world.settled()
    await backUp(board)
    const { ahead } = world.clock
    const before = world.network.node(board).store.tip()?.height ?? 0
    await world.close()
    await putBack(board, before)
    await goOn(ahead + settledSeconds)
    await world.until(() => world.node(board).recovery?.state.type === 'over', 'the recovery to end')
    const taken = client.taken.get(custodian) ?? 0
    await world.ask(visit, clinician)
    await world.looks(client, (looks) => looks.length === 5)
    expect(client.taken.get(custodian)).toBeGreaterThanOrEqual(taken + skipped)
  })
})

describe('the key that orders', () => {
  test('takes in what the replicas hold before it signs, and signs no height anew', async () => {
    await world.settled()
    await backUp(board)
    await world.rounds(clinic, 3)
    const { ahead } = world.clock
    const height = world.node(clinic).store.tip()?.height ?? 0
    const header = world.node(clinic).store.header(height)
    await world.close()
    await putBack(board, height)
    await goOn(ahead)
    expect(world.node(board).sequencerStore.tip()?.height).toBeGreaterThanOrEqual(height)
    expect(world.node(board).sequencerStore.header(height)).toEqual(header)
    await world.rounds(clinic, 1)
  })

  test('does not start when somebody holds a block that nobody here has', async () => {
    const { ahead } = world.clock
    await backUp(board)
    await world.close()
    await putBack(board, 1_000_000_000)
    const started = await Network.start({
      data,
      founding: {
        name: 'plexus-conformance',
        members: [clinic, custodian, board],
        board,
        engine: { type: 'local' as const, sequencer: board },
      },
      random: systemRandom,
      now,
      onFailure: () => {},
    })
    expect(started).toMatchObject({ ok: false, reason: { type: 'blocks-lost', member: board, newest: 1_000_000_000 } })
    await putBack(board, 0)
    await goOn(ahead)
    expect(existsSync(join(data, board, 'restored.json'))).toBe(true)
  })
})
