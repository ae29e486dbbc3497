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
const founding = {
  name: 'commitments',
  members: [maker, orderer],
  board: orderer,
  engine: { type: 'local' as const, sequencer: orderer },
}
const restartSecondsMax = 600

/**
 * Runs an action in a network with a data directory of its own, which goes when the action has ended. `restart` ends network and
 * producer, opens both on what they left, and tells the seconds until one more statement is committed; both are new then.
 */
export async function withProducer<Value>(
  action: (producer: Producer, node: MemberNode, restart: () => Promise<number>) => Promise<Value>,
): Promise<Value> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const key = systemRandom(32)
  const failures: unknown[] = []
  let running: Running | undefined
  const failed = (): void => {
    if (failures.length > 0) throw new Error('a member stopped', { cause: failures[0] })
  }
  try {
    running = await open(data, key, failures)
    const value = await action(running.producer, running.node, async () => {
      await running?.close()
      const from = now()
      running = await open(data, key, failures)
      await running.producer.produce({ leaves: 1, seconds: restartSecondsMax })
      await running.producer.committed(restartSecondsMax)
      return now() - from
    })
    failed()
    return value
  } finally {
    await running?.close()
    rmSync(data, { recursive: true, force: true })
  }
}

interface Running {
  readonly producer: Producer
  readonly node: MemberNode
  close(): Promise<void>
}

async function open(data: string, key: Uint8Array, failures: unknown[]): Promise<Running> {
  const onFailure = (_member: string | null, error: unknown) => failures.push(error)
  const started = await Network.start({ data, founding, random: systemRandom, now, onFailure })
  if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
  const network = started.value
  const doors = await openLocalDoors({ network, directory: Directory.open(data) }, { random: systemRandom, now })
  const node = network.node(maker)
  const producer = startProducer(node, doors, { folder: join(data, 'producer'), key })
  return {
    producer,
    node,
    async close() {
      await producer.close()
      await doors.close()
      await network.close()
    },
  }
}
