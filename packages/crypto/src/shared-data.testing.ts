/** Public test vectors beside the repository. The product does not need them; a test that does says so when it skips. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const directory = new URL('../../../../shared/data/crypto/', import.meta.url)

export const sharedDataPresent = existsSync(directory)

export function sharedJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(new URL(path.split('/').map(encodeURIComponent).join('/'), directory), 'utf8'))
}

/** The paths, relative to the vectors' directory, of all JSON files in a folder and the folders in it. */
export function sharedJsonFiles(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => `${folder}/${path}`)
}

export interface Wycheproof<Group, Test> {
  readonly testGroups: readonly (Group & { readonly tests: readonly (WycheproofTest & Test)[] })[]
}

interface WycheproofTest {
  readonly tcId: number
  readonly comment?: string
  readonly flags: readonly string[]
  readonly result: 'valid' | 'invalid' | 'acceptable'
}
