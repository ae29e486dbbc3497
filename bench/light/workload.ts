/** Suite `light`: one receipt bundle, from a checkpoint and answers of an RPC, through the votes of validators, to the access. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@plexus/codec'
import { readGenesis } from '@plexus/kernel'
import { headersOf, lightSettings, readLightBlock, startFromCheckpoint, verifyBundle } from '@plexus/sdk'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { now } from '../world.ts'

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

interface Kept {
  readonly genesis: string
  readonly bundle: string
  readonly now: number
  readonly checkpoint: { readonly chainName: string; readonly height: number; readonly hash: string }
  readonly blocks: readonly { readonly height: number; readonly commit: unknown; readonly validators: unknown }[]
}

const bytesOf = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)))

async function run({ small }: RunOptions): Promise<Outcome> {
  const file = new URL('../../vectors/light/access.json', import.meta.url)
  const kept: Kept = JSON.parse(readFileSync(file, 'utf8'))
  const answers = new Map(
    kept.blocks.map(({ height, commit, validators }) => [
      height,
      { commit: bytesOf(commit), validators: bytesOf(validators) },
    ]),
  )
  const genesis = new Uint8Array(Buffer.from(kept.genesis, 'base64'))
  const bundle = new Uint8Array(Buffer.from(kept.bundle, 'base64'))
  const blockAt = async (height: number) => {
    const answer = answers.get(height)
    const read = answer && readLightBlock(answer)
    return read?.ok ? read.value : undefined
  }

  async function verifyOnce() {
    const chain = readGenesis(genesis)
    const first = await blockAt(kept.checkpoint.height)
    const start = first && startFromCheckpoint({ ...kept.checkpoint, hash: fromHex(kept.checkpoint.hash) }, first)
    if (!chain.ok || !start?.ok) throw new Error('the checkpoint does not hold')
    const asked: number[] = []
    const primary = (height: number) => {
      asked.push(height)
      return blockAt(height)
    }
    const step = { trusted: start.value, now: { seconds: kept.now, nanoseconds: 0 }, settings: lightSettings }
    const headers = await headersOf(bundle, step, { primary, witnesses: [] })
    if (!headers.ok) throw new Error(`the headers do not hold: ${headers.reason.type}`)
    const access = verifyBundle(chain.value, bundle, headers.value.trust)
    if (!access.ok) throw new Error(`the bundle does not hold: ${access.reason.type}`)
    return { asked, receipt: toHex(access.value.receiptHash), height: access.value.receiptHeight }
  }

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
