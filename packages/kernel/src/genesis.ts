/** The document that all members agree on before the first block. Its hash is the chain's name in every signature. */
import {
  bytes,
  decode,
  encode,
  type Infer,
  list,
  type Malformed,
  object,
  ok,
  type Result,
  text,
  toHex,
  uint,
  variant,
} from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

/** Founding members, keys and parameters of a whole network. */
const foundingEventsMax = 10_000
const genesisBytesMax = 16 * 1024 * 1024

const genesisSchema = object({
  name: text({ min: 1, max: 60, pattern: /^[a-z][a-z0-9-]*$/ }),
  /** Seconds since 1970. */
  time: uint(),
  engine: variant({
    /** One key orders the blocks: the demonstration and tests, never a network of strangers. */
    local: { sequencer: bytes({ length: 32 }) },
    /** CometBFT: validators vote on each block. Who validates first, the founding events say. */
    cometbft: {},
  }),
  /** What each contract holds before the first block, said as its own events. */
  founding: list(object({ contract: text({ max: 40 }), event: bytes({ max: 64 * 1024 }) }), { max: foundingEventsMax }),
})

export type Genesis = Infer<typeof genesisSchema>

export interface Chain {
  readonly genesis: Genesis
  readonly bytes: Uint8Array
  /** SHA-256 of the document. */
  readonly id: Uint8Array
}

/** The key that signs headers on the embedded engine; none on CometBFT, where votes stand behind them. */
export function sequencerKeyOf({ genesis: { engine } }: Pick<Chain, 'genesis'>): Uint8Array | undefined {
  return engine.type === 'local' ? engine.sequencer : undefined
}

/** CometBFT's name of a chain has at most 50 characters: 160 bits of our hash. The state that was founded binds the rest. */
export const chainNameOf = ({ id }: Pick<Chain, 'id'>): string => `plexus-${toHex(id).slice(0, 40)}`

export function foundChain(genesis: Genesis): Chain {
  const encoded = encode(genesisSchema, genesis)
  return { genesis, bytes: encoded, id: sha256(encoded) }
}

export function readGenesis(source: Uint8Array): Result<Chain, Malformed> {
  const decoded = decode(genesisSchema, source, genesisBytesMax)
  return decoded.ok ? ok({ genesis: decoded.value, bytes: source, id: sha256(source) }) : decoded
}
