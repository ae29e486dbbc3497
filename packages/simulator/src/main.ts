/** `npm run simulate -- --seeds N [--from SEED]`: runs worlds one after the other; the first broken rule ends it with status 1. */
import { parseArgs } from 'node:util'
import { simulate } from './run.ts'

const seedsDefault = '50'
const progressEvery = 10

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seeds: { type: 'string', default: seedsDefault }, from: { type: 'string', default: '1' } },
  })
  const [count, from] = [Number(values.seeds), Number(values.from)]
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(from) || from < 0) {
    console.error('expected --seeds N, 1 or more, and --from SEED, a whole number')
    return 2
  }
  const counts = new Map<string, number>()
  let seconds = 0
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed)
    for (const [what, times] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + times)
    seconds += outcome.seconds
    if (outcome.broken !== null) {
      console.error(`seed ${seed}\n${outcome.broken}\n${outcome.lines.join('\n')}`)
      console.error(`\nAgain: npm run simulate -- --seeds 1 --from ${seed}`)
      return 1
    }
    const done = seed - from + 1
    if (done % progressEvery === 0 || done === count)
      console.log(
        `${done} of ${count} seeds held, ${Math.round(seconds / 60)} simulated minutes, trace ${outcome.hash.slice(0, 16)}`,
      )
  }
  for (const [what, times] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(8)}  ${what}`)
  return 0
}

process.exitCode = await main()
