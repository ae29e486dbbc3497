/** A connection to a member: its address from the ledger, TLS, and its key held against the ledger before anything is said. */
import { connect, type TLSSocket } from 'node:tls'
import { no, ok, type Result } from '@plexus/codec'
import { type Address, readAddress } from './address.ts'
import { type Credentials, shownKey, tlsTerms } from './certificate.ts'
import type { PeersOptions, PeerTiming } from './ports.ts'

export type DialRefusal =
  /** The ledger has no active member of this name. */
  | { readonly type: 'member-unknown' }
  /** The ledger's address is no `plexus://HOST:PORT`. */
  | { readonly type: 'address-malformed' }
  /** The member runs in one process with others, and cannot be reached from outside. */
  | { readonly type: 'address-local' }
  /** No such name, or nobody who could say. */
  | { readonly type: 'unresolved' }
  | { readonly type: 'unreachable' }
  | { readonly type: 'timed-out' }
  /** Whoever answers there does not speak TLS 1.3 as members do. */
  | { readonly type: 'handshake-failed' }
  /** Whoever answers there holds no active transport key of the member; null where it showed none. */
  | { readonly type: 'other-key'; readonly key: string | null; readonly holder: string | null }

export interface Dialled {
  readonly socket: TLSSocket
  /** The pinned key, in hexadecimal. */
  readonly key: string
  readonly address: string
}

type DialParts = Pick<PeersOptions, 'addressOf' | 'holderOf' | 'schedule'>

const unresolvedCodes: readonly string[] = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']
const unreachableCodes: readonly string[] = [
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'ETIMEDOUT'],
]

export function dial(
  parts: DialParts,
  { member, credentials, timing }: { member: string; credentials: Credentials; timing: Pick<PeerTiming, 'connect'> },
): Promise<Result<Dialled, DialRefusal>> {
  const place = placeOf(parts, member)
  if (!place.ok) return Promise.resolve(place)
  const { host, port, text } = place.value
  return new Promise((resolve) => {
    // No name is sent: nobody on the way learns whom this connection is for from more than its address.
    const socket = connect({ host, port, ...credentials, ...tlsTerms })
    const end = (result: Result<Dialled, DialRefusal>): void => {
      cancel()
      if (!result.ok) socket.destroy()
      resolve(result)
    }
    const cancel = parts.schedule(() => end(no({ type: 'timed-out' })), timing.connect)
    socket.setNoDelay(true)
    // Stays for as long as the socket does: an error of a socket that nobody hears ends the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error
      if (unresolvedCodes.includes(code)) end(no({ type: 'unresolved' }))
      else end(no({ type: unreachableCodes.includes(code) ? 'unreachable' : 'handshake-failed' }))
    })
    socket.on('close', () => end(no({ type: 'handshake-failed' })))
    socket.once('secureConnect', () => {
      const key = shownKey(socket)
      const holder = key === undefined ? undefined : parts.holderOf(key)
      if (key === undefined || holder !== member)
        end(no({ type: 'other-key', key: key ?? null, holder: holder ?? null }))
      else if (socket.alpnProtocol !== 'h2') end(no({ type: 'handshake-failed' }))
      else end(ok({ socket, key, address: text }))
    })
  })
}

/** Where to, or why not. */
function placeOf(
  { addressOf }: Pick<PeersOptions, 'addressOf'>,
  member: string,
): Result<Extract<Address, { type: 'peer' }> & { readonly text: string }, DialRefusal> {
  const text = addressOf(member)
  if (text === undefined) return no({ type: 'member-unknown' })
  const read = readAddress(text)
  if (!read.ok) return no({ type: 'address-malformed' })
  if (read.value.type === 'local') return no({ type: 'address-local' })
  return ok({ ...read.value, text })
}
