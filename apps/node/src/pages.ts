/**
 * The web application as it was built: a manifest that names each file by its SHA-256, and the files. They are read once,
 * checked against the manifest, and served from memory, each under its own path and no other.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode, toHex } from '@plexus/codec'
import { type PageBundle, pageBundle, pageBundleBytesMax } from '@plexus/policy'
import { contentTypeOf } from '@plexus/sdk'

export interface PageFile {
  /** From the root, without a slash before it. */
  readonly path: string
  readonly bytes: Uint8Array
  /** The same, compressed by Brotli (RFC 7932), where that was built. */
  readonly brotli: Uint8Array | null
  readonly contentType: string
  /** Its name changes with its content. */
  readonly immutable: boolean
}

export interface Pages {
  /** Canonical `pageBundle`: what the member that serves them commits to. */
  readonly manifest: Uint8Array
  readonly files: readonly PageFile[]
}

/** What `npm run pages` writes. */
export const builtPagesFolder = new URL('../../../node_modules/.cache/plexus-pages', import.meta.url).pathname

/** The name of the manifest beside the files. */
const manifestName = 'bundle.cbor'

/** Undefined where nothing was built. A file that is not the one that the manifest names is a fault of whoever put it there. */
export function openPages(folder: string): Pages | undefined {
  const path = join(folder, manifestName)
  if (!existsSync(path)) return undefined
  const manifest = new Uint8Array(readFileSync(path))
  const read = decode(pageBundle, manifest, pageBundleBytesMax)
  if (!read.ok) throw new Error(`${path} is not a manifest of this version: build the pages again`)
  return { manifest, files: read.value.files.map((file) => openFile(folder, file)) }
}

function openFile(folder: string, { path, sha256 }: PageBundle['files'][number]): PageFile {
  const bytes = new Uint8Array(readFileSync(join(folder, path)))
  if (createHash('sha256').update(bytes).digest('hex') !== toHex(sha256))
    throw new Error(`${join(folder, path)} is not the file that the manifest names: build the pages again`)
  const compressed = join(folder, `${path}.br`)
  return {
    path,
    bytes,
    brotli: existsSync(compressed) ? new Uint8Array(readFileSync(compressed)) : null,
    contentType: contentTypeOf(path),
    immutable: path.startsWith('assets/'),
  }
}
