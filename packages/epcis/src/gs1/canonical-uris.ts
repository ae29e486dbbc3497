import { readDigitalLink, writeDigitalLink } from './digital-links.ts'
import { readEpcUrn } from './epc-urns.ts'

/**
 * The one text that stands for a GS1 identifier, whichever way it was written: canonical, at its finest level, without
 * variant (CBV 2.0, event hash identifiers); undefined for what is no GS1 identifier.
 */
export function canonicalUri(uri: string): string | undefined {
  const read = uri.startsWith('urn:epc:')
    ? readEpcUrn(uri)
    : uri.startsWith('http')
      ? readDigitalLink(uri, false)
      : undefined
  if (!read?.ok) return undefined
  const { code, key, qualifiers } = read.value
  return writeDigitalLink({ code, key, qualifiers: qualifiers.filter(([name]) => name !== '22').slice(-1) })
}
