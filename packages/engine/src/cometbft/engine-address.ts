/** Where the engine of a node is reached by the others, as CometBFT writes it in `persistent_peers`: `ID@HOST:PORT`. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

export interface EnginePeer {
  /** `nodeIdOf` its node key. */
  readonly nodeId: string
  /** A name, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string
  readonly port: number
}

/** A node's name between nodes: the first 20 bytes of SHA-256 of its public key, in hexadecimal. */
export const nodeIdOf = (publicKey: Uint8Array): string => toHex(sha256(publicKey).subarray(0, 20))

const form = /^([0-9a-f]{40})@(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,181}[a-z0-9])?):([1-9][0-9]{0,4})$/
const portMax = 65_535

export function readEngineAddress(text: string): Result<EnginePeer, { readonly type: 'address-malformed' }> {
  const [, nodeId, host, digits] = form.exec(text) ?? []
  const port = Number(digits)
  if (nodeId === undefined || host === undefined || !(port <= portMax)) return no({ type: 'address-malformed' })
  return ok({ nodeId, host, port })
}

export const writeEngineAddress = ({ nodeId, host, port }: EnginePeer): string => `${nodeId}@${host}:${port}`
