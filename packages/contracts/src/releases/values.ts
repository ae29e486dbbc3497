/** What transactions, events and state of software releases are made of. */
import { bytes, type Infer, object, oneOf, sortedList, text, uint } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'

/** ASCII alone, so that no name looks like another. */
export const lineName = text({
  min: 2,
  max: 40,
  pattern: /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
  says: 'the name of a product line (lower-case letters, digits, hyphens)',
})

/** Of what the digest is: one file that is installed, or the manifest that names every file of pages. */
export const kind = oneOf('package', 'pages')

/** Whom a release is for: those who try it first, or everybody. */
export const channel = oneOf('candidate', 'stable')
export type Channel = Infer<typeof channel>

/** SHA-256 of the artefact. */
export const digest = bytes({ length: 32 })

/** Of an image with its operating system; nobody is made to download without end. */
export const sizeMax = 2 ** 40

/** Six digits hold a build a minute for a year, and sort as numbers do. */
const versionDigits = 6
const versionPart = uint(10 ** versionDigits - 1)
export const version = object({ major: versionPart, minor: versionPart, patch: versionPart })
export type Version = Infer<typeof version>

/** As a part of a key: later versions come later. */
export const versionKey = ({ major, minor, patch }: Version): string =>
  [major, minor, patch].map((part) => part.toString().padStart(versionDigits, '0')).join('.')

/** One envelope has sixteen signatures: those of nine who come, of five of the nine who leave, and of whoever carries it. */
const reviewersMax = 9
export const reviewerSet = sortedList(organisationId, {
  min: 1,
  max: reviewersMax,
  order: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
})

export const withdrawalReason = oneOf('insecure', 'unsafe', 'wrong-build', 'key-stolen', 'unsupported')
