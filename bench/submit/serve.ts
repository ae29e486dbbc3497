/** The node of the suite, in a process of its own: `serve.ts DIR`. It tells its address and token, and ends with its parent. */
import { systemRandom } from '@plexus/crypto'
import { Directory, Network, openLocalDoors } from '@plexus/node'
import { now } from '../world.ts'
import { host } from './world.ts'

const data = process.argv[2]
if (data === undefined) throw new Error('expected a data directory')
const started = await Network.start({
  data,
  founding: { name: 'bench', members: [host], board: host, engine: { type: 'local' as const, sequencer: host } },
  random: systemRandom,
  now,
  onFailure(_member, error) {
    throw error
  },
})
if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
const network = started.value
const doors = await openLocalDoors({ network, directory: Directory.open(data) }, { random: systemRandom, now })
process.on('disconnect', async () => {
  await doors.close()
  await network.close()
})
process.send?.({ address: doors.address(host), token: doors.token(host) })
