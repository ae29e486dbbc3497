/** The messages of ABCI 2.0 (`tendermint.abci` of CometBFT 0.38 to 0.40), each told apart by its `type`. */
import { no, ok, type Result } from '@plexus/codec'
import { Request as WireRequest, Response as WireResponse } from 'cosmjs-types/tendermint/abci/types'

export type RequestRefusal =
  /** No message of ABCI, or several in one. */
  { readonly type: 'request-malformed' } | { readonly type: 'request-unknown' }

type OneOf<Wire> = {
  readonly [Type in keyof Wire]-?: { readonly type: Type; readonly value: NonNullable<Wire[Type]> }
}[keyof Wire]

/** Mempools that the app keeps itself (0.39 and later); ours does not, and answers with nothing. */
type Unused = { readonly type: 'insertTx' } | { readonly type: 'reapTxs' }

export type AbciRequest = OneOf<WireRequest> | Unused
export type AbciResponse = OneOf<WireResponse> | Unused

/** First bytes of the two requests that the wire types do not know: field 21 or 22, by its length. */
const insertTxTag = 0xaa
const reapTxsTag = 0xb2
const secondTagByte = 0x01

/** Answers without content: fields 22 and 23 of the response. */
const insertTxAnswer = Uint8Array.of(0xb2, 0x01, 0x00)
const reapTxsAnswer = Uint8Array.of(0xba, 0x01, 0x00)

/** One message, without its length. */
export function readRequest(message: Uint8Array): Result<AbciRequest, RequestRefusal> {
  if (message[1] === secondTagByte) {
    if (message[0] === insertTxTag) return ok({ type: 'insertTx' })
    if (message[0] === reapTxsTag) return ok({ type: 'reapTxs' })
  }
  let decoded: WireRequest
  try {
    decoded = WireRequest.decode(message)
  } catch {
    // The wire types throw at the first thing that does not fit, of any kind.
    return no({ type: 'request-malformed' })
  }
  const present = Object.entries(decoded).filter(([, value]) => value !== undefined)
  const [only] = present
  if (!only) return no({ type: 'request-unknown' })
  if (present.length > 1) return no({ type: 'request-malformed' })
  const [type, value] = only
  return ok({ type, value } as OneOf<WireRequest>)
}

/** One message, without its length. */
export function writeResponse(response: AbciResponse): Uint8Array {
  if (response.type === 'insertTx') return insertTxAnswer
  if (response.type === 'reapTxs') return reapTxsAnswer
  return WireResponse.encode({ [response.type]: response.value } as WireResponse).finish()
}
