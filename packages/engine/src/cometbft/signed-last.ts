/**
 * What the engine's key signed last (`priv_validator_state.json`, the engine's own file): it signs nothing at or before that
 * place again. Where it was lost, as with a member that was put back from a backup, nobody knows what the former self signed
 * and the others have: then nothing is signed until they have moved on by themselves.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const signedLastOf = (directory: string): string => join(directory, 'data', 'priv_validator_state.json')

/** Of a key that is new. */
export const nothingSigned = stateAt('0')
/** No height is beyond (int64): nothing is signed. */
const neverHeight = '9223372036854775807'
/** Of a key of which nobody knows what it signed. */
export const unknownSigned = stateAt(neverHeight)

/** Whether the engine of this directory signs nothing for now. */
export function isWatching(directory: string): boolean {
  const file = signedLastOf(directory)
  return existsSync(file) && readFileSync(file, 'utf8') === unknownSigned
}

/** The engine signs from the height behind this one on. It must not be running. */
export const signedUpTo = (height: number): string => stateAt(String(height), 2 ** 31 - 1, 3)

/** As the engine writes it: the last step of a round is the third, the precommit. */
function stateAt(height: string, round = 0, step = 0): string {
  return `${JSON.stringify({ height, round, step }, null, 2)}\n`
}
