/**
 * The web application as it was built: a manifest that names each file by its SHA-256, and the files. They are read once,
 * checked against the manifest, and served from memory, each under its own path and no other.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** A bundle is a few megabytes; more is not one of ours. */
const filesMax = 500

const manifestSchema = z.strictObject({
  version: z.literal(1),
  files: z
    .array(
      z.strictObject({
        path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        bytes: z.number().int(),
      }),
    )
    .max(filesMax),
})

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

/** The name of the manifest beside the files, and the path under which it is served. */
const manifestName = 'bundle.json'

const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
}

/** Undefined where nothing was built. A file that is not the one that the manifest names is a fault of whoever put it there. */
export function openPages(folder: string): readonly PageFile[] | undefined {
  const path = join(folder, manifestName)
  if (!existsSync(path)) return undefined
  const bytes = new Uint8Array(readFileSync(path))
  const read = manifestSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
  if (!read.success) throw new Error(`${path} is not a manifest of this version: build the pages again`)
  return [
    { path: manifestName, bytes, brotli: null, contentType: contentTypeOf(manifestName), immutable: false },
    ...read.data.files.map((file) => openFile(folder, file)),
  ]
}

function openFile(folder: string, { path, sha256 }: { readonly path: string; readonly sha256: string }): PageFile {
  const bytes = new Uint8Array(readFileSync(join(folder, path)))
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
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

function contentTypeOf(path: string): string {
  return contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}
