import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Documents of others, when they lie beside the repository; tests that need them say so and skip. */
const folder = new URL('../../../../shared/data/epcis/', import.meta.url)
export const dataPresent = existsSync(folder)

export const namesIn = (path: string): readonly string[] => readdirSync(new URL(path, folder)).toSorted()
export const dataBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, folder)))
export const dataText = (path: string): string => readFileSync(new URL(path, folder), 'utf8')
