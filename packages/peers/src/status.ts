/** What a node tells another of itself when it is asked: where its replica stands, its clock, and what it runs. */
import { bytes, decode, encode, type Infer, no, object, ok, type Result, text, uint } from '@plexus/codec'

const peerStatus = object({
  chain: bytes({ length: 32 }),
  member: text({ min: 1, max: 40 }),
  /** The newest block that the replica has applied, and its time in seconds since 1970. */
  height: uint(),
  blockTime: uint(),
  /** The node's own clock, whole seconds since 1970. */
  clock: uint(),
  /** Version of the program. */
  version: text({ min: 1, max: 40, pattern: /^[0-9A-Za-z.+-]+$/ }),
})
export type PeerStatus = Infer<typeof peerStatus>

/** Far above what a status can take. */
export const statusBytesMax = 512

export const writeStatus = (status: PeerStatus): Uint8Array => encode(peerStatus, status)

export function readStatus(input: Uint8Array): Result<PeerStatus, { readonly type: 'status-malformed' }> {
  const read = decode(peerStatus, input, statusBytesMax)
  return read.ok ? ok(read.value) : no({ type: 'status-malformed' })
}
