/** Suite `light`: one receipt bundle, from a checkpoint and answers of an RPC, through the votes of validators, to the access. */
import { readFileSync } from 'node:fs'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { now } from '../world.ts'
import { type KeptAccess, verifierOf } from './verify-once.ts'

const runs = { full: 300, small: 5 }
const target = { type: 'below', value: 100 } as const

export const suite: Suite = {
  name: 'light',
  claim:
    'The time in which one receipt bundle is verified from a checkpoint: genesis and answers of an RPC are read as bytes, four validators are followed to four others through skipping verification, the headers of intent and receipt among them, and all that the bundle says is checked on these.',
  nonClaim:
    'Nothing about the way of the answers to whoever checks: they lie in memory, and a source far away costs a round trip for each. Nothing about many validators: votes are verified one by one.',
  oneCore: false,
  run,
}

async function run({ small }: RunOptions): Promise<Outcome> {
  const file = new URL('../../vectors/light/access.json', import.meta.url)
  const verifyOnce = verifierOf(JSON.parse(readFileSync(file, 'utf8')) as KeptAccess)
  const milliseconds: number[] = []
  const seen = new Set<string>()
  for (let turn = 0; turn < (small ? runs.small : runs.full); turn++) {
    const from = now()
    seen.add(JSON.stringify(await verifyOnce()))
    milliseconds.push(1000 * (now() - from))
  }
  const [answer, ...others] = [...seen]
  if (answer === undefined || others.length > 0) throw new Error('one bundle was verified in two ways')
  const [first = Number.NaN, ...warm] = milliseconds
  return {
    figures: [
      { name: 'one bundle, the first of a process', value: first, unit: 'ms', target },
      { name: 'one bundle, p50 of those after it', value: median(warm), unit: 'ms' },
      { name: 'one bundle, p95 of those after it', value: percentile(warm, 0.95), unit: 'ms', target },
    ],
    checked: JSON.parse(answer),
  }
}
