/** Inputs that are kept in `vectors/fuzz`, one file a target: every test run reads them again, and a fuzz run begins there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const corpusFolder = fileURLToPath(new URL('../../vectors/fuzz/', import.meta.url))

/** Of one target: all targets together stay far below what a repository notices. */
const keptCharactersMax = 4096
/** Long inputs are found again from the seeds. */
const keptInputBytesMax = 1300

interface Kept {
  readonly target: string
  /** In hexadecimal. */
  readonly inputs: readonly string[]
}

export function keptInputs(target: string): readonly Uint8Array[] {
  const path = fileOf(target)
  if (!existsSync(path)) return []
  const { inputs } = JSON.parse(readFileSync(path, 'utf8')) as Kept
  return inputs.map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))
}

/** Keeps what fits, the short inputs first. */
export function keepInputs(target: string, corpus: readonly Uint8Array[]): void {
  const inputs: string[] = []
  let characters = 0
  for (const input of [...corpus].sort((a, b) => a.length - b.length)) {
    if (input.length > keptInputBytesMax || characters + 2 * input.length > keptCharactersMax) break
    inputs.push(Buffer.from(input).toString('hex'))
    characters += 2 * input.length
  }
  const kept: Kept = { target, inputs }
  mkdirSync(corpusFolder, { recursive: true })
  writeFileSync(fileOf(target), `${JSON.stringify(kept, null, 1)}\n`)
}

const fileOf = (target: string): string => `${corpusFolder}${target.replaceAll('/', '-')}.json`
