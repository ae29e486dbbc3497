/** The judge of faults is not to be trusted before it has found what is wrong; and a short bad day of real processes. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtEngineIn } from '@plexus/engine'
import { describe, expect, test } from 'vitest'
import { check } from './checks.ts'
import { drawFault, drawFrom, sayFault } from './faults.ts'
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
const wrongIn = async (others: readonly Kept[], acknowledged = told) =>
  (await check([new Keeping(others), new Keeping(good)], acknowledged)).wrong

describe('the check after all faults', () => {
  test('finds nothing where all is well', async () => {
    expect(await check([new Keeping(good), new Keeping(good)], told)).toEqual({ height: 2, accepted: 2, wrong: [] })
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
    const kinds = new Set(day(5).map(({ what, part }) => `${what} ${part}`))
    expect(kinds.size).toBe(9)
    const many = day(5).filter(({ victims }) => victims.length === 2)
    expect(many.length).toBeGreaterThan(20)
    expect(many.length).toBeLessThan(100)
    for (const { victims } of day(5)) expect(new Set(victims).size).toBe(victims.length)
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
