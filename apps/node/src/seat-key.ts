/**
 * The key with which a member signs blocks follows the ledger: a next one waits beside it until the members have voted it
 * into the seat, and takes over when the node starts. What was signed last stays: no height is signed twice.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { writeDurably } from '@plexus/store'
import { validatorSecret } from './founding.ts'
import type { Layout } from './layout.ts'

const nextSecret = `${validatorSecret}-next`

/** To be called before the engine starts. Broken off anywhere, it does the same again. */
export function takeSeatKey(
  layout: Layout,
  seats: readonly { readonly member: string; readonly key: Uint8Array }[],
  member: string,
): void {
  const path = (name: string): string => join(layout.keys, `${name}.secret`)
  const seat = seats.find((each) => each.member === member)
  if (!seat || !existsSync(path(nextSecret))) return
  const next = new Uint8Array(readFileSync(path(nextSecret)))
  if (next.length !== 32 || !equalBytes(publicKeyOf(next), seat.key)) return
  rmSync(join(layout.engine, 'config', 'priv_validator_key.json'), { force: true })
  writeDurably(path(validatorSecret), next)
  rmSync(path(nextSecret))
}
