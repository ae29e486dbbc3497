/** Runs the seeds from the first argument up to and with the second, and says of each what came of it, one JSON object a line. */
import { simulate } from './run.ts'

const [from, to] = process.argv.slice(2).map(Number)
for (let seed = from ?? 0; seed <= (to ?? -1); seed++) {
  const outcome = await simulate(seed)
  console.log(JSON.stringify({ ...outcome, counts: [...outcome.counts] }))
}
