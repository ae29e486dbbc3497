/**
 * A node of its own in a process of its own, so that a test can kill it. Its parameters are one JSON text; it prints its
 * port, and then each note that it was brought, one a line.
 */
import { fromHex, ok } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { startPeers } from './index.ts'

interface Parameters {
  readonly member: string
  readonly seed: string
  readonly port: number
  readonly keys: Readonly<Record<string, string>>
}

const { member, seed, port, keys } = JSON.parse(process.argv[2] ?? '{}') as Parameters
const known = new Map(Object.entries(keys))
const peers = await startPeers(
  {
    member,
    seed: () => fromHex(seed),
    holderOf: (key) => known.get(key),
    addressOf: () => undefined,
    async receive(from, note) {
      console.log(`${from} ${Buffer.from(note).toString()}`)
      return ok(undefined)
    },
    status: () => ({ chain: new Uint8Array(32), member, height: 0, blockTime: 0, clock: 0, version: '0.1.0' }),
    random: systemRandom,
    now: () => performance.now() / 1000,
    schedule(callback, milliseconds) {
      const timer = setTimeout(callback, milliseconds)
      return () => clearTimeout(timer)
    },
  },
  { host: '127.0.0.1', port },
)
console.log(peers.port)
process.on('disconnect', () => process.exit(1))
