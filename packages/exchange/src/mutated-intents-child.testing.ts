/**
 * T-08 at length: `node packages/exchange/src/mutated-intents-child.testing.ts --count 100000`. Prints one JSON object;
 * the exit status is 1 when anything was released, or nothing was granted to an honest clinician.
 */
import { parseArgs } from 'node:util'
import { mutantsPerWorldMax, throwMutants } from './mutated-intents.testing.ts'
import { removeFolders } from './three-members.testing.ts'

const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' } } })
const wanted = Number(values.count)
const from = performance.now()
const sum = { thrown: 0, weighed: 0, released: 0, worldsThatGrantNothing: 0 }
for (let world = 0; sum.thrown < wanted; world++) {
  const done = await throwMutants(`world ${world}`, Math.min(mutantsPerWorldMax, wanted - sum.thrown))
  removeFolders()
  sum.thrown += done.thrown
  sum.weighed += done.weighed
  sum.released += done.released
  if (!done.grantsTheHonest) sum.worldsThatGrantNothing++
}
console.log(JSON.stringify({ ...sum, seconds: Math.round((performance.now() - from) / 1000) }))
process.exitCode = sum.released === 0 && sum.worldsThatGrantNothing === 0 ? 0 : 1
