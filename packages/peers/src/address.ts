/** Where a member's node answers, as the ledger has it: `plexus://HOST:PORT`, or `local:` for one in the same process. */
import { isIPv6 } from 'node:net'
import { no, ok, type Result } from '@plexus/codec'

export type Address =
  /** In the process of whoever reads it: the demonstration. */
  | { readonly type: 'local' }
  /** `host` is an IPv4 address, an IPv6 address without its brackets, or a name in lower case. */
  | { readonly type: 'peer'; readonly host: string; readonly port: number }

export type AddressRefusal = { readonly type: 'address-malformed' }

/** RFC 1035 §2.3.4: 255 octets on the wire are 253 characters; the ledger itself takes 200. */
const addressCharactersMax = 200
const portMax = 65_535

/** One way to write each address: no path, no user, no upper case, no leading zero, no port left out. */
const form = /^plexus:\/\/(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])?)):([1-9][0-9]{0,4})$/

export function readAddress(text: string): Result<Address, AddressRefusal> {
  if (text === 'local:') return ok({ type: 'local' })
  const [, inBrackets, name, digits] = text.length <= addressCharactersMax ? (form.exec(text) ?? []) : []
  const port = Number(digits)
  const host = inBrackets ?? name
  if (inBrackets !== undefined && !isIPv6(inBrackets)) return no({ type: 'address-malformed' })
  if (host === undefined || !(port <= portMax) || host.includes('..')) return no({ type: 'address-malformed' })
  return ok({ type: 'peer', host, port })
}

export function writeAddress(address: Address): string {
  if (address.type === 'local') return 'local:'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `plexus://${host}:${address.port}`
}
