/** The pages that a member serves: which files there are, and that the member stands by them. Neither says anything about anyone. */
import { type Infer, list, object, text, uint } from '@plexus/codec'
import { hash, organisationId } from './fields.ts'

/** A bundle is a few megabytes in some tens of files; more is not one of ours. */
const pageFilesMax = 500
const pageFileBytesMax = 16 * 1024 * 1024
export const pageBundleBytesMax = 128 * 1024

/** The manifest of a bundle, as it is served beside it. Paths are from the root, without a slash before them, and rise. */
export const pageBundle = object({
  files: list(
    object({
      path: text({ min: 1, max: 120, pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/ }),
      sha256: hash,
      bytes: uint(pageFileBytesMax),
    }),
    { max: pageFilesMax },
  ),
})
export type PageBundle = Infer<typeof pageBundle>

/** What is committed: this member serves this bundle. */
export const pageManifest = object({
  member: organisationId,
  /** SHA-256 of the canonical `pageBundle`. */
  bundle: hash,
})
export type PageManifest = Infer<typeof pageManifest>
