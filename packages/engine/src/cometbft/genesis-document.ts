/** The engine's own genesis, which follows from ours: every member writes the same bytes. */
import { toHex, utf8 } from '@plexus/codec'
import { type Chain, chainNameOf } from '@plexus/kernel'
import { blockBytesMax } from './proposal.ts'

/** Of the protocol between engine and ledger; it stands in every header. */
export const appVersion = 1n

/** Our whole hash, as a text of JSON: the engine hands these bytes back when it founds the chain. */
export const appStateOf = ({ id }: Pick<Chain, 'id'>): Uint8Array => utf8(JSON.stringify(toHex(id)))

/** How long a double vote can be punished; the engine's own choice for a network of weeks (48 h in nanoseconds). */
const evidenceNanoseconds = '172800000000000'
const evidenceBlocks = '100000'
const evidenceBytesMax = '1048576'

/** The text of `genesis.json`. Who validates first, the ledger says when the chain is founded. */
export function genesisDocument(chain: Chain): string {
  const document = {
    genesis_time: new Date(chain.genesis.time * 1_000).toISOString(),
    chain_id: chainNameOf(chain),
    initial_height: '1',
    consensus_params: {
      block: { max_bytes: String(blockBytesMax), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: evidenceBlocks,
        max_age_duration: evidenceNanoseconds,
        max_bytes: evidenceBytesMax,
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: String(appVersion) },
      abci: { vote_extensions_enable_height: '0' },
    },
    app_hash: '',
    app_state: toHex(chain.id),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
