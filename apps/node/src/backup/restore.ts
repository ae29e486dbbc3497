/**
 * Puts one member back from its backups, into a place where nothing is. Everything is checked before the folder gets its
 * name; what was restored is marked, and the node opens no door of the exchange before it knows what the backup missed.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { publicKeyOf, type RandomBytes, sha256 } from '@plexus/crypto'
import { openJournal, openLedgerStore, StoreError, writeDurably } from '@plexus/store'
import { openKeyStore } from '@plexus/vault'
import { type Layout, layoutOf } from '../layout.ts'
import { markRestored } from '../restored-mark.ts'
import { sealingUnder } from '../sealing.ts'
import { destroy, digestOf, generationFolder, type KeyBackup, keyBackups, keysFile } from './keys.ts'
import { type DataManifest, manifestNames, readDataManifest, stampIn } from './manifest.ts'
import { Objects, syncPath } from './objects.ts'
import { sharedFolder } from './take.ts'

export interface RestoreParts {
  readonly member: string
  readonly from: string
  readonly keysFrom: string
  readonly secretsFrom: string
  /** The data directory; the member's folder in it must be missing or empty. */
  readonly to: string
  /** The newest backup whose time begins so, such as `20261121T12`; without it, the newest. */
  readonly at?: string
  /** Takes keys past their time: what was erased since they were copied opens again. */
  readonly acceptOldKeys: boolean
  /**
   * Height of the newest block that any member, wallet or witness holds; wanted for the member whose key orders blocks,
   * which must not sign a height anew.
   */
  readonly newestBlock?: number
  readonly now: () => number
  readonly random: RandomBytes
}

export interface RestoreReport {
  readonly member: string
  readonly madeAt: number
  readonly height: number
  readonly files: number
  readonly bytes: number
  /** Records whose keys were erased, by the restored key store; and those that open. */
  readonly records: number
  readonly erasedRecords: number
}

export type RestoreRefusal =
  | { readonly type: 'newest-block-needed' | 'no-backup' | 'no-keys' | 'target-not-empty' }
  | { readonly type: 'backup-damaged'; readonly file: string; readonly what: string }
  | { readonly type: 'of-another-member' | 'of-another-chain'; readonly file: string }
  | { readonly type: 'keys-too-old'; readonly deleteAfter: number }
  /** Records that the journal names would have no key. */
  | { readonly type: 'keys-older-than-backup'; readonly keysMadeAt: number; readonly madeAt: number }
  | { readonly type: 'secret-missing'; readonly name: string }

/** Without these nothing opens and nobody is who they were; the others are of tenants, clinicians and doors. */
const secretsNeeded = ['blinding', 'journal', 'master', 'member', 'sealing'] as const

export async function restore(parts: RestoreParts): Promise<Result<RestoreReport, RestoreRefusal>> {
  const { member, to, now, newestBlock } = parts
  const target = layoutOf(to, member)
  if (existsSync(target.root) && readdirSync(target.root).length > 0) return no({ type: 'target-not-empty' })
  const found = findBackup(parts)
  if (!found.ok) return found
  const manifest = found.value
  const orders = manifest.files.some(({ path }) => path.startsWith('sequencer/'))
  if (orders && newestBlock === undefined) return no({ type: 'newest-block-needed' })
  const secrets = findSecrets(parts, manifest)
  if (!secrets.ok) return secrets
  const keys = findKeys(parts, manifest)
  if (!keys.ok) return keys
  const digest = await digestOf(join(keys.value.folder, keysFile))
  if (digest.length !== keys.value.manifest.length || !equalBytes(digest.hash, keys.value.manifest.hash))
    return no({
      type: 'backup-damaged',
      file: keys.value.folder,
      what: 'its keys are not those that its manifest names',
    })

  mkdirSync(to, { recursive: true, mode: 0o700 })
  const staging = layoutOf(to, `.restoring-${member}`)
  if (existsSync(staging.root)) destroy(staging.root)
  mkdirSync(staging.root, { mode: 0o700 })
  const placed = placeFiles(parts, manifest, staging)
  if (!placed.ok) return placed
  placeKeys(staging, keys.value, secrets.value)
  const checked = check(parts, manifest, staging)
  if (!checked.ok) return checked
  markRestored(staging.root, {
    madeAt: manifest.madeAt,
    height: manifest.height,
    event: manifest.event,
    restoredAt: Math.floor(now()),
    newestBlock: newestBlock ?? null,
    ledgerWentBack: false,
  })
  for (const shared of placed.value) keepShared(to, staging.root, shared)
  rmSync(join(staging.root, sharedFolder), { recursive: true, force: true })
  syncTree(staging.root)
  if (existsSync(target.root)) rmSync(target.root, { recursive: true })
  // Before the rename nothing stands under the member's name; after it, everything does.
  renameSync(staging.root, target.root)
  syncPath(to)
  return ok({
    member,
    madeAt: manifest.madeAt,
    height: manifest.height,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { length }) => sum + length, 0),
    ...checked.value,
  })
}

function findBackup({ from, member, at = '', to }: RestoreParts): Result<DataManifest, RestoreRefusal> {
  const folder = join(from, member)
  const name = manifestNames(folder).findLast((each) => stampIn(each).startsWith(at))
  if (name === undefined) return no({ type: 'no-backup' })
  const file = join(folder, name)
  const read = readDataManifest(file)
  if (!read.ok) return no({ type: 'backup-damaged', file, what: read.reason.what })
  if (read.value.member !== member) return no({ type: 'of-another-member', file })
  const genesis = join(to, 'genesis.cbor')
  if (existsSync(genesis) && !equalBytes(sha256(new Uint8Array(readFileSync(genesis))), read.value.chain))
    return no({ type: 'of-another-chain', file })
  return ok(read.value)
}

function findSecrets({ secretsFrom, member }: RestoreParts, manifest: DataManifest): Result<string, RestoreRefusal> {
  const folder = join(secretsFrom, member)
  for (const name of secretsNeeded)
    if (!existsSync(join(folder, `${name}.secret`))) return no({ type: 'secret-missing', name })
  const seed = new Uint8Array(readFileSync(join(folder, 'member.secret')))
  if (seed.length !== 32 || !equalBytes(publicKeyOf(seed), manifest.memberKey))
    return no({ type: 'of-another-member', file: join(folder, 'member.secret') })
  return ok(folder)
}

function findKeys(parts: RestoreParts, manifest: DataManifest): Result<KeyBackup, RestoreRefusal> {
  const { keysFrom, member, acceptOldKeys, now } = parts
  const last = keyBackups(join(keysFrom, member)).at(-1)
  if (!last) return no({ type: 'no-keys' })
  const { folder, manifest: about } = last
  if (!about) return no({ type: 'backup-damaged', file: folder, what: 'its manifest is missing or damaged' })
  if (about.member !== member || !equalBytes(about.memberKey, manifest.memberKey))
    return no({ type: 'of-another-member', file: folder })
  if (!equalBytes(about.chain, manifest.chain)) return no({ type: 'of-another-chain', file: folder })
  if (about.deleteAfter <= now() && !acceptOldKeys) return no({ type: 'keys-too-old', deleteAfter: about.deleteAfter })
  if (about.madeAt < manifest.madeAt)
    return no({ type: 'keys-older-than-backup', keysMadeAt: about.madeAt, madeAt: manifest.madeAt })
  return ok({ folder, manifest: about })
}

/** The shared files that came with it. */
function placeFiles(
  { from, member }: RestoreParts,
  { files }: DataManifest,
  staging: Layout,
): Result<readonly string[], RestoreRefusal> {
  const objects = new Objects(join(from, member, 'objects'))
  const shared: string[] = []
  for (const entry of files) {
    const path = join(staging.root, entry.path)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const taken = objects.take(entry, path)
    if (!taken.ok)
      return no({ type: 'backup-damaged', file: entry.path, what: `${taken.reason.type} ${taken.reason.object}` })
    if (entry.path.startsWith(`${sharedFolder}/`)) shared.push(entry.path)
  }
  return ok(shared)
}

function placeKeys(staging: Layout, { folder, manifest }: KeyBackup, secrets: string): void {
  const generation = generationFolder(join(staging.keys, 'store'), manifest.generation)
  mkdirSync(generation, { recursive: true, mode: 0o700 })
  copyFileSync(join(folder, keysFile), join(generation, keysFile))
  syncPath(join(generation, keysFile))
  for (const name of readdirSync(secrets)) {
    if (name.endsWith('.secret'))
      writeDurably(join(staging.keys, name), new Uint8Array(readFileSync(join(secrets, name))))
  }
}

/** Opens what was placed, as the node will: the wrong key, a torn file or another chain is told now, not at the start. */
function check(
  { random }: RestoreParts,
  manifest: DataManifest,
  staging: Layout,
): Result<{ readonly records: number; readonly erasedRecords: number }, RestoreRefusal> {
  const secret = (name: string) => new Uint8Array(readFileSync(join(staging.keys, `${name}.secret`)))
  try {
    const keys = openKeyStore({ folder: join(staging.keys, 'store'), masterKey: secret('master'), random })
    if (!keys.ok) return no({ type: 'of-another-member', file: 'master.secret' })
    const { records, erasedRecords } = keys.value.counts()
    keys.value.close()
    openJournal(staging.exchange, { sealing: sealingUnder(secret('journal'), random) }).close()
    const ledger = openLedgerStore(staging.ledger, { chain: manifest.chain })
    const tip = ledger.tip()
    ledger.close()
    if (tip?.height !== manifest.height || !equalBytes(tip.appHash, manifest.appHash))
      return no({ type: 'backup-damaged', file: 'ledger', what: 'its tip is not the one that the manifest names' })
    return ok({ records, erasedRecords })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.type === 'other-key') return no({ type: 'of-another-member', file: 'journal.secret' })
    return no({ type: 'backup-damaged', file: staging.root, what: error.type })
  }
}

/** What stands there already is newer, or the same: several members of one directory come back one after another. */
function keepShared(to: string, staging: string, path: string): void {
  const name = path.slice(sharedFolder.length + 1)
  const mode = name === 'genesis.cbor' ? 0o644 : 0o600
  if (!existsSync(join(to, name))) writeDurably(join(to, name), new Uint8Array(readFileSync(join(staging, path))), mode)
}

function syncTree(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) syncTree(path)
  }
  syncPath(folder)
}
