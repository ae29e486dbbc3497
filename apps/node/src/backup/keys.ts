/**
 * Backups of a key store, which are short-lived on purpose: an old copy would bring erased keys back. Each says until when
 * it may be there, and a backup that follows an erasure takes all earlier ones away.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { no, ok, type Result } from '@plexus/codec'
import { copyEnvironment } from '@plexus/store'
import { type KeyManifest, manifestNames, readKeyManifest, stampOf, writeKeyManifest } from './manifest.ts'
import { syncPath } from './objects.ts'

/** The design's bound: what was erased is gone from every backup within two days. */
export const keyBackupSecondsMax = 48 * 3600
/** The newest serves every restore; one before it stands by for a bad sector. */
const keyBackupsKept = 2
/** An erasure during the copy makes it worthless; three in a row are somebody erasing all day. */
const triesMax = 3

export const keysFile = 'keys.mdb'
const generationPattern = /^generation-(\d{10})$/

export interface KeyBackup {
  readonly folder: string
  readonly manifest: KeyManifest
}

/** Where the key store of a member keeps its newest generation (packages/vault, "erasure by generation copy"). */
function newestGeneration(store: string): number | undefined {
  if (!existsSync(store)) return undefined
  const numbers = readdirSync(store).flatMap((name) => {
    const digits = generationPattern.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}

export const generationFolder = (store: string, generation: number): string =>
  join(store, `generation-${String(generation).padStart(10, '0')}`)

/** Copies the key store of a member, running or not; durable when it resolves. */
export async function takeKeys(of: {
  /** The folder with the generations. */
  readonly store: string
  /** The member's folder among key backups. */
  readonly to: string
  readonly about: Pick<KeyManifest, 'chain' | 'member' | 'memberKey'>
  readonly now: number
}): Promise<Result<KeyBackup, { readonly type: 'key-store-missing' | 'key-store-changing' }>> {
  const { store, to, about } = of
  const madeAt = Math.floor(of.now)
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (let tries = 0; tries < triesMax; tries++) {
    const generation = newestGeneration(store)
    if (generation === undefined) return no({ type: 'key-store-missing' })
    const folder = join(to, `${stampOf(madeAt)}-${String(generation).padStart(10, '0')}`)
    if (existsSync(folder)) destroy(folder)
    const copied = await copyOf(store, generation, join(folder, keysFile))
    if (!copied) {
      if (existsSync(folder)) destroy(folder)
      continue
    }
    const { length, hash } = await digestOf(join(folder, keysFile))
    const manifest: KeyManifest = {
      kind: 'plexus-key-backup',
      version: 1,
      ...about,
      madeAt,
      deleteAfter: madeAt + keyBackupSecondsMax,
      generation,
      length,
      hash,
    }
    writeKeyManifest(folder, manifest)
    syncPath(to)
    return ok({ folder, manifest })
  }
  return no({ type: 'key-store-changing' })
}

/** False when an erasure replaced the generation meanwhile: its file is then overwritten under the copy. */
async function copyOf(store: string, generation: number, to: string): Promise<boolean> {
  try {
    await copyEnvironment({ from: join(generationFolder(store, generation), keysFile), to })
  } catch (error) {
    if (newestGeneration(store) === generation) throw error
    return false
  }
  return newestGeneration(store) === generation
}

export async function digestOf(path: string): Promise<{ readonly length: number; readonly hash: Uint8Array }> {
  const digest = createHash('sha256')
  let length = 0
  for await (const part of createReadStream(path)) {
    digest.update(part)
    length += part.length
  }
  return { length, hash: new Uint8Array(digest.digest()) }
}

/**
 * Destroys the key backups of a member that may not be there any more: those past their time, those from before the
 * newest erasure, those that no manifest finished, and all but the newest few. Returns how many went.
 */
export function expireKeys(to: string, now: number): number {
  const found = keyBackups(to)
  const generation = Math.max(0, ...found.map(({ manifest }) => manifest?.generation ?? 0))
  const standing = found
    .filter(({ manifest }) => manifest && manifest.deleteAfter > now && manifest.generation === generation)
    .slice(-keyBackupsKept)
  const gone = found.filter((each) => !standing.includes(each))
  for (const { folder } of gone) destroy(folder)
  if (gone.length > 0) syncPath(to)
  return gone.length
}

/** What lies among a member's key backups, oldest first; the manifest is null where it is missing or damaged. */
export function keyBackups(to: string): readonly { readonly folder: string; readonly manifest: KeyManifest | null }[] {
  if (!existsSync(to)) return []
  return readdirSync(to)
    .filter((name) => statSync(join(to, name)).isDirectory())
    .sort()
    .map((name) => {
      const folder = join(to, name)
      const last = manifestNames(folder).at(-1)
      const read = last === undefined ? undefined : readKeyManifest(join(folder, last))
      return { folder, manifest: read?.ok ? read.value : null }
    })
}

const zeros = new Uint8Array(1024 * 1024)

/** Overwrites every file of a folder before it goes. What a flash disk keeps of old blocks is beyond any program. */
export function destroy(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) overwrite(join(entry.parentPath, entry.name))
  }
  rmSync(folder, { recursive: true })
}

function overwrite(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    for (let at = 0; at < size; ) at += writeSync(file, zeros, 0, Math.min(zeros.length, size - at), at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
