/**
 * The four members of the suite in a process of their own, whose heap has a cap: `members.ts DIR PATIENTS`. It tells its doors, answers
 * how much it holds and how many receipts stand on the ledger, and ends with its parent.
 */
import { utf8 } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { Directory, mintNpi, Network, openLocalDoors } from '@plexus/node'
import { heldNow } from '../memory.ts'
import { cpuSeconds } from '../suite.ts'
import { now } from '../world.ts'

export interface Door {
  readonly member: string
  readonly address: string
  readonly token: string
}

/** What the process says once, when its doors are open. */
export interface Opened {
  readonly doors: readonly Door[]
  readonly patients: readonly string[]
  readonly npi: string
}

/** With `collected`, what it holds after a collection; otherwise as it stands. */
export type Question = 'collected' | 'standing'

export interface Told {
  readonly heapAndExternalBytes: number
  readonly privateBytes: number
  /** Receipts that were written, by the numbers of their chains. */
  readonly written: number
  /** Leaves and batches that are not on the ledger yet. */
  readonly leavesWaiting: number
  readonly batchesWaiting: number
  /** Notes and turns that wait. */
  readonly turnsWaiting: number
  readonly height: number
  /** Of all threads, since the process began. */
  readonly cpuSeconds: number
}

const members = ['clinic', 'hospital', 'laboratory', 'state-board']
const board = 'state-board'
async function main(data: string, patientsPerMember: number): Promise<void> {
  const started = await Network.start({
    data,
    founding: { name: 'soak', members, board, engine: { type: 'local' as const, sequencer: board } },
    random: systemRandom,
    now,
    onFailure(_member, error) {
      throw error
    },
  })
  if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
  const network = started.value
  const patients = Array.from({ length: patientsPerMember }, (_, index) => `synthetic-${index + 1}`)
  for (const [member, { exchange }] of network.nodes) {
    // Charts of one resource: the suite is about receipts.
    for (const patient of patients) {
      const bytes = utf8(JSON.stringify({ resourceType: 'Observation', id: patient, status: 'final' }))
      const record = {
        source: `Observation/${patient}`,
        resourceType: 'Observation',
        contentType: 'application/fhir+json',
      }
      await exchange.register(member, patient, [
        { ...record, segment: 'general', codes: [], bytes, enteredInError: false },
      ])
    }
  }
  const idle = () => [...network.nodes.values()].every(({ exchange }) => exchange.idle)
  await network.until(idle, 60, 'the charts to be committed')
  const doors = await openLocalDoors({ network, directory: Directory.open(data) }, { random: systemRandom, now })
  const nodes = [...network.nodes.values()]

  function told(question: Question): Told {
    const { heapUsed, external } = process.memoryUsage()
    const { heapAndExternalBytes, privateBytes } =
      question === 'collected' ? heldNow() : { heapAndExternalBytes: heapUsed + external, privateBytes: 0 }
    const sum = (of: (node: (typeof nodes)[number]) => number) => nodes.reduce((all, node) => all + of(node), 0)
    return {
      heapAndExternalBytes,
      privateBytes,
      written: sum(({ member, exchange: { custody } }) =>
        patients.reduce(
          (all, patient) => all + (custody.patients.get(custody.patientKey(member, patient))?.receipts ?? 0),
          0,
        ),
      ),
      leavesWaiting: sum(({ exchange }) => exchange.batches.waiting.leaves),
      batchesWaiting: sum(({ exchange }) => exchange.batches.waiting.batches),
      turnsWaiting: sum(({ exchange }) => exchange.notesWaiting),
      cpuSeconds: cpuSeconds({ user: 0, system: 0 }),
      height: Math.min(...nodes.map(({ replica }) => replica.height())),
    }
  }

  process.on('message', (question: Question) => process.send?.(told(question)))
  process.on('disconnect', async () => {
    await doors.close()
    await network.close()
  })
  const opened: Opened = {
    doors: members.map((member) => ({ member, address: doors.address(member), token: doors.token(member) })),
    patients,
    npi: mintNpi(systemRandom),
  }
  process.send?.(opened)
}

const [, , data, patientsPerMember] = process.argv
if (data !== undefined) await main(data, Number(patientsPerMember))
