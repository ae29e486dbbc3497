/** Nothing of an input is lost on the way into custody. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasSynthea, importInto, keepers, synthea } from './charts.testing.ts'
import { World } from './world.testing.ts'

test.skipIf(!hasSynthea)(
  'of every known bundle, all that was read is stored and nothing is refused (needs ../shared/data)',
  async () => {
    const world = await World.start({ members: keepers })
    try {
      const { report } = await importInto(world, [synthea])
      const bundles = readdirSync(synthea).map((name) => JSON.parse(readFileSync(join(synthea, name), 'utf8')))
      expect(report.refused).toEqual([])
      expect(report.read).toBe(bundles.reduce((total, { entry }) => total + entry.length, 0))
      expect(report.stored + report.refusedCount).toBe(report.read)
      expect(report.patients.size).toBe(bundles.length)
      const held = [...report.custodians.values()].flatMap((types) => [...types.values()])
      expect(held.reduce((total, each) => total + each, 0)).toBe(report.stored)
    } finally {
      await world.close()
    }
  },
)
