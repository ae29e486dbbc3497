/** The judge of faults is not to be trusted before it has found what is wrong; and a short bad day of real processes. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtEngineIn } from '@plexus/engine'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Judge } from './checks.ts'
import { cutIn, drawFault, drawFrom, sayFault } from './faults.ts'
import { Member } from './member.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const engine = builtEngineIn({
  goFolder: join(root, 'packages/engine/go'),
  cache: join(root, 'node_modules/.cache/engine'),
})

interface Kept {
  readonly header: string
  readonly accepted: readonly string[]
}

/** A member that answers from these blocks. */
class Keeping extends Member {
  private readonly blocks: readonly Kept[]

  constructor(blocks: readonly Kept[]) {
    super('', 'keeping', 0)
    this.blocks = blocks
  }

  override async get<Value>(path: string): Promise<Value> {
    const [, what, at] = /^\/ledger(?:\/(headers|blocks)\/(\d+))?$/.exec(path) ?? []
    const block = this.blocks[Number(at) - 1]
    const transactions = block?.accepted.map((id) => ({ id, outcome: { code: 0 } }))
    const answers = { headers: { bytes: block?.header }, blocks: { more: 0, transactions } }
    return (what === 'headers' || what === 'blocks' ? answers[what] : { height: this.blocks.length }) as Value
  }
}

const good = [
  { header: 'one', accepted: ['a'] },
  { header: 'two', accepted: ['b'] },
]
const told = [
  { id: 'a', height: 1, seconds: 0 },
  { id: 'b', height: 2, seconds: 0 },
]
async function judged(others: readonly Kept[], acknowledged = told, calls?: string): Promise<Judge> {
  const judge = new Judge()
  const first = new Keeping(others)
  if (calls !== undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'plexus-calls-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'keeping.calls'), calls)
    Object.defineProperty(first, 'calls', { value: join(folder, 'keeping.calls') })
  }
  await judge.look([first, new Keeping(good)], acknowledged)
  return judge
}
const wrongIn = async (others: readonly Kept[], acknowledged = told, calls?: string) =>
  (await judged(others, acknowledged, calls)).wrong

describe('the check after all faults', () => {
  test('finds nothing where all is well', async () => {
    const calls =
      '\ninfo initChain prepareProposal processProposal finalizeBlock commit\ninfo finalizeBlock commit checkTx'
    const judge = await judged(good, told, calls)
    expect([judge.height, judge.accepted, judge.wrong]).toEqual([2, 2, []])
  })

  test('looks at each block once, and at what was told of a later one when it is there', async () => {
    const judge = new Judge()
    const [early, late] = [new Keeping(good.slice(0, 1)), new Keeping(good)]
    await judge.look([early, late], told)
    expect([judge.height, judge.accepted, judge.wrong]).toEqual([1, 1, []])
    await judge.look([late, late], told)
    expect([judge.height, judge.accepted, judge.wrong]).toEqual([2, 2, []])
    await judge.look([late, late], [...told, { id: 'c', height: 3, seconds: 0 }])
    expect(judge.wrong).toEqual([])
  })

  test('finds calls in an order that is not allowed', async () => {
    const wrong = await wrongIn(good, told, '\ninfo finalizeBlock finalizeBlock commit ')
    expect(wrong).toEqual([expect.stringContaining('finalizeBlock finalizeBlock commit')])
    expect(await wrongIn(good, told, '\ncommit ')).toHaveLength(1)
    expect(await wrongIn(good, told, '\nfinalizeBlock \ncommit ')).toHaveLength(1)
  })

  test('finds two histories', async () => {
    const [first = good[0] as Kept] = good
    expect(await wrongIn([first, { header: 'another', accepted: ['b'] }])).toEqual(['members have different blocks 2'])
  })

  test('finds what was accepted twice', async () => {
    const twice = [
      { header: 'one', accepted: ['a'] },
      { header: 'two', accepted: ['b', 'a'] },
    ]
    expect(await wrongIn(twice)).toEqual(['a was accepted in blocks 1, 2'])
  })

  test('finds what was acknowledged and is gone, or stands elsewhere', async () => {
    const lost = { id: 'c', height: 1, seconds: 0 }
    const moved = { id: 'b', height: 1, seconds: 0 }
    expect(await wrongIn(good, [lost, moved])).toEqual([
      'c was acknowledged in block 1, and is not there',
      'b was acknowledged in block 1, and is not there',
    ])
  })
})

describe('faults', () => {
  const members = ['a', 'b', 'c', 'd'].map((name) => new Member('', name, 0))
  const day = (seed: number) => {
    const draw = drawFrom(seed)
    return Array.from({ length: 300 }, () => drawFault(draw, members))
  }

  test('are the same for the same seed, and others for another', () => {
    expect(day(5).map(sayFault)).toEqual(day(5).map(sayFault))
    expect(day(5).map(sayFault)).not.toEqual(day(6).map(sayFault))
  })

  test('are of every kind, mostly as many as the network bears, and sometimes more', () => {
    const kinds = new Set(day(5).map((fault) => ('part' in fault ? `${fault.what} ${fault.part}` : fault.what)))
    expect(kinds.size).toBe(13)
    const victims = day(5).flatMap((fault) => ('victims' in fault ? [fault.victims] : []))
    const many = victims.filter(({ length }) => length === 2)
    expect(many.length).toBeGreaterThan(10)
    expect(many.length).toBeLessThan(60)
    for (const each of victims) expect(new Set(each).size).toBe(each.length)
  })

  test('of roads leave halves, one alone, or a ring', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const said = (shape: Parameters<typeof cutIn>[0]) => cutIn(shape, names).map((pair) => pair.join(''))
    expect(said('part-half')).toEqual(['ac', 'ad', 'ae', 'bc', 'bd', 'be'])
    expect(said('part-one')).toEqual(['ab', 'ac', 'ad', 'ae'])
    expect(said('part-ring')).toEqual(['ac', 'ad', 'bd', 'be', 'ce'])
  })
})

describe.skipIf(!existsSync(engine))('with a real engine (needs `npm run engine`)', () => {
  test('some seconds of faults leave one history, with every acknowledged envelope in it once', {
    timeout: 300_000,
  }, () => {
    const args = ['--disable-warning=ExperimentalWarning', 'scripts/chaos/main.ts', '--seconds', '12', '--seed', '2']
    const ended = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect([ended.status, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain('**All holds**')
  })
})
