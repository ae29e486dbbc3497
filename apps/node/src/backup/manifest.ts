/** What a backup says of itself. Its last file is the manifest: without one, or with another hash, there is no backup. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bytes,
  decode,
  encode,
  type Infer,
  list,
  no,
  object,
  ok,
  oneOf,
  type Result,
  text,
  toHex,
  uint,
} from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { writeDurably } from '@plexus/store'

const hash = bytes({ length: 32 })
/** No step of a path begins with a dot, so that none leaves its folder. */
const path = text({ max: 200, pattern: /^[a-z0-9][A-Za-z0-9.-]*(?:\/[a-z0-9][A-Za-z0-9.-]*){0,3}$/ })
const memberId = text({ max: 40 })

/** Two tebibytes in objects of a mebibyte: above any pack and any ledger of one machine. */
const objectsPerFileMax = 2 * 1024 * 1024
/** Packs hold up to 4,096 records each. */
const filesMax = 1_000_000
const manifestBytesMax = 512 * 1024 * 1024

const fileEntry = object({
  path,
  length: uint(),
  /** SHA-256 of each part, in order, 32 bytes each: the names of the objects that it is put together from. */
  objects: bytes({ max: 32 * objectsPerFileMax }),
})
export type FileEntry = Infer<typeof fileEntry>

const dataManifest = object({
  kind: oneOf('plexus-backup'),
  version: uint(1),
  member: memberId,
  /** SHA-256 of the genesis document. */
  chain: hash,
  /** Ed25519 public key of the member's signing key: keys of another member are refused beside it. */
  memberKey: hash,
  /** Seconds since 1970, when the copying began. */
  madeAt: uint(),
  /** Of the ledger's copy, which was taken before the journal's. */
  height: uint(),
  appHash: hash,
  /** Sequence of the last event up to that height. */
  event: uint(),
  files: list(fileEntry, { max: filesMax }),
})
export type DataManifest = Infer<typeof dataManifest>

const keyManifest = object({
  kind: oneOf('plexus-key-backup'),
  version: uint(1),
  member: memberId,
  chain: hash,
  memberKey: hash,
  madeAt: uint(),
  /** Seconds since 1970: from then on it must not be there any more. */
  deleteAfter: uint(),
  /** The key store's: it rises with each erasure. */
  generation: uint(),
  length: uint(),
  hash,
})
export type KeyManifest = Infer<typeof keyManifest>

export type ManifestDamaged = { readonly type: 'manifest-damaged'; readonly file: string; readonly what: string }

const ending = '.manifest'
/** A rising number, since two backups may begin within a second, and clocks are set back. */
const namePattern = /^(\d{6})-(\d{8}T\d{6}Z)-([0-9a-f]{64})\.manifest$/
const numberDigits = 6

/** Seconds since 1970 as they stand in names, in UTC: `20261121T120000Z`. */
export const stampOf = (seconds: number): string =>
  new Date(Math.floor(seconds) * 1000).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** Durable when it returns. The name holds the hash of the content, so that a torn or altered manifest is told. */
export function writeDataManifest(folder: string, manifest: DataManifest): string {
  return write(folder, manifest.madeAt, encode(dataManifest, manifest))
}

export function writeKeyManifest(folder: string, manifest: KeyManifest): string {
  return write(folder, manifest.madeAt, encode(keyManifest, manifest))
}

function write(folder: string, madeAt: number, content: Uint8Array): string {
  const last = namePattern.exec(manifestNames(folder).at(-1) ?? '')?.[1] ?? '0'
  const number = String(Number(last) + 1).padStart(numberDigits, '0')
  const name = `${number}-${stampOf(madeAt)}-${toHex(sha256(content))}${ending}`
  writeDurably(join(folder, name), content)
  return name
}

/** Names of the manifests in a folder, oldest first. */
export function manifestNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => namePattern.test(name))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** When a manifest of this name was begun, as `stampOf` says it. */
export const stampIn = (name: string): string => namePattern.exec(name)?.[2] ?? ''

export function readDataManifest(file: string): Result<DataManifest, ManifestDamaged> {
  const content = read(file)
  if (!content.ok) return content
  const found = decode(dataManifest, content.value, manifestBytesMax)
  return found.ok ? ok(found.value) : no({ type: 'manifest-damaged', file, what: `at ${found.reason.path}` })
}

export function readKeyManifest(file: string): Result<KeyManifest, ManifestDamaged> {
  const content = read(file)
  if (!content.ok) return content
  const found = decode(keyManifest, content.value)
  return found.ok ? ok(found.value) : no({ type: 'manifest-damaged', file, what: `at ${found.reason.path}` })
}

function read(file: string): Result<Uint8Array, ManifestDamaged> {
  const content = new Uint8Array(readFileSync(file))
  const named = namePattern.exec(file.slice(file.lastIndexOf('/') + 1))?.[3]
  return named === toHex(sha256(content))
    ? ok(content)
    : no({ type: 'manifest-damaged', file, what: 'its bytes are not those that its name says' })
}
