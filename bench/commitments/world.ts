/** A network of two members on a real disk with its HTTP API open: one makes commitments, the key of the other orders. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@plexus/crypto'
import { Directory, type MemberNode, Network, openLocalDoors } from '@plexus/node'
import { now } from '../world.ts'
import { type Producer, startProducer } from './producer.ts'

const maker = 'wearables'
const orderer = 'state-board'
const founding = { name: 'commitments', members: [maker, orderer], board: orderer, sequencer: orderer }

/** Runs an action in a network with a data directory of its own, which goes when the action has ended. */
export async function withProducer<Value>(
  action: (producer: Producer, node: MemberNode) => Promise<Value>,
): Promise<Value> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const failures: unknown[] = []
  try {
    const onFailure = (_member: string | null, error: unknown) => failures.push(error)
    const started = await Network.start({ data, founding, random: systemRandom, now, onFailure })
    if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
    const network = started.value
    try {
      const doors = await openLocalDoors({ network, directory: Directory.open(data) }, { random: systemRandom, now })
      const node = network.node(maker)
      const producer = startProducer(node, doors, data)
      try {
        const value = await action(producer, node)
        if (failures.length > 0) throw new Error('a member stopped', { cause: failures[0] })
        return value
      } finally {
        await producer.close()
        await doors.close()
      }
    } finally {
      await network.close()
    }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}
