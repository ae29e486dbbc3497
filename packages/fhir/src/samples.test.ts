import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { attribute } from './attribution.ts'
import { readSampleFile } from './files.ts'
import { validateResource } from './validate.ts'

const folder = fileURLToPath(new URL('../../../samples/', import.meta.url))
const names = readdirSync(folder).filter((name) => name.endsWith('.json.zst'))

test('the shipped samples are twelve or more charts, each scattered over three or more organisations, all of it FHIR', async () => {
  let bytes = 0
  for (const name of names) {
    bytes += statSync(folder + name).size
    for await (const read of readSampleFile(folder + name)) {
      if (!read.ok) throw new Error(`refused: ${read.reason.type}`)
      expect(read.value.refused).toEqual([])
      const { attributed, refused } = attribute(read.value.entries)
      expect(refused).toEqual([])
      expect(attributed).toHaveLength(read.value.entries.length)
      expect(attributed.filter(({ rule }) => rule === 'unnamed')).toEqual([])
      expect(new Set(attributed.map(({ patient }) => `${patient}.json.zst`))).toEqual(new Set([name]))
      const custodians = new Set(
        attributed.filter((entry) => entry.resourceType === 'Encounter').map((entry) => entry.organisation),
      )
      expect(custodians.size).toBeGreaterThanOrEqual(3)
      // A tenth of each chart: the script that makes them checks the whole.
      const some = read.value.entries.filter((_, index) => index % 10 === 0)
      expect(some.flatMap(({ value }) => validateResource(value).refused)).toEqual([])
    }
  }
  expect(names.length).toBeGreaterThanOrEqual(12)
  expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024)
})
