/** Worlds of the suites: the demonstration network on a real disk, a chart, a clinician, and the patient's wallet. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import {
  asker,
  board,
  type Demonstration,
  employClinician,
  type ImportReport,
  importFiles,
  mintNpi,
  startDemonstration,
  walletPort,
} from '@plexus/node'
import { createWallet, WalletClient } from '@plexus/sdk'

/** A step that takes longer has failed. */
const stepSecondsMax = 60
const visitSeconds = 8 * 3600

/** Seconds since 1970, finer than the clock of the day tells them. */
export const now = (): number => (performance.timeOrigin + performance.now()) / 1000

/** Runs an action in a network with a data directory of its own, which goes when the action has ended. */
export function inWorld<Value>(action: (demonstration: Demonstration, data: string) => Promise<Value>): Promise<Value> {
  return inFolder((data) => inWorldAt(data, (world) => action(world, data)))
}

/** A folder that goes when the action has ended. */
export async function inFolder<Value>(action: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  try {
    return await action(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs an action in the network of this data directory, founded where there is none, and ends it. */
export async function inWorldAt<Value>(
  data: string,
  action: (demonstration: Demonstration) => Promise<Value>,
): Promise<Value> {
  const failures: unknown[] = []
  const started = await startDemonstration({
    data,
    random: systemRandom,
    now,
    onFailure: (_member, error) => failures.push(error),
  })
  if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
  try {
    const value = await action(started.value)
    if (failures.length > 0) throw new Error('a member stopped', { cause: failures[0] })
    return value
  } finally {
    await started.value.network.close()
  }
}

/** Imports files and waits until what they brought is committed. */
export async function importAll(
  { directory, custodians, network }: Demonstration,
  files: readonly string[],
): Promise<ImportReport> {
  const report = await importFiles(files, { directory, custodians, now })
  await network.until(
    () => [...network.nodes.values()].every(({ exchange }) => exchange.batches.idle),
    stepSecondsMax,
    'the import to be committed',
  )
  return report
}

/** A patient who enrolled at every custodian of the chart and checked in at the asking member. */
export interface Visit {
  readonly id: Uint8Array
  readonly npi: string
  readonly client: WalletClient
  readonly custodians: readonly string[]
}

export async function visitOf(demonstration: Demonstration, patient: string): Promise<Visit> {
  const { network, directory } = demonstration
  const custodians = directory.custodiansOf(patient)
  const client = new WalletClient({
    wallet: createWallet({ chain: network.chain, root: systemRandom(32), random: systemRandom }),
    port: walletPort(network, board, now),
  })
  const npi = mintNpi(systemRandom)
  await employClinician(demonstration, npi, now())
  for (const custodian of custodians) {
    const host = directory.byId(custodian)?.member ?? custodian
    const code = await network.node(host).exchange.run(({ door }) => door.issueCode(custodian, patient))
    must(await client.enrol(custodian, code, board), 'an enrolment')
  }
  const id = systemRandom(16)
  must(await client.checkIn(asker, id, custodians, visitSeconds), 'the check-in')
  const { requester } = network.node(asker).exchange
  await network.until(() => requester.visitReady(id), stepSecondsMax, 'the evidence to be committed')
  await quiet(demonstration)
  return { id, npi, client, custodians }
}

/** One click: asks every custodian of the visit, and answers when each has ended, one way or the other. */
export async function askAll({ network }: Demonstration, { id, npi }: Visit) {
  const node = network.node(asker)
  const { requester } = node.exchange
  const asked = await node.exchange.run(() =>
    requester.ask({
      visit: id,
      clinician: { npi, seed: node.clinicianSeed(npi) },
      purpose: 'TREAT',
      emergency: null,
      types: [],
    }),
  )
  if (!asked.ok) throw new Error(`the request was refused: ${asked.reason.type}`)
  await network.until(() => requester.settled(asked.value), stepSecondsMax, 'every custodian to answer')
  const gathered = requester.gathered(asked.value)
  if (!gathered) throw new Error('the ask is not in the journal')
  return gathered
}

/** Nothing is pending, in flight, unanswered or unacknowledged, and every replica stands at the same height. */
export async function quiet({ network }: Demonstration): Promise<void> {
  const nodes = [...network.nodes.values()]
  const top = () => Math.max(...nodes.map(({ store }) => store.tip()?.height ?? 0))
  await network.until(
    () => nodes.every(({ exchange, store }) => exchange.idle && store.tip()?.height === top()),
    stepSecondsMax,
    'the network to fall quiet',
  )
}

export function must(result: { readonly ok: boolean; readonly reason?: { readonly type: string } }, what: string) {
  if (!result.ok) throw new Error(`${what} was refused: ${result.reason?.type ?? 'no reason'}`)
}
