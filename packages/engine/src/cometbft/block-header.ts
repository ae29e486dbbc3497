/** What a replica keeps of the header that CometBFT agreed on, beside the block: enough to fetch and check the rest. */
import { bytes, decode, encode, type Infer, type Malformed, type Result, uint, variant } from '@plexus/codec'

const hash = bytes({ length: 32 })

const cometHeader = variant({
  cometbft: {
    chain: hash,
    height: uint(),
    /** Seconds since 1970 and the rest: BFT time, the weighted median of the votes for the block before. */
    time: uint(),
    nanoseconds: uint(999_999_999),
    /** Of the engine's own header, which two thirds of the power signed. */
    hash,
    /** After the block before, as in the engine's header. */
    appHash: hash,
    transactionsRoot: hash,
    nextValidatorsHash: hash,
    /** First 20 bytes of SHA-256 of the proposer's key. */
    proposer: bytes({ length: 20 }),
  },
})
export type CometHeader = Infer<typeof cometHeader>

export const writeCometHeader = (header: CometHeader): Uint8Array => encode(cometHeader, header)

export function readCometHeader(source: Uint8Array): Result<CometHeader, Malformed> {
  return decode(cometHeader, source)
}
