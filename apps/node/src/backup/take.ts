/**
 * Takes a backup of one member, running or not. Stores are copied as of one moment each, in the order in which one may
 * name what stands in another: ledger, journal, keys, packs. A pack and its keys are there before a journal names them,
 * so whatever the copied journal names was copied after it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { readGenesis } from '@plexus/kernel'
import {
  blockFiles,
  copyJournal,
  copyStore,
  lockDirectory,
  openLedgerStore,
  writeDurably,
  writeFiles,
} from '@plexus/store'
import { forksFolder, type Layout, layoutOf, secretsNamed } from '../layout.ts'
import { forksIn } from '../standing-forks.ts'
import { expireKeys, takeKeys } from './keys.ts'
import { keepLastBackup } from './last-backup.ts'
import { type DataManifest, type FileEntry, manifestNames, readDataManifest, writeDataManifest } from './manifest.ts'
import { namesIn, Objects } from './objects.ts'

export interface BackupParts {
  readonly data: string
  readonly member: string
  /** Where ledger, journal and ciphertexts go; nothing in it opens a chart. */
  readonly to: string
  /** Where the wrapped keys go, for two days at most. Without it they are not copied. */
  readonly keysTo?: string
  /** Where the node's secrets go. Without it they are not copied. */
  readonly secretsTo?: string
  /** Backups beyond these many are removed, oldest first. */
  readonly keep: number
  readonly now: () => number
}

export interface BackupReport {
  readonly member: string
  readonly manifest: string
  readonly height: number
  readonly files: number
  /** Of all files. */
  readonly bytes: number
  /** Of what was not there from earlier backups. */
  readonly bytesWritten: number
  readonly keysUntil: number | null
  readonly keyBackupsDestroyed: number
  readonly secrets: number
  readonly backupsRemoved: number
}

export type BackupRefusal =
  | { readonly type: 'no-such-member' }
  | { readonly type: 'places-mixed'; readonly one: string; readonly other: string }
  | { readonly type: 'backup-in-use' }
  /** The backup holds another secret under this name: it is another member's, or was damaged. */
  | { readonly type: 'secret-differs'; readonly name: string }
  | { readonly type: 'key-store-changing' | 'key-store-missing' }

const environmentFile = 'data.mdb'
/** Files beside the members' folders that a restore on an empty machine needs. */
const sharedFiles = ['genesis.cbor', 'directory.json'] as const
/** Files of a member that an operator made; its other public files follow from the ledger. */
const configured = ['checkpoints/witnesses'] as const
export const sharedFolder = 'shared'
/** Written by a store that is under way with it; the name under which it will be whole comes later. */
const unfinished = /\.(?:partial|new)$/

export async function takeBackup(parts: BackupParts): Promise<Result<BackupReport, BackupRefusal>> {
  const { data, member, to, keysTo, secretsTo } = parts
  const layout = layoutOf(data, member)
  if (!existsSync(layout.ledger) || !existsSync(join(layout.keys, 'member.secret')))
    return no({ type: 'no-such-member' })
  const mixed = mixedPlaces([data, to, keysTo, secretsTo])
  if (mixed) return no({ type: 'places-mixed', ...mixed })
  const folder = join(to, member)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockDirectory(folder)
  if (!lock.ok) return no({ type: 'backup-in-use' })
  try {
    return await takeLocked(parts, folder)
  } finally {
    lock.value.release()
  }
}

async function takeLocked(parts: BackupParts, folder: string): Promise<Result<BackupReport, BackupRefusal>> {
  const { data, member, keysTo, secretsTo, now } = parts
  const layout = layoutOf(data, member)
  const madeAt = Math.floor(now())
  const memberKey = publicKeyOf(new Uint8Array(readFileSync(join(layout.keys, 'member.secret'))))
  const chain = chainOf(data)
  const objects = new Objects(join(folder, 'objects'))
  const before = newest(folder)
  const copies = join(folder, 'copies')
  rmSync(copies, { recursive: true, force: true })
  const files: FileEntry[] = []
  try {
    const { height, appHash, event } = await ledgerCopy(layout.ledger, join(copies, 'ledger'), chain)
    files.push(...putStore(objects, copies, 'ledger', blockFiles))
    await copyJournal({ from: layout.exchange, to: join(copies, 'exchange') })
    files.push(...putStore(objects, copies, 'exchange', writeFiles))
    const keys =
      keysTo === undefined
        ? null
        : await takeKeys({
            store: join(layout.keys, 'store'),
            to: join(keysTo, member),
            about: { chain, member, memberKey },
            now: now(),
          })
    if (keys?.ok === false) return keys
    for (const path of configured)
      if (existsSync(join(layout.root, path))) files.push(objects.put(join(layout.root, path), path))
    // What stops releases here must stop them at whatever takes this member's place.
    const forks = forksFolder(layout)
    files.push(...forksIn(forks).map((name) => objects.put(join(forks, name), `forks/${name}`)))
    files.push(...takePacks(layout.vault, objects, before))
    // Last of all, so that no journal names a block that the log of the key that orders does not hold.
    const sequencer = join(layout.root, 'sequencer')
    if (existsSync(sequencer)) {
      await ledgerCopy(sequencer, join(copies, 'sequencer'), chain)
      files.push(...putStore(objects, copies, 'sequencer', blockFiles))
    }
    for (const name of sharedFiles)
      if (existsSync(join(data, name))) files.push(objects.put(join(data, name), `${sharedFolder}/${name}`))
    const secrets = secretsTo === undefined ? ok(0) : takeSecrets(layout, join(secretsTo, member))
    if (!secrets.ok) return secrets
    objects.sync()
    const manifest: DataManifest = {
      kind: 'plexus-backup',
      version: 1,
      member,
      chain,
      memberKey,
      madeAt,
      height,
      appHash,
      event,
      files,
    }
    // Durable: every part. From the manifest on there is a backup; before it there is none.
    const name = writeDataManifest(folder, manifest)
    const destroyed = keysTo === undefined ? 0 : expireKeys(join(keysTo, member), now())
    const removed = removeOld(folder, objects, parts.keep)
    keepLastBackup(layout.root, { madeAt, height, keysMadeAt: keys?.value.manifest.madeAt ?? null })
    return ok({
      member,
      manifest: name,
      height,
      files: files.length,
      bytes: files.reduce((sum, { length }) => sum + length, 0),
      bytesWritten: objects.written,
      keysUntil: keys?.value.manifest.deleteAfter ?? null,
      keyBackupsDestroyed: destroyed,
      secrets: secrets.value,
      backupsRemoved: removed,
    })
  } finally {
    rmSync(copies, { recursive: true, force: true })
  }
}

function chainOf(data: string): Uint8Array {
  const genesis = new Uint8Array(readFileSync(join(data, 'genesis.cbor')))
  const read = readGenesis(genesis)
  if (!read.ok) throw new Error('genesis.cbor is not a genesis document')
  return sha256(genesis)
}

/** A ledger as of one moment, while a node writes it. Whoever asked for the copy removes it. */
export function ledgerCopy(from: string, to: string, chain: Uint8Array) {
  return copyStore({ from, to, files: blockFiles, read: () => standingOf(to, chain) })
}

function putStore(
  objects: Objects,
  copies: string,
  folder: 'exchange' | 'ledger' | 'sequencer',
  ahead: readonly string[],
): readonly FileEntry[] {
  return [environmentFile, ...ahead]
    .filter((name) => existsSync(join(copies, folder, name)))
    .map((name) => objects.put(join(copies, folder, name), `${folder}/${name}`))
}

function standingOf(copy: string, chain: Uint8Array) {
  const store = openLedgerStore(copy, { chain })
  try {
    const tip = store.tip()
    if (!tip) throw new Error('the ledger holds no block: start the node once before a backup')
    return { height: tip.height, appHash: tip.appHash, event: tip.nextEvent - 1 }
  } finally {
    store.close()
  }
}

/** Packs are never changed: what an earlier backup has under the same name is not read again. */
function takePacks(vault: string, objects: Objects, before: DataManifest | undefined): readonly FileEntry[] {
  const known = new Map(before?.files.map((file) => [file.path, file]))
  return readdirSync(vault, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !unfinished.test(entry.name))
    .map(({ name }) => {
      const path = `vault/${name}`
      const same = known.get(path)
      return same && objects.has(same) ? same : objects.put(join(vault, name), path)
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function takeSecrets(
  layout: Layout,
  to: string,
): Result<number, { readonly type: 'secret-differs'; readonly name: string }> {
  const names = secretsNamed(layout, '')
  for (const name of names) {
    const file = `${name}.secret`
    const secret = new Uint8Array(readFileSync(join(layout.keys, file)))
    const there = join(to, file)
    if (!existsSync(there)) writeDurably(there, secret)
    else if (!equalBytes(new Uint8Array(readFileSync(there)), secret)) return no({ type: 'secret-differs', name })
  }
  return ok(names.length)
}

function newest(folder: string): DataManifest | undefined {
  for (const name of manifestNames(folder).toReversed()) {
    const read = readDataManifest(join(folder, name))
    if (read.ok) return read.value
  }
  return undefined
}

/** Removes all but the newest backups, and then what only they named. */
function removeOld(folder: string, objects: Objects, keep: number): number {
  const names = manifestNames(folder)
  const gone = names.slice(0, Math.max(0, names.length - keep))
  if (gone.length === 0) return 0
  const kept = new Set<string>()
  for (const name of names.slice(gone.length)) {
    const read = readDataManifest(join(folder, name))
    // What a damaged manifest named is not known: nothing is removed, and a restore from it says why.
    if (!read.ok) return 0
    for (const { objects: parts } of read.value.files) for (const each of namesIn(parts)) kept.add(each)
  }
  // Manifests first: a backup that loses its parts must not seem to be one.
  for (const name of gone) rmSync(join(folder, name))
  objects.sweep(kept)
  return gone.length
}

/** Two of these places where one lies in the other: secrets, wrapped keys and ciphertexts must be apart. */
function mixedPlaces(
  places: readonly (string | undefined)[],
): { readonly one: string; readonly other: string } | undefined {
  const real = places.flatMap((place) => (place === undefined ? [] : [realPlace(place)]))
  for (const [index, one] of real.entries()) {
    for (const other of real.slice(index + 1)) {
      if (one === other || one.startsWith(other + sep) || other.startsWith(one + sep)) return { one, other }
    }
  }
  return undefined
}

/** Links are followed as far as the path is there. */
function realPlace(path: string): string {
  const whole = resolve(path)
  if (existsSync(whole)) return realpathSync(whole)
  const parent = dirname(whole)
  return parent === whole ? whole : join(realPlace(parent), whole.slice(parent.length + 1))
}
