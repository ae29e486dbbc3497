/** Known charts, imported into a world as the product imports them. */
import { existsSync } from 'node:fs'
import { systemRandom } from '@plexus/crypto'
import { loadDefinitions } from '@plexus/fhir'
import { Custodians } from '../src/custodians.ts'
import { Directory } from '../src/directory.ts'
import { type ImportReport, importFiles, inputFiles } from '../src/import.ts'
import type { World } from './world.testing.ts'

/** Public synthetic charts, which a clone of the repository alone does not have. */
export const synthea = new URL('../../../../shared/data/synthea/', import.meta.url).pathname
export const hasSynthea = existsSync(synthea)

/** Members that take the organisations of an input. */
export const keepers = ['hospital-1', 'hospital-2', 'hospital-3', 'hospital-4'] as const

export async function importInto(
  world: World,
  paths: readonly string[],
): Promise<{ readonly report: ImportReport; readonly directory: Directory }> {
  loadDefinitions()
  const directory = Directory.open(world.data)
  const custodians = new Custodians({ network: world.network, directory, keepers, random: systemRandom })
  const files = inputFiles(paths)
  if (!files.ok) throw new Error(files.reason.type)
  const report = await importFiles(files.files, { directory, custodians, now: world.now })
  return { report, directory }
}
