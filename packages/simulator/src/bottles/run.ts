/** One seed: people trade, prescribe, dispense and claim, rogues try, the way to the ledger is bad, and after each block all is judged. */
import { chanceOf } from '../chance.ts'
import type { Outcome } from '../run.ts'
import { Trace } from '../trace.ts'
import { Care } from './care.ts'
import { Discounts } from './discounts.ts'
import { Goods } from './goods.ts'
import { judge } from './laws.ts'
import { Market } from './market.ts'
import { Rogues } from './rogues.ts'

const blocks = 90
const actsPerBlock = 4
/** After the last act nobody begins anything: what is on its way comes in, or ends. */
const quietBlocks = 20

export function simulateBottles(seed: number): Outcome {
  const chance = chanceOf(seed).stream('bottles')
  const trace = new Trace()
  const calm = seed % 10 === 0
  const weather = calm
    ? { loss: 0, duplication: 0, lateness: 0 }
    : { loss: chance.pick([0, 0.1, 0.3]), duplication: chance.pick([0, 0.2]), lateness: chance.pick([0, 0.3]) }
  const market = new Market(chance, trace, weather)
  let broken: string | null = null
  try {
    const goods = new Goods(market)
    const care = new Care(market, goods)
    const discounts = new Discounts(market, care)
    const rogues = new Rogues(market, goods)
    const lives = { market, goods, care, discounts }
    for (let block = 0; block < blocks; block++) {
      for (let act = 0; act < actsPerBlock; act++)
        chance.pick([goods, goods, care, care, care, discounts, discounts, rogues]).something()
      market.block((before, context) => judge(lives, before, context))
    }
    for (let block = 0; block < quietBlocks; block++) market.block((before, context) => judge(lives, before, context))
    if (market.waiting > 0) throw new Error('somebody was never answered')
  } catch (error) {
    broken =
      error instanceof Error ? (error.name === 'RuleBroken' ? error.message : `thrown: ${error.stack}`) : String(error)
  }
  return {
    seed,
    broken,
    lines: trace.last,
    counts: trace.counts,
    hash: trace.hash,
    seconds: market.time,
    height: market.height,
  }
}
