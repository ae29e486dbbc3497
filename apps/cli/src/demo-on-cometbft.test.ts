/** The whole story where validators vote on the blocks: a chart that is asked for, and the bottle, to its rebate. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { engineFolder } from './apart.testing.ts'
import { plexus } from './running.testing.ts'

const patient = '037c9dc2-cd3b-f193-c62f-b0b9c75b1d92'
const sample = fileURLToPath(new URL(`../../../samples/${patient}.json.zst`, import.meta.url))

describe.skipIf(!existsSync(engineFolder))('with a real engine (needs `npm run engine`)', () => {
  test('every step of both acts is checked, and ends well', async () => {
    const told = await plexus('demo', '--once', '--engine', 'cometbft', '--input', sample, '--port', '0', '--json')
    const steps = told.lines()
    expect([told.code, steps.filter(({ ok }) => ok !== true)]).toEqual([0, []])
    expect(steps.map(({ step }) => step)).toEqual(expect.arrayContaining(['release', 'refused', 'dispense', 'rebate']))
    expect(steps.find(({ step }) => step === 'verify')).toMatchObject({
      engine: 'cometbft',
      orderedBy: 'votes of validators',
    })
  }, 180_000)
})
