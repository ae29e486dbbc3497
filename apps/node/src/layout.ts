/** Where a member's data lies, and the secrets beside it: one folder per member, one in it per kind of data. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RandomBytes } from '@plexus/crypto'
import { writeDurably } from '@plexus/store'

export interface Layout {
  readonly root: string
  readonly ledger: string
  /** Of the ledger, for those that begin from one, on CometBFT: they can be made again. */
  readonly snapshots: string
  readonly vault: string
  readonly keys: string
  readonly exchange: string
  /** The member's log over all blocks: public files, signed with `keys/log.secret`. */
  readonly checkpoints: string
  /** Configuration, keys and blocks of the engine beside the node, where it is CometBFT. */
  readonly engine: string
  /** Room for the FHIR store; records are indexed in the exchange's journal until there is one. */
  readonly fhir: string
}

export function layoutOf(data: string, member: string): Layout {
  const root = join(data, member)
  return {
    root,
    ledger: join(root, 'ledger'),
    snapshots: join(root, 'snapshots'),
    vault: join(root, 'vault'),
    keys: join(root, 'keys'),
    exchange: join(root, 'exchange'),
    checkpoints: join(root, 'checkpoints'),
    engine: join(root, 'engine'),
    fhir: join(root, 'fhir'),
  }
}

/** Evidence of forks that this member has seen: made with the first. */
export const forksFolder = ({ root }: Layout): string => join(root, 'forks')

/** Folders are made readable for their owner alone. */
export function makeFolders(layout: Layout): void {
  for (const folder of Object.values(layout)) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** A secret of 32 bytes under `keys/`, made on first use. */
export function secretOf(layout: Layout, name: string, random: RandomBytes): Uint8Array {
  const path = join(layout.keys, `${name}.secret`)
  if (!existsSync(path)) writeDurably(path, random(32))
  const secret = new Uint8Array(readFileSync(path))
  if (secret.length !== 32) throw new Error(`${path} is not 32 bytes: restore it from the key backup`)
  return secret
}

/** Names of secrets that start so, without the ending. */
export function secretsNamed(layout: Layout, prefix: string): readonly string[] {
  if (!existsSync(layout.keys)) return []
  return readdirSync(layout.keys)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.secret'))
    .map((name) => name.slice(0, -'.secret'.length))
    .sort()
}
